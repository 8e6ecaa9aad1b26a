//! A subscription: the access of a user to a product at the gateway, with two keys that open it.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::api_key::{KeyInfo, old_until};
use crate::check;
use crate::ids::{TenantId, Timestamp, UserId};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::stored_events;

/// The kind of claim that counts the subscriptions of a user to a product: each holds one of as many
/// places as the product has for a user.
pub const SUBSCRIPTION_SLOT_CLAIM: ClaimKind =
    ClaimKind { name: "subscription_slot", english: "place of a subscription" };

/// The most subscriptions of one user, to all products; and to one whose product says no number.
pub const SUBSCRIPTIONS_OF_USER_MAX: u32 = 100;

/// The most subscriptions of one tenant.
pub const SUBSCRIPTIONS_OF_TENANT_MAX: usize = 100_000;

/// The longest reason that somebody gives, in characters.
const REASON_CHARS_MAX: usize = 500;

/// What a subscription may be asked to become.
#[derive(Debug, Clone)]
pub enum SubscriptionCommand {
    /// Enter a new one.
    Request {
        /// What is asked for. If it is approved, it is active at once.
        data: Box<SubscriptionRequested>,
        /// How many subscriptions a user may have to the product.
        slots: u32,
        /// The keys that it gets if it is approved.
        keys: Box<SubscriptionActivated>,
    },
    /// Be agreed to, and get keys.
    Approve(Box<SubscriptionActivated>),
    /// Be refused.
    Reject(Option<String>),
    /// Open nothing until it is resumed.
    Suspend(Option<String>),
    /// Open again what it opened.
    Resume(Option<String>),
    /// End.
    Cancel(Option<String>),
    /// Get another key.
    ReplaceKey {
        /// In the place of which.
        which: WhichKey,
        /// The new one.
        key: KeyInfo,
        /// For how many seconds the present one still counts.
        old_for: u32,
    },
}

/// One of the two keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WhichKey {
    /// The first one.
    Primary,
    /// The second one.
    Secondary,
}

/// How far a subscription is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionState {
    /// Somebody must agree to it.
    Submitted,
    /// Its keys open the product.
    Active,
    /// Its keys open nothing for now.
    Suspended,
    /// Somebody refused it.
    Rejected,
}

/// Somebody asked for a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionRequested {
    /// Its number.
    pub subscription: u32,
    /// Whose it is.
    pub tenant: TenantId,
    /// The number of the product.
    pub product: u32,
    /// The id of the product, which stays.
    pub product_id: String,
    /// Who asked, and has its keys.
    pub owner: UserId,
    /// What its owner calls it.
    pub name: String,
    /// Whether nobody had to agree.
    pub approved: bool,
    /// Which of the places it holds that the product has for a user, from 1.
    pub slot: u32,
    /// After which none of its keys counts; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// A subscription opens its product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionActivated {
    /// One of its keys.
    pub primary: KeyInfo,
    /// The other one.
    pub secondary: KeyInfo,
}

/// Why something happened to a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionReason {
    /// As somebody said.
    pub reason: Option<String>,
}

/// One of the keys is another one now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionKeyReplaced {
    /// Which.
    pub which: WhichKey,
    /// The new one.
    pub key: KeyInfo,
    /// Until when the one before it still counts; `None` if it does not.
    pub old_until: Option<Timestamp>,
}

stored_events! {
    /// What has happened to a subscription. A stored contract: see `docs/events.md`.
    pub enum SubscriptionEvent {
        /// Somebody asked for it.
        Requested = "subscription.requested.v1" { data: SubscriptionRequested },
        /// It opens its product.
        Activated = "subscription.activated.v1" { data: SubscriptionActivated },
        /// Somebody refused it.
        Rejected = "subscription.rejected.v1" { data: SubscriptionReason },
        /// It opens nothing for now.
        Suspended = "subscription.suspended.v1" { data: SubscriptionReason },
        /// It opens its product again.
        Resumed = "subscription.resumed.v1" { data: SubscriptionReason },
        /// It ended.
        Cancelled = "subscription.cancelled.v1" { data: SubscriptionReason, marks: [Ends] },
        /// One of its keys is another one.
        KeyReplaced = "subscription.key_replaced.v1" { data: SubscriptionKeyReplaced },
    }
}

/// What the rules need to remember of a subscription.
#[derive(Debug, Clone, Default)]
pub enum Subscription {
    /// Never asked for.
    #[default]
    Absent,
    /// There.
    Present(Box<Present>),
    /// Ended.
    Cancelled,
}

