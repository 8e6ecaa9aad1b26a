//! Snapshot files: derived data, so that a start only has to read the tail of the log.
//!
//! A snapshot that does not fit is not an error: it is written again.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use bytes::Bytes;
use domain::LogId;

use super::wire::{Malformed, Reader, Writer};

const MAGIC: &[u8; 8] = b"CHSNAP01";
const HEADER_BYTES: usize = 8 + 4 + 16 + 8 + 8 + 32 + 8 + 4;

/// The log, the position and the revision of the code to which a snapshot belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotHeader {
    /// Changes whenever the code that reads the body does.
    pub revision: u32,
    /// Of which log.
    pub log: LogId,
    /// The last event that it contains.
    pub position: u64,
    /// The first position of the block that ends there.
    pub block: u64,
    /// The hash of that block.
    pub block_hash: [u8; 32],
}

/// Writes a snapshot: whole or not at all.
///
/// # Errors
/// When the file system refuses.
pub fn write_snapshot(path: &Path, header: &SnapshotHeader, body: &[u8]) -> std::io::Result<()> {
    let mut out = Writer::default();
    out.raw(MAGIC);
    out.u32(header.revision);
    out.raw(&header.log.0);
    out.u64(header.position);
    out.u64(header.block);
    out.raw(&header.block_hash);
    out.u64(body.len() as u64);
    let crc = crc32c::crc32c_append(crc32c::crc32c(&out.0), body);
    out.u32(crc);

    let folder = path.parent().unwrap_or(path);
    let temporary = path.with_extension("tmp");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(&out.0)?;
    file.write_all(body)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    File::open(folder)?.sync_all()
}

/// Why a snapshot is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoSnapshot {
    /// None was written yet.
    Absent,
    /// It belongs to other code or another log.
    Other,
    /// It is not as it was written.
    Damaged,
}

/// Reads a snapshot and checks that it is whole.
///
/// # Errors
/// When there is none that can be used.
pub fn read_snapshot(
    path: &Path,
    revision: u32,
    log: LogId,
) -> Result<(SnapshotHeader, Bytes), NoSnapshot> {
    let bytes = fs::read(path).map_err(|_| NoSnapshot::Absent)?;
    let (header, body) = decode(bytes.into()).map_err(|_| NoSnapshot::Damaged)?;
    if header.revision != revision || header.log != log {
        return Err(NoSnapshot::Other);
    }
    Ok((header, body))
}

fn decode(bytes: Bytes) -> Result<(SnapshotHeader, Bytes), Malformed> {
    let head = bytes.get(..HEADER_BYTES - 4).ok_or(Malformed("too short"))?;
    let crc = crc32c::crc32c(head);
    let mut from = Reader::new(bytes);
    if from.array::<8>()? != *MAGIC {
        return Err(Malformed("not a snapshot"));
    }
    let header = SnapshotHeader {
        revision: from.u32()?,
        log: LogId(from.array()?),
        position: from.u64()?,
        block: from.u64()?,
        block_hash: from.array()?,
    };
    let length = from.u64()?;
    let stored = from.u32()?;
    let body = from.take(usize::try_from(length).unwrap_or(usize::MAX))?;
    if crc32c::crc32c_append(crc, &body) != stored || !from.is_empty() {
        return Err(Malformed("the checksum is wrong"));
    }
    Ok((header, body))
}
