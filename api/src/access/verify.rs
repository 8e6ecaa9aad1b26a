//! Checking a bearer token: signature by `kid`, issuer, audience, times, revocation, and the user.
//!
//! A token that was verified is remembered by its hash; what may change is asked every time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{Timestamp, UserId};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use projections::{SigningKeyRow, Tables, TenantRow};
use serde::Deserialize;
use warp::http::header::AUTHORIZATION;

use crate::access::scopes::{BUILT_IN_AUDIENCE, Code};
use crate::access::{ROLE_ADMINISTRATOR, hash_16};
use crate::app::App;
use crate::http::call::Call;
use crate::http::error::ApiError;

/// The longest token, in bytes.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// How many verified tokens are remembered; then the older half goes.
const VERIFIED_MAX: usize = 20_000;

/// How far the clocks of several machines may be apart, in seconds.
const CLOCK_SKEW_SECONDS: i64 = 5;

/// How a token that came from row 43 says so; such a token cannot call row 43.
pub(crate) const AMR_ISSUED: &str = "issued_token";

/// The claims of an access token (`contracts.md`, "Tokens"), as far as they are read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: String,
    pub(crate) client_id: String,
    pub(crate) client_tenant: ClientTenant,
    #[serde(default)]
    pub(crate) role: Vec<String>,
    #[serde(default)]
    pub(crate) permission: Option<String>,
    #[serde(default)]
    pub(crate) scope: Vec<String>,
    #[serde(default)]
    pub(crate) aud: Vec<String>,
    #[serde(default)]
    pub(crate) amr: Vec<String>,
    #[serde(default)]
    pub(crate) auth_time: Option<i64>,
    pub(crate) jti: String,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
}

/// The tenant in a token.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ClientTenant {
    pub(crate) id: u32,
}

/// Whoever presented a good token.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) user: UserId,
    pub(crate) client_id: String,
    pub(crate) roles: Vec<String>,
    pub(crate) permission: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) audience: Vec<String>,
    pub(crate) amr: Vec<String>,
    pub(crate) auth_time: Option<i64>,
    /// The `iat` of the token.
    pub(crate) issued_at: Timestamp,
}

impl Caller {
    /// As the log names it.
    pub(crate) fn actor(&self) -> String {
        match self.user {
            UserId::NONE => format!("client-{}", self.client_id),
            user => format!("user-{user}"),
        }
    }

    /// Spec section 1.1: lower-cased and split at commas.
    pub(crate) fn permissions(&self) -> impl Iterator<Item = String> {
        self.permission.iter().flat_map(|it| it.split(',')).map(str::to_lowercase)
    }

    /// Whether scope and permission cover a code.
    pub(crate) fn may(&self, code: Code) -> bool {
        self.scopes.iter().any(|it| code.is_covered_by(it))
            && self.permissions().any(|it| code.is_covered_by(&it))
    }

    pub(crate) fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|it| it == role)
    }

    pub(crate) fn is_administrator(&self) -> bool {
        self.has_role(ROLE_ADMINISTRATOR)
    }
}

/// What was verified once: the claims, and the key that signed them.
#[derive(Debug, Clone)]
struct Verified {
    claims: Arc<Claims>,
    kid: Arc<str>,
}

/// Remembers verified tokens and parsed keys.
#[derive(Default)]
pub(crate) struct Verifier {
    verified: Mutex<[HashMap<[u8; 16], Verified>; 2]>,
    keys: Mutex<HashMap<String, Arc<(DecodingKey, Algorithm)>>>,
}

/// Checks the bearer token of a call against the tenant of its host, as of now: a request may have
/// waited since it came.
pub(crate) fn verify(call: &Call, tenant: &TenantRow, now: Timestamp) -> Result<Caller, ApiError> {
    let refused = |why| ApiError::Unauthenticated { token_sent: true, why };
    let header = call.headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    let Some((scheme, token)) = header.and_then(|it| it.split_once(' ')) else {
        let why = "send Authorization: Bearer with an access token from /connect/token";
        return Err(ApiError::Unauthenticated { token_sent: false, why });
    };
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.len() > TOKEN_BYTES_MAX {
        return Err(refused("the access token is not a bearer token"));
    }
    let verified = verify_signature(&call.app, token, tenant, now)?;
    let claims = &verified.claims;
    if claims.exp <= now.seconds() {
        return Err(refused("the access token has expired"));
    }
    if claims.nbf > now.seconds() + CLOCK_SKEW_SECONDS {
        return Err(refused("the access token is not valid yet"));
    }
    if !claims.aud.iter().any(|it| it == BUILT_IN_AUDIENCE) {
        return Err(refused("the access token is for another audience"));
    }
    let tables = call.app.views.read();
    let user = check_standing(&tables, claims, &verified.kid, tenant, now)
        .ok_or_else(|| refused("the access token was revoked"))?;
    drop(tables);
    Ok(Caller {
        user,
        client_id: claims.client_id.clone(),
        roles: claims.role.clone(),
        permission: claims.permission.clone(),
        scopes: claims.scope.clone(),
        audience: claims.aud.clone(),
        amr: claims.amr.clone(),
        auth_time: claims.auth_time,
        issued_at: Timestamp::from_seconds(claims.iat),
    })
}

