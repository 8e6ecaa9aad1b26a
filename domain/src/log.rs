//! The event log, as the rest of the program sees it. The adapters live in `commands::log`.

use async_trait::async_trait;

pub use crate::commit::CommitHead;
use crate::event::{Parts, Recorded, Unreadable};
use crate::ids::{CommandId, LogId, SubjectId, TenantId, Timestamp};
use crate::stream::StreamId;

/// How long a command id is remembered at least, in seconds.
pub const COMMAND_ID_SECONDS_MAX: i64 = 24 * 3600;

/// How many command ids are remembered at most: those of callers who may repeat a request. Beyond
/// it such requests are told to come later; none is forgotten early.
pub const COMMAND_IDS_MAX: usize = 4_000_000;

/// The most events that one commit may hold.
pub const COMMIT_EVENTS_MAX: usize = 1_000;

/// A unique value as the log knows it: hashed with the claim key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedClaim {
    /// Within which tenant, or the whole installation.
    pub scope: TenantId,
    /// What kind of value.
    pub kind: String,
    /// HMAC-SHA-256 of the normalised value.
    pub hash: [u8; 32],
    /// The stream that holds it.
    pub stream: StreamId,
}

/// An event on its way into the log; its parts are sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The stored name with its revision.
    pub kind: String,
    /// The one person whom it names.
    pub subject: SubjectId,
    /// The payload.
    pub parts: Parts,
}

/// The events that one commit adds to one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamWrite {
    /// Where to.
    pub stream: StreamId,
    /// The version that the writer saw; 0 means that the stream must not exist.
    pub expected: u32,
    /// What to add, in order.
    pub events: Vec<NewEvent>,
}

/// What one command appends: all of it or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Who, when and why.
    pub head: CommitHead,
    /// Values to hold.
    pub claims: Vec<HashedClaim>,
    /// Values to give back; they are given back before the claims are judged.
    pub releases: Vec<HashedClaim>,
    /// The events, stream by stream. A stream stands here once.
    pub writes: Vec<StreamWrite>,
}

/// Where a commit stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The position of its first event.
    pub first: u64,
    /// The position of its last event.
    pub last: u64,
    /// The fingerprint under which the command id is known.
    pub fingerprint: u64,
    /// The command id was known: nothing was appended now.
    pub repeated: bool,
}

/// The end of the durable log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The position of the last event; 0 for an empty log.
    pub position: u64,
    /// The hash of the last block; zero for an empty log.
    pub hash: [u8; 32],
    /// The Merkle root over all events; zero for an empty log, and for one that has no such tree.
    pub root: [u8; 32],
}

/// Why an append did not happen.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// Someone else appended first. Load again and decide again.
    #[error("{stream} is at version {actual}, not {expected}")]
    Conflict {
        /// The stream that moved.
        stream: StreamId,
        /// What the writer saw.
        expected: u32,
        /// What stands there.
        actual: u32,
    },
    /// Another aggregate holds a unique value.
    #[error("the {kind} is taken")]
    Claimed {
        /// The kind of value.
        kind: String,
    },
    /// The command id was used for another wish.
    #[error("the command id was used for another request")]
    CommandReused,
    /// A new short stream would have ended by the time of its own commit.
    #[error("{stream} would have ended before it began")]
    Closed {
        /// The stream.
        stream: StreamId,
    },
    /// Too many command ids are remembered to take one more.
    #[error("{COMMAND_IDS_MAX} command ids are remembered; no more for now")]
    Crowded,
    /// The commit exceeds a limit: what it was asked to hold should shrink.
    #[error("{0}")]
    TooLarge(String),
    /// The commit is empty or contradicts itself, as no program should write it.
    #[error("{0}")]
    Malformed(String),
    /// Too little space is left on the disk. Reads go on.
    #[error("the disk is nearly full: {free_bytes} bytes are left, {reserve_bytes} are kept back")]
    Full {
        /// What is left, in bytes.
        free_bytes: u64,
        /// What is kept back, in bytes.
        reserve_bytes: u64,
    },
    /// The log itself failed, or is closing.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// What an operator can put out of the way of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The disk, or the quota of the user, is full.
    NoSpace,
    /// A file is not this user's.
    NoPermission,
    /// The file system is mounted for reading only.
    ReadOnly,
    /// The limit of open files is reached.
    TooManyFiles,
    /// Another process has the store open.
    Locked,
}

