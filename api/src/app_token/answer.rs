//! The envelope of the app-token service, and its errors (app-token spec sections 1.2 and 1.4).

use schemars::JsonSchema;
use serde::Serialize;
use warp::http::StatusCode;
use warp::http::header::RETRY_AFTER;
use warp::reply::Response;

use crate::http::error::ApiError;
use crate::http::reply::{ErrorData, JSON, LOG_POSITION, json_response};
use crate::state::app_token_settings::AppTokenSettings;
use crate::state::attempts::NotChecked;
use crate::state::budgets::OverBudget;

/// After how many seconds a caller may try again after an internal error.
const RETRY_SECONDS: u64 = 1;

/// The text of success.
const NORMAL: &str = "normal";

/// Why an operation failed: a code of the shared table, with its fixed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) code: i64,
    pub(crate) text: &'static str,
    pub(crate) retry_seconds: Option<u64>,
}

const fn failed(code: i64, text: &'static str) -> Failed {
    Failed { code, text, retry_seconds: None }
}

/// An internal error, or too many others.
pub(crate) const BUSY: Failed = failed(1, "服务器维护中 请稍后再试");
/// The credential does not allow this.
pub(crate) const FORBIDDEN: Failed = failed(405, "禁止访问");
/// A member is missing or not valid.
pub(crate) const INVALID: Failed = failed(1001, "参数无效");
/// An unknown user or a wrong password.
pub(crate) const WRONG_PASSWORD: Failed = failed(1004, "用户名不存在或密码错误");
/// It does not exist, or no longer.
pub(crate) const NOT_FOUND: Failed = failed(1006, "未找到");
/// There is no such app, or no longer. Shown as [`NOT_FOUND`] unless the operator wants the code of
/// the original.
pub(crate) const UNKNOWN_APP: Failed = failed(2, "未找到");
/// The account may not sign in.
pub(crate) const DISABLED: Failed = failed(1007, "无效操作");
/// The user name is taken.
pub(crate) const USER_EXISTS: Failed = failed(1012, "用户已存在");
/// No valid credential, or none for this.
pub(crate) const UNAUTHORIZED: Failed = failed(1049, "用户未授权");
/// The signature was used before.
pub(crate) const REPLAYED: Failed = failed(1056, "重复提交");
/// The signed time is too far from the clock.
pub(crate) const WRONG_TIME: Failed = failed(1078, "时间错误");
/// The token has expired.
pub(crate) const EXPIRED: Failed = failed(1081, "已过期");
/// Too many tries.
pub(crate) const TOO_MANY: Failed = failed(1082, "超过最大值");
/// The signature does not fit.
pub(crate) const WRONG_SIGNATURE: Failed = failed(1088, "token校验失败");

/// Each of them, for the document.
pub(crate) const FAILURES: [Failed; 14] = [
    BUSY,
    FORBIDDEN,
    INVALID,
    WRONG_PASSWORD,
    NOT_FOUND,
    UNKNOWN_APP,
    DISABLED,
    USER_EXISTS,
    UNAUTHORIZED,
    REPLAYED,
    WRONG_TIME,
    EXPIRED,
    TOO_MANY,
    WRONG_SIGNATURE,
];

/// Why a secret was not checked.
pub(crate) fn not_checked(why: NotChecked) -> Failed {
    match why {
        NotChecked::Wait(seconds) => TOO_MANY.retry_after(seconds),
        why => ApiError::from(why).into(),
    }
}

impl Failed {
    pub(crate) const fn retry_after(self, seconds: u64) -> Self {
        Self { retry_seconds: Some(seconds), ..self }
    }

