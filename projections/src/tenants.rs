//! Answers: which tenant answers on this host, and which tenants has a user?

use std::sync::Arc;

use domain::tenant::{Tenant, TenantCreated, TenantEvent, normalise};
use domain::{Recorded, TenantId, UserId};
use smallvec::smallvec;

use crate::found::{Found, Group, Key};
use crate::page::Paging;
use crate::row::{Row, RowData};
use crate::sealed::Keys;
use crate::search::{Order, Query};
use crate::table::Table;

/// A tenant.
pub type TenantRow = Row<TenantData>;

/// The tenants, by number.
pub type Tenants = Table<TenantData>;

/// What the read models know of a tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantData {
    /// What was created.
    pub data: TenantCreated,
    /// Whether its users are the accounts of the app-token service.
    pub linked: bool,
    /// App tokens from before this position of the log do not count: since then the accounts are
    /// others. 0 if that never changed.
    pub app_tokens_from: u64,
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

    fn begin(event: TenantEvent, _recorded: &Recorded, (): ()) -> Option<Self> {
        match event {
            TenantEvent::Created(fact) => {
                Some(Self { data: fact.data, linked: false, app_tokens_from: 0 })
            }
            _ => None,
        }
    }

    fn change(&mut self, event: TenantEvent, recorded: &Recorded, (): ()) {
        match event {
            TenantEvent::Created(_) => (),
            TenantEvent::AppTokenLinkSet(fact) => {
                self.linked = fact.data.linked;
                self.app_tokens_from = recorded.position;
            }
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

    /// All tenants, by number.
    pub fn all(&self) -> impl Iterator<Item = &Arc<TenantRow>> {
        self.iter()
    }

    /// The tenants of a user; only the one that answers on a host, if one is given.
    pub fn owned(owner: UserId, host: Option<&str>, paging: Paging) -> Query<TenantData> {
        let query = Query::of(Group::owner(TenantId::INSTALLATION, owner), paging);
        Query { text: host.map(normalise), ..query }
    }
}
