//! How log lines reach standard error: whoever reads them may be slow or gone, and nothing waits for
//! it. A line that cannot be written is dropped and counted.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock};

use commands::lock::lock;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};

/// How many lines may wait for their reader.
const WAITING_MAX: usize = 8_192;

/// The lines that standard error did not take.
static NOT_TAKEN: AtomicU64 = AtomicU64::new(0);

static WRITER: OnceLock<NonBlocking> = OnceLock::new();

/// While it is there, lines are written.
static WRITING: Mutex<Option<WorkerGuard>> = Mutex::new(None);

/// Standard error, for which every line counts as written.
struct Patient;

impl Write for Patient {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if io::stderr().write_all(line).is_err() {
            NOT_TAKEN.fetch_add(1, Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where lines go in. They are written by a thread of its own.
pub(crate) fn writer() -> NonBlocking {
    let writer = WRITER.get_or_init(|| {
        let lines = NonBlockingBuilder::default().buffered_lines_limit(WAITING_MAX).lossy(true);
        let (writer, writing) = lines.thread_name("log-lines").finish(Patient);
        *lock(&WRITING) = Some(writing);
        writer
    });
    writer.clone()
}

/// Says something that is no log line, such as why a command failed.
pub(crate) fn say(line: &str) {
    // It takes every line.
    let _ = writer().write_all(format!("{line}\n").as_bytes());
}

/// Writes what waits, before the process ends: for about a second at most. Later lines are lost.
pub(crate) fn finish() {
    drop(lock(&WRITING).take());
}

/// How many lines were lost since the program began.
pub(crate) fn lost() -> u64 {
    let dropped = WRITER.get().map_or(0, |it| it.error_counter().dropped_lines());
    NOT_TAKEN.load(Relaxed).saturating_add(dropped as u64)
}
