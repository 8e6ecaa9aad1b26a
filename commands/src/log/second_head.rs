//! The head of the log, stored a second time outside sled, so that a log that lost its end is
//! always noticed.
//!
//! One file with two slots of 128 bytes, written in turn and synced: a torn write damages only one
//! of them.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use domain::LogId;
use domain::log::LogError;

use super::block::{NEWER, OLDER};
use super::obstacle::file_error;
use super::wire::{Malformed, Reader, Writer};

const SLOT_BYTES: usize = 128;
const MAGIC: &[u8; 8] = b"CHHEAD02";

/// The beginning of the magic number of every version; the version number follows.
const MAGIC_BEGIN: &[u8] = b"CHHEAD";

/// What a slot says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SecondHead {
    pub(crate) log: LogId,
    pub(crate) turn: u64,
    pub(crate) position: u64,
    pub(crate) hash: [u8; 32],
    pub(crate) origin: Origin,
}

/// Why the log ends where it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// By its own commits.
    Written,
    /// This folder is a copy, and nothing was appended to it yet: the original may have continued.
    Copied,
}

/// The open file.
#[derive(Debug)]
pub(crate) struct SecondHeadFile {
    file: File,
    turn: u64,
}

/// Where it is in a data folder.
pub(crate) fn second_head_path(folder: &Path) -> PathBuf {
    folder.join("head")
}

/// What the file holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HeadState {
    /// No slot was ever written.
    Nothing,
    /// The newest good slot, and whether both are as they were written.
    Head(SecondHead, Intact),
    /// The file is not empty, but no slot can be read.
    Damaged,
}

/// Whether both slots are as they were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intact {
    Yes,
    /// One slot is spoilt: torn by a crash, or damaged.
    OneSlotSpoilt,
}

impl SecondHeadFile {
    /// Opens or creates the file, and returns what it contains.
    pub(crate) fn open(path: &Path) -> Result<(Self, HeadState), LogError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let fresh = !path.exists();
        let file = options.open(path).map_err(|err| file_error("opening head", &err))?;
        if fresh {
            // The name of the file must be durable before the first commit is: a log without the
            // file is refused.
            let folder = path.parent().unwrap_or(path);
            File::open(folder)
                .and_then(|it| it.sync_all())
                .map_err(|err| file_error("syncing the data folder", &err))?;
        }
        let found = inspect(path)?;
        let turn = match &found {
            HeadState::Head(head, _) => head.turn,
            HeadState::Nothing | HeadState::Damaged => 0,
        };
        Ok((Self { file, turn }, found))
    }

    /// Writes the next slot, durably.
    pub(crate) fn write(
        &mut self,
        log: LogId,
        position: u64,
        hash: [u8; 32],
        origin: Origin,
    ) -> Result<(), LogError> {
        self.turn += 1;
        let slot = SecondHead { log, turn: self.turn, position, hash, origin }.encode();
        let offset = (self.turn % 2) * SLOT_BYTES as u64;
        self.file
            .write_all_at(&slot, offset)
            .and_then(|()| self.file.sync_data())
            .map_err(|err| file_error("writing head", &err))
    }
}

/// Reads the file without changing it.
pub(crate) fn inspect(path: &Path) -> Result<HeadState, LogError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(HeadState::Nothing),
        Err(err) => return Err(file_error("reading head", &err)),
    };
    let written = bytes.iter().any(|it| *it != 0);
    let slots = bytes.chunks(SLOT_BYTES).map(|it| {
        let written = it.iter().any(|byte| *byte != 0);
        written.then(|| SecondHead::decode(Bytes::copy_from_slice(it)))
    });
    let slots = slots.flatten().collect::<Vec<_>>();
    let spoilt = slots.iter().any(Result::is_err) || bytes.len() > 2 * SLOT_BYTES;
    for slot in &slots {
        if let Err(why @ (OLDER | NEWER)) = slot {
            return Err(LogError::OtherVersion(why.0));
        }
    }
    let newest = slots.into_iter().flatten().max_by_key(|it| it.turn);
    Ok(match newest {
        Some(head) if spoilt => HeadState::Head(head, Intact::OneSlotSpoilt),
        Some(head) => HeadState::Head(head, Intact::Yes),
        None if written => HeadState::Damaged,
        None => HeadState::Nothing,
    })
}

impl SecondHead {
    fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.raw(MAGIC);
        out.raw(&self.log.0);
        out.u64(self.turn);
        out.u64(self.position);
        out.raw(&self.hash);
        out.raw(&[u8::from(self.origin == Origin::Copied)]);
        out.0.resize(SLOT_BYTES - 4, 0);
        let crc = crc32c::crc32c(&out.0);
        out.u32(crc);
        out.0
    }

    fn decode(bytes: Bytes) -> Result<Self, Malformed> {
        let crc = crc32c::crc32c(bytes.get(..SLOT_BYTES - 4).unwrap_or_default());
        let said = bytes.get(SLOT_BYTES - 4..).unwrap_or_default();
        let is_intact = said == crc.to_le_bytes();
        let mut from = Reader::new(bytes);
        match from.array::<8>()? {
            magic if magic == *MAGIC => (),
            // The checksum is right, so it is not reported as damage.
            magic if is_intact && magic.starts_with(MAGIC_BEGIN) => {
                return Err(if magic < *MAGIC { OLDER } else { NEWER });
            }
            _ => return Err(Malformed("not a head")),
        }
        let head = Self {
            log: LogId(from.array()?),
            turn: from.u64()?,
            position: from.u64()?,
            hash: from.array()?,
            origin: match from.array()? {
                [0] => Origin::Written,
                [1] => Origin::Copied,
                _ => return Err(Malformed("not a head of this version")),
            },
        };
        if !is_intact {
            return Err(Malformed("the checksum is wrong"));
        }
        Ok(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_good_slot_counts() {
        let path = std::env::temp_dir().join(format!("chancery-head-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let log = LogId([7; 16]);
        let (mut file, found) = SecondHeadFile::open(&path).unwrap();
        assert_eq!(found, HeadState::Nothing);
        for position in 1..=5 {
            let origin = if position == 5 { Origin::Copied } else { Origin::Written };
            file.write(log, position, [position as u8; 32], origin).unwrap();
        }
        let HeadState::Head(head, Intact::Yes) = inspect(&path).unwrap() else { panic!() };
        assert_eq!((head.position, head.turn, head.log), (5, 5, log));
        assert_eq!(head.origin, Origin::Copied);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[SLOT_BYTES + 30] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let HeadState::Head(head, Intact::OneSlotSpoilt) = inspect(&path).unwrap() else {
            panic!()
        };
        assert_eq!((head.position, head.origin), (4, Origin::Written));
        bytes[30] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(inspect(&path).unwrap(), HeadState::Damaged);
        std::fs::remove_file(&path).unwrap();
    }
}
