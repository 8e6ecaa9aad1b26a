//! What the claims of a user grant, taken together.

use super::events::UserClaim;
use crate::scope::EVERYTHING;

/// The permission for everything under the other prefix (spec section 1.1).
const EVERYTHING_OF_OLD: &str = "isms.all";

impl UserClaim {
    /// The permission for everything, as an administrator has it.
    pub fn everything(id: u32) -> Self {
        Self { id, claim_type: "permission".to_owned(), value: EVERYTHING.to_owned() }
    }
}

/// On what it rests that a user may do everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestsOn<'a> {
    /// On a permission of its own.
    Itself,
    /// On the first permission of its roles, in this order, if that grants everything.
    Roles(&'a [u32]),
}

/// Whether the claims of a user make a permission string that grants less than everything: the first
/// one says it (spec section 5.7). Without any, a role says it.
pub(super) fn is_limited(permissions: &[UserClaim]) -> bool {
    let said = permissions.first().map(|it| it.value.to_lowercase());
    said.is_some_and(|it| {
        !it.split(',').any(|code| [EVERYTHING, EVERYTHING_OF_OLD].contains(&code))
    })
}
