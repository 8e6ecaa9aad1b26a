//! Folders as a whole: what is in them, and copies.

use std::fs;
use std::path::{Path, PathBuf};

/// Every path below a folder with its mode, its time of change, and its bytes if it is a file.
pub fn contents(folder: &Path) -> Vec<(PathBuf, u32, std::time::SystemTime, Vec<u8>)> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let about = fs::symlink_metadata(&path).unwrap();
            if about.is_dir() {
                folders.push(path.clone());
            }
            let bytes = if about.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
            let mode = about.permissions().mode() & 0o777;
            found.push((path, mode, about.modified().unwrap(), bytes));
        }
    }
    found.sort();
    found
}

/// Copies files and folders, and nothing else.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy_folder(&entry.path(), &to);
        } else if kind.is_file() {
            fs::copy(entry.path(), &to).unwrap();
        }
    }
}
