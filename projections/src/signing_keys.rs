//! Answers: which keys has a tenant, which of them may sign, and do the signatures of this one count?
//!
//! When a key begins to sign is judged by whoever signs: it depends on clocks.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::signing_key::{SigningAlgorithm, SigningKeyAdded, SigningKeyEvent};
use domain::{Recorded, TenantId, Timestamp};

/// A signing key, without its private half.
#[derive(Debug, Clone, PartialEq)]
pub struct SigningKeyRow {
    /// What was added.
    pub data: SigningKeyAdded,
    /// The place of that event in the log: later keys sign.
    pub position: u64,
    /// When it was added, by the clock of then.
    pub added: Timestamp,
    /// Until when it is published; `None` while it has no successor.
    pub retired_until: Option<Timestamp>,
    /// Whether its signatures count no more.
    pub ended: bool,
}

/// The signing keys, by `kid`.
#[derive(Debug, Default, PartialEq)]
pub struct SigningKeys {
    rows: BTreeMap<String, Arc<SigningKeyRow>>,
    /// The keys of each tenant, the newest first.
    by_tenant: HashMap<TenantId, Vec<String>>,
}

impl SigningKeys {
    /// All keys of a tenant whose signatures count, the newest first.
    pub fn of(&self, tenant: TenantId) -> impl Iterator<Item = &Arc<SigningKeyRow>> {
        let kids = self.by_tenant.get(&tenant).into_iter().flatten();
        kids.filter_map(|it| self.rows.get(it)).filter(|it| !it.ended)
    }

    /// The keys of a tenant that have no successor, the newest first.
    pub fn active(&self, tenant: TenantId) -> impl Iterator<Item = &Arc<SigningKeyRow>> {
        self.of(tenant).filter(|it| it.retired_until.is_none())
    }

    /// The newest key of a tenant without a successor that signs in this way.
    pub fn active_with(
        &self,
        tenant: TenantId,
        algorithm: SigningAlgorithm,
    ) -> Option<&Arc<SigningKeyRow>> {
        self.active(tenant).find(|it| it.data.algorithm == algorithm)
    }

    /// The key of a tenant with this `kid`, if its signatures count.
    pub fn verifying(&self, tenant: TenantId, kid: &str) -> Option<&Arc<SigningKeyRow>> {
        self.rows.get(kid).filter(|it| it.data.tenant == tenant && !it.ended)
    }

    /// A key by its `kid`, whatever became of it.
    pub fn get(&self, kid: &str) -> Option<&Arc<SigningKeyRow>> {
        self.rows.get(kid)
    }

    /// The keys that a tenant publishes at this time, the newest first.
    pub fn published(&self, tenant: TenantId, now: Timestamp) -> Vec<Arc<SigningKeyRow>> {
        let shown = |it: &&Arc<SigningKeyRow>| it.retired_until.is_none_or(|until| now <= until);
        self.of(tenant).filter(shown).cloned().collect()
    }

    pub(crate) fn apply(&mut self, event: &SigningKeyEvent, recorded: &Recorded) {
        match event {
            SigningKeyEvent::Added(fact) => {
                let (data, position) = (fact.data.clone(), recorded.position);
                let kid = data.kid.clone();
                self.by_tenant.entry(data.tenant).or_default().insert(0, kid.clone());
                let added = recorded.commit.time;
                let row =
                    SigningKeyRow { data, position, added, retired_until: None, ended: false };
                self.rows.insert(kid, Arc::new(row));
            }
            SigningKeyEvent::Retired(fact) => {
                if let Some(row) = self.rows.get_mut(recorded.stream.id()) {
                    Arc::make_mut(row).retired_until = Some(fact.data.until);
                }
            }
            SigningKeyEvent::Ended(_) => {
                if let Some(row) = self.rows.get_mut(recorded.stream.id()) {
                    Arc::make_mut(row).ended = true;
                }
            }
        }
    }
}
