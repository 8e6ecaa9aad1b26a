//! Issuing an access token: granted scopes, claims, an event, and a signature.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use commands::Done;
use commands::keys::random;
use domain::TenantId;
use domain::client::CLIENT_CHILDREN_MAX;
use domain::log::CommitHead;
use domain::token::{Grant, Token, TokenCommand, TokenIssued};
use domain::{ClientName, Timestamp, UserId};
use projections::{ClientRow, Tables, TenantRow, UserRow};
use serde::Serialize;

use crate::access::clients::audience_for;
use crate::access::rights::permission_of;
use crate::access::token_id::{Bound, bind};
use crate::access::verify::TOKEN_BYTES_MAX;
use crate::http::codes;
use crate::http::error::ApiError;
use crate::state::app::App;

/// The most scopes of one token: as many as a client may list.
const SCOPES_MAX: usize = CLIENT_CHILDREN_MAX;

/// What header and signature of a token have at most, in bytes.
const HEADER_AND_SIGNATURE_BYTES_MAX: usize = 1_024;

const TOO_LONG: &str = "the token would have more than 16,384 bytes: ask for fewer scopes, or give the \
                        user fewer roles or a shorter permission";

/// What a token is to say.
pub(crate) struct TokenRequest {
    pub(crate) tenant: Arc<TenantRow>,
    pub(crate) client_id: String,
    pub(crate) user: UserId,
    pub(crate) roles: Vec<String>,
    pub(crate) permission: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) audience: Vec<String>,
    pub(crate) grant: Grant,
    /// How the user proved itself (RFC 8176).
    pub(crate) amr: Vec<String>,
    /// When the user proved itself, in seconds; `None` for now.
    pub(crate) auth_time: Option<i64>,
    /// Seconds.
    pub(crate) lifetime: i64,
    /// From which position the user's credentials counted when they were proved; 0 without a user.
    pub(crate) counts_from: u64,
    /// The token that it is made from.
    pub(crate) parent: Option<String>,
}

/// A token, after its event is durable.
pub(crate) struct IssuedToken {
    pub(crate) token: String,
    pub(crate) done: Done,
}

#[derive(Serialize)]
struct AccessTokenClaims<'a> {
    nbf: i64,
    exp: i64,
    iss: String,
    aud: &'a [String],
    client_id: &'a str,
    client_tenant: ClientTenantClaim<'a>,
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    role: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    permission: Option<&'a str>,
    iat: i64,
    scope: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    amr: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts_from: Option<u64>,
    /// Stands in no event, so that nobody makes the claims again from the log.
    salt: String,
}

#[derive(Serialize)]
struct ClientTenantClaim<'a> {
    id: u32,
    name: &'a str,
}

/// The scopes that a client gets, and the audiences that they are for, as of now.
///
/// Without a wish the client gets all that it lists and may have. A wish for anything else is
/// refused, in the same words whether the scope exists or not.
pub(crate) fn grant_scopes(
    tables: &Tables,
    tenant: TenantId,
    client: &ClientRow,
    wanted: Option<&str>,
) -> Result<(Vec<String>, Vec<String>), ApiError> {
    let granted = match wanted {
        None => still_granted(tables, tenant, client, &client.data.allowed_scopes),
        Some(wanted) => {
            let mut scopes: Vec<String> = Vec::new();
            for scope in wanted.split_ascii_whitespace() {
                if scopes.iter().any(|it| it == scope) {
                    continue;
                }
                if audience_for(tables, tenant, client, scope).is_none() {
                    let why = "a scope is unknown, or the client may not ask for it";
                    return Err(ApiError::oauth("invalid_scope", why));
                }
                scopes.push(scope.to_owned());
            }
            if scopes.len() > SCOPES_MAX {
                return Err(ApiError::oauth("invalid_scope", "ask for 1 to 200 scopes"));
            }
            still_granted(tables, tenant, client, &scopes)
        }
    };
    if granted.0.is_empty() {
        return Err(ApiError::oauth("invalid_scope", "ask for 1 to 200 scopes"));
    }
    Ok(granted)
}

