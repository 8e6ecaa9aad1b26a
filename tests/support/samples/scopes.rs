//! Samples of what describes scopes: API scopes.

use domain::api_scope::{
    ApiScopeChange, ApiScopeCreated, ApiScopeDeleted, ApiScopeEvent, ApiScopeFields,
    ApiScopeUpdated,
};
use domain::children::{Properties, PropertyValue};
use domain::{Fact, TenantId};

use super::{Sample, list, sample, text};

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

pub(super) fn all() -> Vec<Sample> {
    let changes = vec![ApiScopeChange::Enabled(false), ApiScopeChange::DisplayName(None)];
    vec![
        sample("full", ApiScopeEvent::Created(api_scope_created().into())),
        sample("full", api_scope_updated()),
        sample("sparse", ApiScopeEvent::Updated(ApiScopeUpdated { changes }.into())),
        sample("full", ApiScopeEvent::Deleted(ApiScopeDeleted { api_scope: 91 }.into())),
    ]
}
