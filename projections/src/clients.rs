//! Answers: which clients has a user, who is this client, and what proves it?

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use domain::client::{ClientEvent, ClientRegistered, ClientSecrets};
use domain::{Recorded, TenantId, UserId};

use crate::page::{Page, Paging};

/// A client.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientRow {
    /// What was registered, with what changed since: `enabled`, and `owner`, which is 0 once the
    /// client belongs to the installation.
    pub data: ClientRegistered,
    /// The hashes of its secrets, in the order of the secrets. Never shown.
    pub secrets: Vec<String>,
    /// The values of its properties, in the order of their keys.
    pub property_values: Vec<String>,
    /// For pair-wise subjects.
    pub pair_wise_subject_salt: Option<String>,
}

/// The clients, by number.
#[derive(Debug, Default, PartialEq)]
pub struct Clients {
    rows: BTreeMap<u32, Arc<ClientRow>>,
    by_client_id: HashMap<String, u32>,
    by_owner: HashMap<(TenantId, UserId), BTreeSet<u32>>,
}

impl Clients {
    /// A client of a user of a tenant.
    pub fn get(&self, tenant: TenantId, owner: UserId, client: u32) -> Option<&Arc<ClientRow>> {
        self.rows.get(&client).filter(|it| it.data.tenant == tenant && it.data.owner == owner)
    }

    /// All clients, of one tenant or of every one, by number.
    pub fn all(&self, tenant: Option<TenantId>) -> impl Iterator<Item = &Arc<ClientRow>> {
        self.rows.values().filter(move |it| tenant.is_none_or(|wanted| it.data.tenant == wanted))
    }

    /// The client with this `client_id`, whosever it is.
    pub fn identified(&self, client_id: &str) -> Option<&Arc<ClientRow>> {
        self.rows.get(self.by_client_id.get(client_id)?)
    }

    /// A page of the clients of a user, by number or by another key.
    pub fn page<K: Ord>(
        &self,
        tenant: TenantId,
        owner: UserId,
        filter: impl Fn(&ClientRow) -> bool,
        key: impl Fn(&ClientRow) -> K,
        paging: Paging,
    ) -> Page<ClientRow> {
        let owned = self.by_owner.get(&(tenant, owner)).into_iter().flatten();
        let rows = owned.filter_map(|it| self.rows.get(it));
        Page::sort(rows.filter(|it| filter(it)).cloned().collect(), key, paging)
    }

    pub(crate) fn apply(&mut self, event: ClientEvent, recorded: &Recorded) {
        // The stream is the client: `client-7`.
        let number = recorded.stream.number().unwrap_or(0) as u32;
        match event {
            ClientEvent::Registered(fact) => {
                let data = fact.data;
                self.by_client_id.insert(data.client_id.0.clone(), data.client);
                self.by_owner.entry((data.tenant, data.owner)).or_default().insert(data.client);
                let ClientSecrets { values: secrets, property_values, pair_wise_subject_salt } =
                    fact.secret.unwrap_or_default();
                let client = data.client;
                let row = ClientRow { data, secrets, property_values, pair_wise_subject_salt };
                self.rows.insert(client, Arc::new(row));
            }
            ClientEvent::EnabledSet(fact) => {
                if let Some(row) = self.rows.get_mut(&number) {
                    Arc::make_mut(row).data.enabled = fact.data.enabled;
                }
            }
            ClientEvent::TakenOver(_) => self.give_to_installation(number),
        }
    }

    fn give_to_installation(&mut self, client: u32) {
        let Some(row) = self.rows.get_mut(&client) else { return };
        let data = &mut Arc::make_mut(row).data;
        let (tenant, owner) = (data.tenant, data.owner);
        data.owner = UserId::NONE;
        // A set without clients is none: read models are equal however they were made.
        if let Entry::Occupied(mut owned) = self.by_owner.entry((tenant, owner)) {
            owned.get_mut().remove(&client);
            if owned.get().is_empty() {
                owned.remove();
            }
        }
        self.by_owner.entry((tenant, UserId::NONE)).or_default().insert(client);
    }
}
