//! How a row is found by the keys that open something.

use domain::api_key::HeldKey;
use smallvec::SmallVec;

/// What a row is found by that has these keys.
pub(crate) fn found_by<'a>(keys: impl IntoIterator<Item = &'a HeldKey>) -> SmallVec<[u64; 3]> {
    keys.into_iter().flat_map(HeldKey::hashes).map(|it| place_of(&it)).collect()
}

/// Where the index has a key: the beginning of its hash, which few other rows share. Who asks compares
/// the whole hash.
pub(crate) fn place_of(hash: &[u8; 16]) -> u64 {
    hash.first_chunk().map_or(0, |it| u64::from_le_bytes(*it))
}
