//! The face of the app-token service: its own envelope, and a text for paths that it does not have.

use warp::http::StatusCode;
use warp::reply::Response;

use super::answer::{Envelope, FAILURES, Failure, respond};
use crate::http::call::BODY_BYTES_MAX;
use crate::http::error::ApiError;
use crate::http::face::Face;
use crate::http::reply::Reply;

/// Where the service is.
pub(crate) const BASE: &str = "/oauth2/api/v1";

/// The face of the service: its rules apply to everything below its path (app-token spec section
/// 1.1). It has no error for a long query, and reads only the version of it.
pub(crate) static APP_TOKEN: Face = Face {
    name: "app-token",
    owns,
    error: |err, asked| match err {
        ApiError::NoRoute | ApiError::WrongMethod { .. } | ApiError::UnknownHost => not_found(),
        err => respond::<()>(Err(err.into()), &asked.settings.app_token),
    },
    error_schema: |err, schemas| match err {
        ApiError::NoRoute | ApiError::WrongMethod { .. } | ApiError::UnknownHost => {
            schemas.subschema_for::<String>()
        }
        _ => schemas.subschema_for::<Envelope<Failure>>(),
    },
    own_failures: |settings, schemas| {
        let answered = FAILURES.map(|it| {
            let response = respond::<()>(Err(it), &settings.app_token);
            (response, schemas.subschema_for::<Envelope<Failure>>())
        });
        answered.into()
    },
    crosses_origins: false,
    names_versions: false,
    body_bytes_max: BODY_BYTES_MAX,
    query_bytes_max: None,
};

/// The answer of every path of the service that has no operation.
fn not_found() -> Response {
    text(StatusCode::NOT_FOUND, "404 page not found").into_response()
}

/// Whether a path belongs to the service, also if it has no operation.
fn owns(path: &str) -> bool {
    let (base, rest) = path.split_at_checked(BASE.len()).unwrap_or_default();
    base.eq_ignore_ascii_case(BASE) && (rest.is_empty() || rest.starts_with('/'))
}

pub(super) fn text(status: StatusCode, text: &'static str) -> Reply {
    Reply::body("text/plain; charset=utf-8", text.as_bytes().to_vec()).status(status)
}
