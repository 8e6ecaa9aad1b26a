//! Why a command failed.

/// In words for the one who typed it.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;
