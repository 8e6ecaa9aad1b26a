//! `/api/Client`: rows 38 to 45. Secrets and owners: `client_parts.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use commands::bootstrap::FIRST_PARTY_CLIENT;
use commands::{Done, Draft, Expected};
use domain::client::{Client, ClientCommand, ClientSecrets};
use domain::context::Context;
use domain::log::CommitHead;
use domain::token::{Grant, ISSUED_TOKEN_SECONDS_MAX};
use projections::{ClientData, ClientRow, Clients, Tables};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use warp::http::Method;

use super::client_body::{ClientBody, is_kept};
use super::no_codes::no_codes;
use crate::access::clients::{SECRET_BYTES_MAX, counting_client, open_scopes, scopes_of_others};
use crate::access::granted::Granted;
use crate::access::issue::{IssuedToken, TokenRequest, issue, still_granted};
use crate::access::scopes::is_for_administrators;
use crate::http::codes::{self, ApiCode};
use crate::http::endpoint::{Endpoint, Outcome, QueryParameter, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::user;
use crate::http::paging::{ListQuery, PAGING, text};
use crate::http::reply::{ErrorData, List, Reply, Single};

/// The shortest plain secret of row 44, in characters: what is stored is a fast hash of it.
const PLAINTEXT_MIN: usize = 16;

/// The lifetime of a token of row 43 when the caller does not say, in seconds.
const LIFETIME_DEFAULT: i64 = 3_600;

const FILTERS: [QueryParameter; 2] = [
    text("q.ClientID", "the client_id, exactly"),
    text("q.ClientName", "the name, in any letter case"),
];

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::GET, "/api/Client", "ClientGet", "List own clients; administrators: all")
            .row(38)
            .query(&PAGING)
            .query(&FILTERS)
            .answers::<List<ClientBody>>()
            .ordered_by::<ClientBody>()
            .needs(user("client.get"), list),
        endpoint(Method::POST, "/api/Client", "ClientPost", "Create a client")
            .row(39)
            .json::<ClientBody>()
            .answers::<Single<i64>>()
            .needs(user("client.post"), create),
        endpoint(Method::PUT, "/api/Client", "ClientPut", "Update a client")
            .row(40)
            .json_update::<ClientBody>()
            .answers::<Single<bool>>()
            .needs(user("client.put"), update),
        endpoint(Method::GET, "/api/Client/{id}", "ClientDetail", "Show a client")
            .row(41)
            .answers::<Single<ClientBody>>()
            .needs(user("client.detail"), detail),
        endpoint(Method::DELETE, "/api/Client/{id}", "ClientDelete", "Delete a client")
            .row(42)
            .answers::<Single<bool>>()
            .needs(user("client.delete"), delete),
        endpoint(Method::POST, "/api/Client/IssueToken", "ClientIssueToken", "Issue a token")
            .row(43)
            .json::<IssueTokenBody>()
            .answers::<Single<String>>()
            .fails(|| vec![ApiError::OneTime])
            .needs(user("client.issuetoken"), issue_token),
        endpoint(
            Method::POST,
            "/api/Client/{id}/Secretkey",
            "ClientPostSecretkey",
            "Hash a secret for a client",
        )
        .row(44)
        .json::<SecretKeyBody>()
        .answers::<Single<String>>()
        .needs(user("client.postsecretkey"), hash_secret),
        endpoint(
            Method::GET,
            "/api/Client/Codes",
            "ClientCodes",
            "The codes of business errors about clients",
        )
        .row(45)
        .answers::<Vec<ApiCode>>()
        .open(no_codes),
    ]
}

impl ErrorData for Single<String> {}

// Row 43.
/// What token to issue.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "IssuedTokenInput")]
struct IssueTokenBody {
    /// Seconds, at most 86400; less than 1 and absent mean 3600.
    #[serde(default)]
    lifetime: i64,
}

// Row 44.
/// The secret to hash.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PlainSecretInput")]
struct SecretKeyBody {
    /// 0 for SHA-256, 1 for SHA-512.
    #[serde(default = "sha512", deserialize_with = "read_key_type")]
    #[schemars(with = "i64")]
    key_type: i64,
    /// From 16 characters to 1024 bytes.
    #[serde(default)]
    #[schemars(extend("x-required" = "body", "writeOnly" = true))]
    plaintext: String,
}

fn sha512() -> i64 {
    1
}

/// Enums travel as numbers; names are accepted too (spec section 2.1).
fn read_key_type<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum NumberOrName {
        Number(i64),
        Name(String),
    }
    match NumberOrName::deserialize(from)? {
        NumberOrName::Number(number) => Ok(number),
        NumberOrName::Name(name) if name.eq_ignore_ascii_case("sha256") => Ok(0),
        NumberOrName::Name(name) if name.eq_ignore_ascii_case("sha512") => Ok(1),
        NumberOrName::Name(_) => Err(serde::de::Error::custom("expected Sha256 or Sha512")),
    }
}

