//! Checks a bearer token: signature by `kid`, issuer, audience and times; that the log knows it;
//! and that everything it depends on still counts.
//!
//! A token that was verified is remembered by its hash; what may change is checked every time.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::role::ROLE_ADMINISTRATOR;
use domain::security::Rule;
use domain::tenant::TENANT_DISABLED;
use domain::token::Token;
use domain::{Actor, Aggregate as _, StreamId, Timestamp, UserId};
use jsonwebtoken::{Header, Validation, decode, decode_header};
use projections::{Tables, TenantRow};

use super::clients::{client_counts, serves};
use super::scopes::BUILT_IN_AUDIENCE;
use super::token_id::is_bound;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::needs::Code;
use crate::state::app::App;
use crate::state::hash::hash_16;
use crate::state::verified_tokens::{Claims, VerifiedToken, VerifyingKey};

/// The longest token, in bytes.
pub(crate) const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// The caller with a valid token.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) user: UserId,
    /// The roles of the token that the user still has.
    pub(crate) roles: Vec<String>,
    /// The permissions of the token that the user still has.
    pub(crate) permission: Option<String>,
    pub(crate) claims: Arc<Claims>,
}

impl Caller {
    /// As the log names it.
    pub(crate) fn actor(&self) -> Actor {
        Actor::of_token(self.user, &self.claims.client_id)
    }

    /// Spec section 1.1: lower-cased and split at commas.
    pub(crate) fn permissions(&self) -> impl Iterator<Item = String> {
        self.permission.iter().flat_map(|it| it.split(',')).map(str::to_lowercase)
    }

    /// Whether scope and permission cover a code.
    pub(crate) fn may(&self, code: Code) -> bool {
        self.claims.scope.iter().any(|it| code.is_covered_by(it))
            && self.permissions().any(|it| code.is_covered_by(&it))
    }

    pub(crate) fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|it| it == role)
    }

    pub(crate) fn is_administrator(&self) -> bool {
        self.has_role(ROLE_ADMINISTRATOR)
    }
}

/// Why a token does not count.
struct NotCounted {
    token_sent: bool,
    why: &'static str,
    /// What auditors are told of it, and whose token it was.
    told: Option<(Rule, Option<Actor>)>,
}

impl From<NotCounted> for ApiError {
    fn from(it: NotCounted) -> Self {
        Self::Unauthenticated { token_sent: it.token_sent, why: it.why }
    }
}

/// Checks the bearer token of a call against the tenant of its host, at the present time: the
/// request may have waited since it came.
pub(crate) fn verify(call: &Call, tenant: &TenantRow, now: Timestamp) -> Result<Caller, ApiError> {
    judge(&call.app, call.authorization()?, tenant, now, BUILT_IN_AUDIENCE).map_err(|err| {
        if let Some((rule, who)) = &err.told {
            call.refused(*rule, tenant.data.tenant, who.clone());
        }
        err.into()
    })
}

/// Checks a bearer token as it was sent in `Authorization`, for an audience.
pub(crate) fn verify_token(
    app: &App,
    header: Option<&str>,
    tenant: &TenantRow,
    now: Timestamp,
    audience: &str,
) -> Result<Caller, ApiError> {
    Ok(judge(app, header, tenant, now, audience)?)
}

fn judge(
    app: &App,
    header: Option<&str>,
    tenant: &TenantRow,
    now: Timestamp,
    audience: &str,
) -> Result<Caller, NotCounted> {
    let refused = |why| NotCounted { token_sent: true, why, told: None };
    let Some((scheme, token)) = header.and_then(|it| it.split_once(' ')) else {
        let why = "send Authorization: Bearer with an access token from /connect/token";
        return Err(NotCounted { token_sent: false, why, told: None });
    };
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refused("the access token is not a bearer token"));
    }
    if token.len() > TOKEN_BYTES_MAX {
        return Err(refused("the access token is too long: none has more than 16,384 bytes"));
    }
    let verified = verify_signature(app, token, tenant)?;
    let claims = &verified.claims;
    if claims.exp <= now.seconds() {
        return Err(refused("the access token has expired"));
    }
    if !Timestamp::from_seconds(claims.nbf.max(claims.iat)).has_begun(now) {
        return Err(refused("the access token is not valid yet"));
    }
    if !claims.aud.iter().any(|it| it == audience) {
        return Err(refused("the access token is for another audience"));
    }
    if app.engine.log().stream_version(&verified.stream) == 0 {
        let told = Some((Rule::ForeignToken, None));
        return Err(NotCounted { told, ..refused("the access token was not issued here") });
    }
    let tables = app.views.read();
    let user = check_standing(&tables, claims, &verified.kid, tenant);
    drop(tables);
    let user = user.ok_or_else(|| NotCounted {
        told: Some((Rule::EndedToken, holder(claims))),
        ..refused("the access token was revoked")
    })?;
    Ok(Caller {
        user,
        roles: claims.role.clone(),
        permission: claims.permission.clone(),
        claims: claims.clone(),
    })
}

