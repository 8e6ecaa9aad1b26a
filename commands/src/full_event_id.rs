//! The id that tells an event from all others, also from events of another history of the log.
//!
//! A log that was restored from a backup gives positions out a second time, to other events. So
//! outside the program a position alone does not identify an event; together with the event id it
//! does.

use std::fmt;

use domain::log::{EventLog, LogError};
use domain::{EventId, LogId, Recorded};

/// `<log id>:<event id>:<position>`: the `id` of a CloudEvent, the header `Nats-Msg-Id`, and the
/// `id` of a Server-Sent Event. Both ids are 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FullEventId {
    /// The log that the event stands in.
    pub log: LogId,
    /// Which event.
    pub event: EventId,
    /// Where it stands, from 1.
    pub position: u64,
}

impl FullEventId {
    /// The id of an event of a log.
    pub fn of(log: LogId, event: &Recorded) -> Self {
        Self { log, event: event.event_id, position: event.position }
    }

    /// Reads an id exactly as it is written, in no other spelling.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ':');
        let log = LogId(unhex(parts.next()?)?);
        let event = EventId(unhex(parts.next()?)?);
        let position = parts.next()?.parse::<u64>().ok()?;
        let id = Self { log, event, position };
        (position > 0 && id.to_string() == text).then_some(id)
    }

    /// Whether this log has this event at this position. May read the disk.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn stands_in(&self, log: &dyn EventLog) -> Result<bool, LogError> {
        if self.log != log.id() || self.position > log.head().position {
            return Ok(false);
        }
        let found = log.read_at(&[self.position])?;
        Ok(found.first().is_some_and(|it| it.event_id == self.event))
    }
}

impl fmt::Display for FullEventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.log, self.event, self.position)
    }
}

fn unhex(text: &str) -> Option<[u8; 16]> {
    let number = (text.len() == 32).then(|| u128::from_str_radix(text, 16).ok()).flatten()?;
    Some(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_was_written_and_in_no_other_form() {
        let id = FullEventId { log: LogId([0x0a; 16]), event: EventId([0xb0; 16]), position: 17 };
        let text = id.to_string();
        let (log, event) = ("0a".repeat(16), "b0".repeat(16));
        assert_eq!(text, format!("{log}:{event}:17"));
        assert_eq!(FullEventId::parse(&text), Some(id));
        for other in [
            String::new(),
            "17".to_owned(),
            format!("{log}:17"),
            format!("{log}:{event}"),
            format!("{log}:{event}:"),
            format!("{log}:{event}:0"),
            format!("{log}:{event}:017"),
            format!("{log}:{event}:+17"),
            format!("{log}:{event}:17:1"),
            format!("{log}:{event}:18446744073709551616"),
            format!("{}:{event}:17", log.to_uppercase()),
            format!("{}:{event}:17", &log[1..]),
            format!("+{}:{event}:17", &log[1..]),
            format!(" {text}"),
        ] {
            assert_eq!(FullEventId::parse(&other), None, "{other}");
        }
    }
}
