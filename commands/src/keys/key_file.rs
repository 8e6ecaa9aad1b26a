//! The entries of the key file, before they are used.

use std::collections::HashMap;
use std::path::Path;

use domain::SubjectId;

use super::fingerprint_keys::StoredKey;
use super::master::{KeyError, MasterKey};
use super::seal::SealKey;
use super::slots::{self, Entry, Extent, SlotError, SlotKind};
use super::subjects::Subjects;
use super::wrapped::place;

/// The key of claims and of lookups.
pub(crate) const CLAIM_KEY: [u8; 16] = *b"claims\0\0\0\0\0\0\0\0\0\0";

/// The key of secret parts.
pub(crate) const SECRET_KEY: [u8; 16] = *b"secrets\0\0\0\0\0\0\0\0\0";

/// The entries of the key file.
#[derive(Default)]
pub(crate) struct KeyFile {
    pub(crate) header: Option<([u8; 16], Vec<u8>)>,
    pub(crate) system: HashMap<[u8; 16], Vec<u8>>,
    pub(crate) subjects: Subjects,
    pub(crate) signing: HashMap<[u8; 16], Vec<u8>>,
    pub(crate) fingerprints: Vec<StoredKey>,
}

impl KeyFile {
    pub(crate) fn read(bytes: &[u8]) -> Result<(Self, Extent), SlotError> {
        let mut found = Self::default();
        found.subjects.reserve(bytes.len() / slots::SLOT_BYTES);
        let mut misfit = None;
        let extent = slots::decode(bytes, |entry| {
            let at = entry.first_slot;
            if !found.add(entry) {
                misfit.get_or_insert(at);
            }
        })?;
        match misfit {
            Some(slot) => Err(SlotError::Damaged(slot * slots::SLOT_BYTES as u64)),
            None => Ok((found, extent)),
        }
    }

    /// Adds an entry; `false` for a key of the wrong length.
    fn add(&mut self, entry: Entry<'_>) -> bool {
        let Entry { kind, id, first_slot: slot, wrapped } = entry;
        let subject = id.first_chunk().copied().unwrap_or_default();
        let subject = SubjectId(u64::from_le_bytes(subject));
        match kind {
            SlotKind::Header => self.header = Some((id, wrapped.into_owned())),
            SlotKind::System => {
                self.system.insert(id, wrapped.into_owned());
            }
            SlotKind::Subject => {
                let Ok(wrapped) = wrapped.as_ref().try_into() else { return false };
                self.subjects.insert(subject, slot, wrapped);
            }
            SlotKind::Signing => {
                self.signing.insert(id, wrapped.into_owned());
            }
            SlotKind::Fingerprint => self.fingerprints.push((id, slot, wrapped.into_owned())),
            SlotKind::Erased => self.subjects.erase(subject, slot),
            SlotKind::Void => (),
        }
        true
    }

    /// The key that wraps all others; an error if another master key wrapped these.
    pub(crate) fn check_master(
        &self,
        path: &Path,
        master: &MasterKey,
    ) -> Result<SealKey, KeyError> {
        let wrap = SealKey::new(master.bytes())?;
        if let Some((id, wrapped)) = &self.header {
            let fits = wrap.open(&place(SlotKind::Header, *id), wrapped);
            fits.map_err(|_| KeyError::WrongMaster(path.to_owned()))?;
        }
        Ok(wrap)
    }

    /// Whether all entries are there that every log has since its first commit.
    pub(crate) fn is_whole(&self) -> bool {
        self.header.is_some()
            && [CLAIM_KEY, SECRET_KEY].iter().all(|it| self.system.contains_key(it))
    }
}
