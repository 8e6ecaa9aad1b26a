//! Runs a child under the recorder, and reads what was recorded.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::OnceLock;

use domain::{CommandId, Recorded};
use tempfile::TempDir;
use tests::log::read_all;

use super::child;

/// The length of a whole note: a command id in hexadecimal digits, and the end of the line.
const NOTE_BYTES: usize = 33;

/// What the recorder wrote, and where the child worked.
pub struct Recording {
    /// The temporary folder of it all.
    pub home: TempDir,
    /// The child's data folder.
    pub folder: PathBuf,
    /// The inode of that folder, which was there before.
    pub folder_inode: u64,
    /// How the child ended.
    pub status: ExitStatus,
    journal: Vec<u8>,
    /// Where each record begins.
    starts: Vec<usize>,
    /// Which record is the first of the last child.
    pub restart: usize,
}

/// One thing that the child did.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// As the recorder names it.
    pub kind: u8,
    /// The file or folder.
    pub inode: u64,
    /// An offset, a size, or how many records a sync covers.
    pub number: u64,
    /// What was written, or a path.
    pub bytes: &'a [u8],
}

const HEAD_BYTES: usize = 29;

impl Recording {
    /// Runs a child to its end. `settings` are further variables for the recorder.
    pub fn run(lives: &str, seed: u64, settings: &[(&str, &str)]) -> Self {
        let home = child::memory_folder();
        let folder = home.path().join("data");
        std::fs::create_dir(&folder).unwrap();
        let folder_inode = std::fs::metadata(&folder).unwrap().ino();
        let status = ExitStatus::default();
        let (journal, starts) = Default::default();
        let mut recording =
            Self { home, folder, folder_inode, status, journal, starts, restart: 0 };
        recording.go_on(lives, seed, settings);
        recording
    }

    /// Runs another child in the same folder, without a power cut in between.
    pub fn go_on(&mut self, lives: &str, seed: u64, settings: &[(&str, &str)]) {
        self.restart = self.len();
        let (notes, journal) = (self.home.path().join("notes"), self.home.path().join("journal"));
        self.status = child::command(&self.folder, &notes, lives, seed)
            .env("LD_PRELOAD", recorder())
            .env("RECORD_FOLDER", &self.folder)
            .env("RECORD_NOTES", &notes)
            .env("RECORD_JOURNAL", &journal)
            .env("RECORD_BASE", self.len().to_string())
            .envs(settings.iter().copied())
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        self.journal = std::fs::read(journal).unwrap();
        let mut at = 0;
        self.starts.clear();
        while at < self.journal.len() {
            self.starts.push(at);
            let length = self.journal[at + 25..at + HEAD_BYTES].try_into().unwrap();
            at += HEAD_BYTES + u32::from_le_bytes(length) as usize;
        }
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// One record.
    pub fn get(&self, index: usize) -> Record<'_> {
        let number = |at: usize| u64::from_le_bytes(self.journal[at..at + 8].try_into().unwrap());
        let start = self.starts[index];
        let end = self.starts.get(index + 1).copied().unwrap_or(self.journal.len());
        Record {
            kind: self.journal[start],
            inode: number(start + 1),
            number: number(start + 9),
            bytes: &self.journal[start + HEAD_BYTES..end],
        }
    }

    /// The commands that were acknowledged, each with the index of its note.
    pub fn acknowledged(&self) -> Vec<(usize, CommandId)> {
        let records = (0..self.len()).map(|index| (index, self.get(index)));
        let notes = records.filter(|(_, record)| record.kind == b'N');
        // The last one may be cut short: the process ended while a thread wrote it.
        let notes = notes.filter(|(_, record)| record.bytes.len() == NOTE_BYTES);
        notes.map(|(index, record)| (index, read_note(record.bytes))).collect()
    }

    /// What the log holds in the end.
    pub fn history(&self) -> Vec<Recorded> {
        let (_, log) = child::open(&self.folder).unwrap();
        read_all(&log).unwrap()
    }
}

/// Reads the notes of a child that was not recorded. A last line may be cut short.
pub fn read_notes(path: &Path) -> Vec<CommandId> {
    let notes = std::fs::read(path).unwrap_or_default();
    let lines = notes.split_inclusive(|it| *it == b'\n');
    lines.filter(|it| it.len() == NOTE_BYTES).map(read_note).collect()
}

fn read_note(line: &[u8]) -> CommandId {
    let text = std::str::from_utf8(line).unwrap().trim();
    CommandId(u128::from_str_radix(text, 16).unwrap().to_be_bytes())
}

/// The compiled recorder.
fn recorder() -> &'static Path {
    static BUILT: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recorder.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("crash/recorder.c");
        let built = Command::new("cc")
            .args(["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"])
            .arg(&path)
            .arg(source)
            .status()
            .expect("a C compiler, cc");
        assert!(built.success(), "the recorder does not compile");
        (folder, path)
    });
    path
}
