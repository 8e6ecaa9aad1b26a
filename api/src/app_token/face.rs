//! The face of the app-token service: its own envelope, and a text for paths that it does not have.

use warp::http::StatusCode;
use warp::reply::Response;

use super::answer::respond;
use crate::http::error::ApiError;
use crate::http::face::Face;
use crate::http::reply::Reply;

/// Where the service is.
pub(crate) const BASE: &str = "/oauth2/api/v1";

/// How the service speaks: below its own path its rules win (app-token spec section 1.1). It has no
/// words for a long query, and reads the version only.
pub(crate) static APP_TOKEN: Face = Face {
    name: "app-token",
    owns,
    error: |err, asked| match err {
        ApiError::NoRoute | ApiError::WrongMethod { .. } | ApiError::UnknownHost => not_found(),
        err => respond::<()>(Err(err.into()), &asked.settings.app_token),
    },
    names_versions: false,
    query_bytes_max: None,
};

/// What every path of the service answers that is none of its own.
fn not_found() -> Response {
    text(StatusCode::NOT_FOUND, "404 page not found").into_response()
}

/// Whether a path is the service's, known or not.
fn owns(path: &str) -> bool {
    let (base, rest) = path.split_at_checked(BASE.len()).unwrap_or_default();
    base.eq_ignore_ascii_case(BASE) && (rest.is_empty() || rest.starts_with('/'))
}

pub(super) fn text(status: StatusCode, text: &'static str) -> Reply {
    Reply::body("text/plain; charset=utf-8", text.as_bytes().to_vec()).status(status)
}