    /// The HTTP status, if the operator wants real ones.
    fn status(self) -> StatusCode {
        match self.code {
            1 => StatusCode::SERVICE_UNAVAILABLE,
            405 | 1007 => StatusCode::FORBIDDEN,
            1004 | 1049 | 1081 | 1088 => StatusCode::UNAUTHORIZED,
            2 | 1006 => StatusCode::NOT_FOUND,
            1012 | 1056 => StatusCode::CONFLICT,
            1082 => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<OverBudget> for Failed {
    fn from(OverBudget { retry_seconds }: OverBudget) -> Self {
        TOO_MANY.retry_after(retry_seconds)
    }
}

impl From<ApiError> for Failed {
    fn from(err: ApiError) -> Self {
        match err {
            ApiError::Invalid(_) | ApiError::TooLarge { .. } | ApiError::ApiVersion { .. } => {
                INVALID
            }
            ApiError::Unauthenticated { .. } => UNAUTHORIZED,
            ApiError::Forbidden(_) => FORBIDDEN,
            ApiError::TooMany { retry_seconds, .. }
            | ApiError::Unavailable { retry_seconds, .. } => BUSY.retry_after(retry_seconds),
            ApiError::KeyReused => REPLAYED,
            err => {
                tracing::error!(error = ?err, "an operation of the app-token service failed");
                BUSY.retry_after(RETRY_SECONDS)
            }
        }
    }
}

impl From<commands::Error> for Failed {
    fn from(err: commands::Error) -> Self {
        match err {
            commands::Error::Refused(domain::Refusal::NotFound { .. }) => NOT_FOUND,
            commands::Error::Refused(refusal) if refusal == commands::LAST_ADMINISTRATOR => {
                FORBIDDEN
            }
            commands::Error::Refused(_) => INVALID,
            err => ApiError::from(err).into(),
        }
    }
}

/// The answer of an operation, and the position of its change.
#[derive(Debug)]
pub(crate) struct Answered<T> {
    pub(crate) data: T,
    pub(crate) position: Option<u64>,
}

impl<T> Answered<T> {
    /// Of an operation that changed nothing.
    pub(crate) fn read(data: T) -> Self {
        Self { data, position: None }
    }

    /// Of an operation that was written.
    pub(crate) fn written(data: T, position: u64) -> Self {
        Self { data, position: Some(position) }
    }
}

/// The `data` of a failure, which has none.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AppTokenFailure")]
pub(crate) struct Failure {}

/// What every operation answers in.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}Answer")]
pub(crate) struct Envelope<T> {
    /// Whether it succeeded.
    state: bool,
    /// What failed; absent on success.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<i64>,
    /// The code in words; `normal` on success.
    error: &'static str,
    /// Absent on failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<T>,
}

impl<T> ErrorData for Envelope<T> {}

/// The answer to an outcome, in its envelope unless the operator wants none.
pub(crate) fn respond<T: Serialize>(
    outcome: Result<Answered<T>, Failed>,
    settings: &AppTokenSettings,
) -> Response {
    let outcome = outcome.map_err(|err| match err {
        UNKNOWN_APP if !settings.old_codes => NOT_FOUND,
        err => err,
    });
    let failure = outcome.as_ref().err().copied();
    let status = failure.filter(|_| settings.real_statuses).map_or(StatusCode::OK, Failed::status);
    let position = outcome.as_ref().ok().and_then(|it| it.position);
    let mut response = match outcome {
        Ok(Answered { data, .. }) if settings.bare => json_response(status, &data, JSON),
        Err(_) if settings.bare && !settings.real_statuses => json_response(status, &(), JSON),
        Ok(Answered { data, .. }) => {
            let envelope = Envelope { state: true, code: None, error: NORMAL, data: Some(data) };
            json_response(status, &envelope, JSON)
        }
        Err(Failed { code, text, .. }) => {
            let envelope: Envelope<()> =
                Envelope { state: false, code: Some(code), error: text, data: None };
            json_response(status, &envelope, JSON)
        }
    };
    let headers = response.headers_mut();
    if let Some(position) = position {
        headers.insert(LOG_POSITION, position.into());
    }
    if let Some(seconds) = failure.and_then(|it| it.retry_seconds) {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    headers.insert(
        warp::http::header::CACHE_CONTROL,
        warp::http::header::HeaderValue::from_static("no-store"),
    );
    response
}
