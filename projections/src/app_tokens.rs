//! Answers: what is this app token, and was its family ended?
//!
//! App tokens do not prove themselves, so each is kept until its stream is forgotten.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use domain::account::AccountId;
use domain::app::AppId;
use domain::app_token::{AppTokenEvent, AppTokenIssued};
use domain::forgetting::{
    Endings, Forgetting, Forgotten, GIVEN_BACK_AT_ONCE_MAX, GIVEN_BACK_MAX, due_step, step_before,
};
use domain::log_event::STREAM_SECONDS_AFTER_END;
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

impl AppTokenRow {
    /// Whether a proof made it, not a refresh: a family is named after the first of its pairs.
    pub fn is_first_of_family(&self) -> bool {
        self.data.family == self.data.access_hash
    }
}

/// The pairs whose streams were not forgotten.
#[derive(Debug, Default, Clone)]
pub struct AppTokens {
    by_access: HashMap<[u8; 16], Arc<AppTokenRow>>,
    by_refresh: HashMap<[u8; 16], Arc<AppTokenRow>>,
    families: HashMap<[u8; 16], Family>,
    /// The families that were not ended, by holder, with the end of their youngest pair.
    held: HashMap<Holder, BTreeSet<(Timestamp, [u8; 16])>>,
    ends: Endings<Arc<AppTokenRow>>,
    forgotten: Forgotten,
}

/// An app, the account, and from which position the account's tokens counted.
type Holder = (AppId, AccountId, u64);

/// Pairs that refreshes made of one another.
#[derive(Debug, Clone, PartialEq)]
struct Family {
    /// When the refresh tokens of its pairs end, ascending.
    ends: Vec<Pair>,
    revoked: bool,
    holder: Holder,
}

/// What a family remembers of a pair: when its refresh token ends, when it was issued, and how many
/// refreshes made it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pair {
    end: Timestamp,
    issued_at: Timestamp,
    generation: u32,
}

impl From<&AppTokenIssued> for Pair {
    fn from(it: &AppTokenIssued) -> Self {
        let (end, issued_at) = (it.refresh_expires_at, it.issued_at);
        Self { end, issued_at, generation: it.generation }
    }
}

/// Pairs that refreshes made of siblings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextPairs {
    /// When the first of them was issued: then one of the siblings was used first. Whole seconds.
    pub first_at: Timestamp,
    /// How many there are, at least 1.
    pub count: usize,
}

/// Of the same pairs. How much memory was given back says nothing.
impl PartialEq for AppTokens {
    fn eq(&self, other: &Self) -> bool {
        let kept = |it: &Self| {
            let mut kept = it.clone();
            kept.give_back(usize::MAX);
            kept
        };
        let (one, other) = (kept(self), kept(other));
        one.by_access == other.by_access
            && one.families == other.families
            && one.held == other.held
            && one.forgotten == other.forgotten
    }
}

impl AppTokens {
    /// The pair with this access token, by its hash, ended or not.
    pub fn with_access(&self, hash: &[u8; 16]) -> Option<&Arc<AppTokenRow>> {
        self.by_access.get(hash).filter(|it| !self.is_forgotten(it))
    }

    /// The pair with this refresh token, by its hash, ended or not.
    pub fn with_refresh(&self, hash: &[u8; 16]) -> Option<&Arc<AppTokenRow>> {
        self.by_refresh.get(hash).filter(|it| !self.is_forgotten(it))
    }

    fn is_forgotten(&self, row: &AppTokenRow) -> bool {
        self.forgotten.covers_due(row.position, row.due())
    }

    /// Whether a pair was ended with its family.
    pub fn is_revoked(&self, row: &AppTokenRow) -> bool {
        self.families.get(&row.data.family).is_none_or(|it| it.revoked)
    }

    /// Whether an account has so many families by an app, or the app itself, that count now: not
    /// those that are only remembered, or have not begun.
    pub fn holds(
        &self,
        (app, account, counts_from): (AppId, AccountId, u64),
        count: usize,
        now: Timestamp,
    ) -> bool {
        let Some(families) = self.held.get(&(app, account, counts_from)) else {
            return count == 0;
        };
        let counts = families.range((now, [u8::MAX; 16])..).filter(|(_, id)| {
            let pair = self.families.get(id).and_then(|it| it.ends.last());
            pair.is_some_and(|it| it.issued_at.has_begun(now))
        });
        counts.take(count).count() >= count
    }

    /// How many pairs of a family count now.
    pub fn pairs_of(&self, family: &[u8; 16], now: Timestamp) -> usize {
        let family = self.families.get(family);
        family.map_or(0, |it| it.ends.len() - it.ends.partition_point(|it| it.end <= now))
    }

