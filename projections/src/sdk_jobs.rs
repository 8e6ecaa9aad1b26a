//! Answers: which SDKs are to be made, by whom, and what became of each?

use std::collections::{BTreeMap, BTreeSet, HashSet};

use domain::forgetting::{Forgetting, Forgotten};
use domain::log_event::STREAM_SECONDS_AFTER_END;
use domain::sdk_job::{SdkJobEvent, SdkJobFailed, SdkJobFinished, SdkJobRequested, SdkStepDone};
use domain::{Recorded, Sha256, StreamId, TenantId, Timestamp, UserId};

use crate::deliveries::DeliveryFigures;

/// The jobs that make SDKs, until the log forgets them.
#[derive(Debug, Default, PartialEq)]
pub struct SdkJobs {
    rows: BTreeMap<StreamId, SdkJobRow>,
    /// Those that have not ended, by the position of their first event.
    open: BTreeMap<u64, StreamId>,
    /// All of a tenant and user, by the position of their first event.
    owned: BTreeMap<(TenantId, UserId), BTreeMap<u64, StreamId>>,
    forgotten: Forgotten,
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct SdkJobRow {
    /// What was asked for.
    pub wanted: SdkJobRequested,
    /// When.
    pub requested: Timestamp,
    /// When something last happened to it.
    pub updated: Timestamp,
    /// How often it was begun.
    pub attempts: u32,
    /// What is done since then.
    pub steps: Vec<SdkStepDone>,
    /// How far it is.
    pub state: SdkJobState,
    /// The position of its first event.
    pub position: u64,
    /// The id of its stream.
    pub id: Box<str>,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq)]
pub enum SdkJobState {
    /// Nobody has begun.
    Waiting,
    /// Somebody has begun.
    Running,
    /// It is done.
    Finished(SdkJobFinished),
    /// It cannot be done.
    Failed(SdkJobFailed),
    /// Nobody wants it any more.
    Cancelled,
}

impl SdkJobState {
    /// Whether it has not ended.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }
}

impl SdkJobs {
    /// A job of a tenant.
    pub fn get(&self, tenant: TenantId, stream: &StreamId) -> Option<&SdkJobRow> {
        self.rows.get(stream).filter(|it| it.wanted.tenant == tenant)
    }

    /// The jobs to be done, the oldest first; of those of one user only the oldest.
    pub fn due(&self) -> impl Iterator<Item = &StreamId> {
        let mut owners = BTreeSet::new();
        self.open.values().filter(move |stream| {
            let owner = self.rows.get(*stream).map(|it| (it.wanted.tenant, it.wanted.owner));
            owner.is_some_and(|it| owners.insert(it))
        })
    }

    /// How many have not ended.
    pub fn open_count(&self) -> usize {
        self.open.len()
    }

    /// How many of a user have not ended.
    pub fn open_count_of(&self, tenant: TenantId, owner: UserId) -> usize {
        let of = |row: &SdkJobRow| (row.wanted.tenant, row.wanted.owner) == (tenant, owner);
        self.open.values().filter(|it| self.rows.get(*it).is_some_and(of)).count()
    }

    /// The jobs of a user of a tenant, or of all its users; the newest first.
    pub fn of(&self, tenant: TenantId, owner: Option<UserId>) -> Vec<(&StreamId, &SdkJobRow)> {
        let owners = match owner {
            Some(owner) => (tenant, owner)..=(tenant, owner),
            None => (tenant, UserId(0))..=(tenant, UserId(u32::MAX)),
        };
        let all = self.owned.range(owners).flat_map(|(_, jobs)| jobs.values());
        let mut rows = all.filter_map(|it| self.rows.get_key_value(it)).collect::<Vec<_>>();
        rows.sort_unstable_by_key(|(_, row)| std::cmp::Reverse(row.position));
        rows
    }

    /// How many have not ended at a time. Those that fail are asked for anew.
    pub fn figures(&self, now: Timestamp) -> DeliveryFigures {
        let open = self.open.values().filter_map(|it| self.rows.get(it));
        open.fold(DeliveryFigures::default(), |mut figures, it| {
            let age = (now.seconds() - it.requested.seconds()).max(0);
            figures.pending += 1;
            figures.failing += usize::from(it.attempts > 1);
            figures.oldest_seconds = figures.oldest_seconds.max(age);
            figures
        })
    }

    /// What is kept beside the log because a job names it: artifacts, and what tools said.
    pub fn names(&self) -> HashSet<Sha256> {
        let names = self.rows.values().flat_map(|it| match &it.state {
            SdkJobState::Finished(it) => [it.artifact, it.log],
            SdkJobState::Failed(it) => [it.log, None],
            SdkJobState::Waiting | SdkJobState::Running | SdkJobState::Cancelled => [None, None],
        });
        names.flatten().collect()
    }

    pub(crate) fn apply(&mut self, event: SdkJobEvent, recorded: &Recorded) {
        let (stream, time) = (&recorded.stream, recorded.commit.time);
        if let SdkJobEvent::Requested(fact) = event {
            let (wanted, position) = (fact.data, recorded.position);
            let owned = self.owned.entry((wanted.tenant, wanted.owner)).or_default();
            owned.insert(position, stream.clone());
            self.open.insert(position, stream.clone());
            let row = SdkJobRow {
                wanted,
                requested: time,
                updated: time,
                attempts: 0,
                steps: Vec::new(),
                state: SdkJobState::Waiting,
                position,
                id: stream.id().into(),
            };
            self.rows.insert(stream.clone(), row);
            return;
        }
        let Some(row) = self.rows.get_mut(stream) else { return };
        row.updated = time;
        match event {
            SdkJobEvent::Requested(_) => (),
            SdkJobEvent::Started(fact) => {
                (row.attempts, row.state) = (fact.data.attempt, SdkJobState::Running);
                row.steps.clear();
            }
            SdkJobEvent::StepDone(fact) => row.steps.push(fact.data),
            SdkJobEvent::Finished(fact) => row.state = SdkJobState::Finished(fact.data),
            SdkJobEvent::Failed(fact) => row.state = SdkJobState::Failed(fact.data),
            SdkJobEvent::Cancelled(_) => row.state = SdkJobState::Cancelled,
        }
        if !row.state.is_open() {
            self.open.remove(&row.position);
        }
    }

    /// Forgets what stands before a position and is due.
    pub(crate) fn forget(&mut self, position: u64, forgetting: Forgetting) {
        self.forgotten.note(position, forgetting);
        let Self { rows, open, owned, forgotten } = self;
        rows.retain(|stream, it| {
            let end = stream.closes_at().unwrap_or_default();
            !forgotten.covers(it.position, end, STREAM_SECONDS_AFTER_END)
        });
        open.retain(|_, stream| rows.contains_key(stream));
        owned.retain(|_, jobs| {
            jobs.retain(|_, stream| rows.contains_key(stream));
            !jobs.is_empty()
        });
    }

    /// What was forgotten before the first event that comes.
    pub(crate) fn begin_with(&mut self, forgotten: &Forgotten) {
        self.forgotten = forgotten.clone();
    }
}
