//! `/api/ApiResource/{id}/Subscriptions`: the addresses that are told when an API changes, and the links in
//! letters to them. Rows 20 to 23.

use std::time::Duration;

use domain::subscriber::{
    RemovedBy, SUBSCRIBERS_OF_RESOURCE_MAX, Subscriber, SubscriberAddress, SubscriberCommand,
    SubscriberConfirmed, check_address,
};
use domain::{Actor, Refusal, SubscriberId, TenantId, UserId, mail_address};
use outside::is_mail_address;
use projections::{SubscriberData, SubscriberRow, Subscribers};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warp::http::Method;

use super::api_resource::owned;
use crate::access::granted::{Granted, Open};
use crate::access::subscriber_links::{remove_by_link, send_link, settle_removal};
use crate::access::target::Changed;
use crate::access::verifications::language_of;
use crate::http::codes;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::user;
use crate::http::paging::{ListQuery, PAGING, text};
use crate::http::reply::{List, Reply, Single};
use crate::http::time::WireTime;
use crate::state::app::App;
use crate::state::hash::hash_16;
use crate::state::link_codes::{CancelCode, ConfirmCode, LinkCode, mark_of};
use crate::state::send_limits::{Cap, NotSent};

/// How many letters with a link are sent to one address in an hour, and in a day.
const LETTERS_OF_ADDRESS_MAX: (u32, u32) = (3, 10);

/// How many at the wish of one caller in an hour.
const LETTERS_OF_CALLER_MAX: u32 = 20;

/// How many in one tenant in a day.
const LETTERS_OF_TENANT_MAX: u32 = 1_000;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn endpoints() -> Vec<Endpoint> {
    const CANCEL: &str = "/api/ApiResource/{id}/DelSubscription";
    let code = text("code", "the code of the link, as a letter has it");
    vec![
        endpoint(
            Method::GET,
            "/api/ApiResource/{id}/Subscriptions",
            "ApiResourceSubscriptions",
            "List the addresses that are told when the API changes",
        )
        .row(20)
        .query(&PAGING)
        .answers::<List<SubscriberBody>>()
        .ordered_by::<SubscriberBody>()
        .needs(user("apiresource.subscriptions"), list),
        endpoint(
            Method::GET,
            "/api/ApiResource/{id}/AddSubscription",
            "ApiResourceAddSubscription",
            "The link in a letter: tell the address of it when the API changes",
        )
        .row(21)
        .link()
        .query(&[code])
        .answers::<Single<bool>>()
        .open(confirm),
        endpoint(
            Method::GET,
            CANCEL,
            "ApiResourceDelSubscription",
            "The link in a letter: tell the address of it nothing any more",
        )
        .row(22)
        .link()
        .query(&[code])
        .answers::<Single<bool>>()
        .open(cancel),
        endpoint(
            Method::POST,
            CANCEL,
            "ApiResourceDelSubscriptionOneClick",
            "The same for programs for letters (RFC 8058)",
        )
        .query(&[code])
        .answers::<Single<bool>>()
        .open(cancel),
        endpoint(
            Method::POST,
            "/api/ApiResource/{id}/Subscriptions/VerifyEmail",
            "ApiResourceVerifyEmail",
            "Send a letter with a link by which its address subscribes: owners to any address, \
             others to their own confirmed one",
        )
        .row(23)
        .json::<VerifyEmailBody>()
        .answers::<Single<bool>>()
        .fails(|| vec![too_many(HOUR.as_secs())])
        .needs(user("apiresource.verifyemail"), send_letter),
        endpoint(
            Method::DELETE,
            "/api/ApiResource/{id}/Subscriptions/{rowKey}",
            "ApiResourceDeleteSubscription",
            "Tell an address nothing any more",
        )
        .answers::<Single<bool>>()
        .needs(user("apiresource.subscriptions"), remove),
    ]
}

// Spec section 2.3.
/// An address that is told when an API changes.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Subscriber")]
struct SubscriberBody {
    /// The id of the API resource.
    partition_key: String,
    /// The e-mail address; absent if it was removed meanwhile.
    row_key: Option<String>,
    /// Since when it is told.
    timestamp: WireTime,
    e_tag: String,
}

impl SubscriberBody {
    fn of(row: &SubscriberRow, address: Option<String>) -> Self {
        Self {
            partition_key: row.data.resource.to_string(),
            row_key: address,
            timestamp: WireTime(row.created),
            e_tag: format!("\"{}\"", row.version),
        }
    }
}

