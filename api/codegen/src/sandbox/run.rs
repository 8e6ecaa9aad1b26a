//! What is run, within which limits, and what comes out.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::failure::Reason;
use crate::files::Files;
use crate::limits::{
    ADDRESS_SPACE_BYTES_MAX, CPU_SECONDS_MAX, FILE_BYTES_MAX, FILES_MAX, OUTPUT_BYTES_MAX,
    WORK_BYTES_MAX,
};

/// The kinds of sandboxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The program bubblewrap, as `bwrap`.
    Bubblewrap,
    /// No sandbox.
    None,
}

impl FromStr for Kind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "bubblewrap" => Ok(Self::Bubblewrap),
            "none" => Ok(Self::None),
            _ => Err("neither bubblewrap nor none"),
        }
    }
}

/// What one run may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long it may take.
    pub time: Duration,
    /// Seconds of the processor for each of its processes.
    pub cpu_seconds: u64,
    /// Bytes of addresses of each of its processes.
    pub address_space_bytes: u64,
    /// Bytes of its folder; not kept without a sandbox.
    pub work_bytes: u64,
    /// Bytes of all files that come out.
    pub output_bytes: usize,
    /// Bytes of one of them.
    pub file_bytes: usize,
    /// How many they may be.
    pub files: usize,
}

impl Limits {
    /// The usual limits, and one of time.
    pub fn within(time: Duration) -> Self {
        Self {
            time,
            cpu_seconds: CPU_SECONDS_MAX,
            address_space_bytes: ADDRESS_SPACE_BYTES_MAX,
            work_bytes: WORK_BYTES_MAX,
            output_bytes: OUTPUT_BYTES_MAX,
            file_bytes: FILE_BYTES_MAX,
            files: FILES_MAX,
        }
    }
}

/// What is run.
#[derive(Clone, Debug)]
pub struct Run {
    /// A script for `sh`. It finds its input below `$INPUT`, begins in the empty folder `$WORK`, and
    /// what it leaves in `$WORK/out` comes out. What it prints is the log.
    pub script: &'static str,
    /// The arguments of the script: `$1` and so on.
    pub arguments: Vec<String>,
    /// Files and folders that it may read, each in a variable of that name.
    pub parts: Vec<(&'static str, PathBuf)>,
    /// Folders that it may read where they are on this machine.
    pub also: Vec<PathBuf>,
    /// What it is given.
    pub input: Files,
    /// What it may use.
    pub limits: Limits,
    /// Why nothing was made if the script fails and nothing else explains it.
    pub otherwise: Reason,
}

/// What came out of a run.
#[derive(Clone, Debug)]
pub struct Output {
    /// The files.
    pub files: Files,
    /// What the program said, at most [`crate::LOG_BYTES_MAX`] bytes.
    pub log: String,
}
