//! The key file: checksummed slots of fixed size, overwritten in place and synced.
//!
//! Slot (128 bytes): crc32c of the rest, kind, chunk, chunks, length, id (16 bytes), up to 100
//! bytes. A key longer than that takes several slots. Erasing overwrites every byte of the key.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The size of a slot, in bytes. A slot never straddles a sector.
pub(crate) const SLOT_BYTES: usize = 128;

/// How much of a wrapped key fits into a slot, in bytes.
const CHUNK_BYTES_MAX: usize = 100;

const BODY_AT: usize = 24;

/// What a slot is for. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SlotKind {
    /// Names the log, and proves the master key.
    Header = 1,
    /// A key of the installation: claims, secrets.
    System = 2,
    /// The data key of a person.
    Subject = 3,
    /// The private half of a signing key.
    Signing = 4,
    /// A person's key that was destroyed.
    Erased = 5,
}

/// One wrapped key, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: SlotKind,
    pub(crate) id: [u8; 16],
    pub(crate) first_slot: u64,
    pub(crate) wrapped: Vec<u8>,
}

/// Why a slot could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SlotError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("the key file is damaged at byte {0}")]
    Damaged(u64),
}

/// The open file.
#[derive(Debug)]
pub(crate) struct SlotFile {
    file: File,
    path: PathBuf,
    slots: u64,
}

impl SlotFile {
    /// Opens or creates the file, and reads every entry.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<Entry>), SlotError> {
        let fresh = !path.exists();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        if fresh {
            file.sync_all()?;
            File::open(path.parent().unwrap_or(path))?.sync_all()?;
        }
        let bytes = std::fs::read(path)?;
        let (entries, slots) = decode(&bytes)?;
        Ok((Self { file, path: path.to_owned(), slots }, entries))
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a new entry behind the others. Not durable before `sync`.
    pub(crate) fn append(
        &mut self,
        kind: SlotKind,
        id: [u8; 16],
        wrapped: &[u8],
    ) -> io::Result<u64> {
        let first = self.slots;
        let bytes = encode(kind, id, wrapped);
        self.file.write_all_at(&bytes, first * SLOT_BYTES as u64)?;
        self.slots += (bytes.len() / SLOT_BYTES) as u64;
        Ok(first)
    }

    /// Overwrites an entry of one slot, in place. Not durable before `sync`.
    pub(crate) fn overwrite(&self, slot: u64, kind: SlotKind, id: [u8; 16]) -> io::Result<()> {
        self.file.write_all_at(&encode(kind, id, &[]), slot * SLOT_BYTES as u64)
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn encode(kind: SlotKind, id: [u8; 16], wrapped: &[u8]) -> Vec<u8> {
    let chunks = wrapped.len().div_ceil(CHUNK_BYTES_MAX).max(1);
    let mut bytes = Vec::with_capacity(chunks * SLOT_BYTES);
    for chunk in 0..chunks {
        let part = wrapped.chunks(CHUNK_BYTES_MAX).nth(chunk).unwrap_or_default();
        let mut slot = Vec::with_capacity(SLOT_BYTES);
        slot.extend_from_slice(&[kind as u8, chunk as u8, chunks as u8, part.len() as u8]);
        slot.extend_from_slice(&id);
        slot.extend_from_slice(part);
        slot.resize(SLOT_BYTES - 4, 0);
        bytes.extend_from_slice(&crc32c::crc32c(&slot).to_le_bytes());
        bytes.extend_from_slice(&slot);
    }
    bytes
}

/// Reads all entries. What stands behind the last whole entry was never synced: no event needs
/// it, so it is overwritten. Damage before that is an error.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Vec<Entry>, u64), SlotError> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut slots = 0;
    let mut open: Option<(Entry, u8, u8)> = None;
    let good_until = last_good_slot(bytes);
    for (n, slot) in (0_u64..).zip(bytes.chunks(SLOT_BYTES)) {
        if n > good_until {
            break;
        }
        let at = n * SLOT_BYTES as u64;
        let Some((kind, chunk, chunks, id, part)) = decode_slot(slot) else {
            return Err(SlotError::Damaged(at));
        };
        let (mut entry, expected, _) = match open.take() {
            Some(unfinished) => unfinished,
            None => (Entry { kind, id, first_slot: n, wrapped: Vec::new() }, 0, chunks),
        };
        if chunk != expected || entry.kind != kind || entry.id != id {
            return Err(SlotError::Damaged(at));
        }
        entry.wrapped.extend_from_slice(part);
        if chunk + 1 == chunks {
            entries.push(entry);
            slots = n + 1;
        } else {
            open = Some((entry, chunk + 1, chunks));
        }
    }
    Ok((entries, slots))
}

/// An append that a power cut tore leaves bad slots at the end only.
fn last_good_slot(bytes: &[u8]) -> u64 {
    let slots = bytes.chunks(SLOT_BYTES).collect::<Vec<_>>();
    let last = slots.iter().rposition(|it| decode_slot(it).is_some());
    last.map_or(0, |it| it as u64)
}

type Slot<'a> = (SlotKind, u8, u8, [u8; 16], &'a [u8]);

fn decode_slot(slot: &[u8]) -> Option<Slot<'_>> {
    let (crc, rest) = slot.split_first_chunk::<4>()?;
    if slot.len() != SLOT_BYTES || crc32c::crc32c(rest).to_le_bytes() != *crc {
        return None;
    }
    let ([kind, chunk, chunks, length], rest) = rest.split_first_chunk::<4>()?;
    let kind = match kind {
        1 => SlotKind::Header,
        2 => SlotKind::System,
        3 => SlotKind::Subject,
        4 => SlotKind::Signing,
        5 => SlotKind::Erased,
        _ => return None,
    };
    let id = *rest.first_chunk::<16>()?;
    let part = slot.get(BODY_AT..BODY_AT + usize::from(*length))?;
    Some((kind, *chunk, *chunks, id, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_key_takes_several_slots_and_comes_back_whole() {
        let key = (0..250_u8).collect::<Vec<_>>();
        let mut bytes = encode(SlotKind::Header, [0; 16], &[1]);
        bytes.extend(encode(SlotKind::Signing, [1; 16], &key));
        bytes.extend(encode(SlotKind::Subject, [2; 16], &[9; 60]));
        let (entries, slots) = decode(&bytes).unwrap();
        assert_eq!(slots, 5);
        assert_eq!(entries[1].wrapped, key);
        assert_eq!(entries[2].first_slot, 4);
    }

    #[test]
    fn every_flipped_byte_is_found_or_lies_in_a_torn_end() {
        let mut bytes = encode(SlotKind::Header, [0; 16], &[1]);
        bytes.extend(encode(SlotKind::Subject, [2; 16], &[9; 60]));
        bytes.extend(encode(SlotKind::Subject, [3; 16], &[8; 60]));
        for at in 0..bytes.len() {
            let mut spoilt = bytes.clone();
            spoilt[at] ^= 0x10;
            match decode(&spoilt) {
                Err(SlotError::Damaged(found)) => {
                    assert_eq!(found, (at / SLOT_BYTES * SLOT_BYTES) as u64);
                }
                Ok((entries, _)) => {
                    assert!(at >= 2 * SLOT_BYTES, "byte {at}");
                    assert_eq!(entries.len(), 2, "byte {at}");
                }
                Err(SlotError::Io(err)) => panic!("{err}"),
            }
        }
    }
}
