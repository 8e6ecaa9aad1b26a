//! The log's own streams: what the log was told to forget, as events, so that every reader of it
//! forgets the same.
//!
//! Time ends things, position orders them: whether a token has expired is asked of the clock by
//! whoever reads it, at every reading. What may be *forgotten* is decided once, by an event. It
//! covers what stood before it and had ended by then, and nothing that comes later, so that a clock
//! that was wrong for a while takes nothing with it that was made under a right one.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::ids::Timestamp;
use crate::refusal::Refusal;
use crate::stored_events;

/// `until` is a multiple of this, in seconds: servers that write at about the same time agree on it.
pub const FORGET_STEP_SECONDS: i64 = 600;

/// How long a stream that has ended is remembered, in seconds.
pub const STREAM_SECONDS_AFTER_END: i64 = 3_600;

/// How long the mark of a revoked token is remembered after the end of its stream, in seconds: a day
/// longer than any token that was made from it can count.
pub const REVOKED_SECONDS_AFTER_END: i64 = 25 * 3_600;

/// How long a stream of the log itself lasts after `until`, in seconds.
const LOG_STREAM_SECONDS: i64 = 24 * 3_600;

/// What the log may be told.
#[derive(Debug, Clone)]
pub enum LogCommand {
    /// Forget what ended before this time.
    Forget {
        /// A multiple of [`FORGET_STEP_SECONDS`].
        until: Timestamp,
    },
}

/// What ended before a time was forgotten, as far as it stood before this event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogForgotten {
    /// The time; a multiple of [`FORGET_STEP_SECONDS`].
    pub until: Timestamp,
}

stored_events! {
    /// What has happened to the log itself. A stored contract: see `docs/events.md`.
    pub enum LogEvent {
        /// What ended before a time was forgotten.
        Forgotten = "log.forgotten.v1" { data: LogForgotten },
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
    type Command = LogCommand;
    type Event = LogEvent;

    fn decide(&self, command: &LogCommand, now: Timestamp) -> Result<Decision<LogEvent>, Refusal> {
        let LogCommand::Forget { until } = command;
        if matches!(self, Log::Written) {
            return Ok(Decision::none());
        }
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
            LogEvent::Forgotten(_) => *self = Log::Written,
        }
    }
}

/// The id of the stream in which forgetting up to a time is written: two servers that want the same
/// write to the same stream, and one of them wins.
pub fn forgetting_id(until: Timestamp) -> String {
    let end = until.plus_seconds(LOG_STREAM_SECONDS).seconds().clamp(0, i64::from(u32::MAX));
    format!("{end:08x}{:024x}", 0)
}
