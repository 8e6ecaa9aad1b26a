//! `GET /api/audit/stream`: the log, history and then live, as Server-Sent Events.
//!
//! One cursor runs through both, so there is neither gap nor duplicate where they meet.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use commands::{EventJson, FullEventId};
use domain::Recorded;
use domain::security::Rule;
use futures_util::stream::poll_fn;
use tokio::sync::{mpsc, watch};
use warp::http::{HeaderValue, Method};
use warp::reply::Reply as _;
use warp::sse::Event;

use super::audit::{AuditQuery, FILTERS, personal_for};
use super::audit_place;
use crate::access::granted::Granted;
use crate::access::scopes::AUDIT_READ;
use crate::http::endpoint::{Endpoint, Outcome, QueryParameter, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::administrator;
use crate::http::paging::text;
use crate::http::reply::{ACCEL_BUFFERING, Reply};
use crate::state::app::App;
use crate::state::stream_places::Place;

/// How many events are read at a time.
const BATCH_EVENTS_MAX: usize = 256;

/// How many events wait for the reader, beside those that the connection holds.
const SENT_AHEAD_MAX: usize = 32;

/// How often the token is checked again, whether anything happens or not.
const RECHECK_EVERY: Duration = Duration::from_secs(5);

/// How long a reader may stop reading while there are events for it.
const STALLED_TIME_MAX: Duration = Duration::from_secs(30);

const PATIENCE: Patience = Patience { recheck_every: RECHECK_EVERY, stalled_max: STALLED_TIME_MAX };

/// How often a comment keeps the connection alive.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(15);

/// Where events go in.
type Sender = mpsc::Sender<Result<Event, Infallible>>;

const LAST_EVENT_ID: [QueryParameter; 1] = [text(
    "Last-Event-ID",
    "only events after this one, whatever `after` says; browsers send it when they come back",
)];

const STREAM: &str = "Server-Sent Events without an end: `id` is the id of the event, `event` its \
                      kind, `data` an AuditEvent as JSON.";

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::GET, "/api/audit/stream", "AuditStream", "Follow the log (SSE)")
            .query(&FILTERS)
            .strict_query()
            .headers(&LAST_EVENT_ID)
            .answers_text("text/event-stream", STREAM)
            .fails(|| {
                let busy = ApiError::TooMany { retry_seconds: 1, why: "" };
                vec![ApiError::OtherHistory { head: 0 }, busy]
            })
            .needs(administrator("audit.stream").or_machine_with(AUDIT_READ), stream),
    ]
}

/// How long to wait for a reader.
#[derive(Clone, Copy)]
struct Patience {
    recheck_every: Duration,
    stalled_max: Duration,
}

struct Follower {
    app: Arc<App>,
    /// Kept, so that the stream ends when its token ends.
    granted: Granted,
    wanted: AuditQuery,
    /// The last position that was read.
    cursor: u64,
    waiting: VecDeque<Recorded>,
    /// When the token was checked last, since the program began.
    checked: Duration,
    _place: Place,
}

async fn stream(granted: Granted) -> Outcome {
    let query = granted.call.query();
    let wanted = AuditQuery::read(&granted, &query)?;
    let cursor = audit_place::from_header_or_query(&granted, &query).await?;
    let app = granted.call.app.clone();
    let place = app
        .streams
        .take(granted.tenant_id(), &granted.caller.actor())
        .ok_or(ApiError::TooMany { retry_seconds: 5, why: "too many audit streams are open" })?;
    let reader = granted.caller.actor();
    granted.call.noticed(Rule::AuditFollowed, granted.tenant_id(), reader, 1);
    let (waiting, checked) = (VecDeque::new(), app.clock.monotonic());
    let follower = Follower { app, granted, wanted, cursor, waiting, checked, _place: place };
    let (to_client, mut events) = mpsc::channel(SENT_AHEAD_MAX);
    let (going, ended) = watch::channel(());
    tokio::spawn(async move {
        follower.run(to_client).await;
        drop(going);
    });
    let events = poll_fn(move |context| match ended.has_changed() {
        // What is left over belongs to nobody any more.
        Err(_) => Poll::Ready(None),
        Ok(_) => events.poll_recv(context),
    });
    let events = warp::sse::keep_alive().interval(KEEP_ALIVE_EVERY).stream(events);
    let mut response = warp::sse::reply(events).into_response();
    // A proxy that buffers an answer would delay events.
    response.headers_mut().insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(Reply::response(response).cache("no-store"))
}

