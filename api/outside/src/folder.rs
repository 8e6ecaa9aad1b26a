//! Letters and messages as files, for development.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::SendError;

/// Writes a file that nobody else reads, whole or not at all. One of the same name is replaced.
pub(crate) async fn write(folder: &Path, name: String, bytes: Vec<u8>) -> Result<(), SendError> {
    let folder = folder.to_owned();
    let written = tokio::task::spawn_blocking(move || {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let begun = folder.join(format!(".{name}"));
        let mut options = fs::OpenOptions::new();
        let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(&begun)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(begun, folder.join(name))
    });
    match written.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(err)) => {
            tracing::warn!(error = %err, "a letter or message cannot be written");
            Err(SendError::again("the folder cannot be written"))
        }
        Err(_) => Err(SendError::again("stopped")),
    }
}
