//! The face of OAuth 2 and OpenID Connect: errors as RFC 6749 section 5.2 has them, never an
//! envelope and never a problem document.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use warp::http::StatusCode;
use warp::http::header::{CACHE_CONTROL, HeaderValue, PRAGMA, WWW_AUTHENTICATE};
use warp::reply::Response;

use crate::http::call::BODY_BYTES_MAX;
use crate::http::error::ApiError;
use crate::http::face::{Asked, Face, error_page};
use crate::http::input::QUERY_BYTES_MAX;
use crate::http::reply::{JSON, json_response};

/// Everything below `/connect` and `/.well-known`.
pub(crate) static OAUTH: Face = Face {
    name: "oauth",
    owns: |path| {
        let path = path.to_ascii_lowercase();
        ["/connect/", "/.well-known/"].iter().any(|it| path.starts_with(it))
    },
    error: oauth_error,
    error_schema: oauth_error_schema,
    own_failures: |_, _| Vec::new(),
    crosses_origins: false,
    names_versions: false,
    body_bytes_max: BODY_BYTES_MAX,
    query_bytes_max: Some(QUERY_BYTES_MAX),
};

/// The caller may try again; the request itself is right (RFC 6749 section 4.1.2.1).
const LATER: &str = "temporarily_unavailable";

fn oauth_error(err: ApiError, _asked: &Asked<'_>) -> Response {
    let (status, error) = match &err {
        // Spec section 6.6: no tenant answers here, so no endpoint of OAuth does.
        ApiError::UnknownHost => return error_page(),
        ApiError::OAuth { status, error, .. } => (*status, *error),
        ApiError::Unauthenticated { .. } | ApiError::NoGatewayKey(_) => {
            (StatusCode::UNAUTHORIZED, "invalid_token")
        }
        ApiError::Forbidden(_) => (StatusCode::FORBIDDEN, "insufficient_scope"),
        ApiError::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, LATER),
        ApiError::Unavailable { .. } | ApiError::DiskFull => {
            (StatusCode::SERVICE_UNAVAILABLE, LATER)
        }
        ApiError::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
        ApiError::NoRoute
        | ApiError::WrongMethod { .. }
        | ApiError::TooLarge { .. }
        | ApiError::QueryTooLong { .. }
        | ApiError::Changed
        | ApiError::KeyReused
        | ApiError::OneTime
        | ApiError::OtherHistory { .. } => (err.status(), "invalid_request"),
        ApiError::Invalid(_)
        | ApiError::WrongContentType { .. }
        | ApiError::Encoded
        | ApiError::ApiVersion { .. }
        | ApiError::Business { .. } => (StatusCode::BAD_REQUEST, "invalid_request"),
    };
    // Section 5.2: printable ASCII without the quotation mark and the backslash.
    let mut description = err.detail();
    description.retain(|it| matches!(it, ' '..='~') && it != '"' && it != '\\');
    let body = OAuthError { error, error_description: &description };
    let mut response = json_response(status, &body, JSON);
    let headers = response.headers_mut();
    // Section 5.1, and the same for errors: a cache must not answer the next caller with them.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    if status == StatusCode::UNAUTHORIZED {
        let challenge = match error {
            "invalid_client" => "Basic realm=\"chancery\"",
            _ => "Bearer realm=\"chancery\", error=\"invalid_token\"",
        };
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    err.add_headers(&mut response);
    response
}

fn oauth_error_schema(err: &ApiError, schemas: &mut SchemaGenerator) -> Schema {
    match err {
        ApiError::UnknownHost => schemas.subschema_for::<String>(),
        _ => schemas.subschema_for::<OAuthError>(),
    }
}

// RFC 6749 section 5.2.
/// An error of OAuth 2.
#[derive(Serialize, JsonSchema)]
struct OAuthError<'a> {
    /// The documented word, such as invalid_client.
    error: &'a str,
    /// The reason, for people.
    error_description: &'a str,
}
