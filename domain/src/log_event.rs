//! The log's own streams: what the log was told to forget, and that it was restored, as events, so
//! that every reader of it forgets the same.
//!
//! Time ends things, position orders them: whether a token has expired is asked of the clock by
//! whoever reads it, at every reading. What may be *forgotten* is decided once, by an event. It
//! covers what stood before it and had ended by then, and nothing that comes later, so that a clock
//! that was wrong for a while takes nothing with it that was made under a right one.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::event::{Parts, StoredEvent as _};
use crate::ids::Timestamp;
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::stored_events;
use crate::stream::StreamId;

/// `until` is a multiple of this, in seconds: servers that write at about the same time agree on it.
pub const FORGET_STEP_SECONDS: i64 = 600;

/// How long a stream that has ended is remembered, in seconds.
pub const STREAM_SECONDS_AFTER_END: i64 = 3_600;

/// How long the mark of a revoked token is remembered after the end of its stream, in seconds: a day
/// longer than any token that was made from it can count.
pub const REVOKED_SECONDS_AFTER_END: i64 = 25 * 3_600;

/// How long a stream of the log itself lasts after `until`, or after a restore, in seconds.
const LOG_STREAM_SECONDS: i64 = 24 * 3_600;

/// How many numbers of a category may have been given out behind a backup, at least.
pub const NUMBERS_PASSED_OVER: u64 = 1_000;

/// What the log may be told.
#[derive(Debug, Clone)]
pub enum LogCommand {
    /// Forget what ended before this time.
    Forget {
        /// A multiple of [`FORGET_STEP_SECONDS`].
        until: Timestamp,
    },
    /// Go on from a backup.
    Restore {
        /// Behind which numbers to go on.
        numbers: Vec<HighestNumber>,
    },
}

/// What ended before a time was forgotten, as far as it stood before this event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogForgotten {
    /// The time; a multiple of [`FORGET_STEP_SECONDS`].
    pub until: Timestamp,
}

/// The log was restored from a backup: what had stood behind it is lost, though others may know it.
/// What is short-lived and stood before this event is closed, and numbers go on behind these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogRestored {
    /// One of each category whose ids are counted ([`Ids::Counted`]).
    pub numbers: Vec<HighestNumber>,
}

/// The highest number of a category that may have been given out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HighestNumber {
    /// The category.
    pub category: String,
    /// The number.
    pub number: u32,
}

stored_events! {
    /// What has happened to the log itself. A stored contract: see `docs/events.md`.
    pub enum LogEvent {
        /// What ended before a time was forgotten.
        Forgotten = "log.forgotten.v1" { data: LogForgotten },
        /// The log was restored from a backup.
        Restored = "log.restored.v1" { data: LogRestored },
    }
}

/// One stream of the log itself: one event, and no more.
#[derive(Debug, Clone, Default)]
pub enum Log {
    /// Nothing was written under this id.
    #[default]
    Absent,
    /// It has its event.
    Written,
}

impl Aggregate for Log {
    const CATEGORY: &'static str = "log";
    const IDS: Ids = Ids::ShortLived;
    const CLAIMS: &'static [ClaimKind] = &[];
    type Command = LogCommand;
    type Event = LogEvent;

    fn decide(&self, command: &LogCommand, now: Timestamp) -> Result<Decision<LogEvent>, Refusal> {
        if matches!(self, Log::Written) {
            return Ok(Decision::none());
        }
        let until = match command {
            LogCommand::Forget { until } => until,
            LogCommand::Restore { numbers } => {
                let restored = LogRestored { numbers: numbers.clone() };
                return Ok(Decision::event(LogEvent::Restored(restored.into())));
            }
        };
        if until.0.rem_euclid(FORGET_STEP_SECONDS * 1_000_000) != 0 {
            return Err(Refusal::invalid("until", "must be a multiple of 10 minutes"));
        }
        if *until > now {
            return Err(Refusal::invalid("until", "must not lie in the future"));
        }
        Ok(Decision::event(LogEvent::Forgotten(LogForgotten { until: *until }.into())))
    }

    fn evolve(&mut self, event: &LogEvent) {
        match event {
            LogEvent::Forgotten(_) | LogEvent::Restored(_) => *self = Log::Written,
        }
    }
}

/// The id of the stream in which forgetting up to a time is written: two servers that want the same
/// write to the same stream, and one of them wins.
pub fn forgetting_id(until: Timestamp) -> String {
    let end = until.plus_seconds(LOG_STREAM_SECONDS).seconds().clamp(0, i64::from(u32::MAX));
    format!("{end:08x}{:024x}", 0)
}

/// The id of the stream in which a restore is written, of a log that ended at a position. It is
/// never that of a stream in which forgetting is written.
pub fn restore_id(now: Timestamp, position: u64) -> String {
    let end = now.plus_seconds(LOG_STREAM_SECONDS).seconds().clamp(0, i64::from(u32::MAX));
    format!("{end:08x}{:024x}", position.max(1))
}

impl LogRestored {
    /// What an event says, if it says that the log was restored.
    pub fn of(stream: &StreamId, kind: &str, parts: &Parts) -> Option<Self> {
        if stream.category() != Log::CATEGORY {
            return None;
        }
        match LogEvent::decode(kind, parts).ok()? {
            LogEvent::Restored(fact) => Some(fact.data),
            LogEvent::Forgotten(_) => None,
        }
    }
}

impl HighestNumber {
    /// Where a category goes on after a restore: `in_log` is the highest number there, `in_keys` the
    /// highest of which the key file knows. Numbers end at `number_max`.
    pub fn after_restore(category: &str, in_log: u64, in_keys: u64, number_max: u32) -> Self {
        let number = in_log.saturating_add(NUMBERS_PASSED_OVER).max(in_keys);
        let number = u32::try_from(number).unwrap_or(u32::MAX).min(number_max);
        Self { category: category.to_owned(), number }
    }
}
