//! The documented codes of spec section 4.

use schemars::JsonSchema;
use serde::Serialize;
use warp::http::StatusCode;

/// A code of the envelope, with the name that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) code: i64,
    pub(crate) name: &'static str,
}

pub(crate) const OK: Code = Code { code: 200, name: "Status200OK" };
pub(crate) const NOT_FOUND: Code = Code { code: 404, name: "NotFound" };
pub(crate) const EXPECTATION_FAILED: Code = Code { code: 417, name: "ExpectationFailed" };
pub(crate) const INVALID: Code = Code { code: 422, name: "UnprocessableEntity" };

pub(crate) const PHONE_EXISTS: Code = Code { code: 100_001, name: "Register_PhoneNumberExists" };
pub(crate) const PHONE_CODE: Code = Code { code: 100_002, name: "PhoneNumberVerifyCodeError" };
pub(crate) const EMAIL_EXISTS: Code = Code { code: 100_003, name: "Register_EmailExists" };
pub(crate) const EMAIL_CODE: Code = Code { code: 100_004, name: "Register_EmailVerifyCodeError" };
pub(crate) const PHONE_ENOUGH: Code = Code { code: 100_005, name: "VerifyPhone_CallLimited" };
pub(crate) const PHONE_TOO_EARLY: Code =
    Code { code: 100_006, name: "VerifyPhone_TooManyRequests" };
pub(crate) const EMAIL_ENOUGH: Code = Code { code: 100_007, name: "VerifyEmail_CallLimited" };
pub(crate) const EMAIL_TOO_EARLY: Code =
    Code { code: 100_008, name: "VerifyEmail_TooManyRequests" };
pub(crate) const CREATE_USER_FAIL: Code = Code { code: 100_009, name: "Post_CreateUserFail" };
pub(crate) const VERSIONS_NO_DETAIL: Code =
    Code { code: 300_002, name: "Versions_GetDetailFailed" };
pub(crate) const REVISION_NO_DETAIL: Code =
    Code { code: 300_004, name: "PublishRevision_GetDetailFailed" };
pub(crate) const REVISION_FAILED: Code =
    Code { code: 300_005, name: "PublishRevision_PublishFailed" };
pub(crate) const SET_ONLINE_FAILED: Code =
    Code { code: 300_010, name: "SetOnlineVersion_PostFailed" };
pub(crate) const PUBLISH_FAILED: Code = Code { code: 300_011, name: "Publish_PublishFailed" };

impl Code {
    /// The HTTP status, if the operator wants real ones.
    pub(crate) fn status(self) -> StatusCode {
        match self.code {
            404 | 300_002 | 300_004 => StatusCode::NOT_FOUND,
            100_001 | 100_003 | 100_009 | 417 => StatusCode::CONFLICT,
            100_005..=100_008 => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

/// The `codeName` of a problem that is no business error.
pub(crate) fn name_of_status(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or_default().replace([' ', '-'], "")
}

// Spec section 4.1.
/// A documented code of business errors.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub(crate) struct ApiCode {
    code: i64,
    name: &'static str,
    description: &'static str,
}

const fn item(code: i64, name: &'static str, description: &'static str) -> ApiCode {
    ApiCode { code, name, description }
}

/// Spec section 4.3, in the order of declaration.
pub(crate) const USER_CODES: [ApiCode; 9] = [
    item(100_001, "Register_PhoneNumberExists", "the phone number is already registered"),
    item(100_002, "PhoneNumberVerifyCodeError", "the SMS code is not valid"),
    item(100_003, "Register_EmailExists", "the e-mail address is already registered"),
    item(100_004, "Register_EmailVerifyCodeError", "the e-mail code is not valid"),
    item(100_005, "VerifyPhone_CallLimited", "the number has reached its 24-hour limit"),
    item(100_006, "VerifyPhone_TooManyRequests", "sent too often; retry after {0} seconds"),
    item(100_007, "VerifyEmail_CallLimited", "the address has reached its 24-hour limit"),
    item(100_008, "VerifyEmail_TooManyRequests", "sent too often; retry after {0} seconds"),
    item(100_009, "Post_CreateUserFail", "the user could not be created"),
];
