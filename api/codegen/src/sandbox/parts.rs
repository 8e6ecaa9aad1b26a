//! Who may read a file of this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Whether everybody may read a file, or read a folder and go into it, and come there.
pub(super) fn is_open_to_all(path: &Path) -> bool {
    let Ok(real) = path.canonicalize() else { return false };
    let has = |path: &Path, bits: u32| {
        fs::metadata(path).is_ok_and(|it| it.permissions().mode() & bits == bits)
    };
    let bits = if real.is_dir() { 0o005 } else { 0o004 };
    has(&real, bits) && real.ancestors().skip(1).all(|it| has(it, 0o001))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_folder_closes_all_below() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        mode(folder.path(), 0o755);
        mode(&file, 0o644);
        let is_open = is_open_to_all(folder.path().parent().unwrap());
        assert_eq!(is_open_to_all(&file), is_open);
        mode(folder.path(), 0o750);
        assert!(!is_open_to_all(&file));
        mode(folder.path(), 0o755);
        mode(&file, 0o640);
        assert!(!is_open_to_all(&file));
        assert!(!is_open_to_all(&folder.path().join("missing")));
    }
}