impl Follower {
    /// Sends until the reader is gone or stalled, the token ends, or the program does.
    async fn run(mut self, to_client: Sender) {
        // The stream would never end by itself, and a graceful stop would wait for it in vain.
        let mut stopped = Box::pin(self.app.stopped());
        loop {
            let event = tokio::select! {
                event = self.next() => event,
                () = to_client.closed() => None,
                () = &mut stopped => None,
            };
            let Some(event) = event else { return };
            let sent = tokio::select! {
                sent = send(&to_client, event, PATIENCE, || self.is_still_allowed()) => sent,
                () = &mut stopped => None,
            };
            if sent.is_none() {
                return;
            }
        }
    }

    /// The next event, or the end: of the token, of the server, or of what can be read.
    async fn next(&mut self) -> Option<Event> {
        loop {
            // A reader that takes an event now and then always has one waiting, and is never waited for
            // long.
            let is_due = self.app.clock.monotonic() >= self.checked + RECHECK_EVERY;
            if (is_due || self.waiting.is_empty()) && !self.check() {
                return None;
            }
            if let Some(recorded) = self.waiting.pop_front() {
                return self.show(&recorded);
            }
            let log = self.app.engine.log().clone();
            match tokio::time::timeout(RECHECK_EVERY, log.wait_past(self.cursor)).await {
                Err(_) => continue,
                Ok(Err(_)) => return None,
                Ok(Ok(_)) => (),
            }
            let cursor = self.cursor;
            let read = move || log.read_after(cursor, BATCH_EVENTS_MAX);
            let events = match tokio::task::spawn_blocking(read).await {
                Ok(Ok(events)) => events,
                Ok(Err(err)) => {
                    tracing::error!(error = %err, "an audit stream ends");
                    return None;
                }
                Err(_) => return None,
            };
            self.cursor = events.last().map_or(self.cursor, |it| it.position);
            self.waiting.extend(events.into_iter().filter(|it| self.wanted.fits(it)));
        }
    }

    fn check(&mut self) -> bool {
        self.checked = self.app.clock.monotonic();
        self.is_still_allowed()
    }

    fn is_still_allowed(&self) -> bool {
        self.granted.confirm().is_ok()
    }

    fn show(&self, recorded: &Recorded) -> Option<Event> {
        let json = EventJson::new(recorded, self.app.engine.keys(), personal_for(&self.granted));
        let json = json.inspect_err(|err| tracing::error!(error = %err, "an audit stream ends"));
        let id = FullEventId::of(self.app.engine.log().id(), recorded);
        let event = Event::default().id(id.to_string()).event(&*recorded.kind);
        event.json_data(json.ok()?).ok()
    }
}

/// Waits until the reader has room for an event, with a time limit, and no longer than its token
/// counts. `None` is the end.
async fn send(
    to_client: &Sender,
    event: Event,
    patience: Patience,
    is_still_allowed: impl Fn() -> bool,
) -> Option<()> {
    let mut waited = Duration::ZERO;
    let room = loop {
        match tokio::time::timeout(patience.recheck_every, to_client.reserve()).await {
            Ok(room) => break room.ok()?,
            Err(_) => waited += patience.recheck_every,
        }
        if waited >= patience.stalled_max || !is_still_allowed() {
            return None;
        }
    };
    room.send(Ok(event));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Patience = Patience {
        recheck_every: Duration::from_millis(5),
        stalled_max: Duration::from_millis(50),
    };

    #[tokio::test]
    async fn a_reader_that_does_not_read_is_waited_for_and_then_cut_off() {
        let (to_client, mut events) = mpsc::channel(1);
        let looks = std::cell::Cell::new(0);
        let allowed = || {
            looks.set(looks.get() + 1);
            true
        };
        let event = || Event::default().id("1");
        assert!(send(&to_client, event(), SHORT, allowed).await.is_some());
        assert_eq!(looks.get(), 0, "there was room");
        assert!(send(&to_client, event(), SHORT, allowed).await.is_none());
        assert_eq!(looks.get(), 9, "the token is looked at while the reader stalls");
        let slow = async {
            tokio::time::sleep(SHORT.recheck_every * 3).await;
            events.recv().await
        };
        let sent = send(&to_client, event(), SHORT, allowed);
        assert!(tokio::join!(sent, slow).0.is_some(), "slow is not stalled");
    }

    #[tokio::test]
    async fn a_stalled_stream_ends_with_its_token() {
        let (to_client, _events) = mpsc::channel(1);
        let long = Patience { stalled_max: Duration::from_secs(3_600), ..SHORT };
        assert!(send(&to_client, Event::default(), long, || false).await.is_some());
        assert!(send(&to_client, Event::default(), long, || false).await.is_none());
    }
}
