//! Authorize, Login, CheckToken, GetLoginInfo and RefreshToken: pairs of tokens and what they say.

use std::sync::Arc;

use commands::Expected;
use domain::app::AppId;
use domain::app_token::{
    AppToken, AppTokenCommand, AppTokenEvent, REFRESH_USED, REFRESHED_ENOUGH, REFRESHES_MAX,
    TOKEN_TYPE_CHARS_MAX,
};
use domain::log::OpenParts as _;
use domain::security::Rule;
use domain::{Actor, StoredEvent as _, Timestamp};
use projections::{AppRow, AppTokenRow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::accounts::{Account, Accounts};
use super::answer::{
    Answered, BUSY, DISABLED, EXPIRED, Failed, INVALID, NOT_FOUND, TOO_MANY, UNAUTHORIZED,
    UNKNOWN_APP, WRONG_PASSWORD, WRONG_SIGNATURE, not_checked,
};
use super::apps::default_app;
use super::pairs::{Lineage, NewPair, PairResp, issue, note, unused};
use super::service::{Answer, Service, operation};
use super::signature::{check_signature, check_time};
use super::standing::{self, Standing, hash_of, live_app};
use super::users::canonical;
use crate::access::target::Target;
use crate::http::endpoint::Endpoint;
use crate::state::attempts::{Attempt, Proof};

/// The most pairs of one family that have not expired: each refresh makes one. With the default
/// lifetime of 23 days that is one in about three minutes.
const FAMILY_PAIRS_MAX: usize = 10_000;

/// A refresh token has given as many pairs as it may within its grace. Nothing ends.
const COME_AGAIN: Failed = TOO_MANY.retry_after(1);

/// The longest member that is accepted, in bytes.
const MEMBER_BYTES_MAX: usize = 1_024;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        operation(
            "/oauth2/api/v1/oauth.authorize",
            "AppTokenAuthorize",
            "Tokens for an app, or for a user through it",
            authorize,
        ),
        operation(
            "/oauth2/api/v1/oauth.login",
            "AppTokenLogin",
            "Tokens for a user with a password",
            login,
        ),
        operation(
            "/oauth2/api/v1/oauth.check_token",
            "AppTokenCheckToken",
            "What an access token says",
            check,
        ),
        operation(
            "/oauth2/api/v1/oauth.get_login_info",
            "AppTokenGetLoginInfo",
            "Whose an access token is",
            login_info,
        ),
        operation(
            "/oauth2/api/v1/oauth.refresh_token",
            "AppTokenRefreshToken",
            "A new pair for a refresh token",
            refresh,
        ),
    ]
}

/// Which app asks for tokens, and for whom.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
#[schemars(rename = "AppTokenAuthorizeInput")]
struct AuthorizeReq {
    #[schemars(extend("x-required" = "body"))]
    app_id: String,
    app_key: String,
    /// A label that is kept with the tokens.
    token_type: String,
    /// Unix seconds.
    timestamp: i64,
    /// The md5 of appId, appKey, timestamp and appSecret, in hexadecimal.
    token: String,
    /// Whom the tokens are for; empty for the app itself.
    user_name: String,
}

/// Who signs in.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
#[schemars(rename = "AppTokenLoginInput")]
struct LoginReq {
    #[schemars(extend("x-required" = "body"))]
    username: String,
    /// The md5 of the password, in hexadecimal.
    #[schemars(extend("x-required" = "body", "writeOnly" = true))]
    password: String,
    /// Unix seconds.
    #[schemars(extend("x-required" = "body"))]
    timestamp: i64,
    /// The md5 of username, password and timestamp, in hexadecimal.
    #[schemars(extend("x-required" = "body"))]
    token: String,
}

/// Which token to look at.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
#[schemars(rename = "AppTokenCheckInput")]
struct CheckTokenReq {
    /// An access token.
    #[schemars(extend("x-required" = "body"))]
    token: String,
}

