//! Every error of an HTTP request, and the table of their statuses. The form of the answer depends
//! on the face: `http::face`.

use std::collections::BTreeMap;

use commands::Error as CommandError;
use commands::password::{BUSY_RETRY_SECONDS, PasswordError};
use domain::Refusal;
use domain::log::LogError;
use projections::ViewError;
use serde_json::{Map, Value};
use warp::http::StatusCode;
use warp::http::header::{ACCEPT_ENCODING, ALLOW, HeaderValue, RETRY_AFTER};
use warp::reply::Response;

use super::codes::{self, Code};
use crate::state::attempts::NotChecked;
use crate::state::budgets::OverBudget;
use crate::state::signer::SigningError;

/// After how many seconds a caller may try again when the read models lag.
const BEHIND_RETRY_SECONDS: u64 = 1;

/// After how many seconds a caller may try again when too many command ids are remembered: the
/// interval at which some are forgotten.
const CROWDED_RETRY_SECONDS: u64 = 600;

/// The names of fields, each with the rules it breaks.
pub(crate) type FieldErrors = BTreeMap<String, Vec<String>>;

/// Why a request failed.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// No token, or one that does not count (RFC 6750 section 3.1).
    Unauthenticated { token_sent: bool, why: &'static str },
    /// No key of a gateway, or one that does not count.
    NoGatewayKey(&'static str),
    /// The token lacks something.
    Forbidden(String),
    /// Fields of the body, the query or the path break rules.
    Invalid(FieldErrors),
    /// No endpoint has this path.
    NoRoute,
    /// The path has other methods.
    WrongMethod { allow: String },
    /// The body or a field is too large.
    TooLarge { field: String, bytes_max: usize },
    /// The query is longer than this.
    QueryTooLong { bytes_max: usize },
    /// The body is compressed, which is not read.
    Encoded,
    /// The body has another content type.
    WrongContentType { expected: &'static str },
    /// Asked too often, or the pool is full.
    TooMany { retry_seconds: u64, why: &'static str },
    /// No tenant answers on this host (spec section 6.6).
    UnknownHost,
    /// Spec section 3.6.
    ApiVersion { code: &'static str, message: String },
    /// A documented business error: HTTP 200 with its code. If another row has a value already, `taken`
    /// is what it is called. The answer may have further members.
    Business {
        code: Code,
        message: String,
        taken: Option<&'static str>,
        beside: Option<Box<Map<String, Value>>>,
    },
    /// RFC 6749 section 5.2.
    OAuth { status: StatusCode, error: &'static str, description: String },
    /// `If-Match` names another version than there is (RFC 9110 section 13.1.1).
    Changed,
    /// The `Idempotency-Key` was used for another request.
    KeyReused,
    /// The answer to this `Idempotency-Key` held a secret, and is not repeated.
    OneTime,
    /// The caller has seen an event of another history of the log; this one ends at `head`.
    OtherHistory { head: u64 },
    /// The service cannot answer now.
    Unavailable { retry_seconds: u64, why: String },
    /// Too little of the disk is left.
    DiskFull,
    /// An internal error, which the caller cannot correct. The text goes to the log only.
    Internal(String),
}

impl ApiError {
    /// One field that breaks one rule.
    pub(crate) fn field(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Invalid(BTreeMap::from([(field.into(), vec![why.into()])]))
    }

    /// `X-Min-Position` is beyond the end of the log.
    pub(crate) fn beyond_head(position: u64, head: u64) -> Self {
        let why = format!(
            "the log ends at position {head}: position {position} of X-Min-Position is not written \
             yet, or was in another history, such as before a restore"
        );
        Self::Unavailable { retry_seconds: BEHIND_RETRY_SECONDS, why }
    }

    /// A business error with a text of its own.
    pub(crate) fn business(code: Code, message: impl Into<String>) -> Self {
        Self::Business { code, message: message.into(), taken: None, beside: None }
    }

    /// With these members in the answer, if it is a business error.
    #[must_use]
    pub(crate) fn beside(mut self, members: Map<String, Value>) -> Self {
        if let Self::Business { beside, .. } = &mut self {
            beside.get_or_insert_default().extend(members);
        }
        self
    }

    /// Spec section 4.2: absent, or not the caller's.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::business(codes::NOT_FOUND, format!("{what} not found"))
    }

    /// An error of the token endpoint with HTTP 400 (RFC 6749 section 5.2).
    pub(crate) fn oauth(error: &'static str, description: impl Into<String>) -> Self {
        let description = description.into();
        Self::OAuth { status: StatusCode::BAD_REQUEST, error, description }
    }

    /// The HTTP status, unless a family of endpoints uses another one.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated { .. } | Self::NoGatewayKey(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Invalid(_) | Self::UnknownHost | Self::ApiVersion { .. } => {
                StatusCode::BAD_REQUEST
            }
            Self::NoRoute => StatusCode::NOT_FOUND,
            Self::WrongMethod { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::QueryTooLong { .. } => StatusCode::URI_TOO_LONG,
            Self::WrongContentType { .. } | Self::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Business { .. } => StatusCode::OK,
            Self::OAuth { status, .. } => *status,
            Self::Changed => StatusCode::PRECONDITION_FAILED,
            Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::OneTime => StatusCode::CONFLICT,
            Self::OtherHistory { .. } => StatusCode::GONE,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The text for the caller. It never contains an internal cause.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Unauthenticated { why, .. } | Self::NoGatewayKey(why) => (*why).to_owned(),
            Self::Forbidden(why) => why.clone(),
            Self::Invalid(errors) => {
                let one = errors.iter().next();
                let one = one.and_then(|(field, why)| Some((field, why.first()?)));
                one.map_or_else(String::new, |(field, why)| format!("{field} {why}"))
            }
            Self::NoRoute => "no endpoint has this path; see /swagger/v1/swagger.json".to_owned(),
            Self::WrongMethod { allow } => format!("this path takes {allow}"),
            Self::TooLarge { field, bytes_max } => {
                format!("{field} is larger than {bytes_max} bytes")
            }
            Self::QueryTooLong { bytes_max } => {
                format!("the query is longer than {bytes_max} bytes")
            }
            Self::Encoded => "send the body without Content-Encoding".to_owned(),
            Self::WrongContentType { expected } => format!("send Content-Type: {expected}"),
            Self::TooMany { why, .. } => (*why).to_owned(),
            Self::Changed => Refusal::Changed.to_string(),
            Self::KeyReused => "the Idempotency-Key was used for another request".to_owned(),
            Self::OneTime => {
                "this Idempotency-Key was answered with a secret, which is not repeated".to_owned()
            }
            Self::OtherHistory { head } => format!(
                "this log does not have the event that you saw last: it is of another history, \
                 such as from before a restore. This log ends at position {head}. Throw away what \
                 you made of events that it does not have, and begin again after an event that it \
                 has, or after 0"
            ),
            Self::Unavailable { why, .. } => why.clone(),
            Self::DiskFull => "the disk is nearly full; changes are refused".to_owned(),
            Self::Internal(_) => "internal error; the request id leads to it in the log".to_owned(),
            Self::UnknownHost => "error page".to_owned(),
            Self::ApiVersion { message, .. } | Self::Business { message, .. } => message.clone(),
            Self::OAuth { description, .. } => description.clone(),
        }
    }

    /// The headers of an error, which are the same in every form.
    pub(crate) fn add_headers(&self, response: &mut Response) {
        let headers = response.headers_mut();
        match self {
            Self::WrongMethod { allow } => {
                if let Ok(allow) = HeaderValue::from_str(allow) {
                    headers.insert(ALLOW, allow);
                }
            }
            // RFC 9110 section 12.5.3.
            Self::Encoded => {
                headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            }
            Self::TooMany { retry_seconds, .. } | Self::Unavailable { retry_seconds, .. } => {
                headers.insert(RETRY_AFTER, HeaderValue::from(*retry_seconds));
            }
            _ => (),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound { what } => Self::not_found(what),
            Refusal::AlreadyExists { what } => Self::Business {
                code: codes::EXPECTATION_FAILED,
                message: refusal.to_string(),
                taken: Some(what),
                beside: None,
            },
            Refusal::NotAllowed { why } => Self::business(codes::EXPECTATION_FAILED, why),
            Refusal::Changed => Self::Changed,
            Refusal::Invalid { field, why } => Self::field(field, why),
            Refusal::TooLarge { field, bytes_max } => {
                Self::TooLarge { field: field.to_owned(), bytes_max }
            }
        }
    }
}

impl From<CommandError> for ApiError {
    fn from(err: CommandError) -> Self {
        match err {
            CommandError::Refused(refusal) => refusal.into(),
            CommandError::Crowded => Self::TooMany {
                retry_seconds: CROWDED_RETRY_SECONDS,
                why: "too many requests with an Idempotency-Key are remembered",
            },
            CommandError::Contended(_) | CommandError::Late(_) => {
                Self::Unavailable { retry_seconds: BEHIND_RETRY_SECONDS, why: err.to_string() }
            }
            CommandError::CommandReused => Self::KeyReused,
            CommandError::TooLarge(_) => Self::TooLarge {
                field: "body".to_owned(),
                bytes_max: domain::codec::COMMIT_BYTES_MAX,
            },
            CommandError::DiskFull => Self::DiskFull,
            CommandError::Log(LogError::Closing) => Self::Unavailable {
                retry_seconds: BEHIND_RETRY_SECONDS,
                why: "the server is shutting down".to_owned(),
            },
            CommandError::Contradiction(_) => Self::Internal(err.to_string()),
            CommandError::Log(err) => Self::Internal(err.to_string()),
            CommandError::Key(err) => Self::Internal(err.to_string()),
        }
    }
}

impl From<LogError> for ApiError {
    fn from(err: LogError) -> Self {
        CommandError::from(err).into()
    }
}

impl From<ViewError> for ApiError {
    fn from(err: ViewError) -> Self {
        if let ViewError::Stopped { .. } = &err {
            tracing::error!(error = %err, "a request needs an event that cannot be read");
        }
        let why = match err {
            ViewError::Behind { .. } => err.to_string(),
            ViewError::Stopped { at, .. } => format!("the read models stopped at {at}"),
        };
        Self::Unavailable { retry_seconds: BEHIND_RETRY_SECONDS, why }
    }
}

impl From<NotChecked> for ApiError {
    fn from(err: NotChecked) -> Self {
        match err {
            NotChecked::Wait(retry_seconds) => {
                let why = "too many failed tries; wait before the next one";
                Self::TooMany { retry_seconds, why }
            }
            NotChecked::Busy => {
                let why = "busy: other tries of this account or network are being checked";
                Self::TooMany { retry_seconds: BUSY_RETRY_SECONDS, why }
            }
            NotChecked::Password(err) => err.into(),
        }
    }
}

impl From<OverBudget> for ApiError {
    fn from(OverBudget { retry_seconds }: OverBudget) -> Self {
        Self::TooMany { retry_seconds, why: "too much was written; wait before the next change" }
    }
}

impl From<SigningError> for ApiError {
    fn from(err: SigningError) -> Self {
        Self::Internal(err.to_string())
    }
}

impl From<PasswordError> for ApiError {
    fn from(err: PasswordError) -> Self {
        match err {
            PasswordError::Busy => Self::TooMany {
                retry_seconds: BUSY_RETRY_SECONDS,
                why: "too many passwords wait to be checked",
            },
            PasswordError::Failed => Self::Internal(err.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::log::Obstacle;

    use super::*;

    /// What the engine says, as a class of HTTP: of the caller, of the server, or later again.
    #[test]
    fn only_what_the_caller_sent_is_the_fault_of_the_caller() {
        let why = || "why".to_owned();
        let refused = LogError::Refused { why: why(), by: Obstacle::NoSpace };
        let damaged = LogError::Damaged { position: 7, why: why() };
        let of_server = [
            CommandError::Contradiction(why()),
            CommandError::Log(LogError::Store(why())),
            CommandError::Log(refused),
            CommandError::Log(damaged),
            CommandError::Key(commands::keys::KeyError::Missing(why())),
        ];
        for err in of_server {
            let text = err.to_string();
            assert!(matches!(ApiError::from(err), ApiError::Internal(_)), "{text}");
        }
        for err in [CommandError::Contended("role"), CommandError::Log(LogError::Closing)] {
            let text = err.to_string();
            assert!(matches!(ApiError::from(err), ApiError::Unavailable { .. }), "{text}");
        }
        let late = ApiError::from(CommandError::Late("token"));
        assert!(matches!(late, ApiError::Unavailable { .. }), "{late:?}");
        let large = ApiError::from(CommandError::TooLarge(why()));
        assert!(matches!(large, ApiError::TooLarge { .. }), "{large:?}");
        let full = ApiError::from(CommandError::DiskFull);
        assert!(matches!(full, ApiError::DiskFull), "{full:?}");
        let crowded = ApiError::from(CommandError::Crowded);
        assert!(matches!(crowded, ApiError::TooMany { .. }), "{crowded:?}");
        let reused = ApiError::from(CommandError::CommandReused);
        assert!(matches!(reused, ApiError::KeyReused), "{reused:?}");
    }
}
