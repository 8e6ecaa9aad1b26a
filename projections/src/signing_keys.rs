//! Answers: which key signs for a tenant, and which keys may have signed?

use std::collections::BTreeMap;
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
    /// Until when its signatures count; `None` while it signs.
    pub until: Option<Timestamp>,
}

/// The signing keys, by `kid`.
#[derive(Debug, Default, PartialEq)]
pub struct SigningKeys {
    rows: BTreeMap<String, Arc<SigningKeyRow>>,
}

impl SigningKeys {
    /// The newest key with which a tenant signs in this way.
    pub fn active(
        &self,
        tenant: TenantId,
        algorithm: SigningAlgorithm,
    ) -> Option<&Arc<SigningKeyRow>> {
        let of_tenant = |it: &&Arc<SigningKeyRow>| {
            it.data.tenant == tenant && it.data.algorithm == algorithm && it.until.is_none()
        };
        self.rows.values().filter(of_tenant).max_by_key(|it| it.position)
    }

    /// The key of a tenant with this `kid`, if its signatures count at this time.
    pub fn verifying(
        &self,
        tenant: TenantId,
        kid: &str,
        now: Timestamp,
    ) -> Option<&Arc<SigningKeyRow>> {
        self.rows.get(kid).filter(|it| it.data.tenant == tenant && it.counts_at(now))
    }

    /// All keys of a tenant whose signatures count at this time, the newest first.
    pub fn published(&self, tenant: TenantId, now: Timestamp) -> Vec<Arc<SigningKeyRow>> {
        let counts = self.rows.values().filter(|it| it.data.tenant == tenant && it.counts_at(now));
        let mut keys = counts.cloned().collect::<Vec<_>>();
        keys.sort_by_key(|it| std::cmp::Reverse(it.position));
        keys
    }

    /// All keys with which anybody still signs.
    pub fn all_active(&self) -> impl Iterator<Item = &Arc<SigningKeyRow>> {
        self.rows.values().filter(|it| it.until.is_none())
    }

    pub(crate) fn apply(&mut self, event: &SigningKeyEvent, recorded: &Recorded) {
        match event {
            SigningKeyEvent::Added(fact) => {
                let (data, position) = (fact.data.clone(), recorded.position);
                let row = SigningKeyRow { data, position, until: None };
                self.rows.insert(fact.data.kid.clone(), Arc::new(row));
            }
            SigningKeyEvent::Retired(fact) => {
                if let Some(row) = self.rows.get_mut(recorded.stream.id()) {
                    Arc::make_mut(row).until = Some(fact.data.until);
                }
            }
        }
    }
}

impl SigningKeyRow {
    fn counts_at(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|it| now <= it)
    }
}
