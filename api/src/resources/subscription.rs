//! `/api/Subscription`: who subscribes to which product. What becomes of a subscription, and its keys:
//! `subscription_states.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;

use commands::{Done, Draft, Expected};
use domain::Timestamp;
use domain::product::Product;
use domain::subscription::{
    NO_PLACE, SUBSCRIPTION_SLOT_CLAIM, SUBSCRIPTIONS_OF_TENANT_MAX, SUBSCRIPTIONS_OF_USER_MAX,
    Subscription, SubscriptionActivated, SubscriptionCommand, SubscriptionRequested,
    SubscriptionState, WhichKey,
};
use projections::{ProductRow, SubscriptionData, SubscriptionRow, Subscriptions, Tables};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use warp::http::Method;

use crate::access::granted::Granted;
use crate::access::new_key::NewKey;
use crate::access::target::Changed;
use crate::http::codes;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::user;
use crate::http::paging::{ListQuery, PAGING};
use crate::http::reply::{ErrorData, List, Reply, Single};
use crate::http::time::WireTime;
use crate::publishing::owners::owns_api_of;

/// What the key of a subscription begins with.
pub(super) const KEY_PREFIX: &str = "chk_";

/// How often a request is put together again because its product changed meanwhile.
const TRIES_MAX: u32 = 8;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    const ONE: &str = "/api/Subscription/{id}";
    vec![
        endpoint(
            Method::GET,
            "/api/Subscription",
            "SubscriptionGet",
            "List own subscriptions; administrators: all",
        )
        .query(&PAGING)
        .answers::<List<SubscriptionBody>>()
        .ordered_by::<SubscriptionBody>()
        .needs(user("subscription.get"), list),
        endpoint(
            Method::POST,
            "/api/Subscription",
            "SubscriptionPost",
            "Subscribe to a product; where nobody must agree, its two keys are shown once",
        )
        .json::<NewSubscription>()
        .answers::<Single<SubscriptionMade>>()
        .fails(|| vec![ApiError::OneTime])
        .needs(user("subscription.post"), create),
        endpoint(Method::GET, ONE, "SubscriptionDetail", "Show a subscription")
            .answers::<Single<SubscriptionBody>>()
            .needs(user("subscription.detail"), detail),
        endpoint(
            Method::DELETE,
            ONE,
            "SubscriptionDelete",
            "Cancel a subscription: its keys end at once",
        )
        .answers::<Single<bool>>()
        .needs(user("subscription.delete"), cancel),
    ]
}

impl Changed for Subscription {}

/// A subscription to a product.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Subscription")]
struct SubscriptionBody {
    id: i64,
    /// The id of the product.
    product_id: String,
    name: String,
    /// Who has its keys.
    owner_user_id: i64,
    /// `submitted`, `active`, `suspended` or `rejected`.
    state: &'static str,
    /// Why it is in this state, if anybody said.
    reason: Option<String>,
    /// When it was asked for.
    created: WireTime,
    /// After which none of its keys counts.
    expires_at: Option<WireTime>,
    /// Its keys, once it was approved.
    keys: Vec<KeyBody>,
}

/// What is known of a key.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KeyOfSubscription")]
struct KeyBody {
    /// `primary` or `secondary`.
    which: &'static str,
    /// Its last four characters.
    hint: String,
    /// When it ends.
    expires_at: Option<WireTime>,
    /// Until when the key before it still counts.
    old_key_until: Option<WireTime>,
}

/// What to subscribe to.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "SubscriptionInput")]
struct NewSubscription {
    /// The id of a product; for administrators also of one that is not published.
    #[schemars(extend("x-required" = "body"))]
    product_id: String,
    /// At most 300 characters.
    #[schemars(extend("x-required" = "body"))]
    name: String,
    /// After which none of its keys counts; absent: never.
    expires_at: Option<WireTime>,
}

/// A subscription that was asked for now. Its keys are not shown again.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "NewSubscription")]
struct SubscriptionMade {
    id: i64,
    /// `active`, or `submitted` where somebody must agree.
    state: &'static str,
    /// What calls of the APIs are proved with, if it is active.
    primary_key: Option<String>,
    /// The same, so that one of the two can be replaced while the other one is in use.
    secondary_key: Option<String>,
}

impl ErrorData for Single<SubscriptionBody> {}
impl ErrorData for Single<SubscriptionMade> {}

/// As callers read it.
fn name_of(state: SubscriptionState) -> &'static str {
    match state {
        SubscriptionState::Submitted => "submitted",
        SubscriptionState::Active => "active",
        SubscriptionState::Suspended => "suspended",
        SubscriptionState::Rejected => "rejected",
    }
}

