//! Plain aggregates: they are created, described anew, and deleted. This is the life that they share;
//! the fields, the values that nobody else may have, and the rules are their own ([`PlainFields`]).

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use crate::aggregate::{Claim, Decision};
use crate::children::{Properties, PropertyValue};
use crate::ids::TenantId;
use crate::kind::ClaimKind;
use crate::refusal::Refusal;

/// What is an aggregate's own.
pub trait PlainFields: Debug + Clone + Default + PartialEq + Send + Sync + 'static {
    /// What may change, in clear: declared by `changes!`.
    type Change: Debug + Clone + PartialEq + Send + Sync + 'static;

    /// As callers are told what it is.
    const CALLED: &'static str;

    /// What must change for `self` to become `new`.
    fn changes_to(&self, new: &Self) -> Vec<Self::Change>;

    /// Takes over what changed.
    fn take_over(&mut self, changes: &[Self::Change]);

    /// The rules for the fields alone.
    ///
    /// # Errors
    /// The first field that breaks one.
    fn check(&self) -> Result<(), Refusal>;

    /// The values that nobody else in the tenant may have, normalised.
    fn held(&self) -> Vec<(ClaimKind, String)>;

    /// The keys of its properties.
    fn property_keys(&self) -> &[String];

    /// Whether it may become `new`, or end.
    ///
    /// # Errors
    /// The rule that stands in the way.
    fn may_become(&self, _new: Option<&Self>) -> Result<(), Refusal> {
        Ok(())
    }
}

/// What a plain aggregate may be asked to become.
#[derive(Debug, Clone)]
pub enum PlainCommand<F> {
    /// Enter a new one, with the values of its properties.
    Create(PlainCreated, Box<F>, Vec<PropertyValue>),
    /// Become as described.
    Update(Box<F>, Vec<PropertyValue>),
    /// End.
    Delete,
}

/// What never changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlainCreated {
    /// Its number.
    pub id: u32,
    /// Whose it is.
    pub tenant: TenantId,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlainUpdated<C> {
    /// The fields that changed, with their new values.
    pub changes: Vec<C>,
}

/// That it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlainDeleted {
    /// Its number.
    pub id: u32,
}

/// An event, whatever the aggregate is called.
#[derive(Debug, Clone, PartialEq)]
pub enum PlainEvent<C> {
    /// It entered.
    Created(PlainCreated),
    /// Fields changed, or the values of properties.
    Updated(PlainUpdated<C>, Option<Properties>),
    /// It ended.
    Deleted(PlainDeleted),
}

/// What the rules need to remember.
#[derive(Debug, Clone, Default)]
pub enum Plain<F> {
    /// Never created.
    #[default]
    Absent,
    /// In use.
    Active(Box<Active<F>>),
    /// Ended.
    Deleted,
}

/// One that is in use.
#[derive(Debug, Clone, Default)]
pub struct Active<F> {
    created: PlainCreated,
    fields: F,
    properties: Properties,
}

impl<F: PlainFields> Plain<F> {
    /// As [`crate::Aggregate::decide`].
    ///
    /// # Errors
    /// The rule that stands in the way.
    pub fn decide(
        &self,
        command: &PlainCommand<F>,
    ) -> Result<Decision<PlainEvent<F::Change>>, Refusal> {
        match (self, command) {
            (Self::Absent, PlainCommand::Create(created, fields, properties)) => {
                let new = Active::<F> { created: *created, ..Active::default() };
                let mut decision = new.update(fields, properties)?;
                decision.events.insert(0, PlainEvent::Created(*created));
                Ok(decision)
            }
            (_, PlainCommand::Create(..)) => Err(Refusal::AlreadyExists { what: F::CALLED }),
            (Self::Active(active), PlainCommand::Update(fields, properties)) => {
                active.fields.may_become(Some(fields))?;
                active.update(fields, properties)
            }
            (Self::Active(active), PlainCommand::Delete) => {
                active.fields.may_become(None)?;
                let deleted = PlainDeleted { id: active.created.id };
                let releases = active.held(&active.fields);
                Ok(Decision { releases, ..Decision::event(PlainEvent::Deleted(deleted)) })
            }
            (Self::Absent | Self::Deleted, _) => Err(Refusal::NotFound { what: F::CALLED }),
        }
    }

