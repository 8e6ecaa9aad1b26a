//! Which pages of other origins may read answers (CORS: the fetch standard, section 3.3).
//!
//! Origins are listed exactly. A face says whether its answers are for such pages at all; of an origin
//! that is not listed, an answer says nothing.

use warp::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, VARY,
};
use warp::http::{HeaderMap, Method, StatusCode};
use warp::reply::Response;

use super::face::Face;
use crate::state::origins::Origins;

/// What pages may read of an answer, beside what they always may.
const EXPOSED: &str = "ETag, Location, Retry-After, WWW-Authenticate, X-Ignored, X-Log-Position, \
                       X-Request-Id, Idempotent-Replay, api-supported-versions";

/// How long a browser may remember what it was told before a request, in seconds.
const REMEMBERED_SECONDS: u32 = 600;

/// The longest list of headers that a page may ask for, in bytes.
const ASKED_HEADERS_BYTES_MAX: usize = 1_024;

/// What the answers to one request say of its origin.
#[derive(Debug, Default)]
pub(crate) struct Crossing {
    /// Whether another origin might be told something else.
    depends: bool,
    origin: Option<HeaderValue>,
    /// What a page asks for before its request, where this is such a question.
    asked_headers: Option<Option<HeaderValue>>,
}

impl Crossing {
    /// Of a request for something of this face.
    pub(crate) fn of(face: &Face, origins: &Origins, method: &Method, headers: &HeaderMap) -> Self {
        if !face.crosses_origins || origins.is_empty() {
            return Self::default();
        }
        let origin = origins.listed(headers);
        let asks =
            *method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let asked = asks.then(|| headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned());
        Self { depends: true, asked_headers: asked.filter(|_| origin.is_some()), origin }
    }

    /// The answer to a page that asks before its request whether it may send it: the methods of the
    /// path, and the headers that it asks for.
    pub(crate) fn before_request(&self, allow: &str) -> Option<Response> {
        let asked = self.asked_headers.as_ref()?;
        let mut response = Response::new("".into());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_str(allow).ok()?);
        if let Some(asked) = asked.as_ref().filter(|it| it.len() <= ASKED_HEADERS_BYTES_MAX) {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
        headers.insert(ACCESS_CONTROL_MAX_AGE, REMEMBERED_SECONDS.into());
        headers.append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
        Some(response)
    }

    /// Says in an answer who may read it.
    pub(crate) fn mark(self, response: &mut Response) {
        if !self.depends {
            return;
        }
        let headers = response.headers_mut();
        headers.append(VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = self.origin else { return };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
}
