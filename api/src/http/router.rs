//! From a request to its endpoint, through a table, and from its outcome to the answer.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;
use std::future::ready;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use domain::hex;
use futures_util::StreamExt as _;
use percent_encoding::percent_decode_str;
use tracing::Instrument as _;
use warp::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use warp::http::{HeaderMap, Method, StatusCode};
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection};

use super::call::{BodyStream, Call};
use super::cross_origin::Crossing;
use super::endpoint::Endpoint;
use super::error::ApiError;
use super::face::{Asked, Face};
use super::ignored::Ignored;
use super::members::Members;
use super::path::normalised;
use super::problem::API;

use crate::state::app::App;
use crate::state::hash::hash_16;

/// Identifies a request in every line of the log and in its answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Spec section 3.6.
const SUPPORTED_VERSIONS: HeaderName = HeaderName::from_static("api-supported-versions");

/// What the caller sent and nothing reads, such as `query.from, body.password`.
const IGNORED: HeaderName = HeaderName::from_static("x-ignored");

/// The peer of a connection; the accept loop puts it on every request.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// What was found for a path and a method.
enum Match {
    /// An endpoint, with the parameters of its path.
    Endpoint(Arc<Endpoint>, Vec<String>),
    /// The path takes these methods only.
    OtherMethods(String),
    /// No endpoint has the path.
    Nothing,
}

/// The endpoints by the first two words of their paths.
struct Table(HashMap<String, Vec<Arc<Endpoint>>>);

impl Table {
    fn new(endpoints: Vec<Endpoint>) -> Self {
        let mut groups: HashMap<String, Vec<Arc<Endpoint>>> = HashMap::new();
        for endpoint in endpoints {
            groups.entry(group_of(endpoint.path)).or_default().push(Arc::new(endpoint));
        }
        // Literal segments win over parameters (spec section 1.1), the earlier ones first:
        // `Products/{productId}` over `{id}/Publish`.
        let rank = |it: &Arc<Endpoint>| (it.path.matches('{').count(), Reverse(it.path.find('{')));
        groups.values_mut().for_each(|it| it.sort_by_key(rank));
        Self(groups)
    }

    fn find(&self, path: &str, method: &Method) -> Match {
        // RFC 9110 section 9.3.2: as GET, and the server leaves the body out.
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let name = group_of(path);
        let is_api = name.starts_with("/api/");
        // One slash at the end says nothing, as in the original; elsewhere it is another path, so
        // that whoever hides `/metrics` behind a proxy hides all of it.
        let path = path.strip_suffix('/').filter(|_| is_api).unwrap_or(path);
        // A parameter may be the second word of a path, such as `/blobs/{folder}`.
        let by_first = || self.0.get(name.rsplit_once('/')?.0);
        let Some(group) = self.0.get(&name).or_else(by_first) else { return Match::Nothing };
        // RFC 9110 section 15.5.6: all methods of the path, each once.
        let mut allow = BTreeSet::new();
        let mut parameters_of_path = None;
        for endpoint in group {
            let Some(parameters) = parameters(endpoint.path, path) else { continue };
            if parameters_of_path.is_some_and(|it| it < parameters.len()) {
                // A path of literal segments is no other's, whatever its methods are.
                break;
            }
            parameters_of_path = Some(parameters.len());
            if *method == endpoint.method {
                return Match::Endpoint(endpoint.clone(), parameters);
            }
            allow.insert(endpoint.method.as_str());
            if endpoint.method == Method::GET {
                allow.insert(Method::HEAD.as_str());
            }
        }
        match allow.is_empty() {
            true => Match::Nothing,
            false => Match::OtherMethods(Vec::from_iter(allow).join(", ")),
        }
    }
}

/// All endpoints as one filter that answers every request.
///
/// One filter, not one for each endpoint: every filter that does not match costs a future and a
/// rejection, and a table costs one look (docs/decisions/0008-routing.md).
pub(crate) fn router(
    app: &Arc<App>,
    endpoints: Vec<Endpoint>,
    faces: &'static [&'static Face],
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + use<> {
    let table = Arc::new(Table::new(endpoints));
    let (answering, app) = (app.clone(), app.clone());
    warp::path::full()
        .and(warp::method())
        .map(move |path: FullPath, method: Method| {
            let path = normalised(path.as_str());
            (table.find(&path, &method), face_of(faces, &path), method)
        })
        .untuple_one()
        .and(raw_query())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Peer>())
        .and(warp::body::stream())
        .then(
            move |found,
                  face: &'static Face,
                  method: Method,
                  raw_query,
                  headers: HeaderMap,
                  peer: Option<Peer>,
                  body| {
                let app = answering.clone();
                let body: BodyStream = Box::pin(stream_of(body));
                async move {
                    let origins = &app.settings.origins;
                    let crossing = Crossing::of(face, origins, &method, &headers);
                    let err = match found {
                        Match::Endpoint(endpoint, parameters) => {
                            let peer = peer.map(|it| caller_address(&app, it, &headers));
                            let sent = Sent { parameters, raw_query, headers, peer, body };
                            let mut response = answer(app, endpoint, sent).await;
                            crossing.mark(&mut response);
                            return response;
                        }
                        Match::OtherMethods(allow) => {
                            if let Some(mut response) = crossing.before_request(&allow) {
                                crossing.mark(&mut response);
                                return response;
                            }
                            ApiError::WrongMethod { allow }
                        }
                        Match::Nothing => ApiError::NoRoute,
                    };
                    let shown_id = hex(&request_id(&headers));
                    let mut response = unmatched(&app, face, err, &shown_id);
                    crossing.mark(&mut response);
                    response
                }
            },
        )
        .boxed()
        .recover(move |it| ready(Ok(unforeseen(&app, face_of(faces, ""), &it))))
        .unify()
}

