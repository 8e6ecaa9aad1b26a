//! A subscriber: an e-mail address that is told when an API changes. Not a subscription, which opens a
//! product.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::check;
use crate::event::Fact;
use crate::ids::{SubjectId, SubscriberId, TenantId, Timestamp};
use crate::kind::{ClaimKind, Ids};
use crate::mail_address;
use crate::refusal::Refusal;
use crate::stored_events;

/// The kind of claim that lets an address subscribe to an API resource once.
pub const SUBSCRIBER_CLAIM: ClaimKind = ClaimKind { name: "subscriber", english: "subscriber" };

/// The longest address, in characters (RFC 5321 section 4.5.3.1.3).
pub const ADDRESS_CHARS_MAX: usize = 254;

/// The most subscribers of one API resource.
pub const SUBSCRIBERS_OF_RESOURCE_MAX: usize = 100_000;

/// How many letters in a row may be refused for good, before nothing more is sent.
pub const BOUNCES_MAX: u32 = 3;

/// Of what the mark is a keyed hash.
pub fn address_at(resource: u32, address: &str) -> String {
    format!("{resource}:{}", mail_address::key(address).to_ascii_lowercase())
}

/// The value of the claim. What is not ASCII has always held it under this.
fn claimed_at(resource: u32, address: &str) -> String {
    format!("{resource}:{}", address.trim().to_lowercase())
}

/// Somebody proved an address, and is told from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriberConfirmed {
    /// Its number.
    pub subscriber: SubscriberId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The API resource.
    pub resource: u32,
    /// `en` or `zh-CN`.
    pub language: String,
    /// A keyed hash of tenant, resource and address: by it a later code finds that it was removed.
    #[serde(serialize_with = "crate::codec::hex_for_people")]
    pub mark: [u8; 16],
}

impl SubscriberConfirmed {
    fn whose(&self) -> SubjectId {
        self.subscriber.into()
    }
}

/// Who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriberAddress {
    /// The e-mail address, as it was given.
    pub address: String,
}

/// Why a subscriber was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RemovedBy {
    /// By the link in a letter.
    Link,
    /// By an owner of the API resource.
    Owner,
    /// The API resource was deleted.
    Resource,
    /// Letters were refused for good.
    Bounces,
}

/// A subscriber is told nothing any more. The key of the address is destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriberRemoved {
    /// Its number.
    pub subscriber: SubscriberId,
    /// Why.
    pub by: RemovedBy,
}

impl SubscriberRemoved {
    fn whose(&self) -> SubjectId {
        self.subscriber.into()
    }
}

/// A letter was refused for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriberBounced {
    /// How many in a row.
    pub bounces: u32,
}

/// After refused letters one was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriberReached {
    /// How many were refused before.
    pub bounces: u32,
}

/// What a subscriber may be asked to become.
#[derive(Debug, Clone)]
pub enum SubscriberCommand {
    /// Enter a new one.
    Confirm(SubscriberConfirmed, SubscriberAddress),
    /// Be told nothing any more.
    Remove(RemovedBy),
    /// Note that a letter was refused for good; after [`BOUNCES_MAX`] in a row it is removed.
    NoteBounced,
    /// Note that a letter was taken.
    NoteReached,
}

stored_events! {
    /// What has happened to a subscriber. A stored contract: see `docs/events.md`.
    pub enum SubscriberEvent {
        /// Somebody proved the address.
        Confirmed = "subscriber.confirmed.v1" {
            data: SubscriberConfirmed, personal: SubscriberAddress, subject: whose()
        },
        /// It is told nothing any more.
        Removed = "subscriber.removed.v1" {
            data: SubscriberRemoved, subject: whose(), marks: [Erases]
        },
        /// A letter was refused for good.
        Bounced = "subscriber.bounced.v1" { data: SubscriberBounced },
        /// After refused letters one was taken.
        Reached = "subscriber.reached.v1" { data: SubscriberReached },
    }
}

/// What the rules need to remember of a subscriber.
#[derive(Debug, Clone, Default)]
pub enum Subscriber {
    /// Never confirmed.
    #[default]
    Absent,
    /// Is told.
    Present(Box<Present>),
    /// Is told nothing any more.
    Removed,
}

