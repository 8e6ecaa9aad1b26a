//! Figures of the data folder: its disk, and what was written beside the log.

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::figures::Figures;
use crate::state::app::App;
use crate::state::data_folder::{LAST_BACKUP_NAME, VIEWS_SNAPSHOT};

/// Adds them. Without a data folder, as in tests, there are none.
pub(super) fn add_folder(figures: &Figures, app: &App) {
    let Some(folder) = &app.settings.data else { return };
    if let Ok(disk) = rustix::fs::statvfs(folder) {
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        figures.gauge(
            "chancery_disk_free_bytes",
            "What the disk of the data folder has left for this user.",
            free as f64,
        );
    }
    figures.gauge(
        "chancery_disk_reserve_bytes",
        "Changes are refused when less than this is left: --disk-reserve-mib.",
        app.settings.reserve_bytes as f64,
    );
    figures.gauge(
        "chancery_log_disk_bytes",
        "What the store of the log takes of the disk.",
        taken(&folder.join("log")) as f64,
    );
    figures.gauge(
        "chancery_snapshot_timestamp_seconds",
        "When the last snapshot was written, Unix time; 0 if there is none.",
        changed(&folder.join(VIEWS_SNAPSHOT)),
    );
    figures.gauge(
        "chancery_backup_timestamp_seconds",
        "When the last backup ended, Unix time; 0 if none is known.",
        changed(&folder.join(LAST_BACKUP_NAME)),
    );
}

/// When a file was changed last, in seconds since 1970; 0 if there is none.
fn changed(path: &Path) -> f64 {
    let changed = fs::metadata(path).and_then(|it| it.modified()).ok();
    let since = changed.and_then(|it| it.duration_since(UNIX_EPOCH).ok());
    since.map_or(0.0, |it| it.as_secs_f64())
}

/// What the files of a folder take of the disk, in bytes. A file that goes away meanwhile takes nothing.
fn taken(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .filter_map(|it| it.ok().and_then(|it| it.metadata().ok().map(|about| (it.path(), about))))
        .map(|(path, about)| if about.is_dir() { taken(&path) } else { about.blocks() * 512 })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_takes_nothing_and_was_never_changed() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            (taken(&folder.path().join("no")), changed(&folder.path().join("no"))),
            (0, 0.0)
        );
        fs::create_dir(folder.path().join("inner")).unwrap();
        fs::write(folder.path().join("inner/file"), vec![1; 10_000]).unwrap();
        assert!((10_000..100_000).contains(&taken(folder.path())), "{}", taken(folder.path()));
        assert!(changed(&folder.path().join("inner/file")) > 1.6e9);
    }
}
