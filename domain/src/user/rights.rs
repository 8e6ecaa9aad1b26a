//! What a user may do, and whether a change takes a role from among those who count.

use super::events::{UserClaim, UserEvent, UserRightsSet};
use super::limits::check_rights;
use super::permissions::is_limited;
use super::{Account, User, UserCommand};
use crate::aggregate::{Aggregate as _, Decision};
use crate::ids::Timestamp;
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

    /// Whether a command, if it is not refused, leaves a user who acts in a role without it:
    /// whatever the command is, those of later included.
    pub fn ends_as(&self, role: u32, command: &UserCommand, now: Timestamp) -> bool {
        if !self.acts_as(role) {
            return false;
        }
        let Ok(decision) = self.decide(command, now) else { return false };
        let mut after = self.clone();
        decision.events.iter().for_each(|it| after.evolve(it));
        !after.acts_as(role)
    }
}
