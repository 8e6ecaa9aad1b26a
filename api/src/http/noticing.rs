//! What a call says of a refusal or a reading: which operation, from which address, under which id.

use domain::security::Rule;
use domain::{Actor, TenantId};

use super::call::Call;
use crate::state::attempts::NotChecked;
use crate::state::security::sighting::Sighting;

impl Call {
    /// Notes that somebody was refused: `who` is what was tried, if there is such an account or client.
    pub(crate) fn refused(&self, rule: Rule, tenant: TenantId, who: Option<Actor>) {
        self.app.notice(self.sighting(rule, tenant, who));
    }

    /// Notes that somebody must wait after too many tries, if that is why a secret was not checked.
    pub(crate) fn refused_unchecked(&self, why: &NotChecked, tenant: TenantId, who: Option<Actor>) {
        if matches!(why, NotChecked::Wait(_)) {
            self.refused(Rule::TooManyTries, tenant, who);
        }
    }

    /// Notes what somebody did or tried who has proved who they are; of users, how many were read.
    pub(crate) fn noticed(&self, rule: Rule, tenant: TenantId, who: Actor, count: usize) {
        let sighting = self.sighting(rule, tenant, Some(who));
        self.app.notice(Sighting { proven: true, count: count as u64, ..sighting });
    }

    /// What this call would be noticed for.
    pub(crate) fn sighting(&self, rule: Rule, tenant: TenantId, who: Option<Actor>) -> Sighting {
        Sighting {
            rule,
            tenant,
            who,
            proven: false,
            address: self.peer,
            uid: None,
            operation: self.operation,
            request: self.request_id,
            count: 1,
        }
    }
}
