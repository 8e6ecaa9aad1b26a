//! `POST /connect/token` (RFC 6749 section 3.2): client credentials, and the password grant for
//! the first-party client.

use std::sync::Arc;

use commands::bootstrap::FIRST_PARTY_CLIENT;
use domain::context::Context;
use domain::log::CommitHead;
use domain::role::ROLE_ADMINISTRATOR;
use domain::security::Rule;
use domain::token::Grant;
use domain::user::PASSWORD_BYTES_MAX;
use domain::{Actor, UserId};
use projections::{ClientRow, UserRow};
use schemars::JsonSchema;
use serde::Serialize;
use warp::http::Method;

use crate::access::granted::Open;
use crate::access::issue::{IssuedToken, TokenRequest, grant_scopes, issue, roles_and_permission};
use crate::connect::client_authentication::{authenticate, invalid_client};
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::input::Query;
use crate::http::reply::{ErrorData, Reply};
use crate::state::attempts::{Attempt, Proof};
use crate::state::budgets::Writer;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::POST, "/connect/token", "ConnectToken", "Issue an access token")
            .form::<TokenForm>()
            .answers::<TokenAnswer>()
            .fails(|| vec![invalid_client(), ApiError::OneTime])
            .open(token),
    ]
}

// It is read field by field.
/// What token is asked for.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
struct TokenForm {
    /// `client_credentials` or `password`.
    grant_type: String,
    /// Here, or in HTTP Basic.
    client_id: Option<String>,
    /// Here, or in HTTP Basic.
    #[schemars(extend("writeOnly" = true))]
    client_secret: Option<String>,
    /// Scopes, separated by spaces; all that the client may ask for if absent.
    scope: Option<String>,
    /// With `password`.
    username: Option<String>,
    /// With `password`.
    #[schemars(extend("writeOnly" = true))]
    password: Option<String>,
}

// RFC 6749 section 5.1.
/// An access token.
#[derive(Serialize, JsonSchema)]
struct TokenAnswer {
    access_token: String,
    /// Seconds.
    expires_in: i64,
    /// `Bearer`.
    token_type: &'static str,
    /// What was granted, separated by spaces.
    scope: String,
}

impl ErrorData for TokenAnswer {}

async fn token(mut open: Open) -> Outcome {
    let form = open.call.form().await?;
    let grant_type = form.text("grant_type");
    let grant_type = grant_type
        .ok_or_else(|| ApiError::oauth("invalid_request", "grant_type is missing"))?
        .to_owned();
    let client = authenticate(&open.call, &open.tenant, &form)?;
    if !matches!(grant_type.as_str(), "client_credentials" | "password") {
        let why = "grant_type must be client_credentials or password";
        return Err(ApiError::oauth("unsupported_grant_type", why));
    }
    if !client.data.allowed_grant_types.contains(&grant_type) {
        let why = "the client may not use this grant";
        return Err(ApiError::oauth("unauthorized_client", why));
    }
    let request = match grant_type.as_str() {
        "password" => password(&open, &client, &form).await?,
        _ => client_credentials(&open, &client, &form)?,
    };
    let (lifetime, scope) = (request.lifetime, request.scopes.join(" "));
    let head = head(&open, &request)?;
    let bill = open.call.app.bill(writer(&open, &head, &request), &head)?;
    let IssuedToken { token, done } = issue(&open.call.app, request, head).await?;
    bill.pay(&done);
    let answer =
        TokenAnswer { access_token: token, expires_in: lifetime, token_type: "Bearer", scope };
    Ok(Reply::json(&answer).no_store().written(&done))
}

fn client_credentials(
    open: &Open,
    client: &ClientRow,
    form: &Query,
) -> Result<TokenRequest, ApiError> {
    // RFC 6749 section 4.4.2: only for confidential clients.
    if !client.data.require_client_secret {
        let why = "a public client may not use this grant";
        return Err(ApiError::oauth("unauthorized_client", why));
    }
    let tables = open.call.app.views.read();
    let (scopes, audience) =
        grant_scopes(&tables, open.tenant.data.tenant, client, form.text("scope"))?;
    Ok(TokenRequest {
        tenant: open.tenant.clone(),
        client_id: client.data.client_id.0.clone(),
        user: UserId::NONE,
        roles: Vec::new(),
        permission: None,
        scopes,
        audience,
        grant: Grant::ClientCredentials,
        amr: Vec::new(),
        auth_time: None,
        lifetime: i64::from(client.data.lifetimes.access_token),
        counts_from: 0,
        parent: None,
    })
}

