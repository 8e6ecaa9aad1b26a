//! Samples of roles.

use domain::TenantId;
use domain::role::{
    RoleChange, RoleClaim, RoleCreated, RoleDeleted, RoleEvent, RoleFields, RoleUpdated,
};

use super::{Sample, sample, text};

/// A role that every rule accepts.
pub fn role_created() -> RoleCreated {
    let claim =
        |id| RoleClaim { id, claim_type: format!("type {id}"), value: format!("value {id}") };
    RoleCreated {
        role: 61,
        tenant: TenantId(12),
        name: "Auditor".to_owned(),
        claims: vec![claim(1), claim(2)],
    }
}

/// What every rule accepts: another name, one claim less and one more.
pub fn role_fields() -> RoleFields {
    let mut fields = RoleFields::from(&role_created());
    fields.name = text("reviewer");
    fields.claims.remove(0);
    fields.claims.push(RoleClaim { id: 9, claim_type: text("new type"), value: text("new value") });
    fields
}

/// What makes the role of [`role_created`] that of [`role_fields`].
pub fn role_updated() -> RoleUpdated {
    let changes = RoleChange::between(&RoleFields::from(&role_created()), &role_fields());
    RoleUpdated { role: role_created().role, changes }
}

pub(super) fn all() -> Vec<Sample> {
    let deleted = RoleDeleted { role: role_created().role };
    vec![
        sample("full", RoleEvent::Created(role_created().into())),
        sample("full", RoleEvent::Updated(role_updated().into())),
        sample("full", RoleEvent::Deleted(deleted.into())),
    ]
}
