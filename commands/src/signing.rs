//! Makes signing keys: the private half for the key file, the public half for the event.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::log::CommitHead;
use domain::signing_key::{SigningAlgorithm, SigningKey, SigningKeyAdded, SigningKeyCommand};
use domain::{Actor, TenantId};
use serde_json::json;

use crate::engine::Draft;
use crate::error::Error;
use crate::hash::sha256;
use crate::keys::{Keyring, NotOpened, random_id};

/// A key pair that was just made.
pub struct NewSigningKey {
    /// The event that announces it.
    pub added: SigningKeyAdded,
    /// PKCS #8.
    pub private: Vec<u8>,
}

/// Makes a key pair. `signs_at_once` is for a key that has no predecessor. RSA takes long: do not
/// call this on a thread that serves requests.
///
/// # Errors
/// When the library has no randomness.
pub fn make_signing_key(
    tenant: TenantId,
    algorithm: SigningAlgorithm,
    signs_at_once: bool,
) -> Result<NewSigningKey, NotOpened> {
    let b64 = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let (private, mut jwk) = match algorithm {
        SigningAlgorithm::Es256 => {
            let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
            let key = key.map_err(|_| NotOpened)?;
            let private = key.to_pkcs8v1().map_err(|_| NotOpened)?.as_ref().to_vec();
            // SEC 1 section 2.3.3: 0x04 ‖ x ‖ y.
            let point = key.public_key().as_ref();
            let (x, y) = (point.get(1..33), point.get(33..65));
            let (x, y) = (x.ok_or(NotOpened)?, y.ok_or(NotOpened)?);
            (private, json!({ "kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y) }))
        }
        SigningAlgorithm::EdDsa => {
            let key = Ed25519KeyPair::generate().map_err(|_| NotOpened)?;
            let private = key.to_pkcs8().map_err(|_| NotOpened)?.as_ref().to_vec();
            let x = b64(key.public_key().as_ref());
            (private, json!({ "kty": "OKP", "crv": "Ed25519", "x": x }))
        }
        SigningAlgorithm::Rs256 => {
            let key = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| NotOpened)?;
            let private = key.as_der().map_err(|_| NotOpened)?.as_ref().to_vec();
            let public = key.public_key();
            let n = b64(public.modulus().big_endian_without_leading_zero());
            let e = b64(public.exponent().big_endian_without_leading_zero());
            (private, json!({ "kty": "RSA", "n": n, "e": e }))
        }
    };
    // RFC 7638: a thumbprint of the public half; serde_json sorts the members.
    let thumbprint = sha256(jwk.to_string().as_bytes());
    let kid = b64(thumbprint.get(..16).ok_or(NotOpened)?);
    if let Some(jwk) = jwk.as_object_mut() {
        jwk.insert("kid".to_owned(), json!(kid));
        jwk.insert("use".to_owned(), json!("sig"));
        jwk.insert("alg".to_owned(), json!(algorithm.name()));
    }
    let public_jwk = jwk.to_string();
    let added = SigningKeyAdded { kid, tenant, algorithm, public_jwk, signs_at_once };
    Ok(NewSigningKey { added, private })
}

/// Stores the private half durably, and adds the event with the public half to the draft.
///
/// # Errors
/// When the key file cannot be written.
pub fn add_signing_key(
    draft: &mut Draft<'_>,
    keys: &Keyring,
    key: NewSigningKey,
) -> Result<String, Error> {
    let kid = key.added.kid.clone();
    keys.add_signing_key(&kid, &key.private)?;
    draft.decide::<SigningKey>(&kid, &SigningKeyCommand::Add(key.added))?;
    Ok(kid)
}

/// The head of a commit that the program makes by itself, in a tenant.
///
/// # Errors
/// When the operating system has no randomness.
pub fn system_head(
    tenant: TenantId,
    actor: Actor,
    now: domain::Timestamp,
) -> Result<CommitHead, NotOpened> {
    Ok(CommitHead {
        command_id: domain::CommandId(random_id()?),
        fingerprint: 0,
        tenant,
        actor,
        time: now,
        correlation: random_id()?,
        trace: [0; 16],
        context: domain::context::Context::default(),
    })
}
