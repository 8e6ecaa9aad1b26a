//! Answers: what is this app token, and was its family ended?
//!
//! App tokens do not prove themselves, so each is kept until its stream ends.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::account::AccountId;
use domain::app::AppId;
use domain::app_token::{AppTokenEvent, AppTokenIssued};
use domain::{Recorded, Timestamp};

/// A pair of app tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct AppTokenRow {
    /// What was issued.
    pub data: AppTokenIssued,
    /// The id of its stream.
    pub id: Box<str>,
    /// Where in the log it was issued.
    pub position: u64,
}

/// The pairs whose streams have not ended.
#[derive(Debug, Default, PartialEq)]
pub struct AppTokens {
    by_access: HashMap<[u8; 16], Arc<AppTokenRow>>,
    by_refresh: HashMap<[u8; 16], Arc<AppTokenRow>>,
    families: HashMap<[u8; 16], Family>,
    /// How many families each account has by each app, or the app itself, that were not ended.
    held: HashMap<Holder, usize>,
    ends: BTreeMap<Timestamp, Vec<Arc<AppTokenRow>>>,
}

/// An app, the account, and from which position the account's tokens counted.
type Holder = (AppId, AccountId, u64);

/// Pairs that refreshes made of one another.
#[derive(Debug, PartialEq)]
struct Family {
    pairs: u32,
    revoked: bool,
    holder: Holder,
}

impl AppTokens {
    /// The pair with this access token, by its hash, ended or not.
    pub fn with_access(&self, hash: &[u8; 16]) -> Option<&Arc<AppTokenRow>> {
        self.by_access.get(hash)
    }

    /// The pair with this refresh token, by its hash, ended or not.
    pub fn with_refresh(&self, hash: &[u8; 16]) -> Option<&Arc<AppTokenRow>> {
        self.by_refresh.get(hash)
    }

    /// Whether a pair was ended with its family.
    pub fn is_revoked(&self, row: &AppTokenRow) -> bool {
        self.families.get(&row.data.family).is_none_or(|it| it.revoked)
    }

    /// How many families an account has by an app, or the app itself, since its tokens count.
    pub fn held_by(&self, app: AppId, account: AccountId, counts_from: u64) -> usize {
        self.held.get(&(app, account, counts_from)).copied().unwrap_or(0)
    }

    /// How many pairs of a family are kept.
    pub fn pairs_of(&self, family: &[u8; 16]) -> u32 {
        self.families.get(family).map_or(0, |it| it.pairs)
    }

    /// How many pairs are kept.
    pub fn count(&self) -> usize {
        self.by_access.len()
    }

    pub(crate) fn apply(&mut self, event: &AppTokenEvent, recorded: &Recorded) {
        match event {
            AppTokenEvent::Issued(fact) => {
                let Some(end) = recorded.stream.closes_at() else { return };
                let row = Arc::new(AppTokenRow {
                    data: fact.data.clone(),
                    id: recorded.stream.id().into(),
                    position: recorded.position,
                });
                let holder = (row.data.app, row.data.account, row.data.counts_from);
                let family = self.families.entry(row.data.family).or_insert_with(|| {
                    *self.held.entry(holder).or_default() += 1;
                    Family { pairs: 0, revoked: false, holder }
                });
                family.pairs += 1;
                self.by_access.insert(row.data.access_hash, row.clone());
                self.by_refresh.insert(row.data.refresh_hash, row.clone());
                self.ends.entry(end).or_default().push(row);
            }
            AppTokenEvent::Refreshed(_) => (),
            AppTokenEvent::FamilyRevoked(fact) => {
                if let Some(family) = self.families.get_mut(&fact.data.family)
                    && !std::mem::replace(&mut family.revoked, true)
                {
                    let_go(&mut self.held, family.holder);
                }
            }
        }
    }

    /// Forgets pairs whose streams have ended.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        while let Some(entry) = self.ends.first_entry() {
            if *entry.key() > now {
                break;
            }
            for row in entry.remove() {
                self.by_access.remove(&row.data.access_hash);
                self.by_refresh.remove(&row.data.refresh_hash);
                let Entry::Occupied(mut family) = self.families.entry(row.data.family) else {
                    continue;
                };
                family.get_mut().pairs = family.get().pairs.saturating_sub(1);
                if family.get().pairs == 0 {
                    let family = family.remove();
                    if !family.revoked {
                        let_go(&mut self.held, family.holder);
                    }
                }
            }
        }
    }
}

fn let_go(held: &mut HashMap<Holder, usize>, holder: Holder) {
    if let Entry::Occupied(mut count) = held.entry(holder) {
        *count.get_mut() = count.get().saturating_sub(1);
        if *count.get() == 0 {
            count.remove();
        }
    }
}