/// A subscriber that is told.
#[derive(Debug, Clone)]
pub struct Present {
    subscriber: SubscriberId,
    tenant: TenantId,
    /// The value of its claim; `None` if its key is gone.
    claim: Option<String>,
    bounces: u32,
}

impl Aggregate for Subscriber {
    const CATEGORY: &'static str = "subscriber";
    const IDS: Ids = Ids::Counted;
    const CLAIMS: &'static [ClaimKind] = &[SUBSCRIBER_CLAIM];
    type Command = SubscriberCommand;
    type Event = SubscriberEvent;

    fn decide(
        &self,
        command: &SubscriberCommand,
        _now: Timestamp,
    ) -> Result<Decision<SubscriberEvent>, Refusal> {
        match (self, command) {
            (Self::Absent, SubscriberCommand::Confirm(data, address)) => confirm(data, address),
            (_, SubscriberCommand::Confirm(..)) => {
                Err(Refusal::AlreadyExists { what: "subscriber" })
            }
            (Self::Absent, _) => Err(Refusal::NotFound { what: "subscriber" }),
            // Whoever follows a link twice wants the same.
            (Self::Removed, _) => Ok(Decision::none()),
            (Self::Present(present), SubscriberCommand::Remove(by)) => Ok(present.remove(*by)),
            (Self::Present(present), SubscriberCommand::NoteBounced) => Ok(present.bounce()),
            (Self::Present(present), SubscriberCommand::NoteReached) => Ok(match present.bounces {
                0 => Decision::none(),
                bounces => {
                    Decision::event(SubscriberEvent::Reached(SubscriberReached { bounces }.into()))
                }
            }),
        }
    }

    fn evolve(&mut self, event: &SubscriberEvent) {
        match (&mut *self, event) {
            (_, SubscriberEvent::Confirmed(fact)) => {
                let SubscriberConfirmed { subscriber, tenant, resource, .. } = fact.data;
                let claim = fact.personal.as_ref().map(|it| claimed_at(resource, &it.address));
                let present = Present { subscriber, tenant, claim, bounces: 0 };
                *self = Self::Present(Box::new(present));
            }
            (_, SubscriberEvent::Removed(_)) => *self = Self::Removed,
            (Self::Present(present), SubscriberEvent::Bounced(fact)) => {
                present.bounces = fact.data.bounces;
            }
            (Self::Present(present), SubscriberEvent::Reached(_)) => present.bounces = 0,
            // Nothing happens to one that is not there.
            (Self::Absent | Self::Removed, _) => (),
        }
    }
}

/// Whether letters could be sent there, as far as its form says.
///
/// # Errors
/// What is wrong with it.
pub fn check_address(field: &'static str, address: &str) -> Result<(), Refusal> {
    check::required(field, address, ADDRESS_CHARS_MAX)?;
    check::email(field, address)
}

fn confirm(
    data: &SubscriberConfirmed,
    address: &SubscriberAddress,
) -> Result<Decision<SubscriberEvent>, Refusal> {
    check_address("email", &address.address)?;
    check::required("language", &data.language, 20)?;
    let claim = claimed_at(data.resource, &address.address);
    let fact = Fact { data: data.clone(), personal: Some(address.clone()), secret: None };
    let decision = Decision::event(SubscriberEvent::Confirmed(fact));
    Ok(decision.claim(data.tenant, SUBSCRIBER_CLAIM, claim))
}

impl Present {
    fn remove(&self, by: RemovedBy) -> Decision<SubscriberEvent> {
        let removed = SubscriberRemoved { subscriber: self.subscriber, by };
        let decision = Decision::event(SubscriberEvent::Removed(removed.into()));
        match &self.claim {
            Some(claim) => decision.release(self.tenant, SUBSCRIBER_CLAIM, claim.clone()),
            None => decision,
        }
    }

    fn bounce(&self) -> Decision<SubscriberEvent> {
        let bounces = self.bounces.saturating_add(1);
        let bounced = SubscriberEvent::Bounced(SubscriberBounced { bounces }.into());
        if bounces < BOUNCES_MAX {
            return Decision::event(bounced);
        }
        let mut decision = self.remove(RemovedBy::Bounces);
        decision.events.insert(0, bounced);
        decision
    }
}