async fn list(granted: Granted) -> Outcome {
    let list = ListQuery::read(&granted.call, true)?;
    let client_id = list.query.text("q.ClientID").map(str::to_owned);
    let name = list.query.text("q.ClientName").map(str::to_owned);
    let orders = [
        ("clientId", ClientData::BY_CLIENT_ID),
        ("clientName", ClientData::BY_NAME),
        ("created", ClientData::BY_CREATED),
    ];
    let order = list.order(orders, |row, _, _| ClientBody::from_row(row, ClientSecrets::default()));
    let owner = (!granted.caller.is_administrator()).then_some(granted.user());
    let all = Clients::of(granted.tenant_id(), owner, client_id, list.paging);
    let mut query = all.ordered_by(order);
    if let Some(wanted) = name {
        query = query.filtered(move |row, _| {
            row.data.name.as_ref().is_some_and(|it| it.eq_ignore_ascii_case(&wanted))
        });
    }
    let page = granted.page(|tables| &tables.clients, query).await?;
    let rows = granted.ask(|tables| page.rows.iter().map(|it| body_of(tables, it)).collect());
    Ok(Reply::list(list.paging.skip, list.paging.take, page.total as u64, rows))
}

fn body_of(tables: &Tables, row: &ClientRow) -> ClientBody {
    ClientBody::from_row(row, tables.clients.secrets(row))
}

async fn create(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<ClientBody>().await?;
    let (data, secrets) = body.data(granted.tenant_id(), granted.user(), granted.call.now);
    check_scopes(&granted, &[], &data.allowed_scopes)?;
    let register = |number| {
        let mut data = data.clone();
        data.client = number as u32;
        ClientCommand::Register(Box::new(data), secrets.clone())
    };
    // Scopes that an administrator lists are granted by the same commit. If others list scopes, the
    // list stays in the row and grants nothing until the owner of the API does.
    let opened = granted.ask(|tables| match granted.caller.is_administrator() {
        true => scopes_of_others(tables, data.tenant, data.owner, &data.allowed_scopes),
        false => BTreeMap::new(),
    });
    let created = granted.create_with::<Client>(&bytes, register, |draft, number| {
        open_scopes(draft, number as u32, &opened)
    });
    let (number, done) = created.await?;
    Ok(Reply::single(number as i64).written(&done))
}

/// A client that the caller may see and change: it is the caller's, or the caller is an administrator
/// (contracts 30).
pub(super) fn find(
    granted: &Granted,
    tables: &Tables,
    client: u32,
) -> Result<Arc<ClientRow>, ApiError> {
    let row = tables.clients.find(granted.tenant_id(), client);
    let may = |it: &ClientRow| it.data.owner == granted.user() || granted.caller.is_administrator();
    row.filter(|it| may(it)).cloned().ok_or_else(|| ApiError::not_found("client"))
}

async fn detail(granted: Granted) -> Outcome {
    let client = granted.call.number(0, "id")?;
    granted.ask(|tables| {
        let row = find(&granted, tables, client)?;
        Ok(Reply::single(body_of(tables, &row)).version(row.version))
    })
}

/// Spec section 5.4.3; null clears what that cannot.
async fn update(mut granted: Granted) -> Outcome {
    let (sent, bytes) = granted.json::<ClientBody>().await?;
    let mut tries = 0;
    loop {
        let done = update_present(&granted, sent.number(), &bytes).await;
        if !granted.must_try_again(&done, &mut tries, false).await {
            return Ok(Reply::single(true).written(&done?));
        }
    }
}

async fn update_present(granted: &Granted, client: u32, bytes: &[u8]) -> Result<Done, ApiError> {
    let (row, now) = granted.ask(|tables| {
        let row = find(granted, tables, client)?;
        let now = body_of(tables, &row);
        Ok::<_, ApiError>((row, now))
    })?;
    let body: ClientBody = granted.call.members.read_update(bytes, &now, is_kept)?;
    let (data, wishes) = body.wished(&row, granted.call.now);
    let is_administrator = granted.caller.is_administrator();
    if row.data.flags.non_editable && !is_administrator {
        return Err(not_allowed("the client is not editable: an administrator can change that"));
    }
    if row.data.client_id.0 == FIRST_PARTY_CLIENT {
        return Err(not_allowed("the program's own client is not changed: people sign in with it"));
    }
    check_scopes(granted, &row.data.allowed_scopes, &data.allowed_scopes)?;
    let opened = granted.ask(|tables| match is_administrator {
        true => scopes_of_others(tables, data.tenant, data.owner, &data.allowed_scopes),
        false => BTreeMap::new(),
    });
    let target = granted.target_of(&*row, "client")?;
    let command = ClientCommand::Update(Box::new(data), wishes);
    let also = |draft: &mut Draft<'_>| open_scopes(draft, client, &opened);
    granted.submit_with(&target, bytes, command, Expected::At(row.version), also).await
}

