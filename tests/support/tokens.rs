//! Tokens as a test makes and reads them, without the program's own code.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::app::{HOST, now};

/// The claims of a good token of the administrator.
pub fn usual_claims() -> Value {
    let now = now().seconds();
    json!({
        "iss": format!("http://{HOST}"), "aud": ["oauthapp"], "sub": "1",
        "client_id": "chancery-cli", "client_tenant": { "id": 1, "name": "oauthapp" },
        "role": ["user", "administrator"], "permission": "oauthapp.all",
        "scope": ["oauthapp.all"],
        "iat": now, "nbf": now, "exp": now + 600,
    })
}

/// Claims over claims; null takes one away.
pub fn merge(mut claims: Value, over: &Value) -> Value {
    for (name, value) in over.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    claims
}

/// The first two parts of a token, its payload as it is.
pub fn unsigned(header: &Value, payload: &str) -> String {
    let part = |it: &str| BASE64_URL_SAFE_NO_PAD.encode(it);
    format!("{}.{}", part(&header.to_string()), part(payload))
}

/// The `jti` that binds some claims, and the payload with it (contracts, "Tokens" 7).
pub fn bind_token_id(claims: &Value) -> (String, String) {
    let claims_text = claims.to_string();
    let claims_text = claims_text.strip_suffix('}').unwrap();
    let hash = digest(&SHA256, claims_text.as_bytes());
    let end = claims["exp"].as_i64().unwrap_or(0) + 3_600;
    let jti = format!("{:08x}{}", end.max(0) as u32, domain::hex(&hash.as_ref()[..12]));
    (jti.clone(), format!("{claims_text},\"jti\":\"{jti}\"}}"))
}

pub fn sign_es256(header: &Value, claims: &Value, private: &[u8]) -> String {
    sign_payload(header, &claims.to_string(), private)
}

/// Signs a payload as it is.
pub fn sign_payload(header: &Value, payload: &str, private: &[u8]) -> String {
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private).unwrap();
    let message = unsigned(header, payload);
    let signature = key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// What a token says, unchecked: `n` is 0 for its header, 1 for its claims.
pub fn part_of(token: &str, n: usize) -> Value {
    serde_json::from_str(&text_of_part(token, n)).unwrap()
}

/// The payload of a token as it was sent.
pub fn payload_of(token: &str) -> String {
    text_of_part(token, 1)
}

fn text_of_part(token: &str, n: usize) -> String {
    let part = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(n).unwrap()).unwrap();
    String::from_utf8(part).unwrap()
}
