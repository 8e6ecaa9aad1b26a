//! What is in an [artifact](crate::artifact): its files, one by one.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;

use crate::limits::FILE_BYTES_MAX;

/// A file in an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path.
    pub path: String,
    /// Its length, in bytes.
    pub bytes: u64,
}

/// The bytes are no artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an artifact")]
pub struct NotAnArtifact;

/// The files, in order of their paths.
///
/// # Errors
///
/// [`NotAnArtifact`] if the bytes are none.
pub fn list(artifact: &[u8]) -> Result<Vec<Entry>, NotAnArtifact> {
    let mut archive = ZipArchive::new(Cursor::new(artifact)).map_err(|_| NotAnArtifact)?;
    let count = archive.len();
    let one = |n| {
        let file = archive.by_index(n).map_err(|_| NotAnArtifact)?;
        let path = file.name().map_err(|_| NotAnArtifact)?.into_owned();
        Ok(Entry { path, bytes: file.size() })
    };
    (0..count).map(one).collect()
}

/// One file; `None` if there is none with this path.
///
/// # Errors
///
/// [`NotAnArtifact`] if the bytes are none.
pub fn file(artifact: &[u8], path: &str) -> Result<Option<Vec<u8>>, NotAnArtifact> {
    let mut archive = ZipArchive::new(Cursor::new(artifact)).map_err(|_| NotAnArtifact)?;
    let Some(index) = archive.index_for_name(path) else { return Ok(None) };
    let file = archive.by_index(index).map_err(|_| NotAnArtifact)?;
    let mut bytes = Vec::new();
    let limit = FILE_BYTES_MAX as u64;
    file.take(limit).read_to_end(&mut bytes).map_err(|_| NotAnArtifact)?;
    Ok(Some(bytes))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::Files;
    use crate::artifact::zip;

    #[test]
    fn what_was_packed_is_there() {
        let mut files = Files::new();
        files.add("b/c.ts", "let it = 1;\n").unwrap();
        files.add("a.ts", "").unwrap();
        let artifact = zip(&files).unwrap();
        let entries = list(&artifact).unwrap();
        let shown = entries.iter().map(|it| (it.path.as_str(), it.bytes)).collect::<Vec<_>>();
        assert_eq!(shown, [("a.ts", 0), ("b/c.ts", 12)]);
        assert_eq!(file(&artifact, "b/c.ts").unwrap().unwrap(), b"let it = 1;\n");
        assert_eq!(file(&artifact, "../b/c.ts").unwrap(), None);
        assert_eq!(list(b"PK"), Err(NotAnArtifact));
        assert_eq!(file(&artifact[..artifact.len() - 9], "a.ts"), Err(NotAnArtifact));
    }
}
