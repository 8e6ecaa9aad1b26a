//! The keys: outside the log, so that destroying one makes a person unreadable in every copy.
//!
//! All are wrapped by the master key: a data key for each person and each app (one for each day and
//! purpose for people without an account), the claim key, the key of secret parts, the private
//! signing keys, and two keys of request fingerprints.

mod days;
mod fingerprint;
mod fingerprint_keys;
mod key_file;
mod keyring;
mod master;
mod seal;
mod sealed_text;
mod slots;
mod subjects;
mod wrapped;

pub use self::fingerprint_keys::FINGERPRINT_KEY_SECONDS;
pub use self::keyring::{Keyring, Place};
pub use self::master::{KeyError, MasterKey};
pub use self::seal::{NotOpened, random, random_id};
pub use self::sealed_text::SEALED_TEXT_CHARS_MAX;
