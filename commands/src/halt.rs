//! The end of the process when the disk failed.

/// The exit status after a failed write or sync: EX_IOERR of sysexits.h.
const EXIT_IO_ERROR: i32 = 74;

/// After a failed write or sync nobody knows what is on the disk: the next start reads it again.
pub(crate) fn end_process(err: &dyn std::fmt::Display) -> ! {
    tracing::error!(error = %err, "a write failed; ending the process, start it again");
    signal_hook::low_level::exit(EXIT_IO_ERROR)
}
