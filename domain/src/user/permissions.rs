//! What the claims of a user grant, taken together.

use super::events::UserClaim;

/// Permissions that grant everything, under either prefix (spec section 1.1).
const EVERYTHING: [&str; 2] = ["oauthapp.all", "isms.all"];

/// Whether the claims of a user make a permission string that grants less than everything: the first
/// one says it (spec section 5.7). Without any, a role says it.
pub(super) fn is_limited(permissions: &[UserClaim]) -> bool {
    let said = permissions.first().map(|it| it.value.to_lowercase());
    said.is_some_and(|it| !it.split(',').any(|code| EVERYTHING.contains(&code)))
}
