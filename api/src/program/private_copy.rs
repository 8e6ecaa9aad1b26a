//! A private copy of a closed data folder: looking at it changes nothing in the folder.
//!
//! It has no key, nobody else may look into it, and it goes away with the process, also at a signal.
//! Only SIGKILL or a power cut leaves one: it is locked for as long as its process lives, so the
//! next start tells a dead one and removes it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::failure::Failure;
use super::removed_at_signals::remove_at_signals;
use crate::state::log_lines;

/// What the names of copies begin with.
const PREFIX: &str = "chancery-copy-";

/// Held for as long as the copy is used.
const LOCK_NAME: &str = "in-use";

/// What is copied. Not the keys, which are read where they are; not `lost+found`, nor backups in
/// the folder.
const COPIED: [&str; 3] = ["head", "log", "snapshots"];

/// A copy. It is removed when it is dropped.
pub(crate) struct PrivateCopy {
    folder: TempDir,
    _in_use: File,
}

impl PrivateCopy {
    /// Copies a data folder that no server holds. From now on a signal removes the copy and ends the
    /// process.
    pub(crate) fn new(data: &Path) -> Result<Self, Failure> {
        if !data.join("log").is_dir() {
            let data = data.display();
            return Err(format!("{data} holds no log; give the data folder with --data").into());
        }
        for removed in remove_dead() {
            log_lines::say(&format!(
                "removed {}, which a killed process had left",
                removed.display()
            ));
        }
        let mut folder = tempfile::Builder::new();
        let folder = folder.prefix(PREFIX).permissions(Permissions::from_mode(0o700)).tempdir()?;
        let in_use = create(&folder.path().join(LOCK_NAME))?;
        in_use.try_lock().map_err(|_| "another process took the private copy; try again")?;
        let doomed = folder.path().to_owned();
        remove_at_signals(folder.path(), "the private copy", move || remove(&doomed))?;
        for name in COPIED {
            let (from, to) = (data.join(name), folder.path().join(name));
            copy(&from, &to)
                .map_err(|err| format!("copying {} to look at it: {err}", from.display()))?;
        }
        Ok(Self { folder, _in_use: in_use })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Copies a file, or a folder with the files and folders in it. What is not there is left out.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let kind = match fs::symlink_metadata(from) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        about => about?.file_type(),
    };
    if kind.is_dir() {
        DirBuilder::new().mode(0o700).create(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    } else if kind.is_file() {
        std::io::copy(&mut File::open(from)?, &mut create(to)?)?;
    }
    Ok(())
}

/// Whatever the mode of the original file was.
fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// The lock is removed last: a copy without a lock would never be removed.
fn remove(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name() == LOCK_NAME {
            continue;
        }
        match entry.file_type()?.is_dir() {
            true => fs::remove_dir_all(entry.path())?,
            false => fs::remove_file(entry.path())?,
        }
    }
    fs::remove_dir_all(folder)
}

/// Removes copies that ended processes of this user left, and returns them.
pub(crate) fn remove_dead() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return Vec::new() };
    let copies = entries.flatten().filter(|it| {
        let is_copy = it.file_name().to_string_lossy().starts_with(PREFIX);
        is_copy && it.file_type().is_ok_and(|it| it.is_dir()) && is_ours(&it.path())
    });
    copies.map(|it| it.path()).filter(|it| is_dead(it) && remove(it).is_ok()).collect()
}

/// Whether this user owns it.
fn is_ours(path: &Path) -> bool {
    let owner = |path: &Path| fs::symlink_metadata(path).map(|it| it.uid()).ok();
    // On this system every process owns its own folder.
    owner(path).is_some_and(|it| Some(it) == owner(Path::new("/proc/self")))
}

/// Without a lock, it may be a copy that is just being made.
fn is_dead(copy: &Path) -> bool {
    let Ok(lock) = File::open(copy.join(LOCK_NAME)) else { return false };
    !matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock | TryLockError::Error(_)))
}
