//! Answers: which roles does a tenant have?

use std::sync::Arc;

use domain::role::{Role, RoleCreated, RoleEvent, RoleFields};
use domain::{Recorded, TenantId};
use smallvec::smallvec;

use crate::found::{Found, Group};
use crate::row::{Row, RowData};
use crate::sealed::Keys;
use crate::table::Table;

/// A role.
pub type RoleRow = Row<RoleCreated>;

/// The roles, by number.
pub type Roles = Table<RoleCreated>;

impl RowData for RoleCreated {
    type Aggregate = Role;
    type Hashes = ();

    fn hashes(_event: &RoleEvent, _keys: &Keys) {}

    fn begin(event: RoleEvent, _recorded: &Recorded, (): ()) -> Option<Self> {
        match event {
            RoleEvent::Created(fact) => Some(fact.data),
            RoleEvent::Updated(_) | RoleEvent::Deleted(_) => None,
        }
    }

    fn change(&mut self, event: RoleEvent, _recorded: &Recorded, (): ()) {
        match event {
            RoleEvent::Updated(fact) => {
                let mut fields = RoleFields::from(&*self);
                fields.apply(&fact.data.changes);
                (self.name, self.claims) = (fields.name, fields.claims);
            }
            RoleEvent::Created(_) | RoleEvent::Deleted(_) => (),
        }
    }

    fn tenant(&self) -> TenantId {
        self.tenant
    }

    fn found(row: &Row<Self>) -> Found {
        Found { groups: smallvec![Group::tenant(row.tenant)], ..Found::default() }
    }
}

impl Table<RoleCreated> {
    /// All roles of a tenant, by number.
    pub fn of(&self, tenant: TenantId) -> Vec<Arc<RoleRow>> {
        self.group(Group::tenant(tenant)).cloned().collect()
    }

    /// A role of a tenant.
    pub fn get(&self, tenant: TenantId, role: u32) -> Option<&Arc<RoleRow>> {
        self.row(role).filter(|it| it.tenant == tenant)
    }
}
