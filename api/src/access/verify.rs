//! Checking a bearer token: signature by `kid`, issuer, audience, times, that the log knows it, and
//! that all it stands on counts.
//!
//! A token that was verified is remembered by its hash; what may change is asked every time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use commands::bootstrap::FIRST_PARTY_CLIENT;
use domain::token::Token;
use domain::{Aggregate as _, StreamId, Timestamp, UserId};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use projections::{SigningKeyRow, Tables, TenantRow};
use serde::Deserialize;
use warp::http::header::AUTHORIZATION;

use crate::access::clients::client_counts;
use crate::access::scopes::{BUILT_IN_AUDIENCE, Code};
use crate::access::token_id::is_bound;
use crate::access::{ROLE_ADMINISTRATOR, hash_16};
use crate::app::App;
use crate::http::call::Call;
use crate::http::error::ApiError;

/// The longest token, in bytes.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// How many verified tokens are remembered; then the older half goes.
const VERIFIED_MAX: usize = 20_000;

/// The status of a tenant that is disabled.
const TENANT_DISABLED: u8 = 2;

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
    /// The token that it was made from.
    #[serde(default)]
    pub(crate) parent: Option<String>,
    /// From which position the user's credentials counted when they were proved.
    #[serde(default)]
    pub(crate) counts_from: Option<u64>,
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
    /// Those of the claims that the user still has.
    pub(crate) roles: Vec<String>,
    /// What of the claim the user still has.
    pub(crate) permission: Option<String>,
    pub(crate) claims: Arc<Claims>,
}

impl Caller {
    /// As the log names it.
    pub(crate) fn actor(&self) -> String {
        match self.user {
            UserId::NONE => format!("client-{}", self.claims.client_id),
            user => format!("user-{user}"),
        }
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

/// What was verified once: the claims, and the key that signed them.
#[derive(Debug, Clone)]
struct Verified {
    claims: Arc<Claims>,
    kid: Arc<str>,
    /// The stream that the log knows the token by.
    stream: StreamId,
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
    let verified = verify_signature(&call.app, token, tenant)?;
    let claims = &verified.claims;
    if claims.exp <= now.seconds() {
        return Err(refused("the access token has expired"));
    }
    if !Timestamp::from_seconds(claims.nbf.max(claims.iat)).has_begun(now) {
        return Err(refused("the access token is not valid yet"));
    }
    if !claims.aud.iter().any(|it| it == BUILT_IN_AUDIENCE) {
        return Err(refused("the access token is for another audience"));
    }
    if call.app.engine.log().stream_version(&verified.stream) == 0 {
        return Err(refused("the access token was not issued here"));
    }
    let tables = call.app.views.read();
    let user = check_standing(&tables, claims, &verified.kid, tenant)
        .ok_or_else(|| refused("the access token was revoked"))?;
    drop(tables);
    Ok(Caller {
        user,
        roles: claims.role.clone(),
        permission: claims.permission.clone(),
        claims: claims.clone(),
    })
}

/// What a token stands on, and what may have changed since it was issued: its key, itself and the
/// token it was made from, its tenant, its client, its user. No clock is asked.
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
    let serves = client.data.tenant == tenant || client.data.client_id.0 == FIRST_PARTY_CLIENT;
    if !serves || !client_counts(tables, client) {
        return None;
    }
    if claims.sub == claims.client_id {
        return Some(UserId::NONE);
    }
    let user = tables.users.get(tenant, UserId(claims.sub.parse().ok()?))?;
    let counts = claims.counts_from == Some(user.counts_from);
    (counts && user.enabled && !user.data.lock_flag).then_some(user.data.user)
}

fn verify_signature(app: &App, token: &str, tenant: &TenantRow) -> Result<Verified, ApiError> {
    let tenant_id = tenant.data.tenant.0.to_le_bytes();
    let hash = hash_16(&[&tenant_id, token.as_bytes()]);
    if let Some(verified) = app.verifier.recall(&hash) {
        return Ok(verified);
    }
    let verified = app.verifier.verify(app, token, tenant).ok_or(ApiError::Unauthenticated {
        token_sent: true,
        why: "the access token is not valid",
    })?;
    app.verifier.remember(hash, verified.clone());
    Ok(verified)
}

/// The claims of a token whose signature, issuer and tenant are right, whatever its times: for
/// revocation (RFC 7009).
pub(crate) fn read_claims(app: &App, token: &str, tenant: &TenantRow) -> Option<Arc<Claims>> {
    app.verifier.verify(app, token, tenant).map(|it| it.claims)
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

    fn verify(&self, app: &App, token: &str, tenant: &TenantRow) -> Option<Verified> {
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
            tables.signing_keys.verifying(tenant.data.tenant, &kid)?.clone()
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
        let claims = data.claims;
        // Over the bytes as they were sent: two payloads may say the same.
        let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        if !is_bound(&payload, &claims.jti, Timestamp::from_seconds(claims.exp)) {
            return None;
        }
        let stream = StreamId::new(Token::CATEGORY, &claims.jti);
        Some(Verified { claims: Arc::new(claims), kid: kid.into(), stream })
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
