//! The end of the process when the disk failed.

use std::sync::OnceLock;

/// The exit status after a failed write or sync: EX_IOERR of sysexits.h.
const EXIT_IO_ERROR: i32 = 74;

/// What is to be done before the process ends.
static BEFORE_END: OnceLock<fn()> = OnceLock::new();

/// Registers what is to be done before the process ends. It must end by itself, soon. A second call
/// changes nothing.
pub fn before_end(what: fn()) {
    let _ = BEFORE_END.set(what);
}

/// After a failed write or sync nobody knows what is on the disk: the next start reads it again.
pub(crate) fn end_process(err: &dyn std::fmt::Display) -> ! {
    tracing::error!(error = %err, "a write failed; ending the process, start it again");
    if let Some(what) = BEFORE_END.get() {
        what();
    }
    signal_hook::low_level::exit(EXIT_IO_ERROR)
}