impl SubscriptionBody {
    fn of(row: &SubscriptionRow, now: Timestamp) -> Self {
        let key = |which, name| {
            let held = row.key(which)?;
            let old = held.old.map(|it| it.until).filter(|it| now < *it);
            Some(KeyBody {
                which: name,
                hint: held.key.hint.clone(),
                expires_at: held.key.expires_at.map(WireTime),
                old_key_until: old.map(WireTime),
            })
        };
        let keys = [key(WhichKey::Primary, "primary"), key(WhichKey::Secondary, "secondary")];
        Self {
            id: i64::from(row.data.subscription),
            product_id: row.data.product_id.clone(),
            name: row.data.name.clone(),
            owner_user_id: i64::from(row.data.owner.0),
            state: name_of(row.state),
            reason: row.reason.clone(),
            created: WireTime(row.created),
            expires_at: row.data.expires_at.map(WireTime),
            keys: keys.into_iter().flatten().collect(),
        }
    }
}

/// A subscription that the caller may see: an own one, or one that the caller may agree to.
pub(super) fn find(granted: &Granted, id: u32) -> Result<Arc<SubscriptionRow>, ApiError> {
    let row = granted.ask(|tables| tables.subscriptions.get(granted.tenant_id(), id).cloned());
    let row = row.ok_or_else(|| ApiError::not_found("subscription"))?;
    match row.data.owner == granted.user() || may_approve(granted, &row)? {
        true => Ok(row),
        false => Err(ApiError::not_found("subscription")),
    }
}

/// Whether the caller may agree to a subscription, refuse, suspend and resume it: administrators of
/// its tenant may, and owners of an API of its product.
pub(super) fn may_approve(granted: &Granted, row: &SubscriptionRow) -> Result<bool, ApiError> {
    Ok(granted.caller.is_administrator() || owns_api_of(granted, &row.data.product_id)?)
}

async fn list(granted: Granted) -> Outcome {
    let list = ListQuery::read(&granted.call, true)?;
    let now = granted.call.now;
    let order = list.order([("name", SubscriptionData::BY_NAME)], move |row, _, _| {
        SubscriptionBody::of(row, now)
    });
    let owner = (!granted.caller.is_administrator()).then_some(granted.user());
    let query = Subscriptions::of(granted.tenant_id(), owner, list.paging).ordered_by(order);
    let page = granted.page(|tables| &tables.subscriptions, query).await?;
    let rows = page.rows.iter().map(|it| SubscriptionBody::of(it, now)).collect::<Vec<_>>();
    Ok(Reply::list(list.paging.skip, list.paging.take, page.total as u64, rows))
}

async fn detail(granted: Granted) -> Outcome {
    let id = granted.call.number(0, "id")?;
    let row = find(&granted, id)?;
    let shown = SubscriptionBody::of(&row, granted.call.now);
    Ok(Reply::single(shown).version(row.version))
}

async fn cancel(granted: Granted) -> Outcome {
    let id = granted.call.number(0, "id")?;
    let row = find(&granted, id)?;
    let target = granted.target_of(&*row, "subscription")?;
    let done = granted.submit(&target, &[], SubscriptionCommand::Cancel(None)).await?;
    Ok(Reply::single(true).written(&done))
}

/// The keys of a new subscription; what nobody is shown is lost at once.
pub(super) fn two_keys() -> Result<([String; 2], SubscriptionActivated), ApiError> {
    let (primary, secondary) = (NewKey::make(KEY_PREFIX, None)?, NewKey::make(KEY_PREFIX, None)?);
    let infos = SubscriptionActivated { primary: primary.info, secondary: secondary.info };
    Ok(([primary.text, secondary.text], infos))
}

async fn create(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<NewSubscription>().await?;
    if let Some((number, done)) = granted.earlier_answer(&bytes)? {
        return shown_again(&granted, number, &done).await;
    }
    let (texts, keys) = two_keys()?;
    let (mut tried, mut changes) = (BTreeSet::new(), 0);
    loop {
        let product = granted.ask(|tables| product(&granted, tables, &body.product_id))?;
        let slot = granted.ask(|tables| free_slot(&granted, tables, &product, &tried))?;
        let made = request(&granted, &bytes, &body, (&product, slot), &keys).await;
        match made {
            Ok((number, done)) if done.repeated => {
                return shown_again(&granted, number, &done).await;
            }
            Ok((number, done)) => {
                let id = number as i64;
                let [primary, secondary] = texts;
                let is_active = !product.fields.approval_required;
                let made = SubscriptionMade {
                    id,
                    state: if is_active { "active" } else { "submitted" },
                    primary_key: is_active.then_some(primary),
                    secondary_key: is_active.then_some(secondary),
                };
                return Ok(Reply::single(made).no_store().written(&done));
            }
            Err(err) if is_taken(&err) => drop(tried.insert(slot)),
            Err(ApiError::Changed) if changes < TRIES_MAX => {
                changes += 1;
                granted.call.app.show_all().await;
            }
            Err(err) => return Err(err),
        }
    }
}

