//! What the log counts about itself, for metrics.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Counters since the start of the process.
#[derive(Debug, Default)]
pub struct LogStats {
    commits: AtomicU64,
    blocks: AtomicU64,
    bytes: AtomicU64,
    refused: AtomicU64,
    refused_full: AtomicU64,
    sync_nanoseconds: AtomicU64,
    disk_full: AtomicBool,
}

impl LogStats {
    /// Commits that were made durable.
    pub fn commits(&self) -> u64 {
        self.commits.load(Relaxed)
    }

    /// Blocks, each with one fsync.
    pub fn blocks(&self) -> u64 {
        self.blocks.load(Relaxed)
    }

    /// Bytes of these blocks.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// Commits that the sequencer refused.
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Commits that were refused because the disk is nearly full.
    pub fn refused_full(&self) -> u64 {
        self.refused_full.load(Relaxed)
    }

    /// The time that storing and syncing took, in all.
    pub fn sync_time(&self) -> Duration {
        Duration::from_nanos(self.sync_nanoseconds.load(Relaxed))
    }

    /// Whether changes are refused because the disk is nearly full.
    pub fn disk_full(&self) -> bool {
        self.disk_full.load(Relaxed)
    }

    pub(crate) fn count_block(&self, commits: usize, bytes: usize, sync: Duration) {
        self.commits.fetch_add(commits as u64, Relaxed);
        self.blocks.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes as u64, Relaxed);
        self.sync_nanoseconds.fetch_add(sync.as_nanos() as u64, Relaxed);
    }

    pub(crate) fn count_refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_refused_full(&self) {
        self.refused_full.fetch_add(1, Relaxed);
    }

    pub(crate) fn set_disk_full(&self, full: bool) {
        self.disk_full.store(full, Relaxed);
    }
}
