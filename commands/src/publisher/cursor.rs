//! How far the publisher came, saved in a small file. It is a hint: the broker knows better.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use domain::LogId;

/// The first word of the file; another one means another form.
const FORM: &str = "publisher.v1";

/// An event that the broker has, and where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Its place in the log; 0 before the first.
    pub(super) position: u64,
    /// A sequence of the broker's stream that is not above its last.
    pub(super) sequence: u64,
}

/// The file `publisher` in the data folder.
#[derive(Debug, Clone)]
pub(super) struct CursorFile {
    path: PathBuf,
    log: LogId,
}

impl CursorFile {
    pub(super) fn new(folder: &Path, log: LogId) -> Self {
        Self { path: folder.join("publisher"), log }
    }

    /// What was saved, if it is whole and of this log.
    pub(super) fn load(&self) -> Option<Cursor> {
        let text = fs::read_to_string(&self.path).ok()?;
        let (body, crc) = text.trim_end().rsplit_once(' ')?;
        if u32::from_str_radix(crc, 16).ok()? != crc32c::crc32c(body.as_bytes()) {
            return None;
        }
        let [form, log, position, sequence] =
            body.split(' ').collect::<Vec<_>>().try_into().ok()?;
        let ours = form == FORM && log == self.log.to_string();
        ours.then_some(Cursor {
            position: position.parse().ok()?,
            sequence: sequence.parse().ok()?,
        })
    }

    /// Replaces the file: whole or not at all.
    pub(super) fn save(&self, cursor: Cursor) -> std::io::Result<()> {
        let body = format!("{FORM} {} {} {}", self.log, cursor.position, cursor.sequence);
        let crc = crc32c::crc32c(body.as_bytes());
        let temporary = self.path.with_extension("tmp");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)?;
        file.write_all(format!("{body} {crc:08x}\n").as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, &self.path)?;
        let folder = self.path.parent().unwrap_or(&self.path);
        File::open(folder)?.sync_all()
    }
}
