//! `chancery backup`: copies the log, block by block, checking each, and then the keys.

use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use super::failure::Failure;
use super::running::Running;

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
    File::open(to)?.sync_all()?;
    Ok(format!("copied {position} events and the keys to {}", to.display()))
}
