//! Rules of identity that a request breaks, in the words of spec section 6.5.

use domain::ClaimKind;
use domain::user::IdentityRule;

use crate::http::error::ApiError;

/// The rules as the documented text: JSON.
pub(super) fn rules_text(broken: &[IdentityRule]) -> String {
    let list =
        broken.iter().map(|it| serde_json::json!({ "Code": it.code, "Description": it.why }));
    serde_json::Value::Array(list.collect()).to_string()
}

/// Which of these values another row has already, if that is what an error says.
pub(super) fn taken_claim(err: &ApiError, of: &[ClaimKind]) -> Option<ClaimKind> {
    let ApiError::Business { taken: Some(taken), .. } = err else { return None };
    of.iter().find(|it| it.english == *taken).copied()
}
