//! The key file: checksummed slots of fixed size, overwritten in place and synced.
//!
//! Slot (128 bytes): crc32c of the rest, kind, chunk, chunks, length, id (16 bytes), up to 100
//! bytes, and how many slots were durable when it was written. A key longer than that takes
//! several slots. Erasing overwrites every byte of the key.
//!
//! A power cut may keep the second page of an append and lose the first. So a bad slot is damage
//! if a good one says that it was durable; else it is a torn append, which no event needs.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::halt::end_process;

/// The size of a slot, in bytes. A slot never straddles a sector.
pub(crate) const SLOT_BYTES: usize = 128;

/// How much of a wrapped key fits into a slot, in bytes.
const CHUNK_BYTES_MAX: usize = 100;

const BODY_AT: usize = 24;

const DURABLE_AT: usize = BODY_AT + CHUNK_BYTES_MAX;

/// What a slot is for. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SlotKind {
    /// The log id, sealed with the master key: it shows whether a master key is the right one.
    Header = 1,
    /// A key of the installation: claims, secrets.
    System = 2,
    /// The data key of a person.
    Subject = 3,
    /// The private half of a signing key.
    Signing = 4,
    /// A person's key that was destroyed.
    Erased = 5,
    /// An unused place: a power cut tore an append, or a key was destroyed of which nothing has to be
    /// known.
    Void = 6,
    /// A key of request fingerprints.
    Fingerprint = 7,
}

/// One wrapped key, and its slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) kind: SlotKind,
    pub(crate) id: [u8; 16],
    pub(crate) first_slot: u64,
    /// Copied only if it takes several slots: there may be a slot for each of millions of people.
    pub(crate) wrapped: Cow<'a, [u8]>,
}

/// Why a slot could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SlotError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("the key file is damaged at byte {0}")]
    Damaged(u64),
    #[error(
        "the key file has an entry of a newer version of the program at byte {0}: start that version"
    )]
    Newer(u64),
}

/// The open file.
#[derive(Debug)]
pub(crate) struct SlotFile {
    file: File,
    path: PathBuf,
    slots: u64,
    /// How many of them are synced.
    durable: u64,
    /// Slots before the end that hold nothing.
    free: Vec<u64>,
}

/// How much of the file is used.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Where the next entry goes.
    slots: u64,
    /// Slots before that place which hold no whole entry.
    torn: Vec<u64>,
    /// Slots before that place which hold nothing.
    free: Vec<u64>,
}

impl SlotFile {
    /// Opens or creates the file, of which every entry was read.
    pub(crate) fn open(path: &Path, extent: &Extent) -> Result<Self, SlotError> {
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
        let free = [extent.free.as_slice(), &extent.torn].concat();
        let mut opened =
            Self { file, path: path.to_owned(), slots: extent.slots, durable: 0, free };
        for slot in &extent.torn {
            opened.overwrite(*slot, SlotKind::Void, [0; 16], &[])?;
        }
        // A killed process may have left slots that it never synced; from now on they are relied
        // upon.
        opened.sync();
        Ok(opened)
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
        let bytes = encode(kind, id, wrapped, self.durable);
        self.file.write_all_at(&bytes, first * SLOT_BYTES as u64)?;
        self.slots += (bytes.len() / SLOT_BYTES) as u64;
        Ok(first)
    }

    /// Writes a new entry of one slot into a place that is free, or behind the others. Not durable
    /// before `sync`.
    pub(crate) fn put_anywhere(
        &mut self,
        kind: SlotKind,
        id: [u8; 16],
        wrapped: &[u8],
    ) -> io::Result<u64> {
        let Some(slot) = self.free.pop() else { return self.append(kind, id, wrapped) };
        self.overwrite(slot, kind, id, wrapped)?;
        Ok(slot)
    }

    /// Empties a place of one slot, for another entry. Not durable before `sync`.
    pub(crate) fn give_back(&mut self, slot: u64) -> io::Result<()> {
        self.overwrite(slot, SlotKind::Void, [0; 16], &[])?;
        self.free.push(slot);
        Ok(())
    }

    /// Overwrites an entry of one slot with another such, in place. Not durable before `sync`.
    pub(crate) fn overwrite(
        &self,
        slot: u64,
        kind: SlotKind,
        id: [u8; 16],
        wrapped: &[u8],
    ) -> io::Result<()> {
        let bytes = encode(kind, id, wrapped, self.durable);
        self.file.write_all_at(&bytes, slot * SLOT_BYTES as u64)
    }

    /// Makes every slot durable, or ends the process: a later sync would succeed without having
    /// written what this one lost.
    pub(crate) fn sync(&mut self) {
        if let Err(err) = self.file.sync_data() {
            end_process(&format_args!("fdatasync of {}: {err}", self.path.display()));
        }
        self.durable = self.slots;
    }
}

