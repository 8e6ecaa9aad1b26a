//! From a request to its endpoint: boxed routes, joined as a balanced tree, grouped by the
//! beginning of their paths.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::future::ready;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use domain::hex;
use futures_util::StreamExt as _;
use percent_encoding::percent_decode_str;
use tracing::Instrument as _;
use warp::filters::BoxedFilter;
use warp::http::header::{HeaderName, HeaderValue};
use warp::http::{HeaderMap, Method, StatusCode};
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection, reject};

use super::call::{BodyStream, Call, now};
use super::endpoint::Endpoint;
use super::error::ApiError;
use super::input::QUERY_BYTES_MAX;
use crate::app::App;

/// Names a request in every line of the log and in its answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Spec section 3.6.
const SUPPORTED_VERSIONS: HeaderName = HeaderName::from_static("api-supported-versions");

/// The peer of a connection; the accept loop puts it on every request.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

type Route = BoxedFilter<(Response,)>;

/// All endpoints as one filter that answers every request.
pub(crate) fn router(
    app: &Arc<App>,
    endpoints: Vec<Endpoint>,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + use<> {
    let endpoints = endpoints.into_iter().map(Arc::new).collect::<Vec<_>>();
    let mut groups: BTreeMap<String, Vec<Arc<Endpoint>>> = BTreeMap::new();
    for endpoint in &endpoints {
        groups.entry(group_of(endpoint.path)).or_default().push(endpoint.clone());
    }
    let groups = groups.into_iter().map(|(name, mut endpoints)| {
        // Literal segments win over parameters (spec section 1.1).
        endpoints.sort_by_key(|it| it.path.matches('{').count());
        let routes = endpoints.into_iter().map(|it| route(app.clone(), it)).collect();
        in_group(name).and(any_of(routes)).boxed()
    });
    let routes = any_of(groups.collect());
    let rest = unmatched_route(app.clone(), endpoints);
    let app = app.clone();
    routes.or(rest).unify().recover(move |it| ready(Ok(unforeseen(&app, &it)))).unify()
}

/// What no endpoint takes: the path is unknown, or takes other methods only.
fn unmatched_route(app: Arc<App>, endpoints: Vec<Arc<Endpoint>>) -> Route {
    warp::path::full()
        .and(warp::header::headers_cloned())
        .map(move |path: FullPath, headers: HeaderMap| {
            let here = endpoints.iter().filter(|it| parameters(it.path, path.as_str()).is_some());
            // RFC 9110 section 15.5.6: all methods of the path, each once.
            let allow = here.map(|it| it.method.as_str()).collect::<BTreeSet<_>>();
            let err = if allow.is_empty() {
                ApiError::NoRoute
            } else {
                ApiError::WrongMethod { allow: Vec::from_iter(allow).join(", ") }
            };
            unmatched(&app, err, &hex(&request_id(&headers)))
        })
        .boxed()
}

/// Folded as a tree and boxed at every join, or the compiler gives up at some forty routes.
fn any_of(mut routes: Vec<Route>) -> Route {
    if routes.len() <= 1 {
        let none = || warp::any().and_then(|| ready(Err(reject::not_found()))).boxed();
        return routes.pop().unwrap_or_else(none);
    }
    let right = routes.split_off(routes.len() / 2);
    any_of(routes).or(any_of(right)).unify().boxed()
}

/// `/api/User/{id}` is in the group `/api/user`.
fn group_of(path: &str) -> String {
    let segments = path.split('/').skip(1).take_while(|it| !it.starts_with('{'));
    segments.take(2).map(|it| format!("/{}", it.to_ascii_lowercase())).collect()
}

fn in_group(group: String) -> impl Filter<Extract = (), Error = Rejection> + Clone {
    warp::path::full()
        .and_then(move |path: FullPath| {
            let path = path.as_str();
            let inside = path.get(..group.len()).is_some_and(|it| it.eq_ignore_ascii_case(&group))
                && path.as_bytes().get(group.len()).is_none_or(|it| *it == b'/');
            ready(if inside { Ok(()) } else { Err(reject::not_found()) })
        })
        .untuple_one()
}

fn route(app: Arc<App>, endpoint: Arc<Endpoint>) -> Route {
    let matched = endpoint.clone();
    warp::path::full()
        .and(warp::method())
        .and_then(move |path: FullPath, method: Method| {
            ready(match parameters(matched.path, path.as_str()) {
                Some(parameters) if method == matched.method => Ok(parameters),
                _ => Err(reject::not_found()),
            })
        })
        .and(raw_query())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Peer>())
        .and(warp::body::stream())
        .then(move |parameters, raw_query, headers, peer: Option<Peer>, body| {
            let body: BodyStream = Box::pin(stream_of(body));
            let peer = peer.map(|it| it.0.ip());
            answer(app.clone(), endpoint.clone(), parameters, raw_query, headers, peer, body)
        })
        .boxed()
}