/// What an access token says.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AppTokenCheck")]
struct CheckTokenResp {
    access_token: String,
    /// The user, or the id of the app for a token of the app itself.
    user_name: String,
    /// Unix seconds.
    access_expire_time: i64,
    app_id: String,
}

/// Which token to look at.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
#[schemars(rename = "AppTokenLoginInfoInput")]
struct GetLoginInfoReq {
    #[schemars(extend("x-required" = "body"))]
    access_token: String,
}

/// Whose an access token is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AppTokenLoginInfo")]
struct GetLoginInfoResp {
    username: String,
    /// Unix seconds.
    access_expire_time: i64,
    user_info: String,
}

/// Which pair to renew.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
#[schemars(rename = "AppTokenRefreshInput")]
struct RefreshTokenReq {
    /// A refresh token.
    #[schemars(extend("x-required" = "body"))]
    token: String,
}

/// A new pair of tokens.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AppTokenRefreshedPair")]
struct RefreshTokenResp {
    access_token: String,
    refresh_token: String,
    /// Unix seconds.
    access_expire_time: i64,
    /// Unix seconds.
    refresh_expire_time: i64,
    /// Always empty.
    user_info: &'static str,
}

impl From<PairResp> for RefreshTokenResp {
    fn from(made: PairResp) -> Self {
        Self {
            access_token: made.access_token,
            refresh_token: made.refresh_token,
            access_expire_time: made.access_expire_time,
            refresh_expire_time: made.refresh_expire_time,
            user_info: "",
        }
    }
}

async fn authorize(service: Service, asked: AuthorizeReq) -> Answer<PairResp> {
    let texts = [&asked.app_id, &asked.app_key, &asked.token, &asked.user_name];
    let too_long = texts.into_iter().any(|it| it.len() > MEMBER_BYTES_MAX);
    if asked.app_id.is_empty() || too_long || is_too_long(&asked.token_type) {
        return Err(INVALID);
    }
    let (tenant, now) = (service.tenant(), service.call().now);
    let (row, secret) = service.ask(|tables| {
        let app = AppId::parse(&asked.app_id).ok_or(UNKNOWN_APP)?;
        let row = live_app(tables, tenant, app, now).ok_or(UNKNOWN_APP)?;
        let secret = tables.apps.secret(&row).ok_or(BUSY)?;
        Ok::<_, Failed>((row, secret))
    })?;
    let signed = row.data.policy.strict || !asked.token.is_empty();
    let mut command_id = None;
    let wrong = |_: &Failed| {
        service.call().refused(Rule::WrongSignature, tenant, Some(Actor::App(row.data.app)));
    };
    if signed {
        check_key(&row, &asked.app_key).inspect_err(wrong)?;
        let timestamp = asked.timestamp.to_string();
        let parts = [&asked.app_id, &asked.app_key, &timestamp].map(|it| it.as_bytes());
        let [id, key, time] = parts;
        let parts = [id, key, time, secret.as_bytes()];
        check_signature(&asked.token, &parts).inspect_err(wrong)?;
        check_time(asked.timestamp, now, service.settings().window_seconds)?;
        let (id, time) = (&asked.app_id, asked.timestamp);
        command_id = unused(&service, "authorize", id, time, &asked.token)?;
        note(&service, command_id)?;
    } else if !asked.app_key.is_empty() {
        check_key(&row, &asked.app_key).inspect_err(wrong).map_err(|_| UNKNOWN_APP)?;
    }
    let account = match asked.user_name.is_empty() {
        true => None,
        // Without a valid signature the caller is anonymous: anybody may know the id of an app.
        false if !signed => return Err(UNAUTHORIZED),
        false => Some(acting_for(&service, &row, &asked.user_name).ok_or(UNAUTHORIZED)?),
    };
    let actor = Actor::App(row.data.app);
    // An app that proved its secret is a confidential client; else anybody may have named it.
    let writer = match signed {
        true => service.writer(&actor).tokens_of_client(),
        false => service.writer(&Actor::Anybody),
    };
    let new_pair = NewPair::new(&service, row, account, &asked.token_type);
    issue(&service, new_pair, (actor, writer), command_id).await
}

