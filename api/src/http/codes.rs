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
pub(crate) const HAS_ERROR: Code = Code { code: 400, name: "HasError" };
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
pub(crate) const NO_DOCUMENT: Code =
    Code { code: 200_001, name: "GenerateClient_GetSwaggerFialed" };
pub(crate) const NO_NPM_OPTIONS: Code = Code { code: 200_002, name: "NpmOptions_GetOptionsFialed" };
pub(crate) const NO_GIT_OPTIONS: Code =
    Code { code: 200_003, name: "GithubOptions_GetOptionsFialed" };
pub(crate) const NO_COMMON_OPTIONS: Code =
    Code { code: 200_004, name: "CommonOptions_GetOptionsFialed" };
pub(crate) const HISTORY_FAILED: Code = Code { code: 200_005, name: "History_PostFailed" };
pub(crate) const NO_GENERATOR: Code = Code { code: 200_006, name: "Generator_NotAvailable" };
pub(crate) const GENERATOR_UNKNOWN: Code = Code { code: 200_007, name: "Generator_Unknown" };
pub(crate) const TOO_MANY_JOBS: Code = Code { code: 200_008, name: "Jobs_TooMany" };
pub(crate) const JOB_NOT_FINISHED: Code = Code { code: 200_009, name: "Job_NotFinished" };
pub(crate) const NOT_SAFE_FOR_CODE: Code = Code { code: 200_010, name: "Document_NotSafeForCode" };
pub(crate) const VERSIONS_NO_DETAIL: Code =
    Code { code: 300_002, name: "Versions_GetDetailFailed" };
pub(crate) const REVISION_NO_DETAIL: Code =
    Code { code: 300_004, name: "PublishRevision_GetDetailFailed" };
pub(crate) const REVISION_FAILED: Code =
    Code { code: 300_005, name: "PublishRevision_PublishFailed" };
pub(crate) const RELEASES_NO_ID: Code = Code { code: 300_007, name: "Releases_IdCanNotBeNull" };
pub(crate) const RELEASES_FAILED: Code =
    Code { code: 300_008, name: "Releases_GetVersionListFailed" };
pub(crate) const SUBSCRIBE_FAILED: Code = Code { code: 300_009, name: "Subscription_PostFailed" };
pub(crate) const SUBSCRIBE_CODE: Code =
    Code { code: 300_010, name: "Subscription_VerfifyCodeFailed" };
pub(crate) const SUBSCRIBE_LETTER: Code =
    Code { code: 300_010, name: "Subscription_VerifyEmailFailed" };
pub(crate) const SET_ONLINE_FAILED: Code =
    Code { code: 300_010, name: "SetOnlineVersion_PostFailed" };
pub(crate) const PUBLISH_FAILED: Code = Code { code: 300_011, name: "Publish_PublishFailed" };
pub(crate) const UNSUBSCRIBE_CODE: Code =
    Code { code: 300_012, name: "Subscription_DelSubscriptionFailed" };
pub(crate) const SUBSCRIBED_ALREADY: Code =
    Code { code: 300_013, name: "VerifyEmail_AddEmailFailed" };
pub(crate) const PACKAGE_NOT_ADDED: Code = Code { code: 300_014, name: "Packages_PostFailed" };
pub(crate) const PACKAGE_NOT_CHANGED: Code =
    Code { code: 300_016, name: "Packages_PutPackageFailed" };

impl Code {
    /// The HTTP status, if the operator wants real ones.
    pub(crate) fn status(self) -> StatusCode {
        match self.code {
            404 | 200_002..=200_004 | 300_002 | 300_004 | 300_008 | 300_016 => {
                StatusCode::NOT_FOUND
            }
            100_001 | 100_003 | 100_009 | 200_005 | 200_009 | 300_013 | 300_014 | 417 => {
                StatusCode::CONFLICT
            }
            100_005..=100_008 | 200_008 => StatusCode::TOO_MANY_REQUESTS,
            200_006 => StatusCode::SERVICE_UNAVAILABLE,
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

const fn of(code: Code, description: &'static str) -> ApiCode {
    item(code.code, code.name, description)
}

/// Spec section 4.5, in the order of declaration: three share a number.
pub(crate) const API_RESOURCE_CODES: [ApiCode; 18] = [
    item(300_001, "Versions_IdCanNotBeNull", "the id must be given"),
    of(VERSIONS_NO_DETAIL, "the API at the gateway could not be read"),
    item(300_003, "Versions_GetVersionListFailed", "the versions of the API could not be read"),
    of(REVISION_NO_DETAIL, "the API of the revision could not be read"),
    of(REVISION_FAILED, "the revision could not be published"),
    item(300_006, "PublishRevision_CreateReleaseFailed", "the revision could not be described"),
    of(RELEASES_NO_ID, "the id must be given"),
    of(RELEASES_FAILED, "the releases could not be read"),
    of(SUBSCRIBE_FAILED, "the subscription could not be added"),
    of(SUBSCRIBE_CODE, "the code of the letter is not valid"),
    of(SUBSCRIBE_LETTER, "the letter could not be sent"),
    of(SET_ONLINE_FAILED, "the version could not be made current"),
    of(PUBLISH_FAILED, "the API could not be published"),
    of(UNSUBSCRIBE_CODE, "the subscription could not be ended"),
    of(SUBSCRIBED_ALREADY, "the address is subscribed already"),
    of(PACKAGE_NOT_ADDED, "the package could not be added"),
    item(300_015, "Packages_DelPackageFailed", "the package could not be deleted"),
    of(PACKAGE_NOT_CHANGED, "the package could not be changed"),
];

/// Spec section 4.4, in the order of declaration; behind them those of our own.
pub(crate) const CODEGEN_CODES: [ApiCode; 10] = [
    of(NO_DOCUMENT, "the document could not be fetched or read"),
    of(NO_NPM_OPTIONS, "there are no such npm options"),
    of(NO_GIT_OPTIONS, "there are no such options of a git remote"),
    of(NO_COMMON_OPTIONS, "there are no such common options"),
    of(HISTORY_FAILED, "the record could not be added"),
    of(NO_GENERATOR, "the generator cannot be run here"),
    of(GENERATOR_UNKNOWN, "there is no such generator, or it is not allowed"),
    of(TOO_MANY_JOBS, "too many jobs wait"),
    of(JOB_NOT_FINISHED, "the job has not made anything yet"),
    of(NOT_SAFE_FOR_CODE, "no code may be made of the document"),
];

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
