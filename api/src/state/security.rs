//! Refusals and readings: counted, told as log lines, and handed to whoever writes them into the log.
//!
//! Nobody waits for it and nothing fails by it: what is noticed is merged in memory, and what is told
//! of it goes into a queue with a limit, from which a task of the program writes events.

mod merged;
mod noticing;
pub(crate) mod sighting;

use std::sync::Mutex;

use commands::lock::lock;
use tokio::sync::mpsc;

use self::merged::Merged;
use self::sighting::Report;

/// How much may wait to be written.
const QUEUE_MAX: usize = 1_000;

/// What was noticed lately, and what waits to be written.
pub(crate) struct Security {
    merged: Mutex<Merged>,
    queue: mpsc::Sender<Report>,
    /// Until somebody takes it who writes.
    reports: Mutex<Option<mpsc::Receiver<Report>>>,
}

impl Default for Security {
    fn default() -> Self {
        let (queue, reports) = mpsc::channel(QUEUE_MAX);
        Self { merged: Mutex::default(), queue, reports: Mutex::new(Some(reports)) }
    }
}

impl Security {
    /// What waits to be written: for the one task that writes it.
    pub(crate) fn take_reports(&self) -> Option<mpsc::Receiver<Report>> {
        lock(&self.reports).take()
    }
}
