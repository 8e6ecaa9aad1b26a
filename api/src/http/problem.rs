//! The faces of the management API and of operators: problems (RFC 9457), and the envelope of
//! documented business errors.

use serde::Serialize;
use serde_json::{Value, json};
use warp::http::StatusCode;
use warp::http::header::{HeaderValue, WWW_AUTHENTICATE};
use warp::reply::Response;

use super::call::BODY_BYTES_MAX;
use super::codes;
use super::error::ApiError;
use super::face::{Asked, Face, error_page};
use super::input::QUERY_BYTES_MAX;
use super::reply::{JSON, json_response};

/// The management API: documented business errors in the envelope, all else as problems.
pub(crate) static API: Face = Face {
    name: "api",
    owns: |path| path.get(..5).is_some_and(|it| it.eq_ignore_ascii_case("/api/")),
    error: api_error,
    crosses_origins: true,
    names_versions: true,
    body_bytes_max: BODY_BYTES_MAX,
    query_bytes_max: Some(QUERY_BYTES_MAX),
};

/// Health, metrics, the API document, and every path that no family owns: problems only.
pub(crate) static OPERATION: Face = Face {
    name: "operation",
    owns: |_| true,
    error: operation_error,
    crosses_origins: false,
    names_versions: false,
    body_bytes_max: BODY_BYTES_MAX,
    query_bytes_max: Some(QUERY_BYTES_MAX),
};

fn api_error(err: ApiError, asked: &Asked<'_>) -> Response {
    let mut response = match &err {
        ApiError::UnknownHost => error_page(),
        ApiError::ApiVersion { code, message } => json_response(
            StatusCode::BAD_REQUEST,
            &json!({ "error": { "code": code, "message": message } }),
            JSON,
        ),
        ApiError::Business { code, message } => {
            let statuses = asked.settings.business_statuses;
            let status = if statuses { code.status() } else { StatusCode::OK };
            let body = BusinessBody {
                code: code.code,
                code_name: code.name,
                message,
                members: asked.error_data.as_ref(),
            };
            json_response(status, &body, JSON)
        }
        err => problem(err, err.status(), asked.request_id),
    };
    challenge(&err, &mut response);
    err.add_headers(&mut response);
    response
}

fn operation_error(err: ApiError, asked: &Asked<'_>) -> Response {
    let status = match &err {
        ApiError::UnknownHost => return error_page(),
        ApiError::Business { code, .. } => code.status(),
        err => err.status(),
    };
    let mut response = problem(&err, status, asked.request_id);
    challenge(&err, &mut response);
    err.add_headers(&mut response);
    response
}

/// A problem by RFC 9457, with the members of the envelope that clients look at.
fn problem(err: &ApiError, status: StatusCode, request_id: &str) -> Response {
    let mut body = json!({
        "type": format!("https://www.rfc-editor.org/rfc/rfc9110#status.{}", status.as_u16()),
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "detail": err.detail(),
        "traceId": request_id,
        "code": status.as_u16(),
        "codeName": codes::name_of_status(status),
    });
    if let (ApiError::Invalid(errors), Some(body)) = (err, body.as_object_mut()) {
        body.insert("code".to_owned(), json!(codes::INVALID.code));
        body.insert("codeName".to_owned(), json!(codes::INVALID.name));
        body.insert("errors".to_owned(), json!(errors));
    }
    if let (ApiError::TooLarge { field, .. }, Some(body)) = (err, body.as_object_mut()) {
        body.insert("errors".to_owned(), json!({ field: [err.detail()] }));
    }
    if let (ApiError::OtherHistory { head }, Some(body)) = (err, body.as_object_mut()) {
        body.insert("head".to_owned(), json!(head));
    }
    json_response(status, &body, "application/problem+json; charset=utf-8")
}

/// RFC 6750 section 3.
fn challenge(err: &ApiError, response: &mut Response) {
    let challenge = match err {
        ApiError::Unauthenticated { token_sent: true, .. } => {
            "Bearer realm=\"chancery\", error=\"invalid_token\""
        }
        ApiError::Unauthenticated { token_sent: false, .. } => "Bearer realm=\"chancery\"",
        ApiError::Forbidden(_) => "Bearer realm=\"chancery\", error=\"insufficient_scope\"",
        _ => return,
    };
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BusinessBody<'a> {
    code: i64,
    code_name: &'static str,
    message: &'a str,
    #[serde(flatten)]
    members: Option<&'a Value>,
}