fn is_too_long(token_type: &str) -> bool {
    token_type.chars().count() > TOKEN_TYPE_CHARS_MAX
}

fn check_key(row: &AppRow, sent: &str) -> Result<(), Failed> {
    let (stored, sent) = (hash_of(&row.data.app_key), hash_of(sent));
    let equal = aws_lc_rs::constant_time::verify_slices_are_equal(&stored, &sent);
    equal.map_err(|_| WRONG_SIGNATURE)
}

/// An account for which an app may act: its own ones, or any if the operator allowed it, but never
/// one with more rights than others.
fn acting_for(service: &Service, app: &AppRow, user_name: &str) -> Option<Account> {
    service.ask(|tables| {
        let account = Accounts::of(tables, service.tenant()).named(user_name)?;
        // Whoever allowed it meant the accounts of that time.
        let since = tables.tenants.get(service.tenant())?.app_tokens_from;
        let any = app.data.policy.acts_for_users && app.policy_position >= since;
        let own = account.app() == app.data.app || any;
        let may = own && account.is_enabled() && !account.is_privileged(tables);
        may.then_some(account)
    })
}

async fn login(service: Service, asked: LoginReq) -> Answer<PairResp> {
    let too_long =
        [&asked.username, &asked.token].into_iter().any(|it| it.len() > MEMBER_BYTES_MAX);
    if asked.username.is_empty() || asked.password.is_empty() || too_long {
        return Err(INVALID);
    }
    let password = canonical(&asked.password)?;
    let now = service.call().now;
    check_time(asked.timestamp, now, service.settings().window_seconds)?;
    let timestamp = asked.timestamp.to_string();
    let parts = [&asked.username, &asked.password, &timestamp].map(|it| it.as_bytes());
    check_signature(&asked.token, &parts).inspect_err(|_| {
        service.call().refused(Rule::WrongSignature, service.tenant(), None);
    })?;
    let account = prove(&service, &asked.username, &password).await?;
    // Checked after the password: sooner, it would let an attacker test guesses.
    let command_id = unused(&service, "login", &asked.username, asked.timestamp, &asked.token)?;
    if !account.is_enabled() {
        return Err(DISABLED);
    }
    let tenant = service.tenant();
    let app = match service.ask(|it| live_app(it, tenant, account.app(), now)) {
        Some(app) => app,
        None => default_app(&service).await?,
    };
    let actor = Actor::from(account.id());
    let writer = service.writer(&actor);
    let new_pair = NewPair::new(&service, app, Some(account), "login");
    issue(&service, new_pair, (actor, writer), command_id).await
}

/// The account with this name and password. It takes equally long for an unknown name.
async fn prove(service: &Service, user_name: &str, password: &str) -> Result<Account, Failed> {
    let (app, tenant) = (service.app(), service.tenant());
    let (tried, account, verifier) = service.ask(|tables| {
        let accounts = Accounts::of(tables, tenant);
        let account = accounts.named(user_name);
        let verifier = account.as_ref().and_then(|it| it.verifier(tables));
        (accounts.tried_as(user_name), account, verifier)
    });
    let who = account.as_ref().map(|it| Actor::from(it.id()));
    let attempt = Attempt::account(tenant.0, &tried, service.call().peer);
    let look = async {
        Ok(match app.passwords_for(&attempt).verify(password, verifier.as_ref()).await? {
            true if account.as_ref().is_some_and(Account::is_enabled) => Proof::LetIn,
            true => Proof::NotLetIn,
            false => Proof::Wrong,
        })
    };
    match app.attempts.check(&attempt, || app.clock.monotonic(), look).await {
        Ok(Proof::LetIn) => account.ok_or(WRONG_PASSWORD),
        Ok(Proof::NotLetIn) => {
            service.call().refused(Rule::NotLetIn, tenant, who);
            account.ok_or(WRONG_PASSWORD)
        }
        Ok(Proof::Wrong) => {
            service.call().refused(Rule::WrongPassword, tenant, who);
            Err(WRONG_PASSWORD)
        }
        Err(why) => {
            service.call().refused_unchecked(&why, tenant, who);
            Err(not_checked(why))
        }
    }
}

