//! The faces of the management API and of operators: problems (RFC 9457), and the envelope of
//! documented business errors.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use warp::http::StatusCode;
use warp::http::header::{HeaderValue, WWW_AUTHENTICATE};
use warp::reply::Response;

use super::call::BODY_BYTES_MAX;
use super::codes;
use super::error::{ApiError, FieldErrors};
use super::face::{Asked, Face, error_page};
use super::input::QUERY_BYTES_MAX;
use super::reply::{JSON, json_response};

/// The management API: documented business errors in the envelope, all else as problems.
pub(crate) static API: Face = Face {
    name: "api",
    owns: |path| path.get(..5).is_some_and(|it| it.eq_ignore_ascii_case("/api/")),
    error: api_error,
    error_schema: api_error_schema,
    own_failures: |_, _| Vec::new(),
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
    error_schema: operation_error_schema,
    own_failures: |_, _| Vec::new(),
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
            &ApiVersionError { error: ApiVersionFault { code, message } },
            JSON,
        ),
        ApiError::Business { code, message, beside, .. } => {
            let statuses = asked.settings.business_statuses;
            let status = if statuses { code.status() } else { StatusCode::OK };
            let body = BusinessError {
                code: code.code,
                code_name: code.name,
                message,
                members: asked.error_data.as_ref(),
                beside: beside.as_deref(),
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

fn api_error_schema(err: &ApiError, schemas: &mut SchemaGenerator) -> Schema {
    match err {
        ApiError::ApiVersion { .. } => schemas.subschema_for::<ApiVersionError>(),
        ApiError::Business { .. } => schemas.subschema_for::<BusinessError>(),
        err => operation_error_schema(err, schemas),
    }
}

fn operation_error_schema(err: &ApiError, schemas: &mut SchemaGenerator) -> Schema {
    match err {
        ApiError::UnknownHost => schemas.subschema_for::<String>(),
        _ => schemas.subschema_for::<Problem>(),
    }
}

// RFC 9457, with the members of the envelope that clients key on.
/// A request that was refused, or failed.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Problem {
    /// A link to the meaning of the status.
    r#type: String,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong.
    detail: String,
    /// Leads to the request in the log of the server; the header X-Request-Id says the same.
    trace_id: String,
    /// 422 where fields break rules, else the HTTP status.
    code: i64,
    /// The code in words.
    code_name: String,
    /// The fields that break rules, each with what it breaks.
    errors: Option<FieldErrors>,
    /// Where the log ends, for a reader who comes from another history of it.
    head: Option<u64>,
}

/// An error as a problem, without the headers that go with it.
pub(crate) fn problem(err: &ApiError, status: StatusCode, request_id: &str) -> Response {
    let errors = match err {
        ApiError::Invalid(errors) => Some(errors.clone()),
        ApiError::TooLarge { field, .. } => {
            Some(FieldErrors::from([(field.clone(), vec![err.detail()])]))
        }
        _ => None,
    };
    let (code, code_name) = match err {
        ApiError::Invalid(_) => (codes::INVALID.code, codes::INVALID.name.to_owned()),
        _ => (i64::from(status.as_u16()), codes::name_of_status(status)),
    };
    let head = match err {
        ApiError::OtherHistory { head } => Some(*head),
        _ => None,
    };
    let body = Problem {
        r#type: format!("https://www.rfc-editor.org/rfc/rfc9110#status.{}", status.as_u16()),
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        detail: err.detail(),
        trace_id: request_id.to_owned(),
        code,
        code_name,
        errors,
        head,
    };
    json_response(status, &body, "application/problem+json; charset=utf-8")
}

/// RFC 6750 section 3, and RFC 9110 section 11.6.1 for gateways.
fn challenge(err: &ApiError, response: &mut Response) {
    let challenge = match err {
        ApiError::Unauthenticated { token_sent: true, .. } => {
            "Bearer realm=\"chancery\", error=\"invalid_token\""
        }
        ApiError::Unauthenticated { token_sent: false, .. } => "Bearer realm=\"chancery\"",
        ApiError::NoGatewayKey(_) => "Chancery-Gateway realm=\"chancery\"",
        ApiError::Forbidden(_) => "Bearer realm=\"chancery\", error=\"insufficient_scope\"",
        _ => return,
    };
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
}

/// A documented business error, where it has no HTTP status 200.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct BusinessError<'a> {
    /// The documented code.
    code: i64,
    /// The documented name of the code.
    code_name: &'static str,
    /// The reason, for people.
    message: &'a str,
    #[serde(flatten)]
    #[schemars(with = "Nothing")]
    members: Option<&'a Value>,
    #[serde(flatten)]
    #[schemars(with = "Beside")]
    beside: Option<&'a Map<String, Value>>,
}

// What `ApiError::beside` says, for the document.
/// What some errors say besides.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
struct Beside {
    /// Why something was not published: a fixed word.
    reason: Option<String>,
    /// How the document differs from the current one.
    difference: Option<Value>,
}

// What `ErrorData` says, for the document.
/// What stands where the result would be.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
struct Nothing {
    /// 0, where the result would be a page.
    take: Option<i64>,
    /// 0, where the result would be a page.
    skip: Option<i64>,
    /// 0, where the result would be a page.
    total: Option<i64>,
    /// false, 0 or no rows.
    data: Option<Value>,
}

/// `api-version` names a version that does not exist.
#[derive(Serialize, JsonSchema)]
struct ApiVersionError<'a> {
    error: ApiVersionFault<'a>,
}

/// What is wrong with `api-version`.
#[derive(Serialize, JsonSchema)]
struct ApiVersionFault<'a> {
    /// UnsupportedApiVersion or InvalidApiVersion.
    code: &'static str,
    /// The reason, for people.
    message: &'a str,
}
