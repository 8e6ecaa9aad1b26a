//! The shape that every aggregate has.

use crate::event::StoredEvent;
use crate::ids::{TenantId, Timestamp};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;

/// A consistency boundary: one stream, one state, one writer at a time.
pub trait Aggregate: Default + Clone + Send + Sync + 'static {
    /// The first part of the stream name: `client` in `client-7`.
    const CATEGORY: &'static str;
    /// What the other part of the stream name is.
    const IDS: Ids;
    /// The unique values that it may hold.
    const CLAIMS: &'static [ClaimKind];
    /// What callers may ask for. Imperative: `Register`.
    type Command: Send + Sync;
    /// What has happened. Past tense: `Registered`.
    type Event: StoredEvent;

    /// Judges a command against the state. Every rule lives here, and nothing else does.
    ///
    /// # Errors
    /// The refusal, if a rule stands in the way.
    fn decide(
        &self,
        command: &Self::Command,
        now: Timestamp,
    ) -> Result<Decision<Self::Event>, Refusal>;

    /// Folds a fact into the state. It holds no rule and cannot fail: the fact has happened.
    fn evolve(&mut self, event: &Self::Event);
}

/// What a command leads to. No event at all is an answer: the state already is as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<E> {
    /// The new facts, in order.
    pub events: Vec<E>,
    /// Unique values that this aggregate now holds.
    pub claims: Vec<Claim>,
    /// Unique values that it held and gives back.
    pub releases: Vec<Claim>,
}

/// A value that only one aggregate may hold. The log, not a read model, sees to that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Within which tenant, or the whole installation.
    pub scope: TenantId,
    /// What kind of value: `user_name`.
    pub kind: &'static str,
    /// The normalised value, in clear; it is hashed before it reaches the log.
    pub value: String,
}

impl<E> Decision<E> {
    /// Nothing to do.
    pub fn none() -> Self {
        Self { events: Vec::new(), claims: Vec::new(), releases: Vec::new() }
    }

    /// One fact.
    pub fn event(event: E) -> Self {
        Self { events: vec![event], ..Self::none() }
    }

    /// Adds a claim.
    #[must_use]
    pub fn claim(mut self, scope: TenantId, kind: ClaimKind, value: impl Into<String>) -> Self {
        self.claims.push(Claim { scope, kind: kind.name, value: value.into() });
        self
    }

    /// Adds a release.
    #[must_use]
    pub fn release(mut self, scope: TenantId, kind: ClaimKind, value: impl Into<String>) -> Self {
        self.releases.push(Claim { scope, kind: kind.name, value: value.into() });
        self
    }
}
