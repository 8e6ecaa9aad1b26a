//! Answers: which API scopes does a tenant have, and which of its scopes are taken away?

use std::sync::Arc;

use domain::api_scope::{ApiScope, ApiScopeCreated, ApiScopeEvent, ApiScopeFields};
use domain::children::Properties;
use domain::scope::normalise_scope;
use domain::{Aggregate as _, Recorded, StoredEvent as _, StreamId, SubjectId, TenantId};

use crate::found::{Found, Group, Key};
use crate::page::Paging;
use crate::row::{Row, RowData};
use crate::sealed::{Keys, Part, Sealed};
use crate::search::{Order, Query};
use crate::table::Table;

/// An API scope.
pub type ApiScopeRow = Row<ApiScopeData>;

/// The API scopes, by number.
pub type ApiScopes = Table<ApiScopeData>;

/// What the read models know of an API scope.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiScopeData {
    /// What never changes.
    pub data: ApiScopeCreated,
    /// What may change, as it is now.
    pub fields: ApiScopeFields,
    /// The values of its properties: [`ApiScopes::property_values`].
    properties: Option<Sealed>,
}

impl ApiScopeData {
    /// By `name`.
    pub const BY_NAME: Order<Self> = Order::Indexed(0);
}

impl RowData for ApiScopeData {
    type Aggregate = ApiScope;
    type Hashes = ();

    fn hashes(_event: &ApiScopeEvent, _keys: &Keys) {}

    fn begin(event: ApiScopeEvent, _recorded: &Recorded, (): ()) -> Option<Self> {
        let ApiScopeEvent::Created(fact) = event else { return None };
        Some(Self { data: fact.data, fields: ApiScopeFields::default(), properties: None })
    }

    fn change(&mut self, event: ApiScopeEvent, recorded: &Recorded, (): ()) {
        let sealed = Sealed::of(recorded, Part::Secret, event.kind());
        match event {
            ApiScopeEvent::Updated(fact) => {
                self.fields.apply(&fact.data.changes);
                self.properties = sealed.or(self.properties.take());
            }
            ApiScopeEvent::Created(_) | ApiScopeEvent::Deleted(_) => (),
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
            orders: vec![Key::from(name)],
            ..Found::default()
        }
    }
}

fn name_text(tenant: TenantId, name: &str) -> String {
    format!("{tenant}/{}", normalise_scope(name))
}

impl Table<ApiScopeData> {
    /// An API scope of a tenant.
    pub fn get(&self, tenant: TenantId, api_scope: u32) -> Option<&Arc<ApiScopeRow>> {
        self.row(api_scope).filter(|it| it.data.tenant == tenant)
    }

    /// The API scope of a tenant with this name, in any letter case.
    pub fn named(&self, tenant: TenantId, name: &str) -> Option<&Arc<ApiScopeRow>> {
        self.with_text(&name_text(tenant, name)).next()
    }

    /// The API scopes of a tenant; only the one with a name, if one is given.
    pub fn of(tenant: TenantId, name: Option<&str>, paging: Paging) -> Query<ApiScopeData> {
        let query = Query::of(Group::tenant(tenant), paging);
        Query { text: name.map(|it| name_text(tenant, it)), ..query }
    }

    /// The values of the properties of an API scope, in the order of their keys.
    pub fn property_values(&self, row: &ApiScopeRow) -> Vec<String> {
        let stream = StreamId::new(ApiScope::CATEGORY, row.data.api_scope);
        let sealed = row.properties.as_ref();
        let read: Option<Properties> = sealed.and_then(|it| {
            it.read(&self.keys, &stream, SubjectId::NONE, Part::Secret, |event| match event {
                ApiScopeEvent::Updated(fact) => fact.secret,
                _ => None,
            })
        });
        read.map(|it| it.values).unwrap_or_default()
    }
}
