//! The grammar of the rules: given a history, when a command comes, then these events or a refusal.

use std::fmt::Debug;

use domain::{Aggregate, Claim, ClaimKind, Decision, Refusal, TenantId, Timestamp};

/// The time at which every test runs: 2023-11-14 22:13:20.123456 UTC.
pub const NOW: Timestamp = Timestamp(1_700_000_000_123_456);

/// A history, on its way to a verdict.
#[must_use]
pub struct Given<A>(A);

/// Starts a test of one aggregate from what has happened to it.
pub fn given<A: Aggregate>(history: impl IntoIterator<Item = A::Event>) -> Given<A> {
    let mut state = A::default();
    history.into_iter().for_each(|event| state.evolve(&event));
    Given(state)
}

impl<A: Aggregate> Given<A> {
    /// The command comes at [`NOW`].
    pub fn when(self, command: A::Command) -> Then<A::Event> {
        self.when_at(command, NOW)
    }

    /// The command comes at another time.
    pub fn when_at(self, command: A::Command, now: Timestamp) -> Then<A::Event> {
        Then(self.0.decide(&command, now))
    }
}

/// A verdict, to be held against what the test expects.
#[must_use]
pub struct Then<E>(Result<Decision<E>, Refusal>);

impl<E: Debug + PartialEq> Then<E> {
    /// Exactly these events. What is claimed and released stands in what comes back.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = E>) -> Decided {
        let Decision { events, claims, releases } = self.decision();
        assert_eq!(events, expected.into_iter().collect::<Vec<_>>());
        Decided { claims, releases }
    }

    /// Nothing at all: the state already is as asked.
    #[track_caller]
    pub fn then_nothing(self) {
        self.then([]).then_claims([]).then_releases([]);
    }

    /// Some events, whatever they are.
    #[track_caller]
    pub fn then_accepted(self) {
        assert!(!self.decision().events.is_empty(), "nothing happened");
    }

    /// Exactly this refusal.
    #[track_caller]
    pub fn then_refused(self, expected: Refusal) {
        match self.0 {
            Ok(decision) => panic!("not refused ({expected}): {decision:?}"),
            Err(refusal) => assert_eq!(refusal, expected),
        }
    }

    /// A refusal of this field, whatever the rule.
    #[track_caller]
    pub fn then_refused_field(self, wanted: &str) {
        match self.0 {
            Err(Refusal::Invalid { field, .. }) => assert_eq!(field, wanted),
            other => panic!("{wanted} is not refused: {other:?}"),
        }
    }

    /// What was decided, for a test that looks closer.
    #[track_caller]
    pub fn decision(self) -> Decision<E> {
        match self.0 {
            Ok(decision) => decision,
            Err(refusal) => panic!("refused: {refusal}"),
        }
    }
}

/// The unique values of an accepted command.
pub struct Decided {
    claims: Vec<Claim>,
    releases: Vec<Claim>,
}

impl Decided {
    /// Exactly these claims, in order.
    #[track_caller]
    pub fn then_claims(self, expected: impl IntoIterator<Item = Claim>) -> Self {
        assert_eq!(self.claims, expected.into_iter().collect::<Vec<_>>(), "claims");
        self
    }

    /// Exactly these releases, in order.
    #[track_caller]
    pub fn then_releases(self, expected: impl IntoIterator<Item = Claim>) -> Self {
        assert_eq!(self.releases, expected.into_iter().collect::<Vec<_>>(), "releases");
        self
    }
}

/// A unique value within a tenant (0 is the installation).
pub fn claim(scope: u32, kind: ClaimKind, value: &str) -> Claim {
    Claim { scope: TenantId(scope), kind: kind.name, value: value.to_owned() }
}

/// The refusal of a text one character too long.
pub fn too_long(field: &'static str, chars_max: usize) -> Refusal {
    Refusal::invalid(field, format!("must have at most {chars_max} characters"))
}

/// The refusal of a list one item too long.
pub fn too_many(field: &'static str, items_max: usize) -> Refusal {
    Refusal::invalid(field, format!("must have at most {items_max} items"))
}

/// The refusal of what is missing or blank.
pub fn required(field: &'static str) -> Refusal {
    Refusal::invalid(field, "is required")
}

/// The refusal of a control character.
pub fn control_character(field: &'static str) -> Refusal {
    Refusal::invalid(field, "must not have control characters")
}