/// A subscription that has not ended.
#[derive(Debug, Clone)]
pub struct Present {
    state: SubscriptionState,
    tenant: TenantId,
    /// The value of its claim.
    place: String,
    expires_at: Option<Timestamp>,
}

impl Aggregate for Subscription {
    const CATEGORY: &'static str = "subscription";
    const IDS: Ids = Ids::Counted;
    const CLAIMS: &'static [ClaimKind] = &[SUBSCRIPTION_SLOT_CLAIM];
    type Command = SubscriptionCommand;
    type Event = SubscriptionEvent;

    fn decide(
        &self,
        command: &SubscriptionCommand,
        now: Timestamp,
    ) -> Result<Decision<SubscriptionEvent>, Refusal> {
        match (self, command) {
            (Self::Absent, SubscriptionCommand::Request { data, slots, keys }) => {
                request(data, *slots, keys, now)
            }
            (_, SubscriptionCommand::Request { .. }) => {
                Err(Refusal::AlreadyExists { what: "subscription" })
            }
            (Self::Absent | Self::Cancelled, _) => Err(Refusal::NotFound { what: "subscription" }),
            (Self::Present(present), command) => present.decide(command, now),
        }
    }

    fn evolve(&mut self, event: &SubscriptionEvent) {
        match (&mut *self, event) {
            (_, SubscriptionEvent::Requested(fact)) => {
                let SubscriptionRequested { tenant, expires_at, .. } = fact.data;
                let (state, place) = (SubscriptionState::Submitted, place_of(&fact.data));
                *self = Self::Present(Box::new(Present { state, tenant, place, expires_at }));
            }
            (Self::Present(_), SubscriptionEvent::Cancelled(_)) => *self = Self::Cancelled,
            (Self::Present(present), event) => {
                present.state = state_after(event).unwrap_or(present.state);
            }
            // Nothing happens to one that is not there.
            (Self::Absent | Self::Cancelled, _) => (),
        }
    }
}

/// The state to which an event leads; `None` for those that leave it as it is.
pub fn state_after(event: &SubscriptionEvent) -> Option<SubscriptionState> {
    match event {
        SubscriptionEvent::Requested(_) => Some(SubscriptionState::Submitted),
        SubscriptionEvent::Activated(_) | SubscriptionEvent::Resumed(_) => {
            Some(SubscriptionState::Active)
        }
        SubscriptionEvent::Suspended(_) => Some(SubscriptionState::Suspended),
        SubscriptionEvent::Rejected(_) => Some(SubscriptionState::Rejected),
        SubscriptionEvent::Cancelled(_) | SubscriptionEvent::KeyReplaced(_) => None,
    }
}

fn place_of(data: &SubscriptionRequested) -> String {
    format!("{}:{}:{}", data.product, data.owner, data.slot)
}

fn request(
    data: &SubscriptionRequested,
    slots: u32,
    keys: &SubscriptionActivated,
    now: Timestamp,
) -> Result<Decision<SubscriptionEvent>, Refusal> {
    check::required("name", &data.name, 300)?;
    if data.expires_at.is_some_and(|it| it <= now) {
        return Err(Refusal::invalid("expiresAt", "must be later than now"));
    }
    if !(1..=slots).contains(&data.slot) {
        return Err(NO_PLACE);
    }
    let mut decision = Decision::event(SubscriptionEvent::Requested(data.clone().into()));
    if data.approved {
        decision.events.push(activated(keys, data.expires_at, now)?);
    }
    Ok(decision.claim(data.tenant, SUBSCRIPTION_SLOT_CLAIM, place_of(data)))
}

/// A user has as many subscriptions to a product as there may be.
pub const NO_PLACE: Refusal = Refusal::NotAllowed {
    why: "the user has as many subscriptions to the product as there may be",
};

fn activated(
    keys: &SubscriptionActivated,
    end: Option<Timestamp>,
    now: Timestamp,
) -> Result<SubscriptionEvent, Refusal> {
    let primary = within(&keys.primary, end, now)?;
    let secondary = within(&keys.secondary, end, now)?;
    Ok(SubscriptionEvent::Activated(SubscriptionActivated { primary, secondary }.into()))
}

/// A key ends with its subscription at the latest.
fn within(key: &KeyInfo, end: Option<Timestamp>, now: Timestamp) -> Result<KeyInfo, Refusal> {
    key.check(now)?;
    if key.expires_at.zip(end).is_some_and(|(key, end)| key > end) {
        return Err(Refusal::invalid(
            "expiresAt",
            "must not be later than that of the subscription",
        ));
    }
    Ok(KeyInfo { expires_at: key.expires_at.or(end), ..key.clone() })
}