/// RFC 6749 section 4.3; discouraged by RFC 9700, so for the first-party client only.
async fn password(open: &Open, client: &ClientRow, form: &Query) -> Result<TokenRequest, ApiError> {
    if client.data.client_id.0 != FIRST_PARTY_CLIENT {
        let why = "this grant is for the first-party client only";
        return Err(ApiError::oauth("unauthorized_client", why));
    }
    let missing = || ApiError::oauth("invalid_request", "username and password are needed");
    let name = form.text("username").ok_or_else(missing)?;
    let password = form.text("password").ok_or_else(missing)?;
    let wrong = || ApiError::oauth("invalid_grant", "the user name or the password is wrong");
    if password.len() > PASSWORD_BYTES_MAX {
        open.call.refused(Rule::WrongPassword, open.tenant.data.tenant, None);
        return Err(wrong());
    }
    // Scopes are checked first: a wrong one must not reveal whether the password was right.
    let (scopes, audience) = {
        let tables = open.call.app.views.read();
        grant_scopes(&tables, open.tenant.data.tenant, client, form.text("scope"))?
    };
    let user = prove(open, name, password).await?.ok_or_else(wrong)?;
    let (roles, permission) = roles_and_permission(&open.call.app.views.read(), &user);
    Ok(TokenRequest {
        tenant: open.tenant.clone(),
        client_id: client.data.client_id.0.clone(),
        user: user.data.user,
        roles,
        permission,
        scopes,
        audience,
        grant: Grant::Password,
        amr: vec!["pwd".to_owned()],
        auth_time: None,
        lifetime: i64::from(client.data.lifetimes.access_token),
        // The position at the time of sign-in: if the credentials were changed meanwhile, this
        // token does not count.
        counts_from: user.counts_from,
        parent: None,
    })
}

/// The user with this name and password who may sign in.
async fn prove(open: &Open, name: &str, password: &str) -> Result<Option<Arc<UserRow>>, ApiError> {
    let (app, tenant) = (&open.call.app, open.tenant.data.tenant);
    let attempt = Attempt::account(tenant.0, name, open.call.peer);
    let (user, verifiers) = {
        let tables = app.views.read();
        let user = tables.users.named(tenant, name);
        (user.cloned(), user.map(|it| tables.users.verifiers(it)).unwrap_or_default())
    };
    let who = user.as_ref().map(|it| Actor::User(it.data.user));
    let user = user.filter(|it| it.enabled && !it.data.lock_flag);
    let look = async {
        Ok(match app.passwords_for(&attempt).verify_of_user(password, &verifiers).await? {
            true if user.is_some() => Proof::LetIn,
            true => Proof::NotLetIn,
            false => Proof::Wrong,
        })
    };
    match app.attempts.check(&attempt, || app.clock.monotonic(), look).await {
        Ok(Proof::LetIn) => return Ok(user),
        Ok(Proof::NotLetIn) => open.call.refused(Rule::NotLetIn, tenant, who),
        Ok(Proof::Wrong) => open.call.refused(Rule::WrongPassword, tenant, who),
        Err(why) => {
            open.call.refused_unchecked(&why, tenant, who);
            return Err(why.into());
        }
    }
    Ok(None)
}

/// Who pays for a token: its user; a client without one has proved its secret. An administrator gets in
/// though the tenant has written too much.
fn writer(open: &Open, head: &CommitHead, request: &TokenRequest) -> Writer {
    let writer = Writer::new(head.tenant, &head.actor, open.call.peer);
    match request.grant {
        Grant::ClientCredentials => writer.tokens_of_client(),
        _ if request.roles.iter().any(|it| it == ROLE_ADMINISTRATOR) => writer.alone(),
        _ => writer,
    }
}

fn head(open: &Open, request: &TokenRequest) -> Result<CommitHead, ApiError> {
    let actor = Actor::of_token(request.user, &request.client_id);
    let tenant = open.tenant.data.tenant;
    let wish = [request.client_id.as_str(), &request.scopes.join(" ")].join("\n");
    let head = open.call.head(tenant, actor, wish.as_bytes())?;
    // No context: the event names grant type and client.
    Ok(CommitHead { context: Context::default(), ..head })
}
