//! Samples of subscriptions and of gateways, which both prove themselves with keys.

use domain::api_key::KeyInfo;
use domain::gateway::{
    Gateway, GatewayApplied, GatewayCommand, GatewayEvent, GatewayKeyReplaced, GatewayRefused,
    GatewayRegistered, GatewayRetired,
};
use domain::subscription::{
    Subscription, SubscriptionActivated, SubscriptionCommand, SubscriptionEvent,
    SubscriptionKeyReplaced, SubscriptionReason, SubscriptionRequested, WhichKey,
};
use domain::{TenantId, UserId};

use super::{Sample, at, sample, some, text};
use crate::life::Lives;

/// What is kept of a key, of its own for each number.
pub fn key_info(number: u8) -> KeyInfo {
    KeyInfo {
        hash: std::array::from_fn(|n| number ^ (n as u8 + 1)),
        hint: format!("k{number:03}"),
        expires_at: Some(at(number.into())),
    }
}

/// What every rule accepts, in the first of `slots` places.
pub fn subscription_requested() -> SubscriptionRequested {
    SubscriptionRequested {
        subscription: 101,
        tenant: TenantId(12),
        product: 94,
        product_id: "starter".to_owned(),
        owner: UserId(103),
        name: text("name"),
        approved: false,
        slot: 4,
        expires_at: Some(at(200)),
    }
}

/// The keys of an active one.
pub fn subscription_keys() -> SubscriptionActivated {
    SubscriptionActivated { primary: key_info(105), secondary: key_info(106) }
}

/// A wish for a subscription of a product that has five places for a user.
pub fn subscription_request(data: SubscriptionRequested) -> SubscriptionCommand {
    let (data, keys) = (Box::new(data), Box::new(subscription_keys()));
    SubscriptionCommand::Request { data, slots: 5, keys }
}

/// What every rule accepts.
pub fn gateway_registered() -> GatewayRegistered {
    GatewayRegistered {
        gateway: 111,
        tenant: TenantId(12),
        name: "Edge-1".to_owned(),
        kind: "nginx".to_owned(),
        key: key_info(112),
    }
}

/// What it says that it serves.
pub fn gateway_applied() -> GatewayApplied {
    GatewayApplied {
        position: 113,
        configuration: std::array::from_fn(|n| 0x40 + n as u8),
        reload_micros: 114,
        program: "nginx/1.22.1".to_owned(),
        proof: Some("position".to_owned()),
    }
}

/// What it says that it could not serve.
pub fn gateway_refused() -> GatewayRefused {
    GatewayRefused { position: 115, reason: text("reason") }
}

fn replaced(which: WhichKey) -> SubscriptionKeyReplaced {
    SubscriptionKeyReplaced { which, key: key_info(107), old_until: Some(at(108)) }
}

fn reason() -> SubscriptionReason {
    SubscriptionReason { reason: some("reason") }
}

pub(super) fn all() -> Vec<Sample> {
    let requested = subscription_requested();
    let approved = SubscriptionRequested { approved: true, expires_at: None, ..requested.clone() };
    let mut keys = subscription_keys();
    keys.primary.expires_at = None;
    let cut = SubscriptionKeyReplaced { old_until: None, ..replaced(WhichKey::Secondary) };
    let unsaid = SubscriptionReason { reason: None };
    let sparse = GatewayApplied { proof: None, ..gateway_applied() };
    let at_once = GatewayKeyReplaced { key: key_info(116), old_until: None };
    vec![
        sample("full", SubscriptionEvent::Requested(requested.into())),
        sample("approved", SubscriptionEvent::Requested(approved.into())),
        sample("full", SubscriptionEvent::Activated(subscription_keys().into())),
        sample("sparse", SubscriptionEvent::Activated(keys.into())),
        sample("full", SubscriptionEvent::Rejected(reason().into())),
        sample("full", SubscriptionEvent::Suspended(reason().into())),
        sample("full", SubscriptionEvent::Resumed(reason().into())),
        sample("full", SubscriptionEvent::Cancelled(reason().into())),
        sample("sparse", SubscriptionEvent::Cancelled(unsaid.into())),
        sample("full", SubscriptionEvent::KeyReplaced(replaced(WhichKey::Primary).into())),
        sample("sparse", SubscriptionEvent::KeyReplaced(cut.into())),
        sample("full", GatewayEvent::Registered(gateway_registered().into())),
        sample("full", {
            let replaced = GatewayKeyReplaced { key: key_info(116), old_until: Some(at(117)) };
            GatewayEvent::KeyReplaced(replaced.into())
        }),
        sample("sparse", GatewayEvent::KeyReplaced(at_once.into())),
        sample("full", GatewayEvent::Retired(GatewayRetired { gateway: 111 }.into())),
        sample("full", GatewayEvent::Applied(gateway_applied().into())),
        sample("sparse", GatewayEvent::Applied(sparse.into())),
        sample("full", GatewayEvent::Refused(gateway_refused().into())),
    ]
}

/// Brings about every event of them but one.
pub async fn live(life: &mut impl Lives) {
    let key = |number| KeyInfo { expires_at: None, ..key_info(number) };
    let which = WhichKey::Primary;
    for command in [
        subscription_request(subscription_requested()),
        SubscriptionCommand::Approve(Box::new(subscription_keys())),
        SubscriptionCommand::Suspend(some("reason")),
        SubscriptionCommand::Resume(None),
        SubscriptionCommand::ReplaceKey { which, key: key(107), old_for: 60 },
        SubscriptionCommand::Cancel(None),
    ] {
        life.run::<Subscription>("101", command).await;
    }
    let (applied, refused) = (Box::new(gateway_applied()), Box::new(gateway_refused()));
    for command in [
        GatewayCommand::Register(Box::new(gateway_registered())),
        GatewayCommand::ReplaceKey { key: key(116), old_for: 60 },
        GatewayCommand::NoteApplied { applied, head: 115 },
        GatewayCommand::NoteRefused { refused, head: 115 },
        GatewayCommand::Retire,
    ] {
        life.run::<Gateway>("111", command).await;
    }
}

/// Brings about the other one: one that was rejected is never active.
pub async fn live_rejected(life: &mut impl Lives) {
    let data = SubscriptionRequested { subscription: 102, slot: 5, ..subscription_requested() };
    for command in [subscription_request(data), SubscriptionCommand::Reject(some("reason"))] {
        life.run::<Subscription>("102", command).await;
    }
}
