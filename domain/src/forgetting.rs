//! Forgetting: what the log's own events say of it, and the memory of those who forget.
//!
//! Whoever remembers things with an end (the index of the log, the read models) forgets by the same
//! events (`log_event`), so that all forget the same. What is forgotten counts as forgotten at once;
//! its memory is given back in small steps, so that nobody waits for it.

use std::collections::{BTreeMap, VecDeque};

use crate::Parts;
use crate::aggregate::Aggregate as _;
use crate::event::StoredEvent as _;
use crate::ids::Timestamp;
use crate::log_event::{FORGET_STEP_SECONDS, Log, LogEvent};
use crate::stream::StreamId;

/// How many things are given back with a commit or event at most.
pub const GIVEN_BACK_MAX: usize = 64;

/// How many with the one that says what to forget.
pub const GIVEN_BACK_AT_ONCE_MAX: usize = 20_000;

/// What an event of the log's own streams tells those who remember.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgetting {
    /// What ended before this time.
    pub until: Timestamp,
}

impl Forgetting {
    /// What an event says, if it is one of the log's own.
    pub fn of(stream: &StreamId, kind: &str, parts: &Parts) -> Option<Self> {
        if stream.category() != Log::CATEGORY {
            return None;
        }
        match LogEvent::decode(kind, parts).ok()? {
            LogEvent::Forgotten(fact) => Some(Self { until: fact.data.until }),
            LogEvent::Restored(_) => None,
        }
    }
}

/// What was forgotten so far: of a position, up to which time.
///
/// An event covers all that stood before it. So of two events only those count of which the later
/// one forgets less: under a clock that was set back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Positions of events, ascending, and up to which step each forgot, descending.
    steps: Vec<(u64, i64)>,
}

impl Forgotten {
    /// Takes in the event at a position, which is larger than those before.
    pub fn note(&mut self, position: u64, forgetting: Forgetting) {
        let step = step_before(forgetting.until);
        while self.steps.last().is_some_and(|(_, last)| *last <= step) {
            self.steps.pop();
        }
        self.steps.push((position, step));
    }

    /// Whether something that stands at a position, and may be forgotten `seconds_after` its end, is
    /// forgotten.
    pub fn covers(&self, position: u64, end: Timestamp, seconds_after: i64) -> bool {
        self.covers_due(position, due_step(end, seconds_after))
    }

    /// As [`Forgotten::covers`], of something that is due from a step on.
    pub fn covers_due(&self, position: u64, due: i64) -> bool {
        let later = self.steps.partition_point(|(at, _)| *at <= position);
        self.steps.get(later).is_some_and(|(_, step)| due <= *step)
    }

    /// The events that count, for a snapshot: position, and up to which step.
    pub fn steps(&self) -> &[(u64, i64)] {
        &self.steps
    }

    /// From what [`Forgotten::steps`] said.
    pub fn from_steps(steps: Vec<(u64, i64)>) -> Self {
        Self { steps }
    }
}

/// Things with an end, by the step from which they may be forgotten, and those that were forgotten
/// and still take memory.
#[derive(Debug, Clone)]
pub struct Endings<T> {
    ends: BTreeMap<i64, Vec<T>>,
    due: VecDeque<(u64, Vec<T>)>,
    due_count: usize,
}

impl<T> Default for Endings<T> {
    fn default() -> Self {
        Self { ends: BTreeMap::new(), due: VecDeque::new(), due_count: 0 }
    }
}

impl<T> Endings<T> {
    /// Adds something that may be forgotten from a step on.
    pub fn push(&mut self, due: i64, thing: T) {
        self.ends.entry(due).or_default().push(thing);
    }

    /// Whether anything may be forgotten up to a step.
    pub fn has_due(&self, step: i64) -> bool {
        self.ends.first_key_value().is_some_and(|(due, _)| *due <= step)
    }