    /// As [`crate::Aggregate::evolve`].
    pub fn evolve(&mut self, event: PlainEvent<F::Change>) {
        match (event, &mut *self) {
            (PlainEvent::Created(created), _) => {
                *self = Self::Active(Box::new(Active { created, ..Active::default() }));
            }
            (PlainEvent::Updated(updated, properties), Self::Active(active)) => {
                active.fields.take_over(&updated.changes);
                active.properties.replace(properties.as_ref());
            }
            (PlainEvent::Updated(..), Self::Absent | Self::Deleted) => (),
            (PlainEvent::Deleted(_), _) => *self = Self::Deleted,
        }
    }
}

impl<F: PlainFields> Active<F> {
    fn update(
        &self,
        new: &F,
        properties: &[PropertyValue],
    ) -> Result<Decision<PlainEvent<F::Change>>, Refusal> {
        new.check()?;
        let keys = (self.fields.property_keys(), new.property_keys());
        let properties = self.properties.wished(keys.0, keys.1, properties)?;
        let changes = self.fields.changes_to(new);
        if changes.is_empty() && properties.is_none() {
            return Ok(Decision::none());
        }
        let decision = Decision::event(PlainEvent::Updated(PlainUpdated { changes }, properties));
        let (mut releases, mut claims) = (self.held(&self.fields), self.held(new));
        releases.retain(|it| !claims.contains(it));
        claims.retain(|it| !self.held(&self.fields).contains(it));
        Ok(Decision { claims, releases, ..decision })
    }

    /// What fields hold. A blank value, as of one that is being created, is none.
    fn held(&self, fields: &F) -> Vec<Claim> {
        let held = fields.held().into_iter().filter(|(_, value)| !value.is_empty());
        let scope = self.created.tenant;
        held.map(|(kind, value)| Claim { scope, kind: kind.name, value }).collect()
    }
}

/// Declares a plain aggregate: its events, with their stored names, and its place among the others.
/// Its fields implement [`PlainFields`].
#[macro_export]
macro_rules! plain_aggregate {
    (
        $(#[$meta:meta])*
        pub struct $aggregate:ident($fields:ident), $change:ident;
        $(#[$event_meta:meta])*
        pub enum $event:ident of $category:literal {
            $created:literal, $updated:literal, $deleted:literal $(,)?
        }
        claims: $claims:expr;
    ) => {
        $crate::stored_events! {
            $(#[$event_meta])*
            pub enum $event {
                /// It entered.
                Created = $created { data: $crate::plain::PlainCreated },
                /// Some of its fields changed.
                Updated = $updated {
                    data: $crate::plain::PlainUpdated<$change>,
                    secret: $crate::children::Properties
                },
                /// It ended.
                Deleted = $deleted { data: $crate::plain::PlainDeleted, marks: [Ends] },
            }
        }

        $(#[$meta])*
        #[derive(Debug, Clone, Default)]
        pub struct $aggregate($crate::plain::Plain<$fields>);

        impl $crate::Aggregate for $aggregate {
            const CATEGORY: &'static str = $category;
            const IDS: $crate::Ids = $crate::Ids::Counted;
            const CLAIMS: &'static [$crate::ClaimKind] = $claims;
            type Command = $crate::plain::PlainCommand<$fields>;
            type Event = $event;

            fn decide(
                &self,
                command: &Self::Command,
                _now: $crate::Timestamp,
            ) -> Result<$crate::Decision<$event>, $crate::Refusal> {
                let $crate::Decision { events, claims, releases } = self.0.decide(command)?;
                let events = events.into_iter().map($event::from).collect();
                Ok($crate::Decision { events, claims, releases })
            }

            fn evolve(&mut self, event: &$event) {
                self.0.evolve(event.clone().into());
            }
        }

        impl From<$crate::plain::PlainEvent<$change>> for $event {
            fn from(event: $crate::plain::PlainEvent<$change>) -> Self {
                use $crate::plain::PlainEvent;
                match event {
                    PlainEvent::Created(created) => Self::Created(created.into()),
                    PlainEvent::Updated(updated, secret) => {
                        Self::Updated($crate::Fact { secret, ..$crate::Fact::from(updated) })
                    }
                    PlainEvent::Deleted(deleted) => Self::Deleted(deleted.into()),
                }
            }
        }

        impl From<$event> for $crate::plain::PlainEvent<$change> {
            fn from(event: $event) -> Self {
                match event {
                    $event::Created(fact) => Self::Created(fact.data),
                    $event::Updated(fact) => Self::Updated(fact.data, fact.secret),
                    $event::Deleted(fact) => Self::Deleted(fact.data),
                }
            }
        }
    };
}
