//! The sequencer: decides, without any I/O, whether a commit may enter the log, and where.
//!
//! It knows versions, claims, command ids and positions, but no business rules. The same commits in
//! the same order get the same answers, on every machine and at every replay.

use std::collections::HashMap;

use domain::forgetting::{
    Endings, Forgotten, GIVEN_BACK_AT_ONCE_MAX, GIVEN_BACK_MAX, due_step, step_before,
};
use domain::log::{AppendError, Appended, COMMAND_ID_SECONDS_MAX, COMMAND_IDS_MAX, Commit};
use domain::log_event::{HighestNumber, LogRestored, STREAM_SECONDS_AFTER_END};
use domain::{CommandId, StreamId, Timestamp};

use super::commit::{ClaimKey, Key, Prepared, StreamUse, stream_key};
use super::table::Table;

/// The positions of the events of a stream. Most streams have one event.
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
    /// The step from which it may be forgotten.
    pub(crate) due: i64,
}

/// The state of the whole log: what it takes to accept commits, and the indexes for reading.
#[derive(Debug, Clone)]
pub(crate) struct Sequencer {
    /// The position of the last accepted event.
    pub(crate) position: u64,
    pub(crate) streams: Table<Positions>,
    /// The holder of each claim.
    pub(crate) claims: Table<Key>,
    /// The command ids of those who may repeat a request.
    pub(crate) commands: Table<Known>,
    /// The highest number among the ids of each category.
    pub(crate) highest: HashMap<String, u64>,
    /// Short-lived streams, and command ids, by when they may be forgotten.
    pub(crate) stream_ends: Endings<Key>,
    pub(crate) command_ends: Endings<Key>,
    /// What was forgotten.
    pub(crate) forgotten: Forgotten,
    /// How many command ids may be remembered.
    pub(crate) command_ids_max: usize,
}

impl Default for Sequencer {
    fn default() -> Self {
        Self {
            position: 0,
            streams: Table::default(),
            claims: Table::default(),
            commands: Table::default(),
            highest: HashMap::new(),
            stream_ends: Endings::default(),
            command_ends: Endings::default(),
            forgotten: Forgotten::default(),
            command_ids_max: COMMAND_IDS_MAX,
        }
    }
}

/// Compares two states of the same log. How much memory was freed already makes no difference.
impl PartialEq for Sequencer {
    fn eq(&self, other: &Self) -> bool {
        if self.stream_ends.due_count() + self.command_ends.due_count() > 0 {
            let mut whole = self.clone();
            whole.give_all_back();
            return other.eq(&whole);
        }
        if other.stream_ends.due_count() + other.command_ends.due_count() > 0 {
            return other.eq(self);
        }
        self.position == other.position
            && self.streams == other.streams
            && self.claims == other.claims
            && self.commands == other.commands
            && self.highest == other.highest
            && self.stream_ends.ends() == other.stream_ends.ends()
            && self.command_ends.ends() == other.command_ends.ends()
            && self.forgotten == other.forgotten
    }
}

impl Sequencer {
    /// Decides whether a commit may enter the log, and applies it if so.
    pub(crate) fn admit(&mut self, prepared: &Prepared) -> Result<Appended, AppendError> {
        if let Some(known) = self.find_command(prepared.command) {
            if known.fingerprint != prepared.fingerprint {
                return Err(AppendError::CommandReused);
            }
            return Ok(Appended { repeated: true, ..known });
        }
        let remembered = self.commands.len().saturating_sub(self.command_ends.due_count());
        if prepared.fingerprint != 0 && remembered >= self.command_ids_max {
            return Err(AppendError::Crowded);
        }
        self.check_versions(prepared)?;
        self.check_claims(prepared)?;
        Ok(self.take_in(prepared))
    }

    /// Only a *new* short stream is compared with a time: it must end after its own commit.
    fn check_versions(&self, prepared: &Prepared) -> Result<(), AppendError> {
        for (n, used) in prepared.streams.iter().enumerate() {
            let begins = used.expected == 0 && used.events > 0;
            if begins && used.closes_at.is_some_and(|end| end <= prepared.time) {
                return Err(AppendError::Closed { stream: stream_of(prepared, n)? });
            }
            let actual = self.version(used.key, used.closes_at, u64::MAX);
            if actual != used.expected {
                let (stream, expected) = (stream_of(prepared, n)?, used.expected);
                return Err(AppendError::Conflict { stream, expected, actual });
            }
        }
        Ok(())
    }