    /// Takes in the event at a position that forgets up to a step: all that is here stood before it.
    pub fn forget(&mut self, position: u64, step: i64) {
        let later = match step.checked_add(1) {
            Some(next) => self.ends.split_off(&next),
            None => BTreeMap::new(),
        };
        for things in std::mem::replace(&mut self.ends, later).into_values() {
            self.due_count += things.len();
            self.due.push_back((position, things));
        }
    }

    /// Takes in the event at a position that ends all that is here, whenever it may be forgotten.
    pub fn forget_all(&mut self, position: u64) {
        self.forget(position, i64::MAX);
    }

    /// The next thing whose memory is to be given back, and the position before which it stood: what
    /// came later under the same name is not meant.
    pub fn pop_due(&mut self) -> Option<(u64, T)> {
        loop {
            let (before, things) = self.due.front_mut()?;
            if let Some(thing) = things.pop() {
                self.due_count -= 1;
                return Some((*before, thing));
            }
            self.due.pop_front();
        }
    }

    /// How many forgotten things still take memory.
    pub fn due_count(&self) -> usize {
        self.due_count
    }

    /// What was not forgotten, by the steps from which it may be.
    pub fn ends(&self) -> &BTreeMap<i64, Vec<T>> {
        &self.ends
    }

    /// From what [`Endings::ends`] said.
    pub fn from_ends(ends: BTreeMap<i64, Vec<T>>) -> Self {
        Self { ends, ..Self::default() }
    }
}

/// The step up to which forgetting until a time goes.
pub fn step_before(until: Timestamp) -> i64 {
    until.seconds().div_euclid(FORGET_STEP_SECONDS)
}

/// The first step that forgets something which may be forgotten so many seconds after its end.
pub fn due_step(end: Timestamp, seconds_after: i64) -> i64 {
    let due = end.plus_seconds(seconds_after);
    let step = due.0.div_euclid(FORGET_STEP_SECONDS * 1_000_000);
    let exact = due.0.rem_euclid(FORGET_STEP_SECONDS * 1_000_000) == 0;
    step + i64::from(!exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn forget(forgotten: &mut Forgotten, position: u64, until: i64) {
        forgotten.note(position, Forgetting { until: seconds(until) });
    }

    #[test]
    fn an_event_forgets_what_stood_before_it_and_is_due() {
        let mut forgotten = Forgotten::default();
        assert!(!forgotten.covers(1, seconds(0), 0));
        forget(&mut forgotten, 10, 6_000);
        assert!(forgotten.covers(9, seconds(2_400), 3_600));
        assert!(!forgotten.covers(9, seconds(2_401), 3_600));
        assert!(!forgotten.covers(10, seconds(0), 0), "it stands there itself");
        assert!(!forgotten.covers(11, seconds(0), 0), "what comes later is untouched");
    }

    #[test]
    fn what_is_due_is_given_back_once_and_nothing_else_is() {
        let mut endings = Endings::default();
        (1..=5).for_each(|due| endings.push(due, due));
        assert!(endings.has_due(1) && !endings.has_due(0));
        endings.forget(10, 3);
        endings.push(2, 22);
        assert_eq!((endings.due_count(), endings.pop_due()), (3, Some((10, 1))));
        endings.forget(20, 2);
        let rest = std::iter::from_fn(|| endings.pop_due()).collect::<Vec<_>>();
        assert_eq!(rest, [(10, 2), (10, 3), (20, 22)]);
        assert_eq!(endings.ends().keys().copied().collect::<Vec<_>>(), [4, 5]);
    }

    #[test]
    fn after_a_clock_that_was_ahead_the_later_event_forgets_what_came_since() {
        let mut forgotten = Forgotten::default();
        forget(&mut forgotten, 10, 600_000);
        forget(&mut forgotten, 20, 6_000);
        assert!(forgotten.covers(9, seconds(600_000), 0));
        assert!(!forgotten.covers(15, seconds(600_000), 0));
        assert!(forgotten.covers(15, seconds(6_000), 0));
        // Once the clock has come there, one event says all again.
        forget(&mut forgotten, 30, 600_000);
        assert_eq!(forgotten.steps(), [(30, 1_000)]);
        assert!(forgotten.covers(25, seconds(600_000), 0));
    }
}
