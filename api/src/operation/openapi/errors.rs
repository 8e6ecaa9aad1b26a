//! Which errors an endpoint can meet. How each is answered, its face says.

use super::parameters::{takes_idempotency_key, takes_if_match};
use crate::http::codes;
use crate::http::endpoint::{Access, Endpoint};
use crate::http::error::ApiError;
use crate::http::face::Face;
use crate::http::problem::API;
use crate::http::reply::JSON;

/// One of each kind that the endpoint can meet, with values that do not matter.
pub(super) fn of(it: &Endpoint) -> Vec<ApiError> {
    if it.access == Access::AppToken {
        // All else is a failure of its own.
        return vec![ApiError::UnknownHost];
    }
    let mut errors = Vec::new();
    if let Some(bytes_max) = it.face.query_bytes_max {
        errors.push(ApiError::QueryTooLong { bytes_max });
        errors.push(ApiError::TooLarge { field: "body".to_owned(), bytes_max });
    }
    if it.access != Access::Operation {
        let message = String::new();
        errors.push(ApiError::field("X-Min-Position", ""));
        errors.push(ApiError::ApiVersion { code: "", message });
        errors.push(ApiError::UnknownHost);
        errors.push(ApiError::Internal(String::new()));
        errors.push(ApiError::Unavailable { retry_seconds: 1, why: String::new() });
    }
    if let Access::Bearer(_) = it.access {
        errors.push(ApiError::Unauthenticated { token_sent: true, why: "" });
        errors.push(ApiError::Forbidden(String::new()));
    }
    if it.access == Access::Gateway {
        errors.push(ApiError::NoGatewayKey(""));
    }
    if it.body.is_some() {
        errors.push(ApiError::WrongContentType { expected: "" });
    }
    if takes_idempotency_key(it) {
        errors.push(ApiError::KeyReused);
        errors.push(ApiError::DiskFull);
        errors.push(ApiError::TooMany { retry_seconds: 1, why: "" });
    }
    if takes_if_match(it) {
        errors.push(ApiError::Changed);
    }
    if *it.face == API && it.answers.iter().any(|it| it.content_type == JSON) {
        let business = [codes::NOT_FOUND, codes::EXPECTATION_FAILED, codes::INVALID];
        errors.extend(business.map(|it| ApiError::business(it, "")));
    }
    errors.extend((it.errors)());
    errors
}

/// What an error means, in the words of a caller.
pub(super) fn about(err: &ApiError, face: &Face) -> &'static str {
    match err {
        ApiError::Unauthenticated { .. } => "no access token, or one that does not count",
        ApiError::NoGatewayKey(_) => "no key of a gateway, or one that does not count",
        ApiError::Forbidden(_) => "a scope, a permission, a role or a right is missing",
        ApiError::Invalid(_) => "members, parameters or headers break rules",
        ApiError::NoRoute => "no endpoint has this path",
        ApiError::WrongMethod { .. } => "the path takes other methods",
        ApiError::TooLarge { .. } => "the body or a member is too large",
        ApiError::QueryTooLong { .. } => "the query is too long",
        ApiError::WrongContentType { .. } | ApiError::Encoded => {
            "the body has another content type, or is compressed"
        }
        ApiError::TooMany { .. } => "too many requests at once, or too many tries",
        ApiError::UnknownHost => "no tenant answers on this host",
        ApiError::ApiVersion { .. } => match face.names_versions {
            true => "there is no such API version",
            false => "the request breaks rules",
        },
        ApiError::Business { .. } => "a documented business error",
        ApiError::OAuth { error: "invalid_client", .. } => {
            "the client is unknown, or did not prove itself"
        }
        ApiError::OAuth { .. } => "the request breaks rules",
        ApiError::Changed => "it was changed since the version that If-Match names",
        ApiError::KeyReused => "the Idempotency-Key was used for another request",
        ApiError::OneTime => "the answer to this Idempotency-Key held a secret",
        ApiError::OtherHistory { .. } => "the log does not have the event that was seen last",
        ApiError::Unavailable { .. } => {
            "the position cannot be read yet, or the server is stopping"
        }
        ApiError::DiskFull => "the disk is nearly full; changes are refused",
        ApiError::Internal(_) => "the server failed",
    }
}
