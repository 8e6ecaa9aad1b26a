//! Makers of commits and logs, so that a test says only what it is about.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use commands::log::{SledLog, SledLogOptions};
use domain::context::Context;
use domain::log::{Commit, CommitHead, EventLog, HashedClaim, LogError, NewEvent, StreamWrite};
use domain::log_event::{FORGET_STEP_SECONDS, LogEvent, LogForgotten, forgetting_id};
use domain::{
    Actor, CommandId, LogId, Parts, Recorded, StoredEvent as _, StreamId, SubjectId, TenantId,
    Timestamp, UserId,
};

/// The log that tests open.
pub const LOG: LogId = LogId([7; 16]);

/// The time at which a test's commits happen, unless it says otherwise, in seconds.
pub const NOW_SECONDS: i64 = 1_800_000_000;

/// A stream by its name, `category-id`.
pub fn stream(name: &str) -> StreamId {
    StreamId::parse(name).unwrap()
}

/// The command id with a number.
pub fn command(number: u64) -> CommandId {
    let mut id = [0xc0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    CommandId(id)
}

/// The head of a command that happened at [`NOW_SECONDS`].
pub fn head(number: u64) -> CommitHead {
    CommitHead {
        command_id: command(number),
        fingerprint: 0,
        tenant: TenantId(1),
        actor: Actor::User(UserId(1)),
        time: Timestamp::from_seconds(NOW_SECONDS),
        correlation: [1; 16],
        trace: [2; 16],
        context: Context::default(),
    }
}

/// A commit that is being made up.
#[derive(Debug, Clone)]
pub struct Draft(Commit);

/// Begins the commit of the command with this number.
pub fn commit(number: u64) -> Draft {
    let (claims, releases, writes) = Default::default();
    Draft(Commit { head: head(number), claims, releases, writes })
}

impl Draft {
    /// Adds an event to a stream that was seen at a version. Events that follow each other in the
    /// same stream are one write.
    #[must_use]
    pub fn event(self, to: &str, expected: u32, data: impl Into<Bytes>) -> Self {
        let parts = Parts { data: data.into(), personal: None, secret: None };
        self.parts(to, expected, parts)
    }

    /// As `event`, with all three parts.
    #[must_use]
    pub fn parts(mut self, to: &str, expected: u32, parts: Parts) -> Self {
        let subject = SubjectId(u64::from(parts.personal.is_some()));
        let event = NewEvent { kind: "test.happened.v1".to_owned(), subject, parts };
        match self.0.writes.last_mut() {
            Some(write) if write.stream.as_str() == to => write.events.push(event),
            _ => {
                let write = StreamWrite { stream: stream(to), expected, events: vec![event] };
                self.0.writes.push(write);
            }
        }
        self
    }

    /// Tells the log to forget what ended before some seconds after [`NOW_SECONDS`], rounded down to
    /// ten minutes.
    #[must_use]
    pub fn forget(mut self, seconds: i64) -> Self {
        let until = (NOW_SECONDS + seconds).div_euclid(FORGET_STEP_SECONDS) * FORGET_STEP_SECONDS;
        let until = Timestamp::from_seconds(until);
        let event = LogEvent::Forgotten(LogForgotten { until }.into());
        let parts = event.encode().unwrap();
        let event = NewEvent { kind: event.kind().to_owned(), subject: SubjectId::NONE, parts };
        let to = StreamId::new("log", forgetting_id(until));
        self.0.writes.push(StreamWrite { stream: to, expected: 0, events: vec![event] });
        self
    }

    /// Demands that a stream still stands at a version, without writing to it.
    #[must_use]
    pub fn expect(mut self, at: &str, expected: u32) -> Self {
        self.0.writes.push(StreamWrite { stream: stream(at), expected, events: Vec::new() });
        self
    }

    /// Claims a value for a stream.
    #[must_use]
    pub fn claim(mut self, value: &str, holder: &str) -> Self {
        self.0.claims.push(claim(value, holder));
        self
    }

    /// Gives a value back.
    #[must_use]
    pub fn release(mut self, value: &str, holder: &str) -> Self {
        self.0.releases.push(claim(value, holder));
        self
    }

    /// Says what the wish was.
    #[must_use]
    pub fn fingerprint(mut self, fingerprint: u64) -> Self {
        self.0.head.fingerprint = fingerprint;
        self
    }

    /// Happens some seconds after [`NOW_SECONDS`].
    #[must_use]
    pub fn after_seconds(mut self, seconds: i64) -> Self {
        self.0.head.time = Timestamp::from_seconds(NOW_SECONDS + seconds);
        self
    }

    /// The commit.
    pub fn build(self) -> Commit {
        self.0
    }
}

/// A claim of the kind `name` in tenant 1. The hash is the value itself, padded.
pub fn claim(value: &str, holder: &str) -> HashedClaim {
    let mut hash = [0; 32];
    hash[..value.len()].copy_from_slice(value.as_bytes());
    HashedClaim { scope: TenantId(1), kind: "name".to_owned(), hash, stream: stream(holder) }
}

/// Opens the log in a folder, with no disk reserve.
///
/// # Errors
/// As [`SledLog::open`].
pub fn open(folder: &Path) -> Result<SledLog, LogError> {
    open_with(&options(folder, LOG))
}

/// Opens a log again soon after it was dropped: a thread of sled, or a process that another test
/// is just starting, may hold its lock for a moment longer.
///
/// # Errors
/// As [`SledLog::open`].
pub fn open_with(options: &SledLogOptions) -> Result<SledLog, LogError> {
    loop {
        match SledLog::open(options) {
            Err(err) if err.to_string().contains("acquire lock") => std::thread::yield_now(),
            opened => return opened,
        }
    }
}

/// How tests open a log.
pub fn options(folder: &Path, id: LogId) -> SledLogOptions {
    SledLogOptions { folder: folder.to_owned(), id, reserve_bytes: 0, accept_head: None }
}

/// Every event of a log, read in portions.
///
/// # Errors
/// As [`EventLog::read_after`].
pub fn read_all(log: &dyn EventLog) -> Result<Vec<Recorded>, LogError> {
    let mut events: Vec<Recorded> = Vec::new();
    loop {
        let after = events.last().map_or(0, |it| it.position);
        let more = log.read_after(after, 500)?;
        if more.is_empty() {
            return Ok(events);
        }
        events.extend(more);
    }
}

/// Everything that an event says, for comparison.
pub type Said = (u64, u32, StreamId, Arc<str>, [u8; 16], u64, CommitHead, Parts);

/// What an event says, as a value that can be compared.
pub fn said(event: &Recorded) -> Said {
    (
        event.position,
        event.version,
        event.stream.clone(),
        event.kind.clone(),
        event.event_id.0,
        event.subject.0,
        (*event.commit).clone(),
        event.parts.clone(),
    )
}

/// What all events say.
pub fn all_said(events: &[Recorded]) -> Vec<Said> {
    events.iter().map(said).collect()
}

/// SplitMix64: chance that a seed repeats.
#[derive(Debug, Clone)]
pub struct Chance(pub u64);

impl Chance {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.bits() % end as u64) as usize
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}