/// Another request of the user got the place first.
fn is_taken(err: &ApiError) -> bool {
    matches!(err, ApiError::Business { taken: Some(what), .. }
        if *what == SUBSCRIPTION_SLOT_CLAIM.english)
}

/// The answer to a request that was made before: keys are not repeated.
async fn shown_again(granted: &Granted, number: u64, done: &Done) -> Outcome {
    granted.call.app.settle(done).await;
    let number = u32::try_from(number).unwrap_or(0);
    let row = granted.ask(|tables| tables.subscriptions.get(granted.tenant_id(), number).cloned());
    let row = row.filter(|it| !it.data.approved).ok_or(ApiError::OneTime)?;
    let made = SubscriptionMade {
        id: i64::from(row.data.subscription),
        state: name_of(SubscriptionState::Submitted),
        primary_key: None,
        secondary_key: None,
    };
    Ok(Reply::single(made).no_store().written(done))
}

/// The product that a caller names, if it is to be seen.
fn product(granted: &Granted, tables: &Tables, id: &str) -> Result<Arc<ProductRow>, ApiError> {
    let row = tables.products.named(granted.tenant_id(), id.trim());
    let may = |it: &ProductRow| it.fields.published || granted.caller.is_administrator();
    let why = "must be the id of a product that is published";
    row.filter(|it| may(it)).cloned().ok_or_else(|| ApiError::field("productId", why))
}

/// How many subscriptions a user may have to a product.
fn slots_of(product: &ProductRow) -> u32 {
    product.fields.subscriptions_limit.unwrap_or(SUBSCRIPTIONS_OF_USER_MAX)
}

/// The first place that the caller has not taken yet. The log sees to it that nobody has one twice.
fn free_slot(
    granted: &Granted,
    tables: &Tables,
    product: &ProductRow,
    tried: &BTreeSet<u32>,
) -> Result<u32, ApiError> {
    let (tenant, owner) = (granted.tenant_id(), granted.user());
    let (all, own) = tables.subscriptions.counts(tenant, owner);
    let too_many = |why: String| Err(ApiError::business(codes::EXPECTATION_FAILED, why));
    if all >= SUBSCRIPTIONS_OF_TENANT_MAX {
        return too_many(format!("the tenant may have {SUBSCRIPTIONS_OF_TENANT_MAX} of these"));
    }
    if own >= SUBSCRIPTIONS_OF_USER_MAX as usize {
        let most = SUBSCRIPTIONS_OF_USER_MAX;
        return too_many(format!("a user may have {most} subscriptions: cancel some"));
    }
    let rows = tables.subscriptions.owned_by(tenant, owner);
    let holding = rows
        .filter(|it| it.data.product == product.data.id && it.state != SubscriptionState::Rejected);
    let held = holding.map(|it| it.data.slot).chain(tried.iter().copied());
    let held = held.collect::<BTreeSet<_>>();
    let free = (1..=slots_of(product)).find(|it| !held.contains(it));
    free.ok_or_else(|| NO_PLACE.into())
}

/// One try: in a place that seems to be free, of the product as it was looked at.
async fn request(
    granted: &Granted,
    bytes: &[u8],
    body: &NewSubscription,
    (product, slot): (&ProductRow, u32),
    keys: &SubscriptionActivated,
) -> Result<(u64, Done), ApiError> {
    let command = |number: u64| SubscriptionCommand::Request {
        data: Box::new(SubscriptionRequested {
            subscription: number as u32,
            tenant: granted.tenant_id(),
            product: product.data.id,
            product_id: product.fields.code.clone(),
            owner: granted.user(),
            name: body.name.trim().to_owned(),
            approved: !product.fields.approval_required,
            slot,
            expires_at: body.expires_at.map(|it| it.0),
        }),
        slots: slots_of(product),
        keys: Box::new(keys.clone()),
    };
    let (id, version) = (product.number.to_string(), Expected::At(product.version));
    let also = |draft: &mut Draft<'_>, _: u64| draft.at::<Product>(&id, version);
    granted.create_with::<Subscription>(bytes, command, also).await
}
