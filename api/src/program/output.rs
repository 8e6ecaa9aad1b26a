//! Standard output of commands: a reader that is gone is an error, and no panic.

use std::fmt::Display;
use std::io::Write as _;

use super::failure::Failure;

/// Prints a line.
///
/// # Errors
/// When it cannot be written: the disk is full, or the reader has closed the pipe.
pub(crate) fn print(line: impl Display) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
