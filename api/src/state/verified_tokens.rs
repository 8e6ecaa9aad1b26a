//! Tokens that were verified a moment ago, and the keys that verify: neither is done twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use commands::lock::lock;
use domain::StreamId;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey};
use projections::SigningKeyRow;
use serde::Deserialize;

/// The most verified tokens that are remembered; beyond it, the older half is dropped.
const VERIFIED_MAX: usize = 20_000;

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

/// The result of verifying a token: the claims, and the key that signed them.
#[derive(Debug, Clone)]
pub(crate) struct VerifiedToken {
    pub(crate) claims: Arc<Claims>,
    pub(crate) kid: Arc<str>,
    /// The token's stream in the log.
    pub(crate) stream: StreamId,
}

/// A public key, and the one algorithm that its tokens may name.
pub(crate) type VerifyingKey = (DecodingKey, Algorithm);

/// Remembers verified tokens by their hashes, and parsed keys by their names.
#[derive(Default)]
pub(crate) struct VerifiedTokens {
    /// The younger half and the older one.
    tokens: Mutex<[HashMap<[u8; 16], VerifiedToken>; 2]>,
    keys: Mutex<HashMap<String, Arc<VerifyingKey>>>,
}

impl VerifiedTokens {
    /// The token of this hash, if it is remembered.
    pub(crate) fn recall(&self, hash: &[u8; 16]) -> Option<VerifiedToken> {
        let mut generations = lock(&self.tokens);
        let [young, old] = &mut *generations;
        if let Some(verified) = young.get(hash) {
            return Some(verified.clone());
        }
        let verified = old.remove(hash)?;
        young.insert(*hash, verified.clone());
        Some(verified)
    }

    /// Remembers a token whose signature is right.
    pub(crate) fn remember(&self, hash: [u8; 16], verified: VerifiedToken) {
        let mut generations = lock(&self.tokens);
        let [young, old] = &mut *generations;
        if young.len() >= VERIFIED_MAX / 2 {
            *old = std::mem::take(young);
        }
        young.insert(hash, verified);
    }

    /// The key of a row, ready to verify.
    pub(crate) fn key(&self, row: &SigningKeyRow) -> Option<Arc<VerifyingKey>> {
        let mut keys = lock(&self.keys);
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
