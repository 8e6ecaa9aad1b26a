//! Answers: which notices are to be sent, and when?

use std::collections::{BTreeMap, BTreeSet};

use domain::forgetting::{Forgetting, Forgotten};
use domain::log_event::STREAM_SECONDS_AFTER_END;
use domain::notice::{NoticeEvent, NoticeRequested};
use domain::{Recorded, StreamId, Timestamp};

use crate::deliveries::DeliveryFigures;

/// The notices that have not ended.
#[derive(Debug, Default, PartialEq)]
pub struct Notices {
    open: BTreeMap<StreamId, NoticeRow>,
    /// Those that were requested, and have not begun, by when they were requested.
    new: BTreeSet<(Timestamp, StreamId)>,
    /// The same by API, the oldest first: it takes in the others.
    new_of: BTreeMap<(u32, String), BTreeSet<(u64, StreamId)>>,
    /// Those that began, by when they go on.
    begun: BTreeSet<(Timestamp, StreamId)>,
    forgotten: Forgotten,
}

/// A notice that has not ended.
#[derive(Debug, Clone, PartialEq)]
pub struct NoticeRow {
    /// What is to be told.
    pub requested: NoticeRequested,
    /// The position of its first event.
    pub position: u64,
    /// Whether sending began.
    pub has_begun: bool,
    /// How many rounds failed.
    pub attempts: u32,
    /// When it goes on; before it began, when it was requested.
    pub due: Timestamp,
    /// Why the last round failed; empty before the first.
    pub why: String,
}

impl Notices {
    /// Those that are due at a time, if they wait so many seconds before they begin: the oldest first.
    pub fn due(&self, wait_seconds: i64, now: Timestamp) -> impl Iterator<Item = &StreamId> {
        let by = now.plus_seconds(-wait_seconds);
        let until = |by: Timestamp| move |it: &&(Timestamp, StreamId)| it.0 <= by;
        let begun = self.begun.iter().take_while(until(now));
        let new = self.new.iter().take_while(until(by));
        let new = new.filter(|(_, stream)| self.is_oldest(stream));
        begun.chain(new).map(|(_, stream)| stream)
    }

    /// Whether no earlier one of the same API waits to begin, too.
    fn is_oldest(&self, stream: &StreamId) -> bool {
        let Some(row) = self.open.get(stream) else { return false };
        let first = self.new_of.get(&api_of(row)).and_then(BTreeSet::first);
        first.is_some_and(|(_, first)| first == stream)
    }

    /// When the next one is due, after a time.
    pub fn next_due(&self, wait_seconds: i64, now: Timestamp) -> Option<Timestamp> {
        let new = self.new.iter().map(|(time, _)| time.plus_seconds(wait_seconds));
        let begun = self.begun.iter().map(|(time, _)| *time);
        [new.into_iter().find(|it| *it > now), begun.into_iter().find(|it| *it > now)]
            .into_iter()
            .flatten()
            .min()
    }

    /// One that has not ended.
    pub fn get(&self, stream: &StreamId) -> Option<&NoticeRow> {
        self.open.get(stream)
    }

    /// All that have not ended, by their streams.
    pub fn open(&self) -> impl Iterator<Item = (&StreamId, &NoticeRow)> {
        self.open.iter()
    }

    /// Those of the same API that were requested later and have not begun, the oldest first: so many at
    /// most.
    pub fn later_like(&self, first: &NoticeRow, at_most: usize) -> Vec<(StreamId, NoticeRow)> {
        let like = self.new_of.get(&api_of(first)).into_iter().flatten();
        let later = like.filter(|(position, _)| *position > first.position);
        let rows = later.filter_map(|(_, stream)| {
            self.open.get(stream).map(|row| (stream.clone(), row.clone()))
        });
        rows.take(at_most).collect()
    }

    /// How many wait at a time. None is given up before its end.
    pub fn figures(&self, now: Timestamp) -> DeliveryFigures {
        self.open.values().fold(DeliveryFigures::default(), |mut figures, it| {
            let age = (now.seconds() - it.requested.requested_at.seconds()).max(0);
            figures.pending += 1;
            figures.failing += usize::from(it.attempts > 0);
            figures.oldest_seconds = figures.oldest_seconds.max(age);
            figures
        })
    }

    pub(crate) fn apply(&mut self, event: NoticeEvent, recorded: &Recorded) {
        let stream = &recorded.stream;
        self.take_out(stream);
        match event {
            NoticeEvent::Requested(fact) => {
                let row = NoticeRow {
                    due: fact.data.requested_at,
                    requested: fact.data,
                    position: recorded.position,
                    has_begun: false,
                    attempts: 0,
                    why: String::new(),
                };
                self.open.insert(stream.clone(), row);
            }
            NoticeEvent::Finished(_) => drop(self.open.remove(stream)),
            NoticeEvent::Gathered(_) => {
                if let Some(row) = self.open.get_mut(stream) {
                    (row.has_begun, row.due) = (true, recorded.commit.time);
                }
            }
            NoticeEvent::Failed(fact) => {
                if let Some(row) = self.open.get_mut(stream) {
                    (row.attempts, row.due) = (fact.data.attempt, fact.data.again_at);
                    row.why = fact.data.why;
                }
            }
            NoticeEvent::Progressed(_) => (),
        }
        self.put_in(stream);
    }

    fn take_out(&mut self, stream: &StreamId) {
        let Some(row) = self.open.get(stream) else { return };
        if row.has_begun {
            self.begun.remove(&(row.due, stream.clone()));
            return;
        }
        self.new.remove(&(row.due, stream.clone()));
        let api = api_of(row);
        if let Some(of) = self.new_of.get_mut(&api) {
            of.remove(&(row.position, stream.clone()));
            if of.is_empty() {
                self.new_of.remove(&api);
            }
        }
    }

    fn put_in(&mut self, stream: &StreamId) {
        let Some(row) = self.open.get(stream) else { return };
        if row.has_begun {
            self.begun.insert((row.due, stream.clone()));
            return;
        }
        self.new.insert((row.due, stream.clone()));
        self.new_of.entry(api_of(row)).or_default().insert((row.position, stream.clone()));
    }

    /// Forgets what stands before a position and is due.
    pub(crate) fn forget(&mut self, position: u64, forgetting: Forgetting) {
        self.forgotten.note(position, forgetting);
        let is_over = |(stream, it): (&StreamId, &NoticeRow)| {
            let end = stream.closes_at().unwrap_or_default();
            let covers = self.forgotten.covers(it.position, end, STREAM_SECONDS_AFTER_END);
            covers.then(|| stream.clone())
        };
        for stream in self.open.iter().filter_map(is_over).collect::<Vec<_>>() {
            self.take_out(&stream);
            self.open.remove(&stream);
        }
    }

    /// Closes all: the log was restored, and they may have been sent in the lost history.
    pub(crate) fn close_all(&mut self) {
        let forgotten = std::mem::take(&mut self.forgotten);
        *self = Self { forgotten, ..Self::default() };
    }

    /// What was forgotten before the first event that comes.
    pub(crate) fn begin_with(&mut self, forgotten: &Forgotten) {
        self.forgotten = forgotten.clone();
    }
}

/// Which API a notice is about.
fn api_of(row: &NoticeRow) -> (u32, String) {
    (row.requested.resource, row.requested.api_id.clone())
}