fn not_allowed(why: &'static str) -> Result<Decision<SubscriptionEvent>, Refusal> {
    Err(Refusal::NotAllowed { why })
}

fn reasoned(reason: Option<&str>) -> Result<SubscriptionReason, Refusal> {
    let reason = reason.map(str::trim).filter(|it| !it.is_empty());
    check::optional_text("reason", reason, REASON_CHARS_MAX)?;
    Ok(SubscriptionReason { reason: reason.map(str::to_owned) })
}

impl Present {
    fn decide(
        &self,
        command: &SubscriptionCommand,
        now: Timestamp,
    ) -> Result<Decision<SubscriptionEvent>, Refusal> {
        use SubscriptionState::{Active, Rejected, Submitted, Suspended};
        match command {
            SubscriptionCommand::Request { .. } => {
                Err(Refusal::AlreadyExists { what: "subscription" })
            }
            SubscriptionCommand::Approve(keys) => match self.state {
                Submitted => self.approve(keys, now),
                Active => Ok(Decision::none()),
                Suspended => not_allowed("the subscription is suspended: resume it"),
                Rejected => not_allowed("the subscription was rejected: ask for another one"),
            },
            SubscriptionCommand::Reject(reason) => {
                let event = SubscriptionEvent::Rejected(reasoned(reason.as_deref())?.into());
                match self.state {
                    Submitted => Ok(self.giving_back(event)),
                    Rejected => Ok(Decision::none()),
                    Active | Suspended => {
                        not_allowed("the subscription was approved: suspend or cancel it")
                    }
                }
            }
            SubscriptionCommand::Suspend(reason) => {
                let event = SubscriptionEvent::Suspended(reasoned(reason.as_deref())?.into());
                match self.state {
                    Active => Ok(Decision::event(event)),
                    Suspended => Ok(Decision::none()),
                    Submitted | Rejected => not_allowed("the subscription is not active"),
                }
            }
            SubscriptionCommand::Resume(reason) => {
                let event = SubscriptionEvent::Resumed(reasoned(reason.as_deref())?.into());
                match self.state {
                    Suspended => Ok(Decision::event(event)),
                    Active => Ok(Decision::none()),
                    Submitted | Rejected => not_allowed("the subscription is not suspended"),
                }
            }
            SubscriptionCommand::Cancel(reason) => {
                let event = SubscriptionEvent::Cancelled(reasoned(reason.as_deref())?.into());
                Ok(match self.state {
                    // It gave its place back before.
                    Rejected => Decision::event(event),
                    Submitted | Active | Suspended => self.giving_back(event),
                })
            }
            SubscriptionCommand::ReplaceKey { which, key, old_for } => {
                self.replace_key(*which, key, *old_for, now)
            }
        }
    }

    fn approve(
        &self,
        keys: &SubscriptionActivated,
        now: Timestamp,
    ) -> Result<Decision<SubscriptionEvent>, Refusal> {
        if self.expires_at.is_some_and(|it| it <= now) {
            return not_allowed("the time is over for which the subscription was asked");
        }
        Ok(Decision::event(activated(keys, self.expires_at, now)?))
    }

    fn replace_key(
        &self,
        which: WhichKey,
        key: &KeyInfo,
        old_for: u32,
        now: Timestamp,
    ) -> Result<Decision<SubscriptionEvent>, Refusal> {
        let old_until = old_until(old_for, now)?;
        key.check(now)?;
        match self.state {
            SubscriptionState::Active | SubscriptionState::Suspended => (),
            SubscriptionState::Submitted | SubscriptionState::Rejected => {
                return not_allowed("the subscription has no keys: it was not approved");
            }
        }
        if self.expires_at.is_some_and(|it| it <= now) {
            return not_allowed("the time is over for which the subscription was asked");
        }
        let key = within(key, self.expires_at, now)?;
        let replaced = SubscriptionKeyReplaced { which, key, old_until };
        Ok(Decision::event(SubscriptionEvent::KeyReplaced(replaced.into())))
    }

    /// With its end it gives back its place.
    fn giving_back(&self, event: SubscriptionEvent) -> Decision<SubscriptionEvent> {
        Decision::event(event).release(self.tenant, SUBSCRIPTION_SLOT_CLAIM, self.place.clone())
    }
}
