//! Answers: which identity resources does a tenant have, and which scopes are theirs?

use std::sync::Arc;

use domain::children::Properties;
use domain::identity_resource::{
    IdentityResource, IdentityResourceCreated, IdentityResourceEvent, IdentityResourceFields,
};
use domain::scope::normalise_scope;
use domain::{Aggregate as _, Recorded, StoredEvent as _, StreamId, SubjectId, TenantId};

use crate::found::{Found, Group, Key};
use crate::page::Paging;
use crate::row::{Row, RowData};
use crate::sealed::{Keys, Part, Sealed};
use crate::search::{Order, Query};
use crate::table::Table;

/// An identity resource.
pub type IdentityResourceRow = Row<IdentityResourceData>;

/// The identity resources, by number.
pub type IdentityResources = Table<IdentityResourceData>;

/// What the read models know of an identity resource.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentityResourceData {
    /// What never changes.
    pub data: IdentityResourceCreated,
    /// What may change, as it is now.
    pub fields: IdentityResourceFields,
    /// The values of its properties: [`IdentityResources::property_values`].
    properties: Option<Sealed>,
}

impl IdentityResourceData {
    /// By `name`.
    pub const BY_NAME: Order<Self> = Order::Indexed(0);
    /// By `created`.
    pub const BY_CREATED: Order<Self> = Order::Indexed(1);
}

impl RowData for IdentityResourceData {
    type Aggregate = IdentityResource;
    type Hashes = ();

    fn hashes(_event: &IdentityResourceEvent, _keys: &Keys) {}

    fn begin(event: IdentityResourceEvent, _recorded: &Recorded, (): ()) -> Option<Self> {
        let IdentityResourceEvent::Created(fact) = event else { return None };
        Some(Self { data: fact.data, fields: IdentityResourceFields::default(), properties: None })
    }

    fn change(&mut self, event: IdentityResourceEvent, recorded: &Recorded, (): ()) {
        let sealed = Sealed::of(recorded, Part::Secret, event.kind());
        match event {
            IdentityResourceEvent::Updated(fact) => {
                self.fields.apply(&fact.data.changes);
                self.properties = sealed.or(self.properties.take());
            }
            IdentityResourceEvent::Created(_) | IdentityResourceEvent::Deleted(_) => (),
        }
    }

    fn tenant(&self) -> TenantId {
        self.data.tenant
    }

    fn found(row: &Row<Self>) -> Found {
        let (tenant, name) = (row.data.tenant, row.fields.name.as_str());
        Found {
            texts: vec![name_text(tenant, name).into()],
            groups: vec![Group::tenant(tenant)],
            orders: vec![Key::from(name), Key::from(row.fields.created)],
            ..Found::default()
        }
    }
}

fn name_text(tenant: TenantId, name: &str) -> String {
    format!("{tenant}/{}", normalise_scope(name))
}

impl Table<IdentityResourceData> {
    /// An identity resource of a tenant.
    pub fn get(
        &self,
        tenant: TenantId,
        identity_resource: u32,
    ) -> Option<&Arc<IdentityResourceRow>> {
        self.row(identity_resource).filter(|it| it.data.tenant == tenant)
    }

    /// The identity resource of a tenant with this name, in any letter case.
    pub fn named(&self, tenant: TenantId, name: &str) -> Option<&Arc<IdentityResourceRow>> {
        self.with_text(&name_text(tenant, name)).next()
    }

    /// All identity resources of a tenant, by number.
    pub fn all_of(&self, tenant: TenantId) -> impl Iterator<Item = &Arc<IdentityResourceRow>> {
        self.group(Group::tenant(tenant))
    }

    /// The identity resources of a tenant; only the one with a name, if one is given.
    pub fn of(tenant: TenantId, name: Option<&str>, paging: Paging) -> Query<IdentityResourceData> {
        let query = Query::of(Group::tenant(tenant), paging);
        Query { text: name.map(|it| name_text(tenant, it)), ..query }
    }

    /// The values of the properties of an identity resource, in the order of their keys.
    pub fn property_values(&self, row: &IdentityResourceRow) -> Vec<String> {
        let stream = StreamId::new(IdentityResource::CATEGORY, row.data.identity_resource);
        let sealed = row.properties.as_ref();
        let read: Option<Properties> = sealed.and_then(|it| {
            it.read(&self.keys, &stream, SubjectId::NONE, Part::Secret, |event| match event {
                IdentityResourceEvent::Updated(fact) => fact.secret,
                _ => None,
            })
        });
        read.map(|it| it.values).unwrap_or_default()
    }
}
