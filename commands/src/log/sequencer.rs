//! The sequencer: decides, without any I/O, whether a commit may enter the log, and where.
//!
//! It knows versions, claims, command ids and positions, and no business rule. Given the same
//! commits in the same order it comes to the same answers, on every machine and at every replay.

use std::collections::{BTreeMap, HashMap};

use domain::log::{AppendError, Appended, COMMAND_ID_SECONDS_MAX, COMMAND_IDS_MAX, Commit};
use domain::{CommandId, StreamId, Timestamp};

use super::commit::{ClaimKey, Key, Prepared, StreamUse, stream_key};
use super::table::{Queue, Table};

/// Where the events of a stream stand. Most streams have one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Positions {
    One(u64),
    #[allow(clippy::box_collection, reason = "halves the entry: a million streams have one event")]
    Many(Box<Vec<u64>>),
}

/// What a command id led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) first: u64,
    pub(crate) fingerprint: u64,
    pub(crate) events: u32,
}

/// The state of the whole log that admission needs, and the indexes that reads need.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sequencer {
    /// The position of the last admitted event.
    pub(crate) position: u64,
    pub(crate) streams: Table<Positions>,
    /// The holder of each claim.
    pub(crate) claims: Table<Key>,
    pub(crate) commands: Table<Known>,
    /// Command ids in the order of their commits, with their times.
    pub(crate) command_order: Queue,
    /// The highest number among the ids of each category.
    pub(crate) highest: HashMap<String, u64>,
    /// Short-lived streams by the second at which they end.
    pub(crate) ends: BTreeMap<i64, Vec<Key>>,
    /// The latest time that a commit bore: what is past for the log.
    pub(crate) now: Timestamp,
}

impl Sequencer {
    /// Judges a commit, and takes it in if it may enter.
    pub(crate) fn admit(&mut self, prepared: &Prepared) -> Result<Appended, AppendError> {
        if let Some(known) = self.find_command(prepared.command) {
            if known.fingerprint != prepared.fingerprint {
                return Err(AppendError::CommandReused);
            }
            return Ok(Appended { repeated: true, ..known });
        }
        self.check_versions(prepared)?;
        self.check_claims(prepared)?;
        Ok(self.take_in(prepared))
    }

    fn check_versions(&self, prepared: &Prepared) -> Result<(), AppendError> {
        let now = self.now.max(prepared.time);
        for (n, used) in prepared.streams.iter().enumerate() {
            if used.closes_at.is_some_and(|end| end <= now) {
                return Err(AppendError::Closed { stream: stream_of(prepared, n)? });
            }
            let actual = self.streams.get(&used.key).map_or(0, |it| it.version());
            if actual != used.expected {
                let (stream, expected) = (stream_of(prepared, n)?, used.expected);
                return Err(AppendError::Conflict { stream, expected, actual });
            }
        }
        Ok(())
    }

    /// Releases come first: one commit may give a value back and hold another, or the same.
    fn check_claims(&self, prepared: &Prepared) -> Result<(), AppendError> {
        for (n, release) in prepared.releases.iter().enumerate() {
            if self.claims.get(&release.value).as_deref() != Some(&release.holder) {
                return Err(not_held(&prepared.commit()?, n));
            }
        }
        let released = |it: &ClaimKey| prepared.releases.iter().any(|r| r.value == it.value);
        for (n, claim) in prepared.claims.iter().enumerate() {
            let held = self.claims.contains_key(&claim.value) && !released(claim);
            let twice = prepared.claims.iter().take(n).any(|it| it.value == claim.value);
            if held || twice {
                let claims = prepared.commit()?.claims;
                let kind = claims.into_iter().nth(n).map(|it| it.kind).unwrap_or_default();
                return Err(AppendError::Claimed { kind });
            }
        }
        Ok(())
    }

