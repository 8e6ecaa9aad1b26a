//! Folders of the remote's tree that a push writes to.

use std::collections::BTreeSet;

use crate::files::{check_path, folders_of};
use crate::{FILES_BYTES_MAX, FILES_MAX, Files, FormError};

/// Files below a folder of the remote's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    path: String,
    files: Files,
    is_replaced: bool,
}

impl Folder {
    /// A folder that has these files and nothing else afterwards, such as `sdk/python`.
    ///
    /// # Errors
    /// When the path is none of a folder in the tree.
    pub fn replaced(path: &str, files: Files) -> Result<Self, FormError> {
        Self::new(path, files, true)
    }

    /// A folder that gets these files and keeps its others, such as `docs`.
    ///
    /// # Errors
    /// As [`Self::replaced`].
    pub fn merged(path: &str, files: Files) -> Result<Self, FormError> {
        Self::new(path, files, false)
    }

    fn new(path: &str, files: Files, is_replaced: bool) -> Result<Self, FormError> {
        let path = path.strip_suffix('/').unwrap_or(path).to_owned();
        check_path(&path)?;
        Ok(Self { path, files, is_replaced })
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn files(&self) -> &Files {
        &self.files
    }

    pub(super) fn is_replaced(&self) -> bool {
        self.is_replaced
    }
}

/// The folders of a push, none of them within another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders(Vec<Folder>);

impl Folders {
    /// All of them.
    ///
    /// # Errors
    /// When there is none, when one is within another one, or when they have more files together than
    /// [`FILES_MAX`], or more bytes than [`FILES_BYTES_MAX`].
    pub fn new(folders: Vec<Folder>) -> Result<Self, FormError> {
        let files = folders.iter().map(|it| it.files.len()).fold(0, usize::saturating_add);
        let size = folders.iter().map(|it| it.files.size()).fold(0, usize::saturating_add);
        if files > FILES_MAX || size > FILES_BYTES_MAX {
            return Err(FormError::new("There are more than 5,000 files, or 64 MiB of them."));
        }
        let paths = folders.iter().map(Folder::path).collect::<BTreeSet<_>>();
        let is_within = |it: &&str| folders_of(it).any(|it| paths.contains(it));
        if folders.is_empty() || paths.len() < folders.len() || paths.iter().any(is_within) {
            return Err(FormError::new("A push has folders, none of them within another one."));
        }
        Ok(Self(folders))
    }

    pub(super) fn as_slice(&self) -> &[Folder] {
        &self.0
    }

    /// Every path that must be a folder, if it is there at all.
    pub(super) fn ways(&self) -> BTreeSet<String> {
        let mut ways = BTreeSet::new();
        for folder in &self.0 {
            ways.extend(folders_of(folder.path()).map(str::to_owned));
            ways.insert(folder.path.clone());
            if !folder.is_replaced {
                let below = folder.files.iter().flat_map(|(path, _)| folders_of(path));
                ways.extend(below.map(|it| format!("{}/{it}", folder.path)));
            }
        }
        ways
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::GeneratedFile;

    fn files(paths: &[&str]) -> Files {
        Files::new(paths.iter().map(|it| GeneratedFile::new(*it, "x").unwrap())).unwrap()
    }

    #[test]
    fn folders_are_apart_and_their_ways_are_known() {
        let sdk = Folder::replaced("sdk/python/", files(&["a/b.py"])).unwrap();
        let docs = Folder::merged("docs", files(&["a/b/c.rst", "d.rst"])).unwrap();
        let both = Folders::new(vec![sdk.clone(), docs.clone()]).unwrap();
        let ways = both.ways().into_iter().collect::<Vec<_>>();
        assert_eq!(ways, ["docs", "docs/a", "docs/a/b", "sdk", "sdk/python"]);
        let above = Folder::merged("sdk", files(&[])).unwrap();
        assert!(Folders::new(vec![sdk, above]).is_err());
        assert!(Folders::new(vec![docs.clone(), docs]).is_err());
        assert!(Folders::new(Vec::new()).is_err());
        for wrong in ["", "/", ".git", "../a", "a//", "/a"] {
            assert!(Folder::merged(wrong, files(&[])).is_err(), "{wrong}");
        }
    }

    #[test]
    fn limits_are_those_of_all_folders_together() {
        let many = |count: usize| {
            let paths = (0..count).map(|it| GeneratedFile::new(format!("f{it}"), "").unwrap());
            Files::new(paths).unwrap()
        };
        let pair = |first: usize, second: usize| {
            let first = Folder::merged("a", many(first)).unwrap();
            Folders::new(vec![first, Folder::merged("b", many(second)).unwrap()])
        };
        assert!(pair(FILES_MAX / 2, FILES_MAX / 2).is_ok());
        assert!(pair(FILES_MAX / 2, FILES_MAX / 2 + 1).is_err());
    }
}