/// What may have changed since the token was issued: its key, itself, its user.
pub(crate) fn check_standing(
    tables: &Tables,
    claims: &Claims,
    kid: &str,
    tenant: &TenantRow,
    now: Timestamp,
) -> Option<UserId> {
    let tenant = tenant.data.tenant;
    tables.signing_keys.verifying(tenant, kid, now)?;
    if tables.tokens.is_revoked(&claims.jti) || claims.client_tenant.id != tenant.0 {
        return None;
    }
    if claims.sub == claims.client_id {
        return Some(UserId::NONE);
    }
    let user = tables.users.get(tenant, UserId(claims.sub.parse().ok()?))?;
    // A clock that was set back must not decide this alone.
    if !user.enabled {
        return None;
    }
    let from = round_up_to_seconds(user.tokens_from);
    (claims.iat >= from).then_some(user.data.user)
}

/// `iat` has whole seconds: tokens from the second in which a password was set do not count, and
/// new ones bear at least the next second.
pub(crate) fn round_up_to_seconds(time: Timestamp) -> i64 {
    Timestamp(time.0.saturating_add(999_999)).seconds()
}

fn verify_signature(
    app: &App,
    token: &str,
    tenant: &TenantRow,
    now: Timestamp,
) -> Result<Verified, ApiError> {
    let tenant_id = tenant.data.tenant.0.to_le_bytes();
    let hash = hash_16(&[&tenant_id, token.as_bytes()]);
    if let Some(verified) = app.verifier.recall(&hash) {
        return Ok(verified);
    }
    let verified =
        app.verifier.verify(app, token, tenant, now).ok_or(ApiError::Unauthenticated {
            token_sent: true,
            why: "the access token is not valid",
        })?;
    app.verifier.remember(hash, verified.clone());
    Ok(verified)
}

/// The claims of a token whose signature, issuer and tenant are right, whatever its times: for
/// revocation (RFC 7009).
pub(crate) fn read_claims(
    app: &App,
    token: &str,
    tenant: &TenantRow,
    now: Timestamp,
) -> Option<Arc<Claims>> {
    app.verifier.verify(app, token, tenant, now).map(|it| it.claims)
}

impl Verifier {
    fn recall(&self, hash: &[u8; 16]) -> Option<Verified> {
        let mut generations = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        let [young, old] = &mut *generations;
        if let Some(verified) = young.get(hash) {
            return Some(verified.clone());
        }
        let verified = old.remove(hash)?;
        young.insert(*hash, verified.clone());
        Some(verified)
    }

    fn remember(&self, hash: [u8; 16], verified: Verified) {
        let mut generations = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        let [young, old] = &mut *generations;
        if young.len() >= VERIFIED_MAX / 2 {
            *old = std::mem::take(young);
        }
        young.insert(hash, verified);
    }

    fn verify(
        &self,
        app: &App,
        token: &str,
        tenant: &TenantRow,
        now: Timestamp,
    ) -> Option<Verified> {
        let header = decode_header(token).ok()?;
        // RFC 9068 section 4: an ID token is not an access token.
        if !header.typ.as_deref().is_some_and(|it| {
            it.eq_ignore_ascii_case("at+jwt") || it.eq_ignore_ascii_case("application/at+jwt")
        }) {
            return None;
        }
        let kid = header.kid?;
        let row = {
            let tables = app.views.read();
            tables.signing_keys.verifying(tenant.data.tenant, &kid, now)?.clone()
        };
        let key = self.key(&row)?;
        // The key says the algorithm, never the token.
        if header.alg != key.1 {
            return None;
        }
        let mut validation = Validation::new(key.1);
        validation.set_issuer(&[app.issuer(tenant)]);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "nbf", "sub"]);
        // Time and audience are judged by the caller of this, at every use.
        validation.validate_exp = false;
        validation.validate_aud = false;
        let data = decode::<Claims>(token, &key.0, &validation).ok()?;
        Some(Verified { claims: Arc::new(data.claims), kid: kid.into() })
    }

    fn key(&self, row: &SigningKeyRow) -> Option<Arc<(DecodingKey, Algorithm)>> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys.get(&row.data.kid) {
            return Some(key.clone());
        }
        let jwk: Jwk = serde_json::from_str(&row.data.public_jwk).ok()?;
        let algorithm = row.data.algorithm.name().parse().ok()?;
        let key = Arc::new((DecodingKey::from_jwk(&jwk).ok()?, algorithm));
        keys.insert(row.data.kid.clone(), key.clone());
        Some(key)
    }
}
