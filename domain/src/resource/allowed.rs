//! Which clients get which scopes of an API resource, besides those of its owner.

use std::collections::BTreeMap;

use super::events::ResourceEvent;
use super::facts::ResourceClientAllowed;
use crate::aggregate::Decision;
use crate::refusal::Refusal;

/// The most clients that one API resource may name.
pub const ALLOWED_CLIENTS_MAX: usize = 1_000;

/// The scopes of an API resource that a client is to get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedScopes {
    /// All that the API has now; one that is added later must be opened then.
    All,
    /// These and no others; an empty list closes the API to the client.
    Only(Vec<String>),
    /// These besides those that it gets already.
    Also(Vec<String>),
}

/// The clients that an API resource names.
#[derive(Debug, Clone)]
pub struct AllowedClients {
    /// The scopes that the resource has.
    scopes: Vec<String>,
    /// What each client gets, in the order of the scopes; never nothing.
    clients: BTreeMap<u32, Vec<String>>,
}

impl AllowedClients {
    /// Of a resource that was just created: no client.
    pub(super) fn new(scopes: Vec<String>) -> Self {
        Self { scopes, clients: BTreeMap::new() }
    }

    pub(super) fn evolve(&mut self, allowed: &ResourceClientAllowed) {
        if allowed.scopes.is_empty() {
            self.clients.remove(&allowed.client);
        } else {
            self.clients.insert(allowed.client, allowed.scopes.clone());
        }
    }

    /// The resource has these scopes now: nobody keeps one that is gone.
    pub(super) fn set_scopes(&mut self, scopes: Vec<String>) {
        self.clients.retain(|_, its| {
            its.retain(|it| scopes.contains(it));
            !its.is_empty()
        });
        self.scopes = scopes;
    }

    pub(super) fn allow(
        &self,
        client: u32,
        wanted: &AllowedScopes,
    ) -> Result<Decision<ResourceEvent>, Refusal> {
        let before = self.clients.get(&client).map_or(&[][..], Vec::as_slice);
        let named = match wanted {
            AllowedScopes::All => &self.scopes,
            AllowedScopes::Only(scopes) | AllowedScopes::Also(scopes) => scopes,
        };
        if !named.iter().all(|it| self.scopes.contains(it)) {
            return Err(Refusal::invalid("scopes", "must be scopes of this API resource"));
        }
        let kept = if matches!(wanted, AllowedScopes::Also(_)) { before } else { &[] };
        let mut scopes = Vec::new();
        for scope in &self.scopes {
            let is_wanted = named.contains(scope) || kept.contains(scope);
            if is_wanted && !scopes.contains(scope) {
                scopes.push(scope.clone());
            }
        }
        if scopes == before {
            return Ok(Decision::none());
        }
        if before.is_empty() && self.clients.len() >= ALLOWED_CLIENTS_MAX {
            return Err(Refusal::NotAllowed { why: "an API resource may name 1,000 clients" });
        }
        let allowed = ResourceClientAllowed { client, scopes };
        Ok(Decision::event(ResourceEvent::ClientAllowed(allowed.into())))
    }
}