/// The family that a path belongs to; the last one takes what none of the others owns.
pub(crate) fn face_of(faces: &'static [&'static Face], path: &str) -> &'static Face {
    let owner = faces.iter().find(|it| (it.owns)(path)).or(faces.last());
    owner.copied().unwrap_or(&super::problem::OPERATION)
}

/// `/api/User/{id}` and `/API/user/7` are in the group `/api/user`.
fn group_of(path: &str) -> String {
    let segments = path.split('/').skip(1).take_while(|it| !it.starts_with('{')).take(2);
    let mut group = String::with_capacity(path.len());
    for segment in segments {
        group.push('/');
        group.extend(segment.chars().map(|it| it.to_ascii_lowercase()));
    }
    group
}

/// A request as it was sent, without its path and method.
struct Sent {
    parameters: Vec<String>,
    raw_query: String,
    headers: HeaderMap,
    peer: Option<IpAddr>,
    body: BodyStream,
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

async fn answer(app: Arc<App>, endpoint: Arc<Endpoint>, sent: Sent) -> Response {
    let Sent { parameters, raw_query, headers, peer, body } = sent;
    let started = Instant::now();
    let is_encoded = endpoint.body.is_some() && is_encoded(&headers);
    // Other faces do not read their queries, or say more.
    let ignored = match *endpoint.face == API {
        true => Ignored::of_query(&raw_query, endpoint.query.iter().map(|it| it.name)),
        false => Ignored::default(),
    };
    let request_id = request_id(&headers);
    let shown_id = hex(&request_id);
    let face = endpoint.face;
    let span = tracing::info_span!("request", id = %shown_id, operation = endpoint.operation);
    let call = Call {
        app: app.clone(),
        operation: endpoint.operation,
        parameters,
        raw_query,
        headers,
        peer,
        now: app.clock.now(),
        request_id,
        members: Members { names: endpoint.members(), ignored: ignored.clone() },
        unknown_query: ignored.in_query().filter(|_| endpoint.is_strict),
        orders: endpoint.orders(),
        body_bytes_max: endpoint.body_bytes_max(),
        body: Some(body),
    };
    let mut response = async {
        let too_long = face.query_bytes_max.filter(|it| call.raw_query.len() > *it);
        let outcome = match too_long {
            Some(bytes_max) => Err(ApiError::QueryTooLong { bytes_max }),
            None if is_encoded => Err(ApiError::Encoded),
            None => endpoint.run(call).await,
        };
        let response = match outcome {
            Ok(reply) => reply.into_response(),
            Err(err) => {
                let error_data = endpoint.error_data();
                let settings = &app.settings;
                face.answer(err, &Asked { request_id: &shown_id, settings, error_data })
            }
        };
        tracing::debug!(status = response.status().as_u16(), "answered");
        response
    }
    .instrument(span)
    .await;
    app.counters.count_request(endpoint.operation, response.status().as_str(), started.elapsed());
    if let Ok(id) = HeaderValue::from_str(&shown_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let headers = response.headers_mut();
    if let Some(ignored) = ignored.as_header().filter(|_| *face == API) {
        headers.insert(IGNORED, ignored);
    }
    // What is about people and rights is kept by nobody who does not say so, and is never taken for
    // something else than it says.
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if face.names_versions {
        response.headers_mut().insert(SUPPORTED_VERSIONS, HeaderValue::from_static("1.0"));
    }
    response
}

/// Whether a body is compressed, or otherwise not what its type says.
fn is_encoded(headers: &HeaderMap) -> bool {
    let mut all = headers.get_all(CONTENT_ENCODING).iter();
    all.any(|it| !it.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// The address that a request comes from: the peer's, or what trusted proxies say.
fn caller_address(app: &App, peer: Peer, headers: &HeaderMap) -> IpAddr {
    let forwarded = headers.get_all("x-forwarded-for").iter();
    let forwarded = forwarded.map(|it| it.to_str().unwrap_or_default());
    app.settings.proxies.caller(peer.0.ip(), forwarded)
}

/// The caller's id if it has our form, else a hash of it; a new one if there is none.
fn request_id(headers: &HeaderMap) -> [u8; 16] {
    match headers.get(REQUEST_ID).and_then(|it| it.to_str().ok()).map(str::trim) {
        Some(sent) if !sent.is_empty() => {
            let digits = sent.replace('-', "");
            match u128::from_str_radix(&digits, 16) {
                Ok(id) if digits.len() == 32 => id.to_be_bytes(),
                _ => hash_16(&[sent.as_bytes()]),
            }
        }
        _ => commands::keys::random_id().unwrap_or_default(),
    }
}

/// This answers rejections of warp, which should not happen: endpoints answer all their errors, and
/// paths without an endpoint are answered above.
fn unforeseen(app: &App, face: &Face, rejection: &Rejection) -> Response {
    let err = ApiError::Internal(format!("unforeseen rejection: {rejection:?}"));
    unmatched(app, face, err, &hex(&commands::keys::random_id::<16>().unwrap_or_default()))
}

fn unmatched(app: &App, face: &Face, err: ApiError, shown_id: &str) -> Response {
    let asked = Asked { request_id: shown_id, settings: &app.settings, error_data: None };
    let mut response = face.answer(err, &asked);
    app.counters.count_request("unmatched", response.status().as_str(), Duration::ZERO);
    debug_assert_ne!(response.status(), StatusCode::OK);
    if let Ok(id) = HeaderValue::from_str(shown_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}