    fn version(&self, key: Key, closes_at: Option<Timestamp>, durable: u64) -> u32 {
        let positions = self.streams.get(&key);
        let known = positions.filter(|it| !self.is_forgotten(it, closes_at));
        known.map_or(0, |it| it.version_at(durable))
    }

    fn is_forgotten(&self, positions: &Positions, closes_at: Option<Timestamp>) -> bool {
        let end = closes_at.map(|it| due_step(it, STREAM_SECONDS_AFTER_END));
        end.is_some_and(|due| self.forgotten.covers_due(positions.first(), due))
    }

    /// Releases come first, because one commit may release a value and claim another one, or the
    /// same.
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
        if let Some(restored) = &prepared.restored {
            self.begin_again(first, restored);
        }
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
        let due = due_step(prepared.time, COMMAND_ID_SECONDS_MAX);
        let known = Known { first, fingerprint: prepared.fingerprint, events, due };
        if prepared.fingerprint != 0 {
            let command = Key::from_le_bytes(prepared.command.0);
            self.commands.insert(command, known);
            self.command_ends.push(due, command);
        }
        let mut given_back_max = GIVEN_BACK_MAX;
        if let Some((index, forgetting)) = prepared.forgetting {
            let (position, step) = (first + u64::from(index), step_before(forgetting.until));
            self.forgotten.note(position, forgetting);
            self.stream_ends.forget(position, step);
            self.command_ends.forget(position, step);
            given_back_max = GIVEN_BACK_AT_ONCE_MAX;
        }
        self.give_back(given_back_max);
        known.appended()
    }

    /// After a restore: closes all short streams, because they may have changed in the lost
    /// history, and skips numbers that may have been given out there. Command ids are kept: their
    /// outcome is in the log.
    fn begin_again(&mut self, position: u64, restored: &LogRestored) {
        self.stream_ends.forget_all(position);
        self.give_all_back();
        for HighestNumber { category, number } in &restored.numbers {
            let highest = self.highest.entry(category.clone()).or_insert(0);
            *highest = (*highest).max(u64::from(*number));
        }
    }

    fn note_new_stream(&mut self, used: &StreamUse) {
        if let Some(end) = used.closes_at {
            // A forgotten stream of the same name may still be in memory.
            self.streams.remove(&used.key);
            self.stream_ends.push(due_step(end, STREAM_SECONDS_AFTER_END), used.key);
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

    /// Frees memory of forgotten streams and command ids: at most so many of each.
    fn give_back(&mut self, count_max: usize) {
        for _ in 0..count_max {
            let Some((before, key)) = self.stream_ends.pop_due() else { break };
            if self.streams.get(&key).is_some_and(|it| it.first() < before) {
                self.streams.remove(&key);
            }
        }
        for _ in 0..count_max {
            let Some((before, key)) = self.command_ends.pop_due() else { break };
            if self.commands.get(&key).is_some_and(|it| it.first < before) {
                self.commands.remove(&key);
            }
        }
    }

    /// Frees all of it: a snapshot must not depend on how much was freed.
    pub(crate) fn give_all_back(&mut self) {
        self.give_back(usize::MAX);
    }

    /// Whether anything is due to be forgotten at a time.
    pub(crate) fn would_forget(&self, until: Timestamp) -> bool {
        let step = step_before(until);
        self.stream_ends.has_due(step) || self.command_ends.has_due(step)
    }

    /// How many forgotten streams still take memory.
    pub(crate) fn due_streams(&self) -> usize {
        self.stream_ends.due_count()
    }

    pub(crate) fn find_command(&self, id: CommandId) -> Option<Appended> {
        let known = self.commands.get(&Key::from_le_bytes(id.0))?;
        let forgotten = self.forgotten.covers_due(known.first, known.due);
        (!forgotten).then(|| known.appended())
    }

    /// The version of a stream as of the durable head; 0 if it does not exist or was forgotten.
    pub(crate) fn stream_version(&self, stream: &StreamId, durable: u64) -> u32 {
        self.version(stream_key(stream), stream.closes_at(), durable)
    }

    /// The positions of a stream, up to the durable head.
    pub(crate) fn positions(&self, stream: &StreamId, durable: u64) -> Vec<u64> {
        let known = self.streams.get(&stream_key(stream));
        let known = known.filter(|it| !self.is_forgotten(it, stream.closes_at()));
        let mut positions = known.map_or_else(Vec::new, |it| it.to_vec());
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
    /// Where the stream begins.
    fn first(&self) -> u64 {
        match self {
            Self::One(position) => *position,
            Self::Many(positions) => positions.first().copied().unwrap_or(0),
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
