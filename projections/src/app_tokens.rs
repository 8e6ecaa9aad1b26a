//! Answers: what is this app token, and was its family ended?
//!
//! App tokens do not prove themselves, so each is kept until its stream ends.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::app::AppId;
use domain::app_token::{AppTokenEvent, AppTokenIssued};
use domain::app_user::AppUserId;
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
    /// How many pairs each user has by each app, or the app itself.
    held: HashMap<(AppId, AppUserId), usize>,
    ends: BTreeMap<Timestamp, Vec<Arc<AppTokenRow>>>,
}

/// Pairs that refreshes made of one another.
#[derive(Debug, Default, PartialEq)]
struct Family {
    pairs: u32,
    revoked: bool,
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

    /// How many pairs a user has by an app, or the app itself: ended ones count until their streams
    /// end.
    pub fn held_by(&self, app: AppId, user: AppUserId) -> usize {
        self.held.get(&(app, user)).copied().unwrap_or(0)
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
                self.families.entry(row.data.family).or_default().pairs += 1;
                *self.held.entry((row.data.app, row.data.app_user)).or_default() += 1;
                self.by_access.insert(row.data.access_hash, row.clone());
                self.by_refresh.insert(row.data.refresh_hash, row.clone());
                self.ends.entry(end).or_default().push(row);
            }
            AppTokenEvent::Refreshed(_) => (),
            AppTokenEvent::FamilyRevoked(fact) => {
                if let Some(family) = self.families.get_mut(&fact.data.family) {
                    family.revoked = true;
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
                let family = self.families.get_mut(&row.data.family);
                let left = family.map_or(0, |it| {
                    it.pairs = it.pairs.saturating_sub(1);
                    it.pairs
                });
                if left == 0 {
                    self.families.remove(&row.data.family);
                }
                if let Entry::Occupied(mut held) =
                    self.held.entry((row.data.app, row.data.app_user))
                {
                    *held.get_mut() -= 1;
                    if *held.get() == 0 {
                        held.remove();
                    }
                }
            }
        }
    }
}