// Spec section 2.2.
/// Whom to send a link to.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "SubscriberInput")]
struct VerifyEmailBody {
    /// An e-mail address of at most 254 characters.
    #[schemars(extend("x-required" = "body"))]
    email: String,
}

impl Changed for Subscriber {}

async fn list(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let list = ListQuery::read(&granted.call, true)?;
    let order = list.order([], |row: &SubscriberRow, _, _| SubscriberBody::of(row, None));
    let query = Subscribers::of(row.data.resource, list.paging).ordered_by(order);
    let page = granted.page::<SubscriberData>(|tables| &tables.subscribers, query).await?;
    let rows = granted.ask(|tables| {
        let address = |it: &SubscriberRow| tables.subscribers.address(it);
        page.rows.iter().map(|it| SubscriberBody::of(it, address(it))).collect::<Vec<_>>()
    });
    Ok(Reply::list(list.paging.skip, list.paging.take, page.total as u64, rows))
}

async fn send_letter(mut granted: Granted) -> Outcome {
    let resource = granted.call.number(0, "id")?;
    let (body, bytes) = granted.json::<VerifyEmailBody>().await?;
    let address = &*mail_address::tidied(&body.email);
    check_address("email", address)?;
    if !is_mail_address(address) {
        return Err(ApiError::field("email", "must be an e-mail address"));
    }
    let tenant = granted.tenant_id();
    if !may_ask_for(&granted, resource, address) {
        return Err(ApiError::not_found("API resource"));
    }
    if let Some(done) = granted.repeated(&bytes)? {
        return Ok(Reply::single(true).written(&done));
    }
    let app = &granted.call.app;
    let mark = mark_of(app.engine.keys(), tenant, resource, address);
    let (is_told, count) = granted.ask(|tables| {
        let subscribers = &tables.subscribers;
        (subscribers.told_with(mark).is_some(), subscribers.count_of(resource))
    });
    if is_told {
        let why = "the address is told already";
        return Err(ApiError::business(codes::SUBSCRIBED_ALREADY, why));
    }
    if count >= SUBSCRIBERS_OF_RESOURCE_MAX {
        return Err(ApiError::business(codes::SUBSCRIBE_LETTER, ENOUGH));
    }
    granted.confirm()?;
    count_letter(app, tenant, granted.user(), address)?;
    let head = granted.head(&bytes)?;
    let whom = (address, language_of(&granted.call));
    let done = send_link(app, &head, (tenant, resource), whom).await?;
    Ok(Reply::single(true).written(&done))
}

/// Owners and administrators for anybody; other users of the tenant for their own confirmed address.
fn may_ask_for(granted: &Granted, resource: u32, address: &str) -> bool {
    let (tenant, caller) = (granted.tenant_id(), granted.user());
    granted.ask(|tables| {
        let Some(row) = tables.resources.get(tenant, resource) else { return false };
        if row.is_owned_by(caller) || granted.caller.is_administrator() {
            return true;
        }
        let user = tables.users.get(tenant, caller).filter(|it| it.data.email_confirmed);
        let own = user.and_then(|it| tables.users.personal(it)).and_then(|it| it.email);
        own.is_some_and(|it| mail_address::key(&it) == mail_address::key(address))
    })
}

const ENOUGH: &str = "the API resource has as many subscribers as there may be";

fn count_letter(
    app: &App,
    tenant: TenantId,
    caller: UserId,
    address: &str,
) -> Result<(), ApiError> {
    // A keyed hash: what is remembered names nobody. Of any API: the letters come to one person.
    let mark = mark_of(app.engine.keys(), tenant, 0, address);
    let number = tenant.0.to_le_bytes();
    let cap = |what: &[u8], whom: &[u8], most, period| Cap {
        name: hash_16(&[what, &number, whom]),
        most,
        period,
    };
    let (an_hour, a_day) = LETTERS_OF_ADDRESS_MAX;
    let caps = [
        cap(b"address hour", &mark, an_hour, HOUR),
        cap(b"address day", &mark, a_day, DAY),
        cap(b"caller", &caller.0.to_le_bytes(), LETTERS_OF_CALLER_MAX, HOUR),
        cap(b"tenant", b"", LETTERS_OF_TENANT_MAX, DAY),
    ];
    app.subscriber_limits.count_all(&caps, None, app.clock.monotonic()).map_err(|it| match it {
        NotSent::Enough => too_many(HOUR.as_secs()),
        NotSent::TooEarly(seconds) => too_many(seconds),
    })
}

fn too_many(retry_seconds: u64) -> ApiError {
    ApiError::TooMany { retry_seconds, why: "so many letters were sent: try again later" }
}