    /// What refreshes have made of a pair and its siblings; `None` if none of them was used.
    pub fn next_of(&self, row: &AppTokenRow) -> Option<NextPairs> {
        let next = row.data.generation.checked_add(1)?;
        let pairs = self.families.get(&row.data.family)?.ends.iter();
        let times = pairs.filter(|it| it.generation == next).map(|it| it.issued_at);
        let (first_at, count) = times.fold((None, 0), |(first, count), it| {
            (Some(first.map_or(it, |first: Timestamp| first.min(it))), count + 1)
        });
        first_at.map(|first_at| NextPairs { first_at, count })
    }

    /// How many pairs are kept in memory.
    pub fn count(&self) -> usize {
        self.by_access.len()
    }

    pub(crate) fn apply(&mut self, event: &AppTokenEvent, recorded: &Recorded) {
        match event {
            AppTokenEvent::Issued(fact) => self.add(AppTokenRow {
                data: fact.data.clone(),
                id: recorded.stream.id().into(),
                position: recorded.position,
            }),
            AppTokenEvent::Refreshed(_) => (),
            AppTokenEvent::FamilyRevoked(fact) => {
                if let Some(family) = self.families.get_mut(&fact.data.family)
                    && !std::mem::replace(&mut family.revoked, true)
                {
                    let youngest = family.youngest().unwrap_or_default();
                    let (holder, family) = (family.holder, fact.data.family);
                    self.let_go(holder, youngest, family);
                }
            }
        }
        self.give_back(GIVEN_BACK_MAX);
    }

    fn add(&mut self, row: AppTokenRow) {
        let row = Arc::new(row);
        let (id, end) = (row.data.family, row.data.refresh_expires_at);
        let holder = (row.data.app, row.data.account, row.data.counts_from);
        let new = || Family { ends: Vec::new(), revoked: false, holder };
        let family = self.families.entry(id).or_insert_with(new);
        let before = family.youngest();
        let at = family.ends.partition_point(|it| it.end <= end);
        family.ends.insert(at, Pair::from(&row.data));
        let (youngest, holder) = (family.youngest(), family.holder);
        if !family.revoked && before != youngest {
            if let Some(before) = before {
                self.let_go(holder, before, id);
            }
            self.held.entry(holder).or_default().extend(youngest.map(|it| (it, id)));
        }
        self.by_access.insert(row.data.access_hash, row.clone());
        self.by_refresh.insert(row.data.refresh_hash, row.clone());
        self.ends.push(row.due(), row);
    }

    /// Forgets what stands before a position and is due.
    pub(crate) fn forget(&mut self, position: u64, forgetting: Forgetting) {
        self.forgotten.note(position, forgetting);
        self.ends.forget(position, step_before(forgetting.until));
        self.give_back(GIVEN_BACK_AT_ONCE_MAX);
    }

    /// Closes all pairs: the log was restored, and others may know what became of them in the lost
    /// history.
    pub(crate) fn close_all(&mut self, position: u64) {
        self.ends.forget_all(position);
        self.give_back(usize::MAX);
    }

    /// What was forgotten before the first event that comes.
    pub(crate) fn begin_with(&mut self, forgotten: &Forgotten) {
        self.forgotten = forgotten.clone();
    }

    fn give_back(&mut self, count_max: usize) {
        for _ in 0..count_max {
            let Some((_, row)) = self.ends.pop_due() else { break };
            self.by_access.remove(&row.data.access_hash);
            self.by_refresh.remove(&row.data.refresh_hash);
            let Some(family) = self.families.get_mut(&row.data.family) else { continue };
            let before = family.youngest();
            let pair = Pair::from(&row.data);
            if let Some(at) = family.ends.iter().position(|it| *it == pair) {
                family.ends.remove(at);
            }
            let (holder, revoked) = (family.holder, family.revoked);
            let youngest = family.youngest();
            if youngest.is_none() {
                self.families.remove(&row.data.family);
            }
            if !revoked && before != youngest {
                self.let_go(holder, before.unwrap_or_default(), row.data.family);
                if let Some(youngest) = youngest {
                    self.held.entry(holder).or_default().insert((youngest, row.data.family));
                }
            }
        }
    }

    fn let_go(&mut self, holder: Holder, youngest: Timestamp, family: [u8; 16]) {
        if let Entry::Occupied(mut families) = self.held.entry(holder) {
            families.get_mut().remove(&(youngest, family));
            if families.get().is_empty() {
                families.remove();
            }
        }
    }
}

impl Family {
    /// When its pair that lasts longest ends.
    fn youngest(&self) -> Option<Timestamp> {
        self.ends.last().map(|it| it.end)
    }
}

impl AppTokenRow {
    /// The step from which its stream may be forgotten.
    fn due(&self) -> i64 {
        let seconds = domain::token::TOKEN_STREAM_SECONDS_AFTER_EXP + STREAM_SECONDS_AFTER_END;
        due_step(self.data.refresh_expires_at, seconds)
    }
}