    fn take_in(&mut self, prepared: &Prepared) -> Appended {
        let first = self.position + 1;
        self.now = self.now.max(prepared.time);
        for used in &prepared.streams {
            if used.expected == 0 && used.events > 0 {
                self.note_new_stream(used);
            }
            for _ in 0..used.events {
                self.position += 1;
                self.streams
                    .entry(used.key)
                    .and_modify(|it| it.push(self.position))
                    .or_insert(Positions::One(self.position));
            }
        }
        for release in &prepared.releases {
            self.claims.remove(&release.value);
        }
        for claim in &prepared.claims {
            self.claims.insert(claim.value, claim.holder);
        }
        let events = (self.position + 1 - first) as u32;
        let known = Known { first, fingerprint: prepared.fingerprint, events };
        let command = Key::from_le_bytes(prepared.command.0);
        self.commands.insert(command, known);
        self.command_order.push_back((command, prepared.time.0));
        self.forget();
        known.appended()
    }

    fn note_new_stream(&mut self, used: &StreamUse) {
        if let Some(end) = used.closes_at {
            self.ends.entry(end.seconds()).or_default().push(used.key);
        }
        if let Some((category, number)) = &used.number {
            match self.highest.get_mut(&**category) {
                Some(highest) => *highest = (*highest).max(*number),
                None => {
                    self.highest.insert(category.to_string(), *number);
                }
            }
        }
    }

    /// Drops what is past: streams that have ended, and old command ids.
    fn forget(&mut self) {
        while let Some(entry) = self.ends.first_entry() {
            if Timestamp::from_seconds(*entry.key()) > self.now {
                break;
            }
            for key in entry.remove() {
                self.streams.remove(&key);
            }
        }
        let oldest = self.now.plus_seconds(-COMMAND_ID_SECONDS_MAX).0;
        while let Some((command, time)) = self.command_order.front() {
            if self.command_order.len() <= COMMAND_IDS_MAX && time >= oldest {
                break;
            }
            self.commands.remove(&command);
            self.command_order.pop_front();
        }
    }

    pub(crate) fn find_command(&self, id: CommandId) -> Option<Appended> {
        self.commands.get(&Key::from_le_bytes(id.0)).map(|it| it.appended())
    }

    /// The positions of a stream, up to the durable head.
    pub(crate) fn positions(&self, stream: &StreamId, durable: u64) -> Vec<u64> {
        let mut positions =
            self.streams.get(&stream_key(stream)).map_or_else(Vec::new, |it| it.to_vec());
        positions.retain(|it| *it <= durable);
        positions
    }
}

fn stream_of(prepared: &Prepared, n: usize) -> Result<StreamId, AppendError> {
    let write = prepared.commit()?.writes.into_iter().nth(n);
    write.map(|it| it.stream).ok_or_else(|| AppendError::Malformed("no such write".to_owned()))
}

fn not_held(commit: &Commit, n: usize) -> AppendError {
    let clear = commit.releases.get(n);
    let (stream, kind) = clear.map_or(("", ""), |it| (it.stream.as_str(), it.kind.as_str()));
    AppendError::Malformed(format!("{stream} does not hold the {kind} that it gives back"))
}

impl Positions {
    fn version(&self) -> u32 {
        match self {
            Self::One(_) => 1,
            Self::Many(positions) => positions.len() as u32,
        }
    }

    /// The version of the stream as of a position.
    pub(crate) fn version_at(&self, durable: u64) -> u32 {
        match self {
            Self::One(position) => u32::from(*position <= durable),
            Self::Many(positions) => positions.partition_point(|it| *it <= durable) as u32,
        }
    }

    fn push(&mut self, position: u64) {
        match self {
            Self::One(first) => *self = Self::Many(Box::new(vec![*first, position])),
            Self::Many(positions) => positions.push(position),
        }
    }

    pub(crate) fn to_vec(&self) -> Vec<u64> {
        match self {
            Self::One(position) => vec![*position],
            Self::Many(positions) => positions.to_vec(),
        }
    }
}

impl Known {
    fn appended(&self) -> Appended {
        Appended {
            first: self.first,
            last: self.first + u64::from(self.events) - 1,
            fingerprint: self.fingerprint,
            repeated: false,
        }
    }
}