/// Checks everything that a token depends on and that may have changed since it was issued: its
/// key, its stream, its parent, its tenant, its client, its user. No clock is involved.
fn check_standing(
    tables: &Tables,
    claims: &Claims,
    kid: &str,
    tenant: &TenantRow,
) -> Option<UserId> {
    let status = tables.tenants.get(tenant.data.tenant)?.data.status;
    let tenant = tenant.data.tenant;
    if status == TENANT_DISABLED || claims.client_tenant.id != tenant.0 {
        return None;
    }
    tables.signing_keys.verifying(tenant, kid)?;
    let parent_is_revoked =
        || claims.parent.as_deref().is_some_and(|it| tables.tokens.is_revoked(it));
    if tables.tokens.is_revoked(&claims.jti) || parent_is_revoked() {
        return None;
    }
    let client = tables.clients.identified(&claims.client_id)?;
    if !serves(client, tenant) || !client_counts(tables, client) {
        return None;
    }
    if claims.sub == claims.client_id {
        return Some(UserId::NONE);
    }
    let user = tables.users.get(tenant, UserId(claims.sub.parse().ok()?))?;
    let counts = claims.counts_from == Some(user.counts_from);
    (counts && user.enabled && !user.data.lock_flag).then_some(user.data.user)
}

/// Whose a token is, or was.
fn holder(claims: &Claims) -> Option<Actor> {
    let user = match claims.sub == claims.client_id {
        true => UserId::NONE,
        false => UserId(claims.sub.parse().ok()?),
    };
    Some(Actor::of_token(user, &claims.client_id))
}

fn verify_signature(
    app: &App,
    token: &str,
    tenant: &TenantRow,
) -> Result<VerifiedToken, NotCounted> {
    let tenant_id = tenant.data.tenant.0.to_le_bytes();
    let hash = hash_16(&[&tenant_id, token.as_bytes()]);
    if let Some(verified) = app.verified.recall(&hash) {
        return Ok(verified);
    }
    let verified = verify_with_key_of(app, token, tenant).ok_or(NotCounted {
        token_sent: true,
        why: "the access token is not valid",
        told: Some((Rule::ForeignToken, None)),
    })?;
    app.verified.remember(hash, verified.clone());
    Ok(verified)
}

/// The claims of a token whose signature, issuer and tenant are right, whatever its times: for
/// revocation (RFC 7009).
pub(crate) fn read_claims(app: &App, token: &str, tenant: &TenantRow) -> Option<Arc<Claims>> {
    verify_with_key_of(app, token, tenant).map(|it| it.claims)
}

/// Finds the key that a token names among those of its tenant.
fn verify_with_key_of(app: &App, token: &str, tenant: &TenantRow) -> Option<VerifiedToken> {
    let header = decode_header(token).ok()?;
    let kid = header.kid.as_deref()?;
    let row = {
        let tables = app.views.read();
        tables.signing_keys.verifying(tenant.data.tenant, kid)?.clone()
    };
    let key = app.verified.key(&row)?;
    check_token(token, &header, &key, &app.issuer(tenant))
}

/// A token of this issuer that this key signed, whatever its times and its audience: those are
/// judged at every use.
fn check_token(
    token: &str,
    header: &Header,
    (key, algorithm): &VerifyingKey,
    issuer: &str,
) -> Option<VerifiedToken> {
    // RFC 9068 section 4: an ID token is not an access token.
    if !header.typ.as_deref().is_some_and(|it| {
        it.eq_ignore_ascii_case("at+jwt") || it.eq_ignore_ascii_case("application/at+jwt")
    }) {
        return None;
    }
    // The key determines the algorithm, never the token.
    if header.alg != *algorithm {
        return None;
    }
    let mut validation = Validation::new(*algorithm);
    validation.set_issuer(&[issuer]);
    validation.set_required_spec_claims(&["iss", "aud", "exp", "nbf", "sub"]);
    validation.validate_exp = false;
    validation.validate_aud = false;
    let claims = decode::<Claims>(token, key, &validation).ok()?.claims;
    // The hash is over the bytes as they were sent: two payloads may mean the same.
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    if !is_bound(&payload, &claims.jti, Timestamp::from_seconds(claims.exp)) {
        return None;
    }
    let stream = StreamId::new(Token::CATEGORY, &claims.jti);
    Some(VerifiedToken { claims: Arc::new(claims), kid: header.kid.as_deref()?.into(), stream })
}