fn stream_of<B: bytes::Buf>(
    body: impl futures_util::Stream<Item = Result<B, warp::Error>> + Send + Sync + 'static,
) -> impl futures_util::Stream<Item = Result<Bytes, warp::Error>> + Send + Sync {
    body.map(|piece| piece.map(|mut it| it.copy_to_bytes(it.remaining())))
}

fn raw_query() -> impl Filter<Extract = (String,), Error = Infallible> + Clone {
    warp::query::raw().or(warp::any().map(String::new)).unify()
}

/// The parameters of a path that fits a pattern; words compare without regard to case.
fn parameters(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut parameters = Vec::new();
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(parameters),
            (Some(wanted), Some(given)) if wanted.starts_with('{') => {
                if given.is_empty() {
                    return None;
                }
                parameters.push(percent_decode_str(given).decode_utf8_lossy().into_owned());
            }
            (Some(wanted), Some(given)) if wanted.eq_ignore_ascii_case(given) => (),
            _ => return None,
        }
    }
}

async fn answer(
    app: Arc<App>,
    endpoint: Arc<Endpoint>,
    parameters: Vec<String>,
    raw_query: String,
    headers: HeaderMap,
    peer: Option<IpAddr>,
    body: BodyStream,
) -> Response {
    let started = Instant::now();
    let request_id = request_id(&headers);
    let shown_id = hex(&request_id);
    let is_api = endpoint.path.starts_with("/api/");
    let span = tracing::info_span!("request", id = %shown_id, operation = endpoint.operation);
    let call = Call {
        app: app.clone(),
        operation: endpoint.operation,
        parameters,
        raw_query,
        headers,
        peer,
        now: now(),
        request_id,
        members: endpoint.members(),
        body: Some(body),
    };
    let mut response = async {
        let outcome = if call.raw_query.len() > QUERY_BYTES_MAX {
            let field = "query".to_owned();
            Err(ApiError::TooLarge { field, bytes_max: QUERY_BYTES_MAX })
        } else {
            endpoint.run(call).await
        };
        let statuses = app.settings.business_statuses;
        let response = match outcome {
            Ok(reply) => reply.into_response(),
            Err(err) => err.into_response(Some(&endpoint), &shown_id, statuses),
        };
        tracing::debug!(status = response.status().as_u16(), "answered");
        response
    }
    .instrument(span)
    .await;
    app.metrics.count_request(endpoint.operation, response.status(), started.elapsed());
    if let Ok(id) = HeaderValue::from_str(&shown_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    if is_api {
        response.headers_mut().insert(SUPPORTED_VERSIONS, HeaderValue::from_static("1.0"));
    }
    response
}

/// The caller's id where it is one of ours, else the hash of it, else a new one.
fn request_id(headers: &HeaderMap) -> [u8; 16] {
    match headers.get(REQUEST_ID).and_then(|it| it.to_str().ok()).map(str::trim) {
        Some(sent) if !sent.is_empty() => {
            let digits = sent.replace('-', "");
            match u128::from_str_radix(&digits, 16) {
                Ok(id) if digits.len() == 32 => id.to_be_bytes(),
                _ => crate::access::hash_16(&[sent.as_bytes()]),
            }
        }
        _ => commands::keys::random().unwrap_or_default(),
    }
}

/// Endpoints answer for themselves, and what none takes is answered by its own route.
fn unforeseen(app: &App, rejection: &Rejection) -> Response {
    let err = ApiError::Internal(format!("unforeseen rejection: {rejection:?}"));
    unmatched(app, err, &hex(&commands::keys::random::<16>().unwrap_or_default()))
}

fn unmatched(app: &App, err: ApiError, shown_id: &str) -> Response {
    let mut response = err.into_response(None, shown_id, false);
    app.metrics.count_request("unmatched", response.status(), std::time::Duration::ZERO);
    debug_assert_ne!(response.status(), StatusCode::OK);
    if let Ok(id) = HeaderValue::from_str(shown_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}
