//! Answers: was this token revoked?
//!
//! Whether a token was issued is asked of the log, so only the revoked ones are kept, and a day
//! longer than their streams: what was made from them ends with them.

use std::collections::HashMap;

use domain::forgetting::{
    Endings, Forgetting, Forgotten, GIVEN_BACK_AT_ONCE_MAX, GIVEN_BACK_MAX, due_step, step_before,
};
use domain::log_event::REVOKED_SECONDS_AFTER_END;
use domain::token::TokenEvent;
use domain::{Recorded, Timestamp};

/// The revoked tokens that were not forgotten.
#[derive(Debug, Default, Clone)]
pub struct Tokens {
    revoked: HashMap<Box<str>, Mark>,
    ends: Endings<Box<str>>,
    forgotten: Forgotten,
}

/// That a token was revoked.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Mark {
    /// Where in the log.
    position: u64,
    /// The step from which it may be forgotten.
    due: i64,
}

/// Of the same tokens. How much memory was given back says nothing.
impl PartialEq for Tokens {
    fn eq(&self, other: &Self) -> bool {
        let kept = |it: &Self| {
            let mut kept = it.clone();
            kept.give_back(usize::MAX);
            kept
        };
        let (one, other) = (kept(self), kept(other));
        one.revoked == other.revoked && one.forgotten == other.forgotten
    }
}

impl Tokens {
    /// Whether the token with this `jti` was ended before its time.
    pub fn is_revoked(&self, jti: &str) -> bool {
        let mark = self.revoked.get(jti);
        mark.is_some_and(|it| !self.forgotten.covers_due(it.position, it.due))
    }

    /// How many are kept in memory.
    pub fn count(&self) -> usize {
        self.revoked.len()
    }

    /// Whether forgetting until a time would forget anything here.
    pub fn would_forget(&self, until: Timestamp) -> bool {
        self.ends.has_due(step_before(until))
    }

    pub(crate) fn apply(&mut self, event: &TokenEvent, recorded: &Recorded) {
        match event {
            TokenEvent::Issued(_) => (),
            TokenEvent::Revoked(_) => {
                let Some(end) = recorded.stream.closes_at() else { return };
                let jti: Box<str> = recorded.stream.id().into();
                let due = due_step(end, REVOKED_SECONDS_AFTER_END);
                self.ends.push(due, jti.clone());
                self.revoked.insert(jti, Mark { position: recorded.position, due });
            }
        }
        self.give_back(GIVEN_BACK_MAX);
    }

    /// Forgets what stands before a position and is due.
    pub(crate) fn forget(&mut self, position: u64, forgetting: Forgetting) {
        self.forgotten.note(position, forgetting);
        self.ends.forget(position, step_before(forgetting.until));
        self.give_back(GIVEN_BACK_AT_ONCE_MAX);
    }

    /// What was forgotten before the first event that comes.
    pub(crate) fn begin_with(&mut self, forgotten: &Forgotten) {
        self.forgotten = forgotten.clone();
    }

    fn give_back(&mut self, count_max: usize) {
        for _ in 0..count_max {
            let Some((before, jti)) = self.ends.pop_due() else { break };
            if self.revoked.get(&jti).is_some_and(|it| it.position < before) {
                self.revoked.remove(&jti);
            }
        }
    }
}