/// Those of some scopes that a client gets now, each once and as many as fit into a token, and their
/// audiences.
pub(crate) fn still_granted(
    tables: &Tables,
    tenant: TenantId,
    client: &ClientRow,
    scopes: &[String],
) -> (Vec<String>, Vec<String>) {
    let (mut granted, mut audience) = (Vec::<String>::new(), BTreeSet::new());
    for scope in scopes {
        if granted.len() == SCOPES_MAX {
            break;
        }
        let Some(name) = audience_for(tables, tenant, client, scope) else { continue };
        audience.extend(name.map(str::to_owned));
        if !granted.contains(scope) {
            granted.push(scope.clone());
        }
    }
    (granted, audience.into_iter().collect())
}

/// The names of a user's roles, and the permission.
pub(crate) fn roles_and_permission(
    tables: &Tables,
    user: &UserRow,
) -> (Vec<String>, Option<String>) {
    let rows = user.data.roles.iter().filter_map(|it| tables.roles.get(user.data.tenant, *it));
    let roles = rows.map(|it| it.name.clone()).collect();
    (roles, permission_of(tables, user).map(str::to_owned))
}

/// Issues a token. It is handed out only after its event is durable; the signature is made while
/// the event is on its way.
pub(crate) async fn issue(
    app: &App,
    request: TokenRequest,
    head: CommitHead,
) -> Result<IssuedToken, ApiError> {
    let now = Timestamp::from_seconds(head.time.seconds());
    let expires_at = now.plus_seconds(request.lifetime);
    let key = app.signing_key(request.tenant.data.tenant)?;
    let bound = payload(app, &request, now, expires_at)?;
    // Before there is an event: nobody would take such a token.
    let encoded = bound.payload.len().div_ceil(3) * 4;
    if encoded + HEADER_AND_SIGNATURE_BYTES_MAX > TOKEN_BYTES_MAX {
        return Err(match request.grant {
            Grant::IssueToken => ApiError::business(codes::EXPECTATION_FAILED, TOO_LONG),
            _ => ApiError::oauth("invalid_scope", TOO_LONG),
        });
    }
    let issued = TokenIssued {
        parent: request.parent.clone(),
        counts_from: request.counts_from,
        tenant: request.tenant.data.tenant,
        client_id: ClientName(request.client_id.clone()),
        user: request.user,
        grant_type: request.grant.name().to_owned(),
        grant: [0; 16],
        scope: request.scopes.clone(),
        audience: request.audience.clone(),
        actors: Vec::new(),
        format: 0,
        jkt: None,
        kid: key.kid.clone(),
        id_token_kid: None,
        issued_at: now,
        expires_at,
    };
    let command = TokenCommand::Issue(Box::new(issued));
    let appended = app.engine.handle::<Token>(&bound.jti, &command, &head);
    let signed = async { key.sign(&bound.payload) };
    let (done, token) = tokio::join!(appended, signed);
    let done = done?;
    if done.repeated {
        return Err(ApiError::OneTime);
    }
    Ok(IssuedToken { token: token?, done })
}

fn payload(
    app: &App,
    request: &TokenRequest,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<Bound, ApiError> {
    let internal = |why: String| ApiError::Internal(format!("the claims of a token: {why}"));
    let has_user = request.user != UserId::NONE;
    let salt: [u8; 16] = random().map_err(|err| internal(err.to_string()))?;
    let claims = serde_json::to_string(&AccessTokenClaims {
        nbf: now.seconds(),
        exp: expires_at.seconds(),
        iss: app.issuer(&request.tenant),
        aud: &request.audience,
        client_id: &request.client_id,
        client_tenant: ClientTenantClaim {
            id: request.tenant.data.tenant.0,
            name: &request.tenant.data.name,
        },
        sub: match request.user {
            UserId::NONE => request.client_id.clone(),
            user => user.to_string(),
        },
        auth_time: has_user.then_some(request.auth_time.unwrap_or(now.seconds())),
        role: &request.roles,
        permission: request.permission.as_deref(),
        iat: now.seconds(),
        scope: &request.scopes,
        amr: &request.amr,
        parent: request.parent.as_deref(),
        counts_from: has_user.then_some(request.counts_from),
        salt: BASE64_URL_SAFE_NO_PAD.encode(salt),
    });
    let claims = claims.map_err(|err| internal(err.to_string()))?;
    bind(claims, expires_at).ok_or_else(|| internal("not an object".to_owned()))
}
