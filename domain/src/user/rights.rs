//! What a user may do, and on what that rests.

use super::events::{UserClaim, UserEvent, UserRightsSet};
use super::limits::check_rights;
use super::permissions::{RestsOn, is_limited};
use super::{Account, User};
use crate::aggregate::Decision;
use crate::refusal::Refusal;

impl Account {
    pub(super) fn set_rights(
        &self,
        roles: &[u32],
        permissions: &[UserClaim],
    ) -> Result<Decision<UserEvent>, Refusal> {
        check_rights(roles, permissions)?;
        let (user, roles, permissions) = (self.data.user, roles.to_vec(), permissions.to_vec());
        let set = UserRightsSet { user, roles, permissions };
        Ok(Decision::event(UserEvent::RightsSet(set.into())))
    }
}

impl User {
    /// On what it would rest that a user who acts in a role may do everything; `None` if it does not
    /// act in it.
    pub fn rests_on(&self, role: u32) -> Option<RestsOn<'_>> {
        match self {
            User::Active(account) if self.acts_as(role) => match account.data.permissions[..] {
                [] => Some(RestsOn::Roles(&account.data.roles)),
                _ => Some(RestsOn::Itself),
            },
            _ => None,
        }
    }

    /// Whether the user can act in a role now: it is in use, enabled, not locked, has a password and
    /// the role, and no permission of its own that grants less than everything.
    pub fn acts_as(&self, role: u32) -> bool {
        match self {
            User::Active(account) => {
                let data = &account.data;
                let may_sign_in = account.enabled && !data.lock_flag && account.signs_in;
                may_sign_in && !is_limited(&data.permissions) && data.roles.contains(&role)
            }
            User::Absent | User::Deleted { .. } | User::Erased => false,
        }
    }
}
