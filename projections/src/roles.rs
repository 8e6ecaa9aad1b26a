//! Answers: which roles does a tenant have?

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::TenantId;
use domain::role::{RoleCreated, RoleEvent};

/// A role.
pub type RoleRow = RoleCreated;

/// The roles, by number.
#[derive(Debug, Default, PartialEq)]
pub struct Roles {
    rows: BTreeMap<u32, Arc<RoleRow>>,
}

impl Roles {
    /// All roles of a tenant, by number.
    pub fn of(&self, tenant: TenantId) -> Vec<Arc<RoleRow>> {
        self.rows.values().filter(|it| it.tenant == tenant).cloned().collect()
    }

    /// A role of a tenant.
    pub fn get(&self, tenant: TenantId, role: u32) -> Option<&Arc<RoleRow>> {
        self.rows.get(&role).filter(|it| it.tenant == tenant)
    }

    pub(crate) fn apply(&mut self, event: RoleEvent) {
        match event {
            RoleEvent::Created(fact) => {
                self.rows.insert(fact.data.role, Arc::new(fact.data));
            }
        }
    }
}