/// The log could not be read or written. Nothing that the caller sent can mend it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LogError {
    /// The store behind the log failed.
    #[error("event log: {0}")]
    Store(String),
    /// The operating system refused something. What is stored is as it was.
    #[error("event log: {why}")]
    Refused {
        /// What was refused, in the words of the system.
        why: String,
        /// What stands in the way.
        by: Obstacle,
    },
    /// What is stored is not what was written.
    #[error("event log: damaged at position {position}: {why}")]
    Damaged {
        /// The first position that does not fit.
        position: u64,
        /// What does not fit.
        why: String,
    },
    /// An event that this program cannot read.
    #[error("event log: position {position}: {why}")]
    Unreadable {
        /// Where it stands.
        position: u64,
        /// What is wrong with it.
        why: Unreadable,
    },
    /// Another version of the program wrote it, in a format that this one does not read. Nothing
    /// is damaged.
    #[error("event log: {0}")]
    OtherVersion(&'static str),
    /// The log is shutting down.
    #[error("event log: closing")]
    Closing,
}

/// An append-only log of events, ordered as a whole and within each stream.
///
/// Nothing past the durable head is ever seen through it. `read_*` may block on the disk.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Which log this is.
    fn id(&self) -> LogId;

    /// Appends a commit, durably, or nothing.
    async fn append(&self, commit: Commit) -> Result<Appended, AppendError>;

    /// The durable end.
    fn head(&self) -> Head;

    /// Waits until the durable head is past `position`, and returns it.
    async fn wait_past(&self, position: u64) -> Result<u64, LogError>;

    /// Reads at most `events_max` events after `position`, in order.
    fn read_after(&self, position: u64, events_max: usize) -> Result<Vec<Recorded>, LogError>;

    /// Reads the events at these positions, in any order; fastest where they ascend.
    fn read_at(&self, positions: &[u64]) -> Result<Vec<Recorded>, LogError>;

    /// Reads one stream after a version. A stream that was forgotten reads as empty.
    fn read_stream(&self, stream: &StreamId, after: u32) -> Result<Vec<Recorded>, LogError>;

    /// The positions of a stream's events, ascending.
    fn stream_positions(&self, stream: &StreamId) -> Vec<u64>;

    /// The version of a stream; 0 if it does not exist or was forgotten.
    fn stream_version(&self, stream: &StreamId) -> u32;

    /// What a command id led to, if it is remembered.
    fn find_command(&self, id: CommandId) -> Option<Appended>;

    /// The highest number among the stream ids of a category; 0 if there is none.
    fn highest_id(&self, category: &str) -> u64;

    /// Whether forgetting until a time would forget anything.
    fn would_forget(&self, until: Timestamp) -> bool;

    /// How many streams are forgotten, but still take memory: it is given back step by step.
    fn due_streams(&self) -> usize;
}

/// Opens the sealed parts of events: what the read side needs of the keys.
pub trait OpenParts: Send + Sync {
    /// The parts in clear. The personal part of an erased person is absent.
    ///
    /// # Errors
    /// When a part was changed, or its key is missing without having been erased.
    fn open_parts(&self, event: &Recorded) -> Result<Parts, Unreadable>;

    /// Whether all of these people have a key, or had one that was destroyed.
    fn has_keys(&self, people: &[SubjectId]) -> bool;

    /// The hash under which a value is looked up. Whoever does not have its key learns nothing
    /// from it, and cannot make two values meet; by chance two do with 2^-64.
    fn lookup_hash(&self, tenant: TenantId, what: &str, value: &str) -> u64;
}

impl Commit {
    /// How many events it holds.
    pub fn event_count(&self) -> usize {
        self.writes.iter().map(|it| it.events.len()).sum()
    }
}
