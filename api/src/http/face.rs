//! Faces: in which form a family of endpoints answers errors. Each endpoint has one, so that none
//! can answer in the form of another family, whatever error its handler meets.

use schemars::{Schema, SchemaGenerator};
use serde_json::Value;
use warp::http::StatusCode;
use warp::http::header::{CONTENT_TYPE, HeaderValue};
use warp::reply::Response;

use super::error::ApiError;
use crate::state::app::AppSettings;

/// The form in which a family of endpoints answers.
pub struct Face {
    /// Its name, for the log and for tests.
    pub(crate) name: &'static str,
    /// Whether a path belongs to the family, also if no endpoint has it. A path that no family owns
    /// is answered by the last one in the list of faces.
    pub(crate) owns: fn(&str) -> bool,
    /// The answer to an error.
    pub(crate) error: fn(ApiError, &Asked<'_>) -> Response,
    /// The shape of that answer's body, for the document.
    pub(crate) error_schema: fn(&ApiError, &mut SchemaGenerator) -> Schema,
    /// The answers to failures that are no [`ApiError`], each with the shape of its body, for the
    /// document.
    pub(crate) own_failures: fn(&AppSettings, &mut SchemaGenerator) -> Vec<(Response, Schema)>,
    /// Whether pages of the origins that the operator listed may read its answers.
    pub(crate) crosses_origins: bool,
    /// Whether its answers have the header with the versions of the API (spec section 3.6).
    pub(crate) names_versions: bool,
    /// The largest body, in bytes, where an endpoint does not say otherwise.
    pub(crate) body_bytes_max: usize,
    /// The longest query that is read, in bytes; `None` where it is not read at all.
    pub(crate) query_bytes_max: Option<usize>,
}

/// What a face needs to know about the request that failed.
pub(crate) struct Asked<'a> {
    /// Shown to the caller; it identifies the request in the log.
    pub(crate) request_id: &'a str,
    pub(crate) settings: &'a AppSettings,
    /// The further members of a documented business error, as an object (spec sections 3.2, 3.3).
    pub(crate) error_data: Option<Value>,
}

impl Face {
    /// Answers an error. Causes that the caller must not read go to the log.
    pub(crate) fn answer(&self, err: ApiError, asked: &Asked<'_>) -> Response {
        if let ApiError::Internal(why) = &err {
            let request_id = asked.request_id;
            tracing::error!(why, request_id, "internal error");
        }
        (self.error)(err, asked)
    }
}

/// Faces are told apart by their names.
impl PartialEq for Face {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Face {}

impl std::fmt::Debug for Face {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Spec section 6.6: a host that no tenant has.
pub(crate) fn error_page() -> Response {
    let mut response = Response::new("error page".into());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, text);
    response
}
