//! Log lines: for people or for programs, on standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use super::failure::Failure;
use super::settings::{Common, LogFormat};
use crate::state::log_lines;

/// Starts writing log lines.
///
/// # Errors
/// When the filter cannot be read.
pub(crate) fn start(common: &Common) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&common.log).map_err(|err| format!("--log: {err}"))?;
    commands::halt::before_end(log_lines::finish);
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(log_lines::writer);
    // It would write to standard error, and panic where that takes nothing.
    let lines = lines.log_internal_errors(false);
    // In a file or a journal, colour codes only hide words from a search.
    let lines = lines.with_ansi(std::io::stderr().is_terminal());
    // A second start in one process, as in tests, changes nothing.
    let _ = match common.log_format {
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
        LogFormat::Text => lines.with_target(false).try_init(),
    };
    Ok(())
}
