//! The two keys of request fingerprints as they stand in memory and in the key file.

use aws_lc_rs::hmac;
use domain::log::COMMAND_ID_SECONDS_MAX;

use super::master::KeyError;
use super::seal::{NotOpened, SealKey, random};
use super::slots::{SlotFile, SlotKind};
use super::wrapped::{append, place};

/// How long a key makes fingerprints, in seconds.
pub const FINGERPRINT_KEY_SECONDS: i64 = COMMAND_ID_SECONDS_MAX;

/// If a key seems to be made more than this later than now, in seconds, it was made under a wrong
/// clock.
const FROM_THE_FUTURE_SECONDS: i64 = 3_600;

/// A key, and its slot in the file.
#[derive(Debug)]
pub(super) struct FingerprintKey {
    /// When it was made, in seconds of Unix time; 0 for the first one.
    pub(super) made: i64,
    pub(super) slot: u64,
    pub(super) bytes: [u8; 32],
    key: hmac::Key,
}

/// Both keys, by generation.
#[derive(Debug, Default)]
pub(crate) struct FingerprintKeys(pub(super) [Option<FingerprintKey>; 2]);

/// A key as it stands in the file: id, slot, and the wrapped bytes.
pub(crate) type StoredKey = ([u8; 16], u64, Vec<u8>);

/// When it was made, and its generation.
pub(super) fn id_of(made: i64, generation: usize) -> [u8; 16] {
    let mut id = [0; 16];
    let [time, generation_at] = [0..8, 8..9];
    id.get_mut(time).into_iter().for_each(|it| it.copy_from_slice(&made.to_le_bytes()));
    id.get_mut(generation_at).into_iter().for_each(|it| it.fill(generation as u8));
    id
}

impl FingerprintKeys {
    /// Opens the keys of the file, and makes the first one if there is none.
    pub(crate) fn load(
        found: Vec<StoredKey>,
        file: &mut Option<SlotFile>,
        wrap: &SealKey,
    ) -> Result<Self, KeyError> {
        let mut keys = Self::default();
        for (id, slot, wrapped) in found {
            let bytes = wrap.open(&place(SlotKind::Fingerprint, id), &wrapped)?;
            let made = i64::from_le_bytes(id.first_chunk().copied().unwrap_or_default());
            let generation = usize::from(id.get(8).copied().unwrap_or_default());
            keys.put(generation, made, slot, bytes.try_into().map_err(|_| NotOpened)?);
        }
        if keys.younger().is_none() {
            let bytes: [u8; 32] = random()?;
            let id = id_of(0, 0);
            let (_, slot, _) = append(file, wrap, SlotKind::Fingerprint, id, &bytes)?;
            keys.put(0, 0, slot, bytes);
        }
        Ok(keys)
    }

    pub(super) fn put(&mut self, generation: usize, made: i64, slot: u64, bytes: [u8; 32]) {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        if let Some(place) = self.0.get_mut(generation) {
            *place = Some(FingerprintKey { made, slot, bytes, key });
        }
    }

    /// The generation of the key that makes fingerprints now, and the key.
    pub(super) fn younger(&self) -> Option<(usize, &FingerprintKey)> {
        let keys = self.0.iter().enumerate().filter_map(|(n, it)| Some((n, it.as_ref()?)));
        keys.max_by_key(|(_, it)| it.made)
    }

    /// The one that no longer makes fingerprints.
    pub(super) fn older(&self) -> Option<&FingerprintKey> {
        let (generation, _) = self.younger()?;
        self.0.get(1 - generation)?.as_ref()
    }

    /// Whether the younger key was made under a clock that was ahead.
    pub(super) fn is_from_the_future(&self, now: i64) -> bool {
        let soon = now.saturating_add(FROM_THE_FUTURE_SECONDS);
        self.younger().is_some_and(|(_, it)| it.made > soon)
    }

    /// Whether the younger key has been used for its day. The older one, which is destroyed then,
    /// was replaced a day ago: the log has forgotten all command ids that it was used for.
    pub(super) fn has_served(&self, now: i64) -> bool {
        let Some((_, younger)) = self.younger() else { return false };
        let age = |it: &FingerprintKey| now.saturating_sub(it.made);
        age(younger) >= FINGERPRINT_KEY_SECONDS
            && self.older().is_none_or(|it| age(it) >= 2 * FINGERPRINT_KEY_SECONDS)
    }
}

/// The fingerprint of what a request says, never 0. The parts are counted, so none can be taken for
/// another.
pub(super) fn compute(key: &FingerprintKey, generation: usize, said: &[&[u8]]) -> u64 {
    let mut context = hmac::Context::with_key(&key.key);
    for part in said {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part);
    }
    let tag = context.sign();
    let hash = tag.as_ref().first_chunk().copied().map_or(0, u64::from_le_bytes);
    let fingerprint = hash & !1 | generation as u64;
    // 0 is the fingerprint of a request that cannot be repeated.
    if fingerprint == 0 { 2 } else { fingerprint }
}
