//! Samples of what describes scopes: API scopes and identity resources.

use domain::api_scope::{ApiScope, ApiScopeChange, ApiScopeEvent, ApiScopeFields};
use domain::children::{Properties, PropertyValue};
use domain::identity_resource::{
    IdentityResource, IdentityResourceChange, IdentityResourceEvent, IdentityResourceFields,
};
use domain::plain::{
    PlainCommand, PlainCreated, PlainDeleted, PlainEvent, PlainFields, PlainUpdated,
};
use domain::{Aggregate, AnyEvent, TenantId};

use super::{Sample, at, list, sample, text};
use crate::life::Lives;

/// The value of a property, which must not show.
pub const PROPERTY_SECRET: &str = "the value of a property of a scope";

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
        user_claims: list(&["name", "email"]),
        property_keys: list(&["colour"]),
        created: at(93),
        non_editable: false,
    }
}

fn created(id: u32) -> PlainCreated {
    PlainCreated { id, tenant: TenantId(12) }
}

/// All events of a plain aggregate: created, updated to fields and by more changes, each under a
/// name, deleted.
pub(super) fn plain<E, F>(
    id: u32,
    fields: F,
    more: Vec<(&'static str, Vec<F::Change>)>,
) -> Vec<Sample>
where
    F: PlainFields,
    E: From<PlainEvent<F::Change>> + Into<AnyEvent>,
{
    let event = |event: PlainEvent<F::Change>| E::from(event);
    let updated = |changes| PlainUpdated { changes };
    let values = fields.property_keys().iter().map(|_| PROPERTY_SECRET.to_owned());
    let properties = Properties { values: values.collect() };
    let properties = Some(properties).filter(|it| !it.values.is_empty());
    let all = updated(F::default().changes_to(&fields));
    let mut samples = vec![
        sample("full", event(PlainEvent::Created(created(id)))),
        sample("full", event(PlainEvent::Updated(all, properties))),
        sample("full", event(PlainEvent::Deleted(PlainDeleted { id }))),
    ];
    samples.extend(
        more.into_iter().map(|(name, changes)| {
            sample(name, event(PlainEvent::Updated(updated(changes), None)))
        }),
    );
    samples
}

pub(super) fn all() -> Vec<Sample> {
    // A field that comes later gets a line here: golden bytes never change.
    let off = vec![ApiScopeChange::Enabled(false), ApiScopeChange::DisplayName(None)];
    let api = vec![("more", off)];
    let fixed =
        vec![IdentityResourceChange::Enabled(false), IdentityResourceChange::NonEditable(true)];
    let identity = vec![("more", fixed)];
    [
        plain::<ApiScopeEvent, _>(91, api_scope_fields(), api),
        plain::<IdentityResourceEvent, _>(92, identity_resource_fields(), identity),
    ]
    .concat()
}

/// Brings about every event of scopes.
pub async fn live(life: &mut impl Lives) {
    live_plain::<ApiScope, _>(life, 91, api_scope_fields()).await;
    live_plain::<IdentityResource, _>(life, 92, identity_resource_fields()).await;
}

pub(super) async fn live_plain<A, F>(life: &mut impl Lives, id: u32, fields: F)
where
    F: PlainFields,
    A: Aggregate<Command = PlainCommand<F>>,
{
    let values = fields.property_keys().iter();
    let values = values.map(|_| PropertyValue::Set(PROPERTY_SECRET.to_owned())).collect();
    let create = PlainCommand::Create(created(id), Box::new(fields), values);
    life.run::<A>(&id.to_string(), create).await;
    life.run::<A>(&id.to_string(), PlainCommand::Delete).await;
}
