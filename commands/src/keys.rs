//! The keys: outside the log, so that destroying one makes a person unreadable in every copy.
//!
//! All are wrapped by the master key: one data key a person, the claim key, the key of the secret
//! parts, the private halves of the signing keys, and two keys of request fingerprints.

mod file;
mod fingerprint;
mod found;
mod seal;
mod slots;

pub use self::file::{KeyError, Keyring, MasterKey, Place};
pub use self::fingerprint::FINGERPRINT_KEY_SECONDS;
pub use self::seal::{NotOpened, random, random_id};
