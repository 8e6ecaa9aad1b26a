//! Files by their paths: what goes into a sandbox and comes out of it.

use std::collections::BTreeMap;
use std::collections::btree_map::Iter;

use bytes::Bytes;

use crate::limits::PATH_BYTES_MAX;

/// A path that leads out of its folder, or is none that every system takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a plain path inside of its folder")]
pub struct NotPlain;

/// Plain files by their paths, in order of the paths. The contents are shared, never copied.
///
/// A path is relative, its parts are separated by `/`, none is empty, `.` or `..`, and it has no
/// control characters and no backslash. It has at most [`crate::PATH_BYTES_MAX`] bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<String, Bytes>);

impl Files {
    /// No files.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more file, which takes the place of one with its path.
    ///
    /// # Errors
    ///
    /// [`NotPlain`] if the path is none.
    pub fn add(&mut self, path: &str, content: impl Into<Bytes>) -> Result<(), NotPlain> {
        if !is_plain(path) {
            return Err(NotPlain);
        }
        self.0.insert(path.to_owned(), content.into());
        Ok(())
    }

    /// The content of a file.
    pub fn get(&self, path: &str) -> Option<&Bytes> {
        self.0.get(path)
    }

    /// The files, in order of their paths.
    pub fn iter(&self) -> Iter<'_, String, Bytes> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of all contents.
    pub fn bytes(&self) -> usize {
        self.0.values().map(Bytes::len).sum()
    }

    /// Keeps only the files whose paths are said to stay.
    pub fn retain(&mut self, mut stays: impl FnMut(&str) -> bool) {
        self.0.retain(|path, _| stays(path));
    }
}

impl<'f> IntoIterator for &'f Files {
    type Item = (&'f String, &'f Bytes);
    type IntoIter = Iter<'f, String, Bytes>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Whether a path is one of [`Files`].
fn is_plain(path: &str) -> bool {
    let is_part = |it: &str| !matches!(it, "" | "." | "..");
    path.len() <= PATH_BYTES_MAX
        && path.split('/').all(is_part)
        && !path.chars().any(|it| it.is_control() || it == '\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_inside_are_taken() {
        let mut files = Files::new();
        for path in ["a", "a/b.ts", ".gitignore", "a/..b", "ö/ü"] {
            files.add(path, "x").unwrap();
        }
        let long = "a".repeat(PATH_BYTES_MAX + 1);
        for path in [
            "", "/", "/a", "a/", "a//b", ".", "./a", "a/./b", "..", "../a", "a/..", "a\\b", "a\nb",
            "a\0", &long,
        ] {
            assert_eq!(files.add(path, "x"), Err(NotPlain), "{path}");
        }
        files.add(&"a".repeat(PATH_BYTES_MAX), "x").unwrap();
        assert_eq!((files.len(), files.bytes()), (6, 6));
    }
}
