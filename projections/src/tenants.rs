//! Answers: which tenant answers on this host, and which tenants has a user?

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::tenant::{TenantCreated, TenantEvent, normalise};
use domain::{Recorded, TenantId, Timestamp, UserId};

use crate::page::{Page, Paging};

/// A tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantRow {
    /// What was created, with the hosts that were added later.
    pub data: TenantCreated,
    /// Whether its users are the accounts of the app-token service.
    pub linked: bool,
    /// App tokens from before this position of the log do not count: since then the accounts are
    /// others. 0 if that never changed.
    pub app_tokens_from: u64,
    /// When it was created.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

/// The tenants, by number.
#[derive(Debug, Default, PartialEq)]
pub struct Tenants {
    rows: BTreeMap<TenantId, Arc<TenantRow>>,
    by_host: HashMap<String, TenantId>,
}

impl Tenants {
    /// A tenant.
    pub fn get(&self, tenant: TenantId) -> Option<&Arc<TenantRow>> {
        self.rows.get(&tenant)
    }

    /// The tenant that answers on a host: `host[:port]`, as in the `Host` header.
    pub fn at_host(&self, host: &str) -> Option<&Arc<TenantRow>> {
        // Hosts mostly come in lower case: look before copying.
        let tenant = self.by_host.get(host).or_else(|| self.by_host.get(&normalise(host)))?;
        self.rows.get(tenant)
    }

    /// All tenants, by number.
    pub fn all(&self) -> impl Iterator<Item = &Arc<TenantRow>> {
        self.rows.values()
    }

    /// A page of the tenants of a user, by number or by another key.
    pub fn page<K: Ord>(
        &self,
        owner: UserId,
        filter: impl Fn(&TenantRow) -> bool,
        key: impl Fn(&TenantRow) -> K,
        paging: Paging,
    ) -> Page<TenantRow> {
        let owned = self.rows.values().filter(|it| it.data.owner == owner && filter(it));
        Page::sort(owned.cloned().collect(), key, paging)
    }

    pub(crate) fn apply(&mut self, event: &TenantEvent, recorded: &Recorded) {
        let time = recorded.commit.time;
        let tenant = TenantId(recorded.stream.number().unwrap_or(0) as u32);
        match event {
            TenantEvent::Created(fact) => {
                for host in &fact.data.hosts {
                    self.by_host.insert(normalise(&host.name), fact.data.tenant);
                }
                let row = TenantRow {
                    data: fact.data.clone(),
                    linked: false,
                    app_tokens_from: 0,
                    created: time,
                    updated: time,
                };
                self.rows.insert(fact.data.tenant, Arc::new(row));
            }
            TenantEvent::AppTokenLinkSet(fact) => {
                if let Some(row) = self.rows.get_mut(&tenant) {
                    let row = Arc::make_mut(row);
                    row.linked = fact.data.linked;
                    row.app_tokens_from = recorded.position;
                    row.updated = time;
                }
            }
            TenantEvent::HostAdded(fact) => {
                if let Some(row) = self.rows.get_mut(&tenant) {
                    self.by_host.insert(normalise(&fact.data.host.name), tenant);
                    let row = Arc::make_mut(row);
                    row.data.hosts.push(fact.data.host.clone());
                    row.updated = time;
                }
            }
        }
    }
}
