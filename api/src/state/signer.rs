//! Signing tokens. A private key is parsed once, not for each signature.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use commands::keys::Keyring;
use commands::lock::{read, write};
use domain::TenantId;
use domain::signing_key::SigningAlgorithm;
use jsonwebtoken::{Algorithm, Header};
use projections::SigningKeyRow;
use serde::Serialize;

use super::clock::Clock;

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SigningError {
    /// A tenant has no key at all.
    #[error("tenant {0} has no key")]
    NoKey(TenantId),
    /// A key cannot be opened or read.
    #[error("signing key: {0}")]
    Key(String),
    /// The header of its tokens cannot be written.
    #[error("a token part: {0}")]
    Header(String),
    /// The library refused to sign.
    #[error("signing failed")]
    Signature,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

/// A key that is ready to sign, with the header that its tokens have.
pub(crate) struct ReadyKey {
    pub(crate) kid: String,
    pub(crate) algorithm: SigningAlgorithm,
    header: String,
    pair: Pair,
    random: SystemRandom,
}

/// For how long a key is published before it signs, in seconds: twice as long as the published keys
/// may be cached.
pub(crate) const KNOWN_SECONDS: u64 = 120;

/// The keys that were used so far.
#[derive(Default)]
pub(crate) struct Signer {
    ready: RwLock<HashMap<String, Arc<ReadyKey>>>,
    /// When this process saw a key first, on the monotonic clock.
    seen: RwLock<HashMap<String, Duration>>,
}

impl Signer {
    /// The key that signs now: the newest one that signs at once or has been known for long enough,
    /// by the wall clock or since this process saw it. Until then its predecessor signs, though it
    /// is retired; if there is none, the new key signs all the same.
    pub(crate) fn choose<'a>(
        &self,
        newest_first: impl Iterator<Item = &'a Arc<SigningKeyRow>>,
        clock: &Clock,
    ) -> Option<Arc<SigningKeyRow>> {
        let mut oldest = None;
        for row in newest_first {
            if row.data.signs_at_once || self.is_known(row, clock) {
                return Some(row.clone());
            }
            oldest = Some(row);
        }
        oldest.cloned()
    }

    fn is_known(&self, row: &SigningKeyRow, clock: &Clock) -> bool {
        if row.added.plus_seconds(KNOWN_SECONDS as i64) <= clock.now() {
            return true;
        }
        let (kid, now) = (&row.data.kid, clock.monotonic());
        let seen = read(&self.seen).get(kid).copied();
        match seen {
            Some(seen) => seen + Duration::from_secs(KNOWN_SECONDS) <= now,
            None => {
                let mut seen = write(&self.seen);
                seen.entry(kid.clone()).or_insert(now);
                false
            }
        }
    }

    /// The key of a row, ready to sign.
    pub(crate) fn key(
        &self,
        row: &SigningKeyRow,
        keys: &Keyring,
    ) -> Result<Arc<ReadyKey>, SigningError> {
        let kid = &row.data.kid;
        let ready = read(&self.ready);
        if let Some(key) = ready.get(kid) {
            return Ok(key.clone());
        }
        drop(ready);
        let key = Arc::new(ReadyKey::new(row, keys)?);
        let mut ready = write(&self.ready);
        ready.insert(kid.clone(), key.clone());
        Ok(key)
    }
}

impl ReadyKey {
    fn new(row: &SigningKeyRow, keys: &Keyring) -> Result<Self, SigningError> {
        let unusable = |why: String| SigningError::Key(why);
        let kid = row.data.kid.clone();
        let private = keys.signing_key(&kid).map_err(|err| unusable(err.to_string()))?;
        let (algorithm, pair) = match row.data.algorithm {
            SigningAlgorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &private);
                (Algorithm::ES256, pair.map(Pair::Ecdsa))
            }
            SigningAlgorithm::EdDsa => {
                (Algorithm::EdDSA, Ed25519KeyPair::from_pkcs8(&private).map(Pair::Ed25519))
            }
            SigningAlgorithm::Rs256 => {
                (Algorithm::RS256, RsaKeyPair::from_pkcs8(&private).map(Pair::Rsa))
            }
        };
        let pair = pair.map_err(|err| unusable(err.to_string()))?;
        // RFC 9068 section 2.1.
        let header = Header {
            typ: Some("at+jwt".to_owned()),
            kid: Some(kid.clone()),
            ..Header::new(algorithm)
        };
        let (header, algorithm) = (encode(&header)?, row.data.algorithm);
        Ok(Self { kid, algorithm, header, pair, random: SystemRandom::new() })
    }

    /// The compact form of a token with these claims, in JSON (RFC 7515 section 3.1).
    pub(crate) fn sign(&self, payload: &str) -> Result<String, SigningError> {
        let mut token = self.header.clone();
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        let signature = self.signature(token.as_bytes());
        let signature = signature.map_err(|_| SigningError::Signature)?;
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
        match &self.pair {
            Pair::Ecdsa(pair) => Ok(pair.sign(&self.random, message)?.as_ref().to_vec()),
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &self.random, message, &mut signature)?;
                Ok(signature)
            }
        }
    }
}

fn encode<T: Serialize>(part: &T) -> Result<String, SigningError> {
    let json = serde_json::to_vec(part);
    let json = json.map_err(|err| SigningError::Header(err.to_string()))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(json))
}
