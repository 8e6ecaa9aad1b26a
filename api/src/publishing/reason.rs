//! Why something is not published, in fixed words that pipelines act on.

use serde_json::{Map, Value};

use crate::http::codes::Code;
use crate::http::error::ApiError;

/// Why something is not published. Reasons of documents: `openapi::Reason`, `outside::FetchReason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The document breaks callers, and the tenant refuses that.
    BreakingChange,
    /// Another resource of the tenant has the path.
    PathTaken,
    /// Neither the request nor the document says where requests go.
    UpstreamMissing,
    /// Requests may not be sent there.
    UpstreamNotAllowed,
    /// The authorization server is not known, or cannot be enforced.
    AuthServerUnknown,
    /// The policy has what the gateway does not enforce.
    PolicyNotEnforced,
    /// The API is not one of the resource.
    ApiUnknown,
    /// The API has no such revision.
    RevisionUnknown,
    /// No document with this id was kept.
    DocumentUnknown,
}

impl Reason {
    /// The word. It never changes.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::BreakingChange => "breaking_change",
            Self::PathTaken => "path_taken",
            Self::UpstreamMissing => "upstream_missing",
            Self::UpstreamNotAllowed => "upstream_not_allowed",
            Self::AuthServerUnknown => "auth_server_unknown",
            Self::PolicyNotEnforced => "policy_not_enforced",
            Self::ApiUnknown => "api_unknown",
            Self::RevisionUnknown => "revision_unknown",
            Self::DocumentUnknown => "document_unknown",
        }
    }

    /// A documented business error with this reason.
    pub(crate) fn error(self, code: Code, message: impl Into<String>) -> ApiError {
        reasoned(code, self.word(), message)
    }
}

/// A documented business error with a reason.
pub(crate) fn reasoned(code: Code, reason: &'static str, message: impl Into<String>) -> ApiError {
    let members = Map::from_iter([("reason".to_owned(), Value::from(reason))]);
    ApiError::business(code, message).beside(members)
}