fn encode(kind: SlotKind, id: [u8; 16], wrapped: &[u8], durable: u64) -> Vec<u8> {
    let chunks = wrapped.len().div_ceil(CHUNK_BYTES_MAX).max(1);
    let mut bytes = Vec::with_capacity(chunks * SLOT_BYTES);
    for chunk in 0..chunks {
        let part = wrapped.chunks(CHUNK_BYTES_MAX).nth(chunk).unwrap_or_default();
        let mut slot = Vec::with_capacity(SLOT_BYTES);
        slot.extend_from_slice(&[kind as u8, chunk as u8, chunks as u8, part.len() as u8]);
        slot.extend_from_slice(&id);
        slot.extend_from_slice(part);
        slot.resize(DURABLE_AT - 4, 0);
        slot.extend_from_slice(&(durable as u32).to_le_bytes());
        bytes.extend_from_slice(&crc32c::crc32c(&slot).to_le_bytes());
        bytes.extend_from_slice(&slot);
    }
    bytes
}

/// Passes all entries to `see`. A slot that is bad although it was durable is an error.
pub(crate) fn decode<'a>(
    bytes: &'a [u8],
    mut see: impl FnMut(Entry<'a>),
) -> Result<Extent, SlotError> {
    // The file is read twice rather than kept in memory: there may be a slot for each of millions
    // of people.
    let slots = || bytes.chunks(SLOT_BYTES).map(decode_slot);
    if let Some(n) = bytes.chunks(SLOT_BYTES).position(is_of_newer) {
        return Err(SlotError::Newer((n * SLOT_BYTES) as u64));
    }
    let (mut end, mut durable) = (0, 0);
    for (slot, n) in slots().zip(1..).filter_map(|(slot, n)| Some((slot?, n))) {
        end = n;
        durable = slot.durable.max(durable);
    }
    if end == 0 && bytes.len() > SLOT_BYTES {
        // The first slot is durable before a second one is written.
        return Err(SlotError::Damaged(0));
    }
    let mut extent = Extent { slots: end, ..Extent::default() };
    let mut open: Option<Entry> = None;
    for (n, slot) in (0..end.max(durable)).zip(slots().chain(std::iter::repeat(None))) {
        let torn = |it: &Entry| it.first_slot..n;
        let fits = slot.as_ref().is_some_and(|slot| match &open {
            Some(entry) => slot.continues(entry, n),
            None => slot.chunk == 0,
        });
        if !fits && n < durable {
            return Err(SlotError::Damaged(n * SLOT_BYTES as u64));
        }
        if !fits {
            extent.torn.extend(open.take().as_ref().map(torn).into_iter().flatten());
        }
        let Some(slot) = slot.filter(|it| fits || it.chunk == 0) else {
            extent.torn.push(n);
            continue;
        };
        let entry = match open.take() {
            Some(mut entry) => {
                entry.wrapped.to_mut().extend_from_slice(slot.part);
                entry
            }
            None => slot.begin(n),
        };
        if slot.chunk + 1 == slot.chunks {
            if slot.kind == SlotKind::Void {
                extent.free.push(n);
            }
            see(entry);
        } else {
            open = Some(entry);
        }
    }
    extent.torn.extend(open.iter().flat_map(|it| it.first_slot..end));
    Ok(extent)
}

/// A slot whose checksum is right.
#[derive(Debug, Clone)]
struct Slot<'a> {
    kind: SlotKind,
    chunk: u8,
    chunks: u8,
    id: [u8; 16],
    part: &'a [u8],
    durable: u64,
}

impl<'a> Slot<'a> {
    fn begin(&self, first_slot: u64) -> Entry<'a> {
        Entry { kind: self.kind, id: self.id, first_slot, wrapped: Cow::Borrowed(self.part) }
    }

    fn continues(&self, entry: &Entry<'_>, n: u64) -> bool {
        let expected = n - entry.first_slot;
        self.kind == entry.kind && self.id == entry.id && u64::from(self.chunk) == expected
    }
}

fn decode_slot(slot: &[u8]) -> Option<Slot<'_>> {
    let rest = checked(slot)?;
    let ([kind, chunk, chunks, length], rest) = rest.split_first_chunk::<4>()?;
    let kind = kind_of(*kind)?;
    let id = *rest.first_chunk::<16>()?;
    let part = slot.get(BODY_AT..BODY_AT + usize::from(*length))?;
    let durable = u32::from_le_bytes(*slot.get(DURABLE_AT..)?.first_chunk()?);
    let (chunk, chunks, durable) = (*chunk, *chunks, u64::from(durable));
    Some(Slot { kind, chunk, chunks, id, part, durable })
}

/// What a slot holds behind its checksum, if that is right.
fn checked(slot: &[u8]) -> Option<&[u8]> {
    let (crc, rest) = slot.split_first_chunk::<4>()?;
    let fits = slot.len() == SLOT_BYTES && crc32c::crc32c(rest).to_le_bytes() == *crc;
    fits.then_some(rest)
}

fn kind_of(number: u8) -> Option<SlotKind> {
    Some(match number {
        1 => SlotKind::Header,
        2 => SlotKind::System,
        3 => SlotKind::Subject,
        4 => SlotKind::Signing,
        5 => SlotKind::Erased,
        6 => SlotKind::Void,
        7 => SlotKind::Fingerprint,
        _ => return None,
    })
}

