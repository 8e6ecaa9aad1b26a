//! The `jti` of an access token: it binds all other claims, so that the name of the token's stream in
//! the log stands for these claims and no others.
//!
//! The payload ends with `,"jti":"<32 hexadecimal digits>"}`: 8 with the second at which the stream
//! ends, 24 with the first 12 bytes of the SHA-256 over the payload up to that member. So whoever
//! has a signing key, but not the log, makes nothing that this server believes.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use domain::Timestamp;
use domain::token::token_id;

const BEFORE: &str = ",\"jti\":\"";
const AFTER: &str = "\"}";

/// How many digits a `jti` has.
const DIGITS: usize = 32;

/// A payload with its `jti`.
pub(crate) struct Bound {
    pub(crate) jti: String,
    /// JSON; it is signed as it is.
    pub(crate) payload: String,
}

/// Adds the `jti` to claims, which are a JSON object without one. `None` if they are not.
pub(crate) fn bind(mut claims: String, expires_at: Timestamp) -> Option<Bound> {
    if claims.pop() != Some('}') || !claims.starts_with('{') {
        return None;
    }
    let jti = token_id(expires_at, hash_of(claims.as_bytes()));
    let payload = format!("{claims}{BEFORE}{jti}{AFTER}");
    Some(Bound { jti, payload })
}

/// Whether the `jti` of a payload, as it was sent, is that of its claims.
pub(crate) fn is_bound(payload: &[u8], jti: &str, expires_at: Timestamp) -> bool {
    let tail = format!("{BEFORE}{jti}{AFTER}");
    let Some(claims) = payload.strip_suffix(tail.as_bytes()).filter(|_| jti.len() == DIGITS) else {
        return false;
    };
    let expected = token_id(expires_at, hash_of(claims));
    verify_slices_are_equal(expected.as_bytes(), jti.as_bytes()).is_ok()
}

/// The hash under which an opaque token is stored: the first 16 bytes of its SHA-256.
pub(crate) fn token_hash(token: &str) -> [u8; 16] {
    digest(&SHA256, token.as_bytes()).as_ref().first_chunk().copied().unwrap_or_default()
}

fn hash_of(claims: &[u8]) -> [u8; 12] {
    digest(&SHA256, claims).as_ref().first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jti_is_that_of_its_claims_and_of_no_others() {
        let expires_at = Timestamp::from_seconds(1_800_000_000);
        let Bound { jti, payload } =
            bind("{\"sub\":\"1\",\"exp\":1800000000}".to_owned(), expires_at).unwrap();
        // 1,800,000,000 + 3,600; SHA-256 of the payload before its last member.
        assert_eq!(&jti[..8], "6b49e010");
        assert!(payload.ends_with(&format!(",\"jti\":\"{jti}\"}}")), "{payload}");
        assert!(is_bound(payload.as_bytes(), &jti, expires_at));
        let other = payload.replace("\"1\"", "\"2\"");
        assert!(!is_bound(other.as_bytes(), &jti, expires_at));
        assert!(!is_bound(payload.as_bytes(), &jti, expires_at.plus_seconds(1)));
        let spaced = payload.replace(",\"jti\"", ", \"jti\"");
        assert!(!is_bound(spaced.as_bytes(), &jti, expires_at));
        let upper = jti.to_uppercase();
        let shouted = payload.replace(&jti, &upper);
        assert!(!is_bound(shouted.as_bytes(), &upper, expires_at));
        assert!(bind("[]".to_owned(), expires_at).is_none());
    }
}
