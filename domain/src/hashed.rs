//! Maps whose keys are hashes already: nobody chooses them, so a bucket takes their low bits.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map by 128 bits of a cryptographic or keyed hash.
pub type HashedMap<V> = HashMap<u128, V, HashedKeys>;

/// Takes such keys as they are.
pub type HashedKeys = BuildHasherDefault<AsItIs>;

/// Hands a key on.
#[derive(Debug, Default, Clone)]
pub struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