/// The pair of an access token, with everything that it depends on.
fn look_up(service: &Service, token: &str) -> Result<(Arc<AppTokenRow>, Standing), Failed> {
    if token.is_empty() || token.len() > MEMBER_BYTES_MAX {
        return Err(if token.is_empty() { INVALID } else { NOT_FOUND });
    }
    let now = service.call().now;
    service.ask(|tables| {
        let pair = tables.app_tokens.with_access(&hash_of(token)).ok_or(NOT_FOUND)?;
        if pair.data.tenant != service.tenant() {
            return Err(NOT_FOUND);
        }
        if pair.data.access_expires_at <= now {
            return Err(EXPIRED);
        }
        let standing = standing::check(tables, service.tenant(), pair, now);
        let standing = standing.inspect_err(|_| standing::ended_pair_used(service, pair));
        Ok((pair.clone(), standing.map_err(|_| NOT_FOUND)?))
    })
}

async fn check(service: Service, asked: CheckTokenReq) -> Answer<CheckTokenResp> {
    let (pair, standing) = look_up(&service, &asked.token)?;
    let user_name = match &standing.account {
        Some(account) => service.ask(|it| account.user_name(it)).ok_or(NOT_FOUND)?,
        None => standing.app.data.app.to_string(),
    };
    Ok(Answered::read(CheckTokenResp {
        access_token: asked.token,
        user_name,
        access_expire_time: pair.data.access_expires_at.seconds(),
        app_id: standing.app.data.app.to_string(),
    }))
}

async fn login_info(service: Service, asked: GetLoginInfoReq) -> Answer<GetLoginInfoResp> {
    let (pair, standing) = look_up(&service, &asked.access_token)?;
    let account = standing.account.ok_or(NOT_FOUND)?;
    let named = service.ask(|it| account.name_and_info(it));
    let (username, user_info) = named.ok_or(NOT_FOUND)?;
    let access_expire_time = pair.data.access_expires_at.seconds();
    Ok(Answered::read(GetLoginInfoResp { username, access_expire_time, user_info }))
}

async fn refresh(service: Service, asked: RefreshTokenReq) -> Answer<RefreshTokenResp> {
    if asked.token.is_empty() {
        return Err(INVALID);
    }
    let now = service.call().now;
    let (pair, standing) = service.ask(|tables| {
        let pair = tables.app_tokens.with_refresh(&hash_of(&asked.token)).ok_or(NOT_FOUND)?;
        if pair.data.tenant != service.tenant() {
            return Err(NOT_FOUND);
        }
        if pair.data.refresh_expires_at <= now {
            return Err(EXPIRED);
        }
        let standing = standing::check(tables, service.tenant(), pair, now);
        let standing = standing.inspect_err(|_| standing::ended_pair_used(&service, pair));
        Ok((pair.clone(), standing?))
    })?;
    let actor = match &standing.account {
        Some(account) => account.id().into(),
        None => Actor::App(standing.app.data.app),
    };
    // Nobody need prove anything to get the first pair of an app that does not sign.
    let writer = match &standing.account {
        Some(_) => service.writer(&actor),
        None => service.writer(&Actor::Anybody),
    };
    let token_type = token_type_of(&service, &pair)?;
    let settings = service.settings();
    let lineage = Lineage::after(&pair.data, settings.family_seconds);
    let new_pair = NewPair::in_family(&service, standing, &token_type, Some(lineage));
    let use_token = AppTokenCommand::Refresh {
        rotates: settings.refresh_rotates,
        grace_seconds: settings.grace_seconds,
    };
    let head = service.token_head(actor.clone())?;
    let bill = service.app().bill(writer, &head)?;
    let refreshed = service.app().engine.transact(&head, |draft| {
        match draft.decide::<AppToken>(&pair.id, &use_token) {
            Err(commands::Error::Refused(refusal)) if refusal == REFRESH_USED => return Ok(None),
            Err(commands::Error::Refused(refusal)) if refusal == REFRESHED_ENOUGH => {
                return Err(COME_AGAIN);
            }
            decided => decided?,
        }
        if service.settings().refresh_rotates && !is_first_of_siblings(&service, &pair, now)? {
            return Ok(None);
        }
        let pairs = service.ask(|it| it.app_tokens.pairs_of(&pair.data.family, now));
        if pairs >= FAMILY_PAIRS_MAX {
            return Err(TOO_MANY);
        }
        let (made, id, command) = new_pair.make(now)?;
        draft.decide::<AppToken>(&id, &command)?;
        Ok::<_, Failed>(Some(made))
    });
    let (made, done) = refreshed.await?;
    let Some(made) = made else {
        revoke_family(&service, &pair, &asked.token, actor).await?;
        return Err(NOT_FOUND);
    };
    bill.pay(&done);
    service.app().settle(&done).await;
    Ok(Answered::written(made.into(), done.position))
}

