//! `GET /api/audit/stream`: the log, history and then live, as Server-Sent Events.
//!
//! One cursor runs through both, so there is neither gap nor duplicate where they meet.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use commands::{EventJson, Personal};
use domain::Recorded;
use futures_util::stream::poll_fn;
use tokio::sync::mpsc;
use warp::http::Method;
use warp::reply::Reply as _;
use warp::sse::Event;

use super::audit::{AuditQuery, FILTERS};
use crate::access::{Granted, administrator};
use crate::app::App;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::places::Place;
use crate::http::reply::Reply;

/// How many events are read at a time.
const BATCH_EVENTS_MAX: usize = 256;

/// How often the token is looked at again while nothing happens.
const RECHECK_EVERY: Duration = Duration::from_secs(5);

/// How often a comment keeps the connection alive.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(15);

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::GET, "/api/audit/stream", "AuditStream", "Follow the log (SSE)")
            .query(&FILTERS)
            .needs(administrator("audit.stream"), stream),
    ]
}

struct Follower {
    app: Arc<App>,
    /// Kept, so that a token which ends takes its stream with it.
    granted: Granted,
    wanted: AuditQuery,
    /// The last position that was looked at.
    cursor: u64,
    waiting: VecDeque<Recorded>,
    _place: Place,
}

async fn stream(granted: Granted) -> Outcome {
    let query = granted.call.query();
    let after = query.number("after", 0, i64::MAX as u64);
    query.check()?;
    let wanted = AuditQuery::read(&granted, &query)?;
    let cursor = match granted.call.header("last-event-id").map(str::trim) {
        None | Some("") => after,
        Some(id) => id
            .parse()
            .map_err(|_| ApiError::field("Last-Event-ID", "must be a position of the log"))?,
    };
    let app = granted.call.app.clone();
    let place = app
        .streams
        .take(granted.tenant_id())
        .ok_or(ApiError::TooMany { retry_seconds: 5, why: "too many audit streams are open" })?;
    // It would never end by itself, and a graceful stop would wait for it in vain.
    let mut stopped = Box::pin(app.stopped());
    let mut follower =
        Follower { app, granted, wanted, cursor, waiting: VecDeque::new(), _place: place };
    let (to_client, mut events) = mpsc::channel(BATCH_EVENTS_MAX);
    tokio::spawn(async move {
        loop {
            let event = tokio::select! {
                event = follower.next() => event,
                () = to_client.closed() => None,
                () = &mut stopped => None,
            };
            let Some(event) = event else { return };
            if to_client.send(Ok::<Event, Infallible>(event)).await.is_err() {
                return;
            }
        }
    });
    let events = poll_fn(move |context| events.poll_recv(context));
    let events = warp::sse::keep_alive().interval(KEEP_ALIVE_EVERY).stream(events);
    Ok(Reply::response(warp::sse::reply(events).into_response()).cache("no-store"))
}

impl Follower {
    /// The next event, or the end: of the token, of the server, or of what can be read.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(recorded) = self.waiting.pop_front() {
                return self.show(&recorded);
            }
            if !self.is_still_allowed() {
                return None;
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

    fn is_still_allowed(&mut self) -> bool {
        self.granted.confirm().is_ok()
    }

    fn show(&self, recorded: &Recorded) -> Option<Event> {
        let json = EventJson::new(recorded, self.app.engine.keys(), Personal::Shown);
        let json = json.inspect_err(|err| tracing::error!(error = %err, "an audit stream ends"));
        let event = Event::default().id(recorded.position.to_string()).event(&*recorded.kind);
        event.json_data(json.ok()?).ok()
    }
}