/// Whether the caller may list the scopes that come new to a client.
fn check_scopes(granted: &Granted, before: &[String], wanted: &[String]) -> Result<(), ApiError> {
    let mut gained = wanted.iter().filter(|it| is_for_administrators(it) && !before.contains(it));
    match gained.next() {
        Some(scope) if !granted.caller.is_administrator() => {
            let why = format!("only an administrator gives a client the scope {scope}");
            Err(ApiError::Forbidden(why))
        }
        _ => Ok(()),
    }
}

fn not_allowed(why: &str) -> ApiError {
    ApiError::business(codes::EXPECTATION_FAILED, why)
}

async fn delete(granted: Granted) -> Outcome {
    let client = granted.call.number(0, "id")?;
    let row = granted.ask(|tables| find(&granted, tables, client))?;
    if row.data.client_id.0 == FIRST_PARTY_CLIENT {
        return Err(not_allowed("the program's own client is not deleted"));
    }
    let target = granted.target_of(&*row, "client")?;
    let done = granted.submit(&target, &[], ClientCommand::Delete).await?;
    Ok(Reply::single(true).written(&done))
}

/// Spec section 5.4.6, with hole H9 closed: a limited lifetime, an event, and no token made from
/// such a token.
async fn issue_token(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<IssueTokenBody>().await?;
    if granted.caller.claims.parent.is_some() {
        let why = "a token that was issued here cannot issue another; sign in again";
        return Err(ApiError::Forbidden(why.to_owned()));
    }
    let lifetime = if body.lifetime < 1 { LIFETIME_DEFAULT } else { body.lifetime };
    if lifetime > ISSUED_TOKEN_SECONDS_MAX {
        return Err(ApiError::field("lifetime", "must be at most 86400 seconds"));
    }
    // Grant and client stand in the event.
    let head = CommitHead { context: Context::default(), ..granted.head(&bytes)? };
    if granted.call.find_repeated(&head)?.is_some() {
        return Err(ApiError::OneTime);
    }
    granted.confirm()?;
    let caller = granted.caller.clone();
    let (scopes, audience) = granted.ask(|tables| scopes_of_now(tables, &granted))?;
    let request = TokenRequest {
        tenant: granted.tenant.clone(),
        client_id: caller.claims.client_id.clone(),
        user: caller.user,
        roles: caller.roles,
        permission: caller.permission,
        scopes,
        audience,
        grant: Grant::IssueToken,
        amr: caller.claims.amr.clone(),
        auth_time: caller.claims.auth_time,
        lifetime,
        // The values of the presented token: what ends that one ends this one.
        counts_from: caller.claims.counts_from.unwrap_or(0),
        parent: Some(caller.claims.jti.clone()),
    };
    let bill = granted.bill(&head)?;
    let IssuedToken { token, done } = issue(&granted.call.app, request, head).await?;
    bill.pay(&done);
    Ok(Reply::single(token).no_store().written(&done))
}

/// The scopes of the presented token that its client would still get now.
fn scopes_of_now(
    tables: &Tables,
    granted: &Granted,
) -> Result<(Vec<String>, Vec<String>), ApiError> {
    let caller = &granted.caller;
    let client = counting_client(tables, granted.tenant_id(), &caller.claims.client_id);
    let client = client.ok_or(ApiError::Unauthenticated {
        token_sent: true,
        why: "the client of the access token may not ask for tokens any more",
    })?;
    let (scopes, audience) =
        still_granted(tables, granted.tenant_id(), &client, &caller.claims.scope);
    if scopes.is_empty() {
        let why = "the client may not ask for the scopes of the access token any more";
        return Err(ApiError::Forbidden(why.to_owned()));
    }
    Ok((scopes, audience))
}

/// Spec section 5.4.7: stateless, so no event.
async fn hash_secret(mut granted: Granted) -> Outcome {
    granted.call.number(0, "id")?;
    let (body, _) = granted.json::<SecretKeyBody>().await?;
    domain::check::required_text("plaintext", &body.plaintext, SECRET_BYTES_MAX)?;
    // The limit above is in characters; the token endpoint limits bytes.
    if body.plaintext.len() > SECRET_BYTES_MAX {
        let why = format!("is longer than {SECRET_BYTES_MAX} bytes");
        return Err(ApiError::field("plaintext", why));
    }
    if body.plaintext.chars().count() < PLAINTEXT_MIN {
        let why = format!("must have at least {PLAINTEXT_MIN} characters");
        return Err(ApiError::field("plaintext", why));
    }
    let algorithm = if body.key_type == 1 { &SHA512 } else { &SHA256 };
    let hash = digest(algorithm, body.plaintext.as_bytes());
    Ok(Reply::single(BASE64_STANDARD.encode(hash)).no_store())
}
