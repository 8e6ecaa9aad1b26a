//! Keys of programs that call: those of subscriptions and of gateways. A key is random and shown once;
//! what is kept of it is a hash, and its end, by which people tell two keys apart.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::ids::Timestamp;
use crate::refusal::Refusal;

/// The longest time for which a key that was replaced still counts, in seconds: 30 days.
pub const OLD_KEY_SECONDS_MAX: u32 = 2_592_000;

/// What is kept of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyInfo {
    /// The first 16 bytes of the SHA-256 of the key.
    #[serde(serialize_with = "crate::codec::hex_for_people")]
    pub hash: [u8; 16],
    /// Its last four characters.
    pub hint: String,
    /// When it ends; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// A key that counts, and the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldKey {
    /// What is known of it.
    pub key: KeyInfo,
    /// The one that it replaced, if that was to count for a while.
    pub old: Option<OldKey>,
}

/// A key that was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldKey {
    /// As that of [`KeyInfo`].
    pub hash: [u8; 16],
    /// Until when it counts.
    pub until: Timestamp,
}

/// How long a key that was found counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyLife {
    /// Until when; `None` for as long as nobody replaces it.
    pub until: Option<Timestamp>,
}

impl KeyLife {
    /// Whether the key counts now.
    pub fn counts(self, now: Timestamp) -> bool {
        self.until.is_none_or(|it| now < it)
    }
}

impl KeyInfo {
    /// Whether it may begin now.
    ///
    /// # Errors
    /// When it would have ended already.
    pub fn check(&self, now: Timestamp) -> Result<(), Refusal> {
        match self.expires_at.is_none_or(|it| now < it) {
            true => Ok(()),
            false => Err(Refusal::invalid("expiresAt", "must be later than now")),
        }
    }
}

impl HeldKey {
    /// A key, and none before it.
    pub fn new(key: KeyInfo) -> Self {
        Self { key, old: None }
    }

    /// Another key takes its place. One that was replaced before that ends, whatever was said then.
    pub fn replace(&mut self, key: KeyInfo, old_until: Option<Timestamp>) {
        let before = std::mem::replace(&mut self.key, key);
        // It does not outlive its own end.
        let until = |it: Timestamp| before.expires_at.map_or(it, |end| end.min(it));
        self.old = old_until.map(|it| OldKey { hash: before.hash, until: until(it) });
    }

    /// How long a key with this hash counts; `None` if it is neither of them. Compares in constant
    /// time.
    pub fn life_of(&self, hash: &[u8; 16]) -> Option<KeyLife> {
        if self.key.hash.ct_eq(hash).into() {
            return Some(KeyLife { until: self.key.expires_at });
        }
        let old = self.old.filter(|it| it.hash.ct_eq(hash).into())?;
        Some(KeyLife { until: Some(old.until) })
    }

    /// The hashes of both.
    pub fn hashes(&self) -> impl Iterator<Item = [u8; 16]> {
        std::iter::once(self.key.hash).chain(self.old.map(|it| it.hash))
    }
}

/// Until when the key counts that is replaced now: for so many seconds, 0 for not at all.
///
/// # Errors
/// When that is longer than it may be.
pub(crate) fn old_until(old_for: u32, now: Timestamp) -> Result<Option<Timestamp>, Refusal> {
    if old_for > OLD_KEY_SECONDS_MAX {
        let why = format!("must be 0 to {OLD_KEY_SECONDS_MAX} seconds, which is 30 days");
        return Err(Refusal::invalid("oldFor", why));
    }
    Ok((old_for > 0).then(|| now.plus_seconds(old_for.into())))
}
