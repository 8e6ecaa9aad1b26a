//! Names of files in the data folder that both figures and tools know.

/// The snapshot of the read models.
pub(crate) const VIEWS_SNAPSHOT: &str = "snapshots/views";

/// The file that says, by when it was changed, when the last backup ended. It holds the position.
pub(crate) const LAST_BACKUP_NAME: &str = "last-backup";