/// The code of the query, if it is one for this action, tenant and API resource.
fn code_of<C: LinkCode>(
    open: &Open,
    belongs: impl FnOnce(&C) -> (TenantId, u32),
) -> Result<Option<C>, ApiError> {
    let resource = open.call.number(0, "id")?;
    let query = open.call.query();
    query.check()?;
    let text = query.text("code").map(str::trim).filter(|it| !it.is_empty());
    let text = text.ok_or_else(|| ApiError::business(codes::INVALID, "code is required"))?;
    let code = C::open(open.call.app.engine.keys(), text);
    Ok(code.filter(|it| belongs(it) == (open.tenant.data.tenant, resource)))
}

async fn confirm(open: Open) -> Outcome {
    let wrong = || ApiError::business(codes::SUBSCRIBE_CODE, "the code does not count");
    let code = code_of::<ConfirmCode>(&open, |it| (it.tenant, it.resource))?.ok_or_else(wrong)?;
    if open.call.now >= code.expires_at {
        return Err(wrong());
    }
    let (app, head) = (&open.call.app, open.call.head(code.tenant, Actor::Anybody, &[])?);
    if let Some(done) = open.call.find_repeated(&head)? {
        return Ok(Reply::single(true).written(&done));
    }
    // A removal of a moment ago must be known.
    app.show_all().await;
    let mark = mark_of(app.engine.keys(), code.tenant, code.resource, &code.address);
    let (is_told, is_over, count) = {
        let tables = app.views.read();
        let mut marked = tables.subscribers.marked(mark);
        let is_told = tables.subscribers.told_with(mark).is_some();
        let is_removed = marked.any(|it| it.removed.is_some() && it.position > code.position);
        let is_gone = tables.resources.get(code.tenant, code.resource).is_none();
        (is_told, is_removed || is_gone, tables.subscribers.count_of(code.resource))
    };
    if is_over {
        return Err(wrong());
    }
    if is_told {
        // Programs for letters follow links, too.
        return Ok(Reply::single(true));
    }
    if count >= SUBSCRIBERS_OF_RESOURCE_MAX {
        return Err(ApiError::business(codes::SUBSCRIBE_FAILED, ENOUGH));
    }
    let command = |number: u64| {
        let confirmed = SubscriberConfirmed {
            subscriber: SubscriberId(number as u32),
            tenant: code.tenant,
            resource: code.resource,
            language: code.language.clone(),
            mark,
        };
        let address = SubscriberAddress { address: code.address.clone() };
        SubscriberCommand::Confirm(confirmed, address)
    };
    match app.engine.create::<Subscriber>(command, &head).await {
        Ok((_, done)) => {
            app.settle(&done).await;
            Ok(Reply::single(true).written(&done))
        }
        // The same link was followed twice at once.
        Err(commands::Error::Refused(Refusal::AlreadyExists { .. })) => Ok(Reply::single(true)),
        Err(err) => Err(err.into()),
    }
}

async fn cancel(open: Open) -> Outcome {
    let code = code_of::<CancelCode>(&open, |it| (it.tenant, it.resource))?;
    let wrong = || ApiError::business(codes::UNSUBSCRIBE_CODE, "the code does not count");
    let code = code.ok_or_else(wrong)?;
    let (app, head) = (&open.call.app, open.call.head(code.tenant, Actor::Anybody, &[])?);
    if let Some(done) = open.call.find_repeated(&head)? {
        return Ok(Reply::single(true).written(&done));
    }
    app.show_all().await;
    let told = app.views.read().subscribers.told_with(code.mark).map(|it| it.data.subscriber);
    let Some(subscriber) = told else { return Ok(Reply::single(true)) };
    let done = remove_by_link(app, &head, subscriber).await?;
    Ok(Reply::single(true).written(&done))
}

async fn remove(granted: Granted) -> Outcome {
    let resource = owned(&granted)?.data.resource;
    let app = &granted.call.app;
    let address = granted.call.parameter(1);
    let mark = mark_of(app.engine.keys(), granted.tenant_id(), resource, address);
    let row = granted.ask(|tables| tables.subscribers.told_with(mark).cloned());
    let row = row.ok_or_else(|| ApiError::not_found("subscriber"))?;
    let target = granted.target_of(&*row, "subscriber")?;
    let remove = SubscriberCommand::Remove(RemovedBy::Owner);
    let done = granted.submit(&target, &[], remove).await?;
    settle_removal(app, row.data.subscriber, &done).await;
    Ok(Reply::single(true).written(&done))
}
