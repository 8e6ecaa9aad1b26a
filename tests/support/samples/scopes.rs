//! Samples of what describes scopes: API scopes and identity resources.

use domain::api_scope::{
    ApiScope, ApiScopeChange, ApiScopeCommand, ApiScopeCreated, ApiScopeDeleted, ApiScopeEvent,
    ApiScopeFields, ApiScopeUpdated,
};
use domain::children::{Properties, PropertyValue};
use domain::identity_resource::{
    IdentityResource, IdentityResourceChange, IdentityResourceCommand, IdentityResourceCreated,
    IdentityResourceDeleted, IdentityResourceEvent, IdentityResourceFields,
    IdentityResourceUpdated,
};
use domain::{Fact, TenantId};

use super::{Sample, at, list, sample, text};
use crate::life::Lives;

/// The value of a property, which must not show.
pub const PROPERTY_SECRET: &str = "the value of a property of a scope";

/// An API scope that was created.
pub fn api_scope_created() -> ApiScopeCreated {
    ApiScopeCreated { api_scope: 91, tenant: TenantId(12) }
}

/// What every rule accepts.
pub fn api_scope_fields() -> ApiScopeFields {
    ApiScopeFields {
        enabled: true,
        name: "orders.read".to_owned(),
        display_name: Some(text("display name")),
        description: Some(text("description")),
        required: true,
        emphasize: true,
        show_in_discovery_document: true,
        user_claims: list(&["role", "email"]),
        property_keys: list(&["colour"]),
    }
}

/// The values that go with [`api_scope_fields`].
pub fn property_values() -> Vec<PropertyValue> {
    vec![PropertyValue::Set(PROPERTY_SECRET.to_owned())]
}

/// The event that says all of [`api_scope_fields`].
pub fn api_scope_updated() -> ApiScopeEvent {
    let changes = ApiScopeChange::between(&ApiScopeFields::default(), &api_scope_fields());
    let values = vec![PROPERTY_SECRET.to_owned()];
    let updated = ApiScopeUpdated { changes };
    ApiScopeEvent::Updated(Fact { secret: Some(Properties { values }), ..Fact::from(updated) })
}

/// An identity resource that was created.
pub fn identity_resource_created() -> IdentityResourceCreated {
    IdentityResourceCreated { identity_resource: 92, tenant: TenantId(12) }
}

/// What every rule accepts; editable.
pub fn identity_resource_fields() -> IdentityResourceFields {
    IdentityResourceFields {
        enabled: true,
        name: "profile".to_owned(),
        display_name: Some(text("display name")),
        description: Some(text("description")),
        required: true,
        emphasize: true,
        show_in_discovery_document: true,
        user_claims: list(&["role", "email"]),
        property_keys: list(&["colour"]),
        created: at(93),
        non_editable: false,
    }
}

/// The event that says all of [`identity_resource_fields`].
pub fn identity_resource_updated() -> IdentityResourceEvent {
    let changes = IdentityResourceChange::between(
        &IdentityResourceFields::default(),
        &identity_resource_fields(),
    );
    let values = vec![PROPERTY_SECRET.to_owned()];
    let updated = IdentityResourceUpdated { changes };
    IdentityResourceEvent::Updated(Fact {
        secret: Some(Properties { values }),
        ..Fact::from(updated)
    })
}

pub(super) fn all() -> Vec<Sample> {
    let fixed =
        vec![IdentityResourceChange::Enabled(false), IdentityResourceChange::NonEditable(true)];
    let changes = vec![ApiScopeChange::Enabled(false), ApiScopeChange::DisplayName(None)];
    vec![
        sample("full", ApiScopeEvent::Created(api_scope_created().into())),
        sample("full", api_scope_updated()),
        sample("sparse", ApiScopeEvent::Updated(ApiScopeUpdated { changes }.into())),
        sample("full", ApiScopeEvent::Deleted(ApiScopeDeleted { api_scope: 91 }.into())),
        sample("full", IdentityResourceEvent::Created(identity_resource_created().into())),
        sample("full", identity_resource_updated()),
        sample("fixed", {
            let updated = IdentityResourceUpdated { changes: fixed };
            IdentityResourceEvent::Updated(updated.into())
        }),
        sample("full", {
            let deleted = IdentityResourceDeleted { identity_resource: 92 };
            IdentityResourceEvent::Deleted(deleted.into())
        }),
    ]
}

/// Brings about every event of scopes.
pub async fn live(life: &mut impl Lives) {
    let (created, fields) = (api_scope_created(), Box::new(api_scope_fields()));
    let create = ApiScopeCommand::Create(created, fields, property_values());
    life.run::<ApiScope>("91", create).await;
    life.run::<ApiScope>("91", ApiScopeCommand::Delete).await;
    let (created, fields) = (identity_resource_created(), Box::new(identity_resource_fields()));
    let create = IdentityResourceCommand::Create(created, fields, property_values());
    life.run::<IdentityResource>("92", create).await;
    life.run::<IdentityResource>("92", IdentityResourceCommand::Delete).await;
}
