//! Keys as the master key wraps them, and how one comes into the key file.

use super::master::KeyError;
use super::seal::{SEAL_BYTES, SealKey};
use super::slots::{SlotFile, SlotKind};

/// A key of 32 bytes as the master key wraps it.
pub(crate) type WrappedKey = [u8; 32 + SEAL_BYTES];

/// The bytes that a wrapped key is bound to: if it is moved to another slot, it cannot be opened.
pub(crate) fn place(kind: SlotKind, id: [u8; 16]) -> Vec<u8> {
    [&[kind as u8], id.as_slice()].concat()
}

/// Id, slot and wrapped bytes of a key that was added.
pub(super) type Added = ([u8; 16], u64, Vec<u8>);

/// Wraps a key and adds it, durably.
pub(super) fn append(
    file: &mut Option<SlotFile>,
    wrap: &SealKey,
    kind: SlotKind,
    id: [u8; 16],
    key: &[u8],
) -> Result<Added, KeyError> {
    let wrapped = wrap.seal(&place(kind, id), key)?;
    let slot = match file {
        Some(file) => {
            let slot = file.append(kind, id, &wrapped).map_err(|err| write_error(file, &err))?;
            file.sync();
            slot
        }
        None => 0,
    };
    Ok((id, slot, wrapped))
}

pub(super) fn write_error(file: &SlotFile, err: &std::io::Error) -> KeyError {
    KeyError::File { path: file.path().to_owned(), why: err.to_string() }
}
