//! `chancery backup`: copies the log, block by block, checking each, and then the keys.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use domain::blob::FILE_DIGITS;

use super::failure::Failure;
use super::home::OBJECTS_FOLDER;
use super::running::Running;
use crate::state::data_folder::LAST_BACKUP_NAME;

/// Copies into a new folder. The keys come last: they must open every event of the copy.
pub(crate) fn copy(from: &Running, to: &Path) -> Result<String, Failure> {
    let occupied = fs::read_dir(to).is_ok_and(|mut it| it.next().is_some());
    if occupied {
        return Err(format!("{} is not empty; give a new folder", to.display()).into());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(to)
        .and_then(|()| fs::set_permissions(to, Permissions::from_mode(0o700)))
        .map_err(|err| format!("{}: {err}", to.display()))?;
    let position = from.log.copy_to(to, |_| ())?;
    for name in ["keys", "master.key"] {
        let source = from.folder.join(name);
        if source.exists() {
            fs::copy(&source, to.join(name)).map_err(|err| format!("copying {name}: {err}"))?;
            File::open(to.join(name))?.sync_all()?;
        }
    }
    copy_objects(&from.folder.join(OBJECTS_FOLDER), &to.join(OBJECTS_FOLDER))?;
    File::open(to)?.sync_all()?;
    note(from, position);
    Ok(format!("copied {position} events and the keys to {}", to.display()))
}

/// For the figure that says how old the last backup is. The backup is good without it.
fn note(from: &Running, position: u64) {
    let path = from.folder.join(LAST_BACKUP_NAME);
    if let Err(err) = fs::write(&path, format!("{position}\n")) {
        tracing::warn!(error = %err, path = %path.display(), "the time of the backup is not noted");
    }
}

/// Copies what stands beside the log. It comes after the log: whatever an event names was there before
/// the event was.
fn copy_objects(from: &Path, to: &Path) -> Result<(), Failure> {
    if !from.exists() {
        return Ok(());
    }
    let failed = |path: &Path, err: std::io::Error| format!("copying {}: {err}", path.display());
    let new_folder = DirBuilder::new().recursive(true).mode(0o700).create(to);
    new_folder.map_err(|err| failed(to, err))?;
    for found in fs::read_dir(from)? {
        let (found, name) = found.map(|it| (it.path(), it.file_name()))?;
        let to = to.join(&name);
        if found.is_dir() {
            copy_objects(&found, &to)?;
            continue;
        }
        // Anything else is on its way, and no event names it.
        if !is_name(&name.to_string_lossy()) {
            continue;
        }
        match fs::copy(&found, &to) {
            Ok(_) => File::open(&to)?.sync_all()?,
            // It was deleted meanwhile.
            Err(err) if err.kind() == ErrorKind::NotFound => (),
            Err(err) => return Err(failed(&found, err).into()),
        }
    }
    File::open(to)?.sync_all()?;
    Ok(())
}

/// Whether a file is an object: those are named by the hash of their bytes, or by a random number and an
/// extension.
fn is_name(name: &str) -> bool {
    let is_hex = |it: &str, count| it.len() == count && it.bytes().all(|it| it.is_ascii_hexdigit());
    match name.split_once('.') {
        None => is_hex(name, 64),
        Some((stem, end)) => {
            is_hex(stem, FILE_DIGITS) && end.bytes().all(|it| it.is_ascii_alphanumeric())
        }
    }
}
