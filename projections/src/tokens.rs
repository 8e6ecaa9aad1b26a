//! Answers: was this token revoked?
//!
//! Tokens prove themselves, so only the revoked ones are kept, and only until their streams end.

use std::collections::{BTreeMap, HashSet};

use domain::token::TokenEvent;
use domain::{Recorded, Timestamp};

/// The revoked tokens that have not ended.
#[derive(Debug, Default, PartialEq)]
pub struct Tokens {
    revoked: HashSet<Box<str>>,
    ends: BTreeMap<Timestamp, Vec<Box<str>>>,
}

impl Tokens {
    /// Whether the token with this `jti` was ended before its time.
    pub fn is_revoked(&self, jti: &str) -> bool {
        self.revoked.contains(jti)
    }

    /// How many are kept.
    pub fn count(&self) -> usize {
        self.revoked.len()
    }

    pub(crate) fn apply(&mut self, event: &TokenEvent, recorded: &Recorded) {
        match event {
            TokenEvent::Issued(_) => (),
            TokenEvent::Revoked(_) => {
                let jti: Box<str> = recorded.stream.id().into();
                if let Some(end) = recorded.stream.closes_at() {
                    self.ends.entry(end).or_default().push(jti.clone());
                }
                self.revoked.insert(jti);
            }
        }
    }

    /// Forgets tokens whose streams have ended.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        while let Some(entry) = self.ends.first_entry() {
            if *entry.key() > now {
                break;
            }
            for jti in entry.remove() {
                self.revoked.remove(&jti);
            }
        }
    }
}
