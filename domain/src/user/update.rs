//! Changes of the fields of a user.

use super::events::{
    UserChange, UserEvent, UserPersonal, UserPersonalChange, UserPersonalUpdated, UserRegistered,
    UserUpdated,
};
use super::limits::{check_personal, check_registered};
use super::{Account, held_by};
use crate::aggregate::Decision;
use crate::event::Fact;
use crate::refusal::Refusal;

impl Account {
    /// The event by which the user becomes so; nothing if it is so.
    pub(super) fn changed_to(
        &self,
        data: &UserRegistered,
        personal: &UserPersonal,
    ) -> Result<Decision<UserEvent>, Refusal> {
        // Whose key is gone is being erased.
        let old = self.personal.as_ref().ok_or(Refusal::NotFound { what: "user" })?;
        check_personal(personal, Some(old))?;
        check_registered(data)?;
        let changes = UserChange::between(&self.data, data);
        let of_person = UserPersonalChange::between(old, personal);
        if changes.is_empty() && of_person.is_empty() {
            return Ok(Decision::none());
        }
        let sealed = UserPersonalUpdated { changes: of_person };
        let decision = Decision::event(UserEvent::Updated(Fact {
            data: UserUpdated { user: self.data.user, tenant: self.data.tenant, changes },
            personal: Some(sealed).filter(|it| !it.changes.is_empty()),
            secret: None,
        }));
        let (before, after) = (held_by(old), held_by(personal));
        let tenant = self.data.tenant;
        let released = before.iter().filter(|it| !after.contains(it));
        let decision = released.fold(decision, |decision, (kind, value)| {
            decision.release(tenant, *kind, value.as_str())
        });
        let claimed = after.iter().filter(|it| !before.contains(it));
        Ok(claimed.fold(decision, |decision, (kind, value)| {
            decision.claim(tenant, *kind, value.as_str())
        }))
    }

    pub(super) fn take_over(
        &mut self,
        updated: &UserUpdated,
        personal: Option<&UserPersonalUpdated>,
    ) {
        self.data.apply(&updated.changes);
        if let (Some(now), Some(updated)) = (&mut self.personal, personal) {
            now.apply(&updated.changes);
        }
    }
}
