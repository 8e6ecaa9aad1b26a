//! The files of a release: their paths, which stay below where they are put, and their bytes.

use std::collections::BTreeMap;

use crate::failure::{FormError, is_invisible};

/// The most files of a release.
pub const FILES_MAX: usize = 5_000;

/// The most bytes of all files of a release: 64 MiB, the size of the folder that generators write into.
pub const FILES_BYTES_MAX: usize = 64 << 20;

/// The longest path of a file, in bytes.
pub const PATH_BYTES_MAX: usize = 1_024;

/// The longest part of a path, in bytes: more than that no file system takes.
const PART_BYTES_MAX: usize = 255;

/// Names that git itself reads, in any case, and as Windows shortens the first.
const NAMES_OF_GIT: [&str; 3] = [".git", "git~1", ".gitmodules"];

/// A file. Its path is relative, with `/` between its parts, and stays below where it is put.
#[derive(Clone, PartialEq, Eq)]
pub struct GeneratedFile {
    path: String,
    bytes: Vec<u8>,
}

impl std::fmt::Debug for GeneratedFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "GeneratedFile({:?}, {} bytes)", self.path, self.bytes.len())
    }
}

impl GeneratedFile {
    /// A file at a path, such as `src/index.ts`: relative, 1 to 1,024 bytes, parts of 1 to 255 bytes with
    /// `/` between, none of them `.`, `..`, or a name that git reads itself (`.git`, `.gitmodules`); no `\`,
    /// no `:`, no control characters and none that are invisible.
    ///
    /// # Errors
    /// When the path has another form.
    pub fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Result<Self, FormError> {
        let path = path.into();
        check_path(&path)?;
        Ok(Self { path, bytes: bytes.into() })
    }

    /// Where it is.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is in it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Checks the path of a file or a folder, as [`GeneratedFile::new`] takes it.
pub(crate) fn check_path(path: &str) -> Result<(), FormError> {
    let wrong = |what: &str| Err(FormError::new(format!("A path of a file {what}.")));
    if path.is_empty() || path.len() > PATH_BYTES_MAX {
        return wrong("is empty, or has more than 1,024 bytes");
    }
    if path.chars().any(|it| it.is_control() || is_invisible(it) || ['\\', ':'].contains(&it)) {
        return wrong("has a character that is not allowed");
    }
    for part in path.split('/') {
        // Some file systems pass over dots and spaces at the end.
        let bare = part.trim_end_matches(['.', ' ']);
        if bare.is_empty() || part.len() > PART_BYTES_MAX {
            return wrong("has a part that is empty, a dot, two dots, or longer than 255 bytes");
        }
        if NAMES_OF_GIT.iter().any(|it| bare.eq_ignore_ascii_case(it)) {
            return wrong("has a name that git reads itself");
        }
    }
    Ok(())
}

/// Files in the order of their paths, each path once, and no file where another one has a folder.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Files(BTreeMap<String, Vec<u8>>);

impl std::fmt::Debug for Files {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Files({} files, {} bytes)", self.len(), self.size())
    }
}

impl Files {
    /// All of them.
    ///
    /// # Errors
    /// When there are more than [`FILES_MAX`], or more than [`FILES_BYTES_MAX`] bytes, a path twice, or
    /// a file where another one has a folder.
    pub fn new(files: impl IntoIterator<Item = GeneratedFile>) -> Result<Self, FormError> {
        let mut all = Self::default();
        let mut size = 0_usize;
        for file in files {
            size = size.saturating_add(file.bytes.len());
            if all.0.len() == FILES_MAX || size > FILES_BYTES_MAX {
                return Err(FormError::new("There are more than 5,000 files, or 64 MiB of them."));
            }
            if let Some(_before) = all.0.insert(file.path, file.bytes) {
                return Err(FormError::new("Two files have one path."));
            }
        }
        let is_taken = |path: &str| folders_of(path).any(|it| all.0.contains_key(it));
        if all.0.keys().any(|it| is_taken(it)) {
            return Err(FormError::new("A file is where another file has a folder."));
        }
        Ok(all)
    }

    /// Paths and bytes, in the order of the paths' bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// What is in a file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.0.get(path).map(Vec::as_slice)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of all of them.
    pub fn size(&self) -> usize {
        self.0.values().map(Vec::len).fold(0, usize::saturating_add)
    }
}

/// The folders of a path, from above: `a` and `a/b` of `a/b/c`.
pub(crate) fn folders_of(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').filter_map(|(at, _)| path.get(..at))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn file(path: &str) -> GeneratedFile {
        GeneratedFile::new(path, path.as_bytes()).unwrap()
    }

    #[test]
    fn paths_stay_below_and_are_none_of_gits() {
        for good in ["a", "a/b.ts", ".gitignore", "ü/ö x.md", "..a", "a/...b", ".github/w.yml"] {
            assert!(check_path(good).is_ok(), "{good}");
        }
        let wrong = [
            "",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "a/..",
            "../a",
            "a/./b",
            "a/... ",
            "a\\b",
            "a:b",
            "a\nb",
            "a\0",
            ".git",
            ".GIT/config",
            "a/.git/hooks/x",
            ".git.",
            ".git /x",
            "GIT~1/x",
            ".gitmodules",
            ".g\u{200c}it",
            "a/.\u{202e}",
            "\u{7f}",
        ];
        for wrong in wrong {
            assert!(check_path(wrong).is_err(), "{wrong:?}");
        }
        let part = "a".repeat(PART_BYTES_MAX);
        assert!(check_path(&part).is_ok() && check_path(&format!("{part}a")).is_err());
        let long = ["a"; PATH_BYTES_MAX / 2].join("/");
        assert!(
            check_path(&format!("{long}a")).is_ok() && check_path(&format!("{long}ab")).is_err()
        );
    }

    #[test]
    fn files_are_in_order_each_once_and_none_where_a_folder_is() {
        let files = Files::new(["b", "a/c", "a-b"].map(file)).unwrap();
        assert_eq!(files.iter().map(|it| it.0).collect::<Vec<_>>(), ["a-b", "a/c", "b"]);
        assert_eq!((files.len(), files.size(), files.get("b")), (3, 7, Some(b"b".as_slice())));
        assert!(Files::new(["a", "a"].map(file)).is_err());
        assert!(Files::new(["a/b/c", "a/b"].map(file)).is_err());
        assert!(Files::new(["a", "a-b", "a/b"].map(file)).is_err());
    }

    #[test]
    fn there_are_limits() {
        let many = |count: usize| Files::new((0..count).map(|it| file(&format!("f{it}"))));
        assert!(many(FILES_MAX).is_ok() && many(FILES_MAX + 1).is_err());
        let large = |more: usize| {
            let half = vec![0; FILES_BYTES_MAX / 2];
            let rest = vec![0; FILES_BYTES_MAX / 2 + more];
            Files::new([
                GeneratedFile::new("a", half).unwrap(),
                GeneratedFile::new("b", rest).unwrap(),
            ])
        };
        assert!(large(0).is_ok() && large(1).is_err());
    }
}
