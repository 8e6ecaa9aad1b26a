//! Keys of programs that call (`domain::api_key`): how they are made, and what is kept of them.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use commands::keys::random;
use domain::Timestamp;
use domain::api_key::KeyInfo;

use crate::http::error::ApiError;

/// How many random bytes a key has.
const KEY_BYTES: usize = 32;

/// How many of its last characters are shown for ever.
const HINT_CHARS: usize = 4;

/// A key that was made now.
pub(crate) struct NewKey {
    /// All of it: shown once, and kept nowhere.
    pub(crate) text: String,
    /// What is kept of it.
    pub(crate) info: KeyInfo,
}

/// It must not reach a log line.
impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewKey").field("info", &self.info).finish_non_exhaustive()
    }
}

impl NewKey {
    /// Random, with a word in front that says what it is for.
    pub(crate) fn make(prefix: &str, expires_at: Option<Timestamp>) -> Result<Self, ApiError> {
        let bytes: [u8; KEY_BYTES] = random().map_err(commands::Error::from)?;
        let text = format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes));
        let hint = text.get(text.len().saturating_sub(HINT_CHARS)..).unwrap_or_default();
        let info = KeyInfo { hash: key_hash(&text), hint: hint.to_owned(), expires_at };
        Ok(Self { text, info })
    }
}

/// What a key is found by: the first 16 bytes of its SHA-256. It is random, so nobody can guess one
/// from that.
pub(crate) fn key_hash(key: &str) -> [u8; 16] {
    let hash = digest(&SHA256, key.as_bytes());
    hash.as_ref().first_chunk().copied().unwrap_or_default()
}
