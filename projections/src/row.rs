//! Rows: what the events of one stream make, and what is known of every such thing.

use std::fmt;
use std::ops::Deref;

use domain::{Aggregate, Recorded, SubjectId, TenantId, Timestamp};

use crate::found::Found;
use crate::sealed::Keys;

/// The events of which a row is made.
pub(crate) type EventOf<D> = <<D as RowData>::Aggregate as Aggregate>::Event;

/// What the events of one stream make, and what such rows are found by.
///
/// Events come opened while they are lived through and replayed. A row that lies in a snapshot is
/// made from the same events with their sealed parts closed: what it is found by is in the snapshot.
pub trait RowData: fmt::Debug + Clone + PartialEq + Send + Sync + Sized + 'static {
    /// Whose events they are.
    type Aggregate: Aggregate;
    /// The keyed hashes of sealed values by which a row is found.
    type Hashes: fmt::Debug + Default + Send;

    /// The hashes of what an opened event says; may take a microsecond each.
    fn hashes(event: &EventOf<Self>, keys: &Keys) -> Self::Hashes;

    /// The row that an event begins. `None` for events that only change one.
    fn begin(event: EventOf<Self>, recorded: &Recorded, hashes: Self::Hashes) -> Option<Self>;

    /// What a later event changes.
    fn change(&mut self, event: EventOf<Self>, recorded: &Recorded, hashes: Self::Hashes);

    /// Whose row it is.
    fn tenant(&self) -> TenantId;

    /// What the row is found by now.
    fn found(row: &Row<Self>) -> Found;

    /// Takes back the hashes that [`RowData::found`] said, after it was made from closed events.
    fn take_hashes(&mut self, _found: &Found) {}

    /// Whose key a row with such hashes needs; nobody's by default.
    fn person(_number: u64) -> SubjectId {
        SubjectId::NONE
    }
}

/// A row with its place in the history.
#[derive(Debug, Clone, PartialEq)]
pub struct Row<D> {
    /// The id of its stream.
    pub number: u64,
    /// How many events its stream has: the version that a writer expects (contracts 17).
    pub version: u32,
    /// The position of its first event.
    pub first_position: u64,
    /// The position of its last event.
    pub position: u64,
    /// The time of its first event.
    pub created: Timestamp,
    /// The time of its last event.
    pub updated: Timestamp,
    state: D,
}

impl<D> Row<D> {
    pub(crate) fn new(state: D, recorded: &Recorded) -> Self {
        let (position, time) = (recorded.position, recorded.commit.time);
        let version = recorded.version;
        let number = recorded.stream.number().unwrap_or(0);
        Self {
            number,
            version,
            first_position: position,
            position,
            created: time,
            updated: time,
            state,
        }
    }

    /// When it last changed; `None` if it never did since the commit in which it began.
    pub fn changed(&self) -> Option<Timestamp> {
        (self.updated != self.created).then_some(self.updated)
    }
}

impl<D: RowData> Row<D> {
    pub(crate) fn change(&mut self, event: EventOf<D>, recorded: &Recorded, hashes: D::Hashes) {
        self.version = recorded.version;
        self.position = recorded.position;
        self.updated = recorded.commit.time;
        self.state.change(event, recorded, hashes);
    }

    pub(crate) fn found(&self) -> Found {
        D::found(self)
    }

    pub(crate) fn take_hashes(&mut self, found: &Found) {
        self.state.take_hashes(found);
    }
}

impl<D> Deref for Row<D> {
    type Target = D;

    fn deref(&self) -> &D {
        &self.state
    }
}
