//! `/api/Subscription/{id}/…`: what becomes of a subscription, and its keys.

use std::sync::Arc;

use domain::subscription::{SubscriptionCommand, WhichKey};
use projections::SubscriptionRow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warp::http::Method;
use warp::http::header::CONTENT_TYPE;

use super::subscription::{KEY_PREFIX, find, may_approve, two_keys};
use crate::access::granted::Granted;
use crate::access::new_key::NewKey;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::user;
use crate::http::reply::{ErrorData, Reply, Single};
use crate::http::time::WireTime;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            Method::POST,
            "/api/Subscription/{id}/Approve",
            "SubscriptionApprove",
            "Agree to a subscription; its owner makes the keys",
        )
        .answers::<Single<bool>>()
        .needs(user("subscription.approve"), approve),
        endpoint(
            Method::POST,
            "/api/Subscription/{id}/Reject",
            "SubscriptionReject",
            "Refuse a subscription that was asked for",
        )
        .optional_json::<ReasonInput>()
        .answers::<Single<bool>>()
        .needs(user("subscription.reject"), |it| decide(it, SubscriptionCommand::Reject)),
        endpoint(
            Method::POST,
            "/api/Subscription/{id}/Suspend",
            "SubscriptionSuspend",
            "Let the keys of a subscription open nothing for now",
        )
        .optional_json::<ReasonInput>()
        .answers::<Single<bool>>()
        .needs(user("subscription.suspend"), |it| decide(it, SubscriptionCommand::Suspend)),
        endpoint(
            Method::POST,
            "/api/Subscription/{id}/Resume",
            "SubscriptionResume",
            "Let the keys of a subscription count again",
        )
        .optional_json::<ReasonInput>()
        .answers::<Single<bool>>()
        .needs(user("subscription.resume"), |it| decide(it, SubscriptionCommand::Resume)),
        endpoint(
            Method::POST,
            "/api/Subscription/{id}/Keys/{which}",
            "SubscriptionPostKey",
            "Make another primary or secondary key; its owner is shown it once",
        )
        .json::<KeyInput>()
        .answers::<Single<MadeKey>>()
        .fails(|| vec![ApiError::OneTime])
        .needs(user("subscription.keys"), replace_key),
    ]
}

/// Why.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "SubscriptionReasonInput")]
struct ReasonInput {
    /// At most 500 characters; its owner reads it.
    reason: Option<String>,
}

/// What is known of the key to make.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "SubscriptionKeyInput")]
struct KeyInput {
    /// For how many seconds the present one still counts: at most 2,592,000, which is 30 days; absent:
    /// not at all.
    old_for: Option<u32>,
    /// When it ends; not later than its subscription; absent: with it.
    expires_at: Option<WireTime>,
}

/// A key that was made now. It is not shown again.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SubscriptionNewKey")]
struct MadeKey {
    /// What calls of the APIs are proved with.
    key: String,
}

impl ErrorData for Single<MadeKey> {}

/// The subscription of the path, for whoever may agree to it.
fn to_decide(granted: &Granted) -> Result<Arc<SubscriptionRow>, ApiError> {
    let id = granted.call.number(0, "id")?;
    let row = find(granted, id)?;
    match may_approve(granted, &row)? {
        true => Ok(row),
        false => {
            let why = "only administrators and owners of an API of the product decide";
            Err(ApiError::Forbidden(why.to_owned()))
        }
    }
}

/// Nobody is shown the keys: the owner makes others in their place.
async fn approve(granted: Granted) -> Outcome {
    let row = to_decide(&granted)?;
    let (_, keys) = two_keys()?;
    let command = SubscriptionCommand::Approve(Box::new(keys));
    let target = granted.target_of(&*row, "subscription")?;
    let done = granted.submit(&target, &[], command).await?;
    Ok(Reply::single(true).written(&done))
}

async fn decide(
    mut granted: Granted,
    command: fn(Option<String>) -> SubscriptionCommand,
) -> Outcome {
    let row = to_decide(&granted)?;
    // Most callers send no body.
    let (body, bytes) = match granted.call.headers.contains_key(CONTENT_TYPE) {
        true => granted.json::<ReasonInput>().await?,
        false => Default::default(),
    };
    let target = granted.target_of(&*row, "subscription")?;
    let done = granted.submit(&target, &bytes, command(body.reason)).await?;
    Ok(Reply::single(true).written(&done))
}

async fn replace_key(mut granted: Granted) -> Outcome {
    let id = granted.call.number(0, "id")?;
    let which = match granted.call.parameter(1).to_ascii_lowercase().as_str() {
        "primary" => WhichKey::Primary,
        "secondary" => WhichKey::Secondary,
        _ => return Err(ApiError::field("which", "must be primary or secondary")),
    };
    let (body, bytes) = granted.json::<KeyInput>().await?;
    let row = find(&granted, id)?;
    // Contracts 38.
    if row.data.owner != granted.user() {
        let why = "only the owner of a subscription is shown its keys";
        return Err(ApiError::Forbidden(why.to_owned()));
    }
    if granted.call.find_repeated(&granted.head(&bytes)?)?.is_some() {
        return Err(ApiError::OneTime);
    }
    let NewKey { text, info } = NewKey::make(KEY_PREFIX, body.expires_at.map(|it| it.0))?;
    let old_for = body.old_for.unwrap_or(0);
    let command = SubscriptionCommand::ReplaceKey { which, key: info, old_for };
    let done = granted.submit(&granted.target_of(&*row, "subscription")?, &bytes, command).await?;
    if done.repeated {
        return Err(ApiError::OneTime);
    }
    Ok(Reply::single(MadeKey { key: text }).no_store().written(&done))
}
