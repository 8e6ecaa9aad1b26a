//! Why publishing pauses or stops.

/// Why a round of publishing ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// `stop` was called, or the log is closing.
    Asked,
    /// Continuing would do harm.
    ForGood(String),
    /// The stream does not end where it should: somebody else publishes too.
    Conflict,
    /// The broker, the connection, or an acknowledgement failed.
    Interrupted(String),
}
