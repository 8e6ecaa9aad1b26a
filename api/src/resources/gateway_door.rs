//! `/api/Gateway`: what gateways ask for: their configuration, signals that it changed, and whether a
//! request may pass.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use domain::hex;
use futures_util::stream::poll_fn;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use warp::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH, WWW_AUTHENTICATE};
use warp::http::{HeaderName, HeaderValue, Method, StatusCode};
use warp::reply::{Reply as _, Response};
use warp::sse::Event;

use crate::access::gateway_key::GatewayCall;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::paging::{number, text};
use crate::http::problem::problem;
use crate::http::reply::{ACCEL_BUFFERING, JSON, Reply};
use crate::publishing::configuration::configuration_of;
use crate::publishing::door::{Denied, Passed, Request, judge};
use crate::state::app::App;
use crate::state::configurations::Made;
use crate::state::stream_places::Place;

/// How often a stream looks whether the configuration changed: beyond it, changes are gathered.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How often the key of a gateway is looked at while nothing changes.
const RECHECK_EVERY: Duration = Duration::from_secs(5);

/// How long a gateway may stop reading.
const STALLED_TIME_MAX: Duration = Duration::from_secs(30);

/// How often a comment keeps the connection alive.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(15);

/// How far the read models were when a request was judged.
const POSITION: HeaderName = HeaderName::from_static("x-chancery-position");

/// Why a request may not pass, in a word.
const DENY: HeaderName = HeaderName::from_static("x-chancery-deny");

/// After how many seconds a caller may try again.
const RETRY: HeaderName = HeaderName::from_static("x-chancery-retry-after");

const CHANGES: &str = "Server-Sent Events without an end: `data` is an object with the `position` of the \
                       configuration, each time that it changes.";

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            Method::GET,
            "/api/Gateway/Configuration",
            "GatewayConfiguration",
            "What a gateway serves; 304 where If-None-Match names it",
        )
        .headers(&[text("If-None-Match", "the ETag of the configuration that the gateway has")])
        .or_answers::<Map<String, Value>>(StatusCode::OK, "The configuration, in format 1.")
        .answers_empty(StatusCode::NOT_MODIFIED, "The gateway has it already.")
        .for_gateways(configuration),
        endpoint(
            Method::GET,
            "/api/Gateway/Changes",
            "GatewayChanges",
            "Be told when the configuration changes (SSE)",
        )
        .query(&[number("after", "the position of the configuration that the gateway has")])
        .answers_text("text/event-stream", CHANGES)
        .fails(|| vec![ApiError::TooMany { retry_seconds: 1, why: "" }])
        .for_gateways(changes),
        endpoint(
            Method::GET,
            "/api/Gateway/Check",
            "GatewayCheck",
            "Whether a request may pass: 204, or 401 or 403 with the reason in X-Chancery-Deny",
        )
        .headers(&[
            text("X-Chancery-Api", "the tenant, a slash, and the revision: `1/7;rev=3`"),
            text("X-Chancery-Key", "the key of a subscription that the caller sent"),
            text("X-Chancery-Revision", "set where the request came to the private address"),
        ])
        .answers_empty(StatusCode::NO_CONTENT, "It may pass.")
        .fails(|| {
            let (token_sent, why) = (true, "");
            let denied = ApiError::Forbidden(String::new());
            vec![denied, ApiError::Unauthenticated { token_sent, why }]
        })
        .for_gateways(check),
    ]
}

async fn configuration(gateway: GatewayCall) -> Outcome {
    let made = made(&gateway)?;
    // Not the hash of these bytes: the position is no part of it.
    let tag = format!("\"v1-{}\"", made.tag);
    let known = gateway.call.header(IF_NONE_MATCH.as_str());
    let is_known = known.is_some_and(|it| it.split(',').any(|it| it.trim() == tag));
    let reply = match is_known {
        true => Reply::body(JSON, "").status(StatusCode::NOT_MODIFIED),
        false => Reply::body(JSON, made.text),
    };
    Ok(reply.header_text(ETAG, &tag).cache("no-cache"))
}

fn made(gateway: &GatewayCall) -> Result<Made, ApiError> {
    let app = &gateway.call.app;
    let tenant = app.views.read().tenants.get(gateway.tenant_id()).cloned();
    let tenant = tenant.ok_or(ApiError::UnknownHost)?;
    configuration_of(app, &tenant)
}

/// Where a stream of changes is.
struct Changes {
    gateway: GatewayCall,
    after: u64,
    _place: Place,
}

async fn changes(gateway: GatewayCall) -> Outcome {
    let query = gateway.call.query();
    let after = query.number("after", 0, u64::MAX);
    query.check()?;
    let app = gateway.call.app.clone();
    let place = app
        .streams
        .take(gateway.tenant_id(), &gateway.actor())
        .ok_or(ApiError::TooMany { retry_seconds: 5, why: "too many streams are open" })?;
    let mut changes = Changes { gateway, after, _place: place };
    let (to_gateway, mut events) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut stopped = Box::pin(app.stopped());
        loop {
            let event = tokio::select! {
                event = changes.next() => event,
                () = to_gateway.closed() => None,
                () = &mut stopped => None,
            };
            let Some(event) = event else { return };
            // A gateway that does not read is told of the last change only: it is the same to it.
            match tokio::time::timeout(STALLED_TIME_MAX, to_gateway.send(Ok(event))).await {
                Ok(Ok(())) => (),
                _ => return,
            }
        }
    });
    let events = poll_fn(move |context| -> Poll<Option<Result<Event, Infallible>>> {
        events.poll_recv(context)
    });
    let events = warp::sse::keep_alive().interval(KEEP_ALIVE_EVERY).stream(events);
    let mut response = warp::sse::reply(events).into_response();
    response.headers_mut().insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(Reply::response(response).cache("no-store"))
}

