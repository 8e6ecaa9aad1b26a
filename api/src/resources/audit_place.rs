//! The event after which a reader of the log continues: `after` and `Last-Event-ID`.
//!
//! A reader may have seen events that this log does not have: those after the backup from which it
//! was restored. If it continued after their positions, it would miss the events that have these
//! positions now. So such a reader gets an error that says where the log ends.

use std::sync::Arc;

use commands::FullEventId;
use domain::log::EventLog;
use warp::http::HeaderMap;

use crate::access::granted::Granted;
use crate::http::error::ApiError;
use crate::http::input::Query;

/// Both forms, for callers who sent another one.
const FORMS: &str =
    "must be the id of an event, <log id>:<event id>:<position>, or a position of the log";

/// The header that browsers send by themselves when they reconnect.
const LAST_EVENT_ID: &str = "last-event-id";

/// An event that was read before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// The event at this position, in whichever history; 0 is before the first.
    At(u64),
    /// Just this one.
    Event(FullEventId),
}

/// The position after which to read, from the query alone.
pub(crate) async fn from_query(granted: &Granted, query: &Query) -> Result<u64, ApiError> {
    check(granted, in_query(query)?).await
}

/// As [`from_query`], but the header counts if both are sent: a browser cannot change the URL when
/// it reconnects.
pub(crate) async fn from_header_or_query(
    granted: &Granted,
    query: &Query,
) -> Result<u64, ApiError> {
    let seen = match in_header(&granted.call.headers)? {
        Some(seen) => seen,
        None => in_query(query)?,
    };
    check(granted, seen).await
}

fn in_query(query: &Query) -> Result<Seen, ApiError> {
    match query.text("after") {
        None => Ok(Seen::At(0)),
        Some(text) => parse(text.trim()).ok_or_else(|| ApiError::field("after", FORMS)),
    }
}

fn in_header(headers: &HeaderMap) -> Result<Option<Seen>, ApiError> {
    let refused = || ApiError::field("Last-Event-ID", FORMS);
    let mut sent = headers.get_all(LAST_EVENT_ID).iter();
    let Some(one) = sent.next() else { return Ok(None) };
    if sent.next().is_some() {
        return Err(refused());
    }
    match one.to_str().map_err(|_| refused())?.trim() {
        "" => Ok(None),
        text => parse(text).map(Some).ok_or_else(refused),
    }
}

fn parse(text: &str) -> Option<Seen> {
    match FullEventId::parse(text) {
        Some(id) => Some(Seen::Event(id)),
        None => {
            let digits = text.bytes().all(|it| it.is_ascii_digit());
            digits.then(|| text.parse().ok()).flatten().map(Seen::At)
        }
    }
}

/// The position, if the event is of this history.
async fn check(granted: &Granted, seen: Seen) -> Result<u64, ApiError> {
    let log: Arc<dyn EventLog> = granted.call.app.engine.log().clone();
    let head = log.head().position;
    let (position, is_ours) = match seen {
        Seen::At(position) => (position, position <= head),
        Seen::Event(id) => {
            // The log may have to read the disk.
            let stands = tokio::task::spawn_blocking(move || id.stands_in(&*log)).await;
            (id.position, stands.map_err(|err| ApiError::Internal(err.to_string()))??)
        }
    };
    if is_ours { Ok(position) } else { Err(ApiError::OtherHistory { head }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_headers_are_none_that_counts() {
        let mut headers = HeaderMap::new();
        assert!(matches!(in_header(&headers), Ok(None)));
        headers.append(LAST_EVENT_ID, "7".parse().unwrap());
        assert!(matches!(in_header(&headers), Ok(Some(Seen::At(7)))));
        headers.append(LAST_EVENT_ID, "7".parse().unwrap());
        assert!(in_header(&headers).is_err());
    }
}