/// Whether a pair may be used on, as far as its siblings go: one refresh gives several pairs where
/// answers are lost, or where a thief was quick. Only one of them is used on, but for the grace, in which
/// the others lead to siblings again. So of a thief and the owner one comes too late.
///
/// # Errors
/// Within the grace, when they have led to as many pairs as they may.
fn is_first_of_siblings(
    service: &Service,
    pair: &AppTokenRow,
    now: Timestamp,
) -> Result<bool, Failed> {
    // The first pair of a family has none. Nor is anything known of those of an earlier version.
    if pair.data.generation == 0 {
        return Ok(true);
    }
    let Some(next) = service.ask(|it| it.app_tokens.next_of(pair)) else { return Ok(true) };
    let in_grace = now.seconds() - next.first_at.seconds() < service.settings().grace_seconds;
    match in_grace {
        true if next.count >= REFRESHES_MAX as usize => Err(COME_AGAIN),
        in_grace => Ok(in_grace),
    }
}

/// The label of a pair, from its event: it may name somebody, so rows do not hold it in clear.
fn token_type_of(service: &Service, pair: &AppTokenRow) -> Result<String, Failed> {
    let engine = &service.app().engine;
    let events = engine.log().read_at(&[pair.position]).map_err(commands::Error::from)?;
    let event = events.first().ok_or(NOT_FOUND)?;
    let read = engine.keys().open_parts(event);
    let read = read.and_then(|parts| AppTokenEvent::decode(&event.kind, &parts));
    match read {
        Ok(AppTokenEvent::Issued(fact)) => Ok(fact.personal.ok_or(NOT_FOUND)?.token_type),
        Ok(_) => Err(NOT_FOUND),
        Err(err) => {
            tracing::error!(error = %err, position = pair.position, "a pair cannot be read");
            Err(BUSY)
        }
    }
}

/// A refresh token that is used a second time was stolen, before or now: the whole family ends.
async fn revoke_family(
    service: &Service,
    pair: &AppTokenRow,
    token: &str,
    actor: Actor,
) -> Result<(), Failed> {
    let reason = "a refresh token was used twice".to_owned();
    let command = AppTokenCommand::RevokeFamily { reason };
    // Having the refresh token is enough for this.
    let target = Target::of(pair, service.tenant(), |it| it.data.refresh_hash == hash_of(token));
    // No budget keeps anybody from it.
    let (app, head) = (service.app(), service.head(actor)?);
    let done = target.ok_or(NOT_FOUND)?.change(app, &command, &head, Expected::Any).await?;
    app.settle(&done).await;
    standing::ended_pair_used(service, pair);
    tracing::warn!(app = %pair.data.app, "a refresh token was used twice; its family is ended");
    Ok(())
}