/// Whether a slot is whole and of a kind that this version does not know. It must not be taken for an
/// empty one: the next key would take its place.
fn is_of_newer(slot: &[u8]) -> bool {
    checked(slot).and_then(|it| it.first()).is_some_and(|it| kind_of(*it).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The slots of an append at a time when so many others were durable.
    fn subject(n: u8, durable: u64) -> Vec<u8> {
        encode(SlotKind::Subject, [n; 16], &[n; 60], durable)
    }

    struct Decoded<'a> {
        entries: Vec<Entry<'a>>,
        slots: u64,
        torn: Vec<u64>,
    }

    fn decode(bytes: &[u8]) -> Result<Decoded<'_>, SlotError> {
        let mut entries = Vec::new();
        let Extent { slots, torn, .. } = super::decode(bytes, |it| entries.push(it))?;
        Ok(Decoded { entries, slots, torn })
    }

    fn ids(decoded: &Decoded) -> Vec<u8> {
        decoded.entries.iter().map(|it| it.id[0]).collect()
    }

    #[test]
    fn a_kind_of_a_newer_version_is_told_and_kept() {
        let mut newer = subject(9, 1);
        newer[4] = 99;
        let crc = crc32c::crc32c(&newer[4..]).to_le_bytes();
        newer[..4].copy_from_slice(&crc);
        let header = encode(SlotKind::Header, [0; 16], &[1], 0);
        for (bytes, at) in [
            ([header.clone(), newer.clone()].concat(), 1),
            ([header.clone(), newer, subject(2, 1)].concat(), 1),
        ] {
            let Err(SlotError::Newer(byte)) = decode(&bytes).map(|it| it.slots) else { panic!() };
            assert_eq!(byte, at * SLOT_BYTES as u64);
        }
        // Whatever else has no right checksum is no entry.
        let torn = [header, vec![7; SLOT_BYTES]].concat();
        assert_eq!(decode(&torn).unwrap().slots, 1);
    }

    #[test]
    fn a_long_key_takes_several_slots_and_comes_back_whole() {
        let key = (0..250_u8).collect::<Vec<_>>();
        let mut bytes = encode(SlotKind::Header, [0; 16], &[1], 0);
        bytes.extend(encode(SlotKind::Signing, [1; 16], &key, 1));
        bytes.extend(subject(2, 4));
        let decoded = decode(&bytes).unwrap();
        assert_eq!((decoded.slots, decoded.torn.len()), (5, 0));
        assert_eq!(decoded.entries[1].wrapped, key);
        assert_eq!(decoded.entries[2].first_slot, 4);
    }

    #[test]
    fn every_flipped_byte_is_found_or_lies_in_what_was_never_known_to_be_durable() {
        let mut bytes = encode(SlotKind::Header, [0; 16], &[1], 0);
        bytes.extend(subject(2, 1));
        bytes.extend(subject(3, 2));
        for at in 0..bytes.len() {
            let mut spoilt = bytes.clone();
            spoilt[at] ^= 0x10;
            match decode(&spoilt) {
                Err(SlotError::Damaged(found)) => {
                    assert_eq!(found, (at / SLOT_BYTES * SLOT_BYTES) as u64);
                }
                Ok(decoded) => {
                    assert!(at >= 2 * SLOT_BYTES, "byte {at}");
                    assert_eq!(ids(&decoded), [0, 2], "byte {at}");
                }
                Err(err) => panic!("byte {at}: {err}"),
            }
        }
    }

    #[test]
    fn a_hole_in_an_append_that_was_not_synced_is_no_damage() {
        let mut bytes = encode(SlotKind::Header, [0; 16], &[1], 0);
        for n in 2..6 {
            bytes.extend(subject(n, 1));
        }
        bytes[2 * SLOT_BYTES..4 * SLOT_BYTES].fill(0);
        let decoded = decode(&bytes).unwrap();
        assert_eq!(ids(&decoded), [0, 2, 5]);
        assert_eq!((decoded.slots, decoded.torn), (5, vec![2, 3]));
        bytes.extend(subject(6, 4));
        assert!(matches!(decode(&bytes), Err(SlotError::Damaged(at)) if at == 256));
    }

    #[test]
    fn a_torn_long_key_is_no_key_at_all() {
        let mut bytes = encode(SlotKind::Header, [0; 16], &[1], 0);
        bytes.extend(encode(SlotKind::Signing, [1; 16], &[7; 250], 1));
        for torn in 1..4 {
            let mut spoilt = bytes.clone();
            spoilt[torn * SLOT_BYTES] ^= 1;
            let decoded = decode(&spoilt).unwrap();
            assert_eq!(ids(&decoded), [0], "slot {torn}");
            assert_eq!(decoded.torn, (1..decoded.slots).collect::<Vec<_>>(), "slot {torn}");
        }
    }

    #[test]
    fn a_durable_end_that_is_missing_is_found() {
        let mut bytes = encode(SlotKind::Header, [0; 16], &[1], 0);
        bytes.extend(encode(SlotKind::Erased, [2; 16], &[], 3));
        assert!(matches!(decode(&bytes), Err(SlotError::Damaged(at)) if at == 256));
    }
}
