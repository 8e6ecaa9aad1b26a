//! `chancery bench log`: what the log makes of this disk.

/// Runs the benchmark and prints its result.
pub(crate) fn run(_json: bool) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Err("not there yet".into())
}