impl Changes {
    /// The next change, or the end: of the key, or of what can be read.
    async fn next(&mut self) -> Option<Event> {
        loop {
            self.gateway.confirm().ok()?;
            let app = self.gateway.call.app.clone();
            app.gateways_seen.note(self.gateway.gateway.number, app.clock.now());
            let seen = app.views.position();
            let made = made(&self.gateway).ok()?;
            if made.position > self.after {
                self.after = made.position;
                let data = format!("{{\"position\":{}}}", made.position);
                return Some(Event::default().data(data));
            }
            wait_past(&app, seen).await?;
        }
    }
}

/// Waits until the read models go beyond a position, or for a while; changes are gathered.
async fn wait_past(app: &Arc<App>, seen: u64) -> Option<()> {
    let log = app.engine.log().clone();
    match tokio::time::timeout(RECHECK_EVERY, log.wait_past(seen)).await {
        Ok(Err(_)) => None,
        Ok(Ok(_)) | Err(_) => {
            tokio::time::sleep(LOOK_EVERY).await;
            Some(())
        }
    }
}

async fn check(gateway: GatewayCall) -> Outcome {
    let call = &gateway.call;
    let request = Request {
        api: call.header("x-chancery-api").unwrap_or_default(),
        is_private: call.headers.contains_key("x-chancery-revision"),
        authorization: one(&gateway, "authorization"),
        key: call.header("x-chancery-key").filter(|it| !it.is_empty()),
    };
    let position = call.app.views.position();
    let twice = call.headers.get_all("authorization").iter().count() > 1;
    let judged = match twice {
        true => Err(Denied::Token { sent: true, why: "two tokens were sent" }),
        false => judge(&gateway, &request),
    };
    let reply = match judged {
        Ok(passed) => let_pass(&passed),
        Err(Denied::Failed(err)) => return Err(err),
        Err(denied) => deny(&denied, &hex(&call.request_id)),
    };
    Ok(reply.header_text(POSITION, &position.to_string()))
}

/// A header that is sent once.
fn one<'a>(gateway: &'a GatewayCall, name: &str) -> Option<&'a str> {
    let mut sent = gateway.call.headers.get_all(name).iter();
    let first = sent.next()?.to_str().ok();
    first.filter(|_| sent.next().is_none())
}

/// For how long a gateway that remembers answers may go on with one while nobody answers here.
const STALE_IF_ERROR: &str = "stale-if-error=60";

fn empty(status: StatusCode) -> Reply {
    let mut response = Response::new("".into());
    *response.status_mut() = status;
    response.headers_mut().remove(CONTENT_TYPE);
    Reply::response(response).cache("no-store")
}

fn let_pass(passed: &Passed) -> Reply {
    let subscription = passed.subscription.map(|it| it.to_string());
    let headers = [
        ("x-chancery-subject", &passed.subject),
        ("x-chancery-client", &passed.client),
        ("x-chancery-scopes", &passed.scopes),
        ("x-chancery-subscription", &subscription),
    ];
    let reply = empty(StatusCode::NO_CONTENT).cache(STALE_IF_ERROR);
    headers.into_iter().fold(reply, |reply, (name, value)| match value {
        Some(value) => reply.header_text(HeaderName::from_static(name), value),
        None => reply,
    })
}

/// Why a request may not pass: for nginx in headers, for people in the body. RFC 6750 section 3 for what
/// a token lacks.
fn deny(denied: &Denied, request_id: &str) -> Reply {
    let bearer = "Bearer realm=\"chancery\"";
    let refused = |word, err: ApiError, challenge: Option<String>| {
        let reply = Reply::response(problem(&err, err.status(), request_id));
        let reply = reply.header(DENY, word).cache("no-store");
        match challenge {
            Some(challenge) => reply.header_text(WWW_AUTHENTICATE, &challenge),
            None => reply,
        }
    };
    let unproven = |token_sent, why| ApiError::Unauthenticated { token_sent, why };
    let forbidden = |why: &str| ApiError::Forbidden(why.to_owned());
    match denied {
        Denied::Unknown | Denied::Failed(_) => {
            refused("unknown", forbidden("the API is not served"), None)
        }
        Denied::NotOwner => {
            refused("owner", forbidden("only owners of the API reach this revision"), None)
        }
        Denied::Token { sent: false, why } => {
            refused("token", unproven(false, *why), Some(bearer.to_owned()))
        }
        Denied::Token { sent: true, why } => {
            let told = format!("{bearer}, error=\"invalid_token\", error_description=\"{why}\"");
            refused("token", unproven(true, *why), Some(told))
        }
        Denied::Scope(scope) => {
            let told = format!("{bearer}, error=\"insufficient_scope\", scope=\"{scope}\"");
            refused("scope", forbidden("the token lacks the scope of the API"), Some(told))
        }
        Denied::Key => {
            let why = "the key is none of an active subscription to a product of the API";
            let told = "SubscriptionKey realm=\"chancery\"".to_owned();
            refused("key", unproven(false, why), Some(told))
        }
        Denied::Rate(seconds) => {
            let refused = refused("rate", forbidden("the subscription called too often"), None);
            refused.header_text(RETRY, &seconds.to_string())
        }
    }
}
