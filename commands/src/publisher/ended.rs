//! Why publishing pauses or stops.

/// Why a round of publishing ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// `stop` was called, or the log is closing.
    Asked,
    /// Going on would do harm.
    ForGood(String),
    /// The stream does not end where it should: somebody else publishes too.
    Conflict,
    /// The broker, the way to it, or an acknowledgement failed.
    Interrupted(String),
}
