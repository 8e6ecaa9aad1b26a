//! Answers: what is to be sent, and when; and what was given up?

use std::collections::{BTreeMap, BTreeSet};

use domain::delivery::{Channel, DeliveryEvent};
use domain::forgetting::{Forgetting, Forgotten};
use domain::log_event::STREAM_SECONDS_AFTER_END;
use domain::{Recorded, StreamId, TenantId, Timestamp};

/// Letters and messages that were not sent yet.
#[derive(Debug, Default, PartialEq)]
pub struct Deliveries {
    open: BTreeMap<StreamId, OpenDelivery>,
    /// Those that are to be tried, by when.
    due: BTreeSet<(Timestamp, StreamId)>,
    forgotten: Forgotten,
}

/// A letter or message that was not sent yet.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenDelivery {
    /// How it is sent.
    pub channel: Channel,
    /// In whose name.
    pub tenant: TenantId,
    /// When it was asked for.
    pub wanted_at: Timestamp,
    /// After this time it is not sent any more.
    pub until: Timestamp,
    /// How many attempts failed.
    pub attempts: u32,
    /// When it is tried next; `None` if it was given up.
    pub due: Option<Timestamp>,
    /// Why the last attempt failed; empty before the first.
    pub why: String,
    /// The position of its first event.
    position: u64,
}

/// How much of a channel waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeliveryFigures {
    /// What is to be sent.
    pub pending: usize,
    /// How many of these failed at least once.
    pub failing: usize,
    /// How long the oldest of them has waited, in seconds.
    pub oldest_seconds: i64,
    /// What was given up, and could still be retried.
    pub given_up: usize,
}

impl Deliveries {
    /// Those of a channel that are due at a time, the oldest first.
    pub fn due(&self, channel: Channel, now: Timestamp) -> impl Iterator<Item = &StreamId> {
        let due = self.due.iter().take_while(move |(due, _)| *due <= now).map(|(_, stream)| stream);
        due.filter(move |it| self.may_be_sent(it, channel, now))
    }

    /// When the next one of a channel is due, after a time.
    pub fn next_due(&self, channel: Channel, now: Timestamp) -> Option<Timestamp> {
        let mut later = self.due.iter().filter(|(due, _)| *due > now);
        later.find(|(_, it)| self.may_be_sent(it, channel, now)).map(|(due, _)| *due)
    }

    fn may_be_sent(&self, stream: &StreamId, channel: Channel, now: Timestamp) -> bool {
        self.open.get(stream).is_some_and(|it| it.channel == channel && now < it.until)
    }

    /// How much of a channel waits at a time.
    pub fn figures(&self, channel: Channel, now: Timestamp) -> DeliveryFigures {
        let of = self.open.values().filter(|it| it.channel == channel && now < it.until);
        of.fold(DeliveryFigures::default(), |mut figures, it| {
            match it.due {
                Some(_) => {
                    let age = (now.seconds() - it.wanted_at.seconds()).max(0);
                    figures.pending += 1;
                    figures.failing += usize::from(it.attempts > 0);
                    figures.oldest_seconds = figures.oldest_seconds.max(age);
                }
                None => figures.given_up += 1,
            }
            figures
        })
    }

    /// All that were not sent and still may be, or were given up, by their streams.
    pub fn open(&self) -> impl Iterator<Item = (&StreamId, &OpenDelivery)> {
        self.open.iter()
    }

    pub(crate) fn apply(&mut self, event: DeliveryEvent, recorded: &Recorded) {
        let stream = &recorded.stream;
        if let Some(before) = self.open.get(stream).and_then(|it| it.due) {
            self.due.remove(&(before, stream.clone()));
        }
        match event {
            DeliveryEvent::Wanted(wanted, ..) => {
                let open = OpenDelivery {
                    channel: wanted.channel,
                    tenant: wanted.tenant,
                    wanted_at: wanted.wanted_at,
                    until: wanted.until,
                    attempts: 0,
                    due: Some(wanted.wanted_at),
                    why: String::new(),
                    position: recorded.position,
                };
                self.open.insert(stream.clone(), open);
            }
            DeliveryEvent::Sent(_) => drop(self.open.remove(stream)),
            DeliveryEvent::Failed(failed) => {
                if let Some(open) = self.open.get_mut(stream) {
                    (open.attempts, open.due) = (failed.attempt, failed.again_at);
                    open.why = failed.why;
                }
            }
            DeliveryEvent::Retried(_) => {
                if let Some(open) = self.open.get_mut(stream) {
                    open.due = Some(recorded.commit.time);
                }
            }
        }
        if let Some(due) = self.open.get(stream).and_then(|it| it.due) {
            self.due.insert((due, stream.clone()));
        }
    }

    /// Forgets what stands before a position and is due.
    pub(crate) fn forget(&mut self, position: u64, forgetting: Forgetting) {
        self.forgotten.note(position, forgetting);
        let Self { open, due, forgotten } = self;
        open.retain(|stream, it| {
            let end = stream.closes_at().unwrap_or_default();
            !forgotten.covers(it.position, end, STREAM_SECONDS_AFTER_END)
        });
        due.retain(|(_, stream)| open.contains_key(stream));
    }

    /// Closes all: the log was restored, and they may have been sent in the lost history.
    pub(crate) fn close_all(&mut self) {
        (self.open, self.due) = (BTreeMap::new(), BTreeSet::new());
    }

    /// What was forgotten before the first event that comes.
    pub(crate) fn begin_with(&mut self, forgotten: &Forgotten) {
        self.forgotten = forgotten.clone();
    }
}
