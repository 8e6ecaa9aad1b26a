//! How far the publisher came, saved in a small file. It is a hint: the broker knows better.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use domain::LogId;

use crate::full_event_id::FullEventId;

/// The first word of the file; another one means another form.
const FORM: &str = "publisher.v2";

/// An event that the broker has, and where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Which event; `None` before the first.
    pub(super) id: Option<FullEventId>,
    /// A sequence of the broker's stream that is not above its last.
    pub(super) sequence: u64,
}

impl Cursor {
    /// The place of the event in the log; 0 before the first.
    pub(super) fn position(&self) -> u64 {
        self.id.map_or(0, |it| it.position)
    }
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
        let [form, id, sequence] = body.split(' ').collect::<Vec<_>>().try_into().ok()?;
        let id = FullEventId::parse(id)?;
        let ours = form == FORM && id.log == self.log;
        ours.then_some(Cursor { id: Some(id), sequence: sequence.parse().ok()? })
    }

    /// Replaces the file: whole or not at all.
    pub(super) fn save(&self, id: FullEventId, sequence: u64) -> std::io::Result<()> {
        let body = format!("{FORM} {id} {sequence}");
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
