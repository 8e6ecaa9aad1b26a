//! Checks requests before the router sees them, and whether their connection may make them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};

use bytes::Bytes;
use domain::hex;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response};
use tower_service::Service as _;
use warp::Filter;

use super::door::Door;
use super::moving_stream::State;
use crate::http::error::ApiError;
use crate::http::face::Asked;
use crate::http::router::{Peer, face_of};

/// Paths that are answered on every connection.
const HEALTH: &str = "/health/";

/// After how many seconds a caller for whom there was no place may try again.
const RETRY_SECONDS: u64 = 1;

/// What a connection may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    /// Everything.
    All,
    /// Only requests for health: there was no place for more.
    Health,
}

/// What is the same for every request of a connection.
pub(super) struct Gate {
    pub(super) peer: SocketAddr,
    pub(super) allowed: Allowed,
    pub(super) state: Arc<State>,
    pub(super) door: Door,
}

/// Answers one request of a connection.
pub(super) async fn answer<F>(
    filter: F,
    mut request: Request<Incoming>,
    gate: Arc<Gate>,
) -> Result<Response<Answer<impl Body<Data = Bytes, Error = warp::Error> + Unpin>>, Infallible>
where
    F: Filter<Extract = (warp::reply::Response,), Error = Infallible> + Clone + Send + Sync,
    F: 'static,
    F::Future: Send,
{
    let again = gate.state.had_request.load(Relaxed);
    let under_way = UnderWay::begin(gate.state.clone());
    if again {
        // The second request since other tasks had their turn: a caller that sends many at once
        // waits.
        tokio::task::yield_now().await;
    }
    request.extensions_mut().insert(Peer(gate.peer));
    let refused = refusal(&request, gate.allowed);
    name_target(&mut request);
    let response = match refused {
        Some(err) => {
            let id = hex(&commands::keys::random_id::<16>().unwrap_or_default());
            let settings = &gate.door.settings;
            let asked = Asked { request_id: &id, settings, error_data: None };
            face_of(gate.door.faces, request.uri().path()).answer(err, &asked)
        }
        None => warp::service(filter).call(request).await?,
    };
    Ok(response.map(|body| Answer { body, _under_way: under_way }))
}

/// The host of an absolute target counts, whatever `Host` says (RFC 9112 section 3.2.2): tenants are
/// told apart by it.
fn name_target(request: &mut Request<Incoming>) {
    let Some(authority) = request.uri().authority() else { return };
    let host = authority.as_str().rsplit_once('@').map_or(authority.as_str(), |it| it.1);
    if let Ok(host) = HeaderValue::from_str(host) {
        request.headers_mut().insert(HOST, host);
    }
}

fn refusal(request: &Request<Incoming>, allowed: Allowed) -> Option<ApiError> {
    // The authority form, CONNECT, and `OPTIONS *` have no path, which the libraries further in
    // require.
    let path = request.uri().path();
    if request.uri().path_and_query().is_none() || !path.starts_with('/') {
        return Some(ApiError::field("path", "must begin with a slash"));
    }
    let is_health = path.get(..HEALTH.len()).is_some_and(|it| it.eq_ignore_ascii_case(HEALTH));
    if allowed == Allowed::Health && !is_health {
        let why = "too many connections, or too many of your network".to_owned();
        return Some(ApiError::Unavailable { retry_seconds: RETRY_SECONDS, why });
    }
    None
}

/// Marks a request as running until it is dropped.
struct UnderWay(Arc<State>);

impl UnderWay {
    fn begin(state: Arc<State>) -> Self {
        state.under_way.store(true, Relaxed);
        state.had_request.store(true, Relaxed);
        Self(state)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.store(false, Relaxed);
    }
}

/// The body of an answer; it is dropped when its last byte is handed over for sending.
pub(super) struct Answer<B> {
    body: B,
    _under_way: UnderWay,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Answer<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
