//! Answers: which tenant answers on this host, and which tenants has a user?

use std::sync::Arc;

use domain::children::Properties;
use domain::tenant::{ApiPolicy, Tenant, TenantCreated, TenantEvent, normalise};
use domain::{Aggregate as _, Recorded, StoredEvent as _, StreamId, SubjectId, TenantId, UserId};
use smallvec::smallvec;

use crate::found::{Found, Group, Key};
use crate::page::Paging;
use crate::row::{Row, RowData};
use crate::sealed::{Keys, Part, Sealed};
use crate::search::{Order, Query};
use crate::table::Table;

/// A tenant.
pub type TenantRow = Row<TenantData>;

/// The tenants, by number.
pub type Tenants = Table<TenantData>;

/// What the read models know of a tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantData {
    /// What was created; what changed of it is as it is now.
    pub data: TenantCreated,
    /// Whether its users are the accounts of the app-token service.
    pub linked: bool,
    /// App tokens from before this position of the log do not count: since then the accounts are
    /// others. 0 if that never changed.
    pub app_tokens_from: u64,
    /// What it demands of the APIs that are published in it.
    pub api_policy: ApiPolicy,
    /// The values of its properties.
    properties: Option<Sealed>,
}

impl TenantData {
    /// By `name`.
    pub const BY_NAME: Order<Self> = Order::Indexed(0);
    /// By `created`.
    pub const BY_CREATED: Order<Self> = Order::Indexed(1);
}

impl RowData for TenantData {
    type Aggregate = Tenant;
    type Hashes = ();

    fn hashes(_event: &TenantEvent, _keys: &Keys) {}

    fn begin(event: TenantEvent, recorded: &Recorded, (): ()) -> Option<Self> {
        let properties = Sealed::of(recorded, Part::Secret, event.kind());
        match event {
            TenantEvent::Created(fact) => Some(Self {
                data: fact.data,
                linked: false,
                app_tokens_from: 0,
                api_policy: ApiPolicy::default(),
                properties,
            }),
            _ => None,
        }
    }

    fn change(&mut self, event: TenantEvent, recorded: &Recorded, (): ()) {
        let properties = Sealed::of(recorded, Part::Secret, event.kind());
        match event {
            TenantEvent::Created(_) | TenantEvent::Deleted(_) => (),
            TenantEvent::Updated(fact) => {
                self.data.apply(&fact.data.changes);
                self.properties = properties.or(self.properties.take());
            }
            TenantEvent::AppTokenLinkSet(fact) => {
                self.linked = fact.data.linked;
                self.app_tokens_from = recorded.position;
            }
            TenantEvent::ApiPolicySet(fact) => self.api_policy = fact.data,
        }
    }

    fn tenant(&self) -> TenantId {
        self.data.tenant
    }

    fn found(row: &Row<Self>) -> Found {
        let owner = Group::owner(TenantId::INSTALLATION, row.data.owner);
        Found {
            texts: row.data.hosts.iter().map(|it| normalise(&it.name).into()).collect(),
            groups: smallvec![Group::tenant(TenantId::INSTALLATION), owner],
            orders: smallvec![Key::from(row.data.name.as_str()), Key::from(row.created)],
            ..Found::default()
        }
    }
}

impl Table<TenantData> {
    /// A tenant.
    pub fn get(&self, tenant: TenantId) -> Option<&Arc<TenantRow>> {
        self.row(tenant.0)
    }

    /// The tenant that answers on a host: `host[:port]`, as in the `Host` header.
    pub fn at_host(&self, host: &str) -> Option<&Arc<TenantRow>> {
        // Hosts mostly come in lower case: look before copying.
        self.with_text(host).next().or_else(|| self.with_text(&normalise(host)).next())
    }

    /// The values of a tenant's properties, in the order of their keys.
    pub fn property_values(&self, row: &TenantRow) -> Vec<String> {
        let stream = StreamId::new(Tenant::CATEGORY, row.data.tenant);
        let lifted = |event| match event {
            TenantEvent::Created(fact) => fact.secret,
            TenantEvent::Updated(fact) => fact.secret,
            _ => None,
        };
        let sealed = row.properties.as_ref();
        let read: Option<Properties> = sealed
            .and_then(|it| it.read(&self.keys, &stream, SubjectId::NONE, Part::Secret, lifted));
        read.map(|it| it.values).unwrap_or_default()
    }

    /// The value of a property of a tenant.
    pub fn property(&self, row: &TenantRow, key: &str) -> Option<String> {
        let at = row.data.property_keys.iter().position(|it| it == key)?;
        self.property_values(row).into_iter().nth(at)
    }

    /// All tenants, by number.
    pub fn all(&self) -> impl Iterator<Item = &Arc<TenantRow>> {
        self.iter()
    }

    /// The tenants of a user, or all; only the one that answers on a host, if one is given.
    pub fn of(owner: Option<UserId>, host: Option<&str>, paging: Paging) -> Query<TenantData> {
        let all = Group::tenant(TenantId::INSTALLATION);
        let group = owner.map_or(all, |it| Group::owner(TenantId::INSTALLATION, it));
        let query = Query::of(group, paging);
        Query { text: host.map(normalise), ..query }
    }
}
