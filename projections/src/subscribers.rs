//! Answers: who is told of changes of an API resource, and was an address removed before?

use std::sync::Arc;

use domain::subscriber::{
    RemovedBy, Subscriber, SubscriberAddress, SubscriberConfirmed, SubscriberEvent,
};
use domain::{
    Aggregate as _, Recorded, StoredEvent as _, StreamId, SubjectId, SubscriberId, TenantId,
};
use smallvec::smallvec;

use crate::found::{Found, Group};
use crate::page::Paging;
use crate::row::{Row, RowData};
use crate::sealed::{Keys, Part, Sealed};
use crate::search::Query;
use crate::table::Table;

/// The kind of the group of an API resource.
const OF_RESOURCE: u8 = 1;

/// A subscriber, also one that was removed: of that one no more is known than its mark.
pub type SubscriberRow = Row<SubscriberData>;

/// The subscribers, by number.
pub type Subscribers = Table<SubscriberData>;

/// What the read models know of a subscriber.
#[derive(Debug, Clone, PartialEq)]
pub struct SubscriberData {
    /// What was confirmed.
    pub data: SubscriberConfirmed,
    /// Why it was removed; `None` while it is told. The row stays: a code that was issued before the
    /// address was removed does not count.
    pub removed: Option<RemovedBy>,
    /// How many letters in a row were refused for good.
    pub bounces: u32,
    /// Its address: [`Subscribers::address`].
    address: Option<Sealed>,
}

impl SubscriberData {
    /// Its number.
    pub fn subscriber(&self) -> SubscriberId {
        self.data.subscriber
    }
}

/// Marks are keyed hashes already.
fn mark_hash(mark: &[u8; 16]) -> u64 {
    mark.first_chunk().copied().map_or(0, u64::from_le_bytes)
}

fn of_resource(resource: u32) -> Group {
    Group::number(OF_RESOURCE, resource)
}

impl RowData for SubscriberData {
    type Aggregate = Subscriber;
    type Hashes = ();

    fn hashes(_event: &SubscriberEvent, _keys: &Keys) {}

    fn begin(event: SubscriberEvent, recorded: &Recorded, (): ()) -> Option<Self> {
        let address = Sealed::of(recorded, Part::Personal, event.kind());
        let SubscriberEvent::Confirmed(fact) = event else { return None };
        Some(Self { data: fact.data, removed: None, bounces: 0, address })
    }

    fn change(&mut self, event: SubscriberEvent, _recorded: &Recorded, (): ()) {
        match event {
            SubscriberEvent::Confirmed(_) => (),
            SubscriberEvent::Removed(fact) => {
                self.removed = Some(fact.data.by);
                self.address = None;
            }
            SubscriberEvent::Bounced(fact) => self.bounces = fact.data.bounces,
            SubscriberEvent::Reached(_) => self.bounces = 0,
        }
    }

    fn tenant(&self) -> TenantId {
        self.data.tenant
    }

    fn found(row: &Row<Self>) -> Found {
        let is_told = row.removed.is_none();
        Found {
            hashes: smallvec![mark_hash(&row.data.mark)],
            groups: is_told.then(|| of_resource(row.data.resource)).into_iter().collect(),
            ..Found::default()
        }
    }

    fn person(subscriber: u64) -> SubjectId {
        SubscriberId(subscriber as u32).into()
    }
}

impl Table<SubscriberData> {
    /// All that have a mark, also those that were removed, by number.
    pub fn marked(&self, mark: [u8; 16]) -> impl Iterator<Item = &Arc<SubscriberRow>> {
        self.with_hash(mark_hash(&mark)).filter(move |it| it.data.mark == mark)
    }

    /// A subscriber that is told.
    pub fn told(&self, subscriber: SubscriberId) -> Option<&Arc<SubscriberRow>> {
        self.row(subscriber.0).filter(|it| it.removed.is_none())
    }

    /// The one with a mark that is told.
    pub fn told_with(&self, mark: [u8; 16]) -> Option<&Arc<SubscriberRow>> {
        self.marked(mark).find(|it| it.removed.is_none())
    }

    /// The subscribers of an API resource.
    pub fn of(resource: u32, paging: Paging) -> Query<SubscriberData> {
        Query::of(of_resource(resource), paging)
    }

    /// How many an API resource has.
    pub fn count_of(&self, resource: u32) -> usize {
        self.group_count(of_resource(resource))
    }

    /// The next subscribers of an API resource behind a number, who had subscribed by a position.
    pub fn next_of(
        &self,
        resource: u32,
        behind: u32,
        by: u64,
    ) -> impl Iterator<Item = &Arc<SubscriberRow>> {
        let rows = self.group_behind(of_resource(resource), behind.into());
        rows.filter(move |it| it.first_position <= by)
    }

    /// The API resources that have subscribers, each once.
    pub(crate) fn resources(&self) -> impl Iterator<Item = u32> {
        self.group_numbers(OF_RESOURCE).filter_map(|it| u32::try_from(it).ok())
    }

    /// Its address; `None` once it was removed. Opened at each reading.
    pub fn address(&self, row: &SubscriberRow) -> Option<String> {
        let subscriber = row.data.subscriber;
        let stream = StreamId::new(Subscriber::CATEGORY, subscriber);
        let lifted = |event| match event {
            SubscriberEvent::Confirmed(fact) => fact.personal,
            _ => None,
        };
        let sealed = row.address.as_ref();
        let read: Option<SubscriberAddress> = sealed
            .and_then(|it| it.read(&self.keys, &stream, subscriber.into(), Part::Personal, lifted));
        read.map(|it| it.address)
    }
}
