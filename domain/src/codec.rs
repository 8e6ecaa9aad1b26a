//! The bytes of a payload: bincode, pinned, exhaustive and bounded.
//!
//! bincode is not self-describing and lies silently when a shape changes. So a payload struct is
//! frozen once shipped; a change is a new struct with a new revision and one upcast.

use bincode::Options as _;
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

/// The largest commit, and so the largest payload, in bytes.
pub const COMMIT_BYTES_MAX: usize = 60 * 1024;

/// Names this encoding in every block. Another codec gets another number.
pub const CODEC: u8 = 1;

fn options() -> impl bincode::Options {
    bincode::DefaultOptions::new()
        .with_fixint_encoding()
        .reject_trailing_bytes()
        .with_limit(COMMIT_BYTES_MAX as u64)
}

/// Writes a payload.
///
/// # Errors
/// When it exceeds [`COMMIT_BYTES_MAX`].
pub fn encode<T: Serialize>(payload: &T) -> Result<Vec<u8>, bincode::Error> {
    options().serialize(payload)
}

/// Reads a payload, every byte of it.
///
/// # Errors
/// When bytes are missing, left over, too many, or not of this shape.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, bincode::Error> {
    // bincode 1.3.3 drops the limit when it reads from a slice.
    if bytes.len() > COMMIT_BYTES_MAX {
        return Err(bincode::ErrorKind::SizeLimit.into());
    }
    options().deserialize(bytes)
}

/// Bytes in bincode, hexadecimal in JSON.
pub(crate) fn hex_for_people<S: Serializer, const N: usize>(
    bytes: &[u8; N],
    to: S,
) -> Result<S::Ok, S::Error>
where
    [u8; N]: Serialize,
{
    if to.is_human_readable() {
        to.serialize_str(&crate::ids::hex(bytes))
    } else {
        bytes.serialize(to)
    }
}
