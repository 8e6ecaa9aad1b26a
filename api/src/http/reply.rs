//! Answers: the envelopes of spec section 3, and what goes with them.

use bytes::Bytes;
use commands::Done;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use warp::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, PRAGMA, VARY,
};
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use super::codes;

/// The content type of JSON (spec section 3.1).
pub(crate) const JSON: &str = "application/json; charset=utf-8";

/// The content type of YAML (RFC 9512).
pub(crate) const YAML: &str = "application/yaml";

/// The position of a change.
pub(crate) const LOG_POSITION: HeaderName = HeaderName::from_static("x-log-position");

/// Tells nginx, and proxies that follow it, to pass on data as it comes.
pub(crate) const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Set if the answer to this `Idempotency-Key` was given before.
const IDEMPOTENT_REPLAY: HeaderName = HeaderName::from_static("idempotent-replay");

// Spec section 3.2.
/// A result, or a documented business error.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "{T}Result")]
pub(crate) struct Single<T> {
    /// 200 on success, else the code of a business error.
    code: i64,
    /// The code in words; `Status200OK` on success.
    code_name: &'static str,
    /// Why it failed, for people; absent on success.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// The result. On a business error absent, or false or 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<T>,
    /// Why it failed, in a fixed word, where there is one; absent on success.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

// Spec section 3.3.
/// A page of a list, or a documented business error.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "{T}Page")]
pub(crate) struct List<T> {
    /// The most rows of this page, as asked for.
    take: i64,
    /// The rows that were passed over.
    skip: i64,
    /// 200 on success, else the code of a business error.
    code: i64,
    /// The code in words; `Status200OK` on success.
    code_name: &'static str,
    /// The rows that match, before paging.
    total: u64,
    /// Why it failed, for people; absent on success.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// The rows of this page.
    data: Vec<T>,
}

/// The members that a business error has beside code and message (spec sections 3.2 and 3.3), as an
/// object.
pub(crate) trait ErrorData {
    fn error_data() -> Option<Value> {
        None
    }
}

impl<T> ErrorData for List<T> {
    /// An empty page.
    fn error_data() -> Option<Value> {
        Some(json!({ "take": 0, "skip": 0, "total": 0, "data": [] }))
    }
}

impl ErrorData for Single<bool> {
    fn error_data() -> Option<Value> {
        Some(json!({ "data": false }))
    }
}

impl ErrorData for Single<i64> {
    fn error_data() -> Option<Value> {
        Some(json!({ "data": 0 }))
    }
}

/// An answer on its way out.
#[derive(Debug)]
pub(crate) struct Reply {
    response: Response,
}

impl Reply {
    /// A single result.
    pub(crate) fn single<T: Serialize>(data: impl Into<Option<T>>) -> Self {
        let (code, code_name) = (codes::OK.code, codes::OK.name);
        Self::json(&Single { code, code_name, message: None, data: data.into(), reason: None })
    }

    /// A page of a list.
    pub(crate) fn list<T: Serialize>(skip: usize, take: usize, total: u64, data: Vec<T>) -> Self {
        Self::json(&List {
            take: take as i64,
            skip: skip as i64,
            code: codes::OK.code,
            code_name: codes::OK.name,
            total,
            message: None,
            data,
        })
    }

    /// A list that is not paged: all of it is the page (spec section 3.3).
    pub(crate) fn whole_list<T: Serialize>(data: Vec<T>) -> Self {
        Self::list(0, data.len(), data.len() as u64, data)
    }

    /// Any JSON, without an envelope.
    pub(crate) fn json<T: Serialize>(body: &T) -> Self {
        Self { response: json_response(StatusCode::OK, body, JSON) }
    }

    /// A body of another type.
    pub(crate) fn body(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut response = Response::new(body.into().into());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { response }
    }

    /// A response that was made elsewhere.
    pub(crate) fn response(response: Response) -> Self {
        Self { response }
    }

    /// With another status.
    #[must_use]
    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        *self.response.status_mut() = status;
        self
    }

    /// Adds the position of a change.
    #[must_use]
    pub(crate) fn written(mut self, done: &Done) -> Self {
        self.headers().insert(LOG_POSITION, HeaderValue::from(done.position));
        if done.repeated {
            self.headers().insert(IDEMPOTENT_REPLAY, HeaderValue::from_static("true"));
        }
        self
    }

    /// The version of what is shown, for `If-Match`.
    #[must_use]
    pub(crate) fn version(mut self, version: u32) -> Self {
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
            self.headers().insert(ETAG, tag);
        }
        self
    }

    /// Never kept by a cache: it holds a secret (RFC 6749 section 5.1).
    #[must_use]
    pub(crate) fn no_store(mut self) -> Self {
        self.headers().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        self.headers().insert(PRAGMA, HeaderValue::from_static("no-cache"));
        self
    }

    /// May be kept for a while.
    #[must_use]
    pub(crate) fn cache(mut self, how: &'static str) -> Self {
        self.headers().insert(CACHE_CONTROL, HeaderValue::from_static(how));
        self
    }

    /// A cache may keep it for one caller only: the next one may use the same cache.
    #[must_use]
    pub(crate) fn varies_by_caller(mut self) -> Self {
        self.headers().insert(VARY, HeaderValue::from_static("Authorization"));
        self
    }

    /// With a header.
    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers().insert(name, HeaderValue::from_static(value));
        self
    }

    /// With a header whose value is made of ids and numbers; left out if no header can say it.
    #[must_use]
    pub(crate) fn header_text(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers().insert(name, value);
        }
        self
    }

    fn headers(&mut self) -> &mut HeaderMap {
        self.response.headers_mut()
    }

    pub(crate) fn into_response(self) -> Response {
        self.response
    }
}

/// A response with a JSON body.
pub(crate) fn json_response<T: Serialize>(
    status: StatusCode,
    body: &T,
    content_type: &'static str,
) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => {
            let mut response = Response::new(body.into());
            *response.status_mut() = status;
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            response
        }
        Err(err) => {
            tracing::error!(error = %err, "an answer could not be written");
            let mut response = Response::new("".into());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}
