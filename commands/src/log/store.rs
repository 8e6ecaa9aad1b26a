//! Blocks in sled, stored under their first position: what makes sled durable, and how its panics
//! are caught. Nothing else of sled is used.
//!
//! sled's `flush` does not sync on Linux; only our own `fdatasync` of its file does. A page over
//! 128 KiB would go to a file under `blobs/` that nobody syncs, so a block is stored in parts of
//! at most 7 KiB. Opening and scanning a damaged store panics inside sled: see `contain`.

use std::cell::Cell;
use std::fs::{self, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::SystemTime;

use bytes::Bytes;
use domain::log::LogError;

use super::block::damaged;
use super::obstacle::file_error as io;

/// The largest stored value, in bytes: about sixteen of them fit on a page that is small enough not
/// to go to `blobs/`.
const PART_BYTES_MAX: usize = 7 * 1024;

/// sled's page cache, in bytes; its own default of 1 GiB grows to 3.5 GiB.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// An open store.
#[derive(Debug)]
pub(crate) struct Store {
    tree: sled::Tree,
    // Dropped after the tree; sled writes its last pages then.
    _db: sled::Db,
    file: File,
    db: PathBuf,
    blobs: PathBuf,
    blobs_changed: std::sync::Mutex<Option<SystemTime>>,
}

impl Store {
    /// Opens or creates the store in a folder of its own.
    pub(crate) fn open(path: &Path) -> Result<Self, LogError> {
        if !path.exists() {
            create(path)?;
        }
        prepare(path)?;
        let (db, tree) = open_sled(path)?;
        make_private(path).map_err(|err| io("closing the store to others", &err))?;
        let db_path = path.join("db");
        let file = File::open(&db_path).map_err(|err| io("opening log/db", &err))?;
        Ok(Self {
            tree,
            _db: db,
            file,
            db: db_path,
            blobs: path.join("blobs"),
            blobs_changed: std::sync::Mutex::new(None),
        })
    }

    /// Stores a block: all its parts or none. Not durable before `sync`.
    pub(crate) fn put_block(&self, first: u64, bytes: &[u8]) -> Result<(), LogError> {
        let mut batch = sled::Batch::default();
        for (part, bytes) in (0_u8..).zip(bytes.chunks(PART_BYTES_MAX)) {
            batch.insert(&part_key(first, part), bytes);
        }
        self.tree.apply_batch(batch).map_err(|err| sled_error("storing a block", &err))
    }

    /// Makes everything that was stored so far durable. An error here must end the process, because
    /// after a failed sync the page cache may differ from the disk.
    pub(crate) fn sync(&self) -> Result<(), LogError> {
        self.tree.flush().map_err(|err| sled_error("writing the store", &err))?;
        self.file.sync_data().map_err(|err| io("fdatasync of log/db", &err))?;
        self.check_blobs()
    }

    /// Whether the file that is written is still the one that the next start would read: somebody may
    /// have removed or replaced the folder. Unknown counts as yes.
    pub(crate) fn is_in_place(&self) -> bool {
        match (fs::metadata(&self.db), self.file.metadata()) {
            (Ok(named), Ok(open)) => (named.dev(), named.ino()) == (open.dev(), open.ino()),
            (Err(err), _) => err.kind() != ErrorKind::NotFound,
            (Ok(_), Err(_)) => true,
        }
    }

    /// A file in `blobs/` is not covered by our sync, so it must not exist.
    fn check_blobs(&self) -> Result<(), LogError> {
        let Ok(changed) = fs::metadata(&self.blobs).and_then(|it| it.modified()) else {
            return Ok(());
        };
        let mut known = crate::lock::lock(&self.blobs_changed);
        if *known == Some(changed) {
            return Ok(());
        }
        let mut files = fs::read_dir(&self.blobs).map_err(|err| io("reading log/blobs", &err))?;
        if files.next().is_some() {
            return Err(LogError::Store("a file in log/blobs, which is never synced".to_owned()));
        }
        *known = Some(changed);
        Ok(())
    }

    /// The last block: the head of the log.
    pub(crate) fn last_block(&self) -> Result<Option<(u64, Bytes)>, LogError> {
        self.block_with(u64::MAX)
    }

    /// The first block at or after a position: its first position, and its bytes.
    pub(crate) fn block_from(&self, position: u64) -> Result<Option<(u64, Bytes)>, LogError> {
        let found = contain("reading the store", || {
            let mut parts = self.tree.range(part_key(position, 0).as_slice()..);
            let Some((key, value)) = parts.next().transpose()? else { return Ok(None) };
            let Some((first, part)) = read_key(&key) else { return Ok(Some((0, 0, Vec::new()))) };
            let mut bytes = value.to_vec();
            let mut expected = part;
            for next in parts {
                let (key, value) = next?;
                expected = expected.wrapping_add(1);
                if read_key(&key) != Some((first, expected)) {
                    break;
                }
                bytes.extend_from_slice(&value);
            }
            Ok(Some((first, part, bytes)))
        })?;
        match found {
            None => Ok(None),
            Some((first, 0, bytes)) if first > 0 => Ok(Some((first, bytes.into()))),
            Some((first, ..)) => Err(damaged(first.max(1), "the beginning of a block is missing")),
        }
    }

    /// The block that holds a position.
    pub(crate) fn block_with(&self, position: u64) -> Result<Option<(u64, Bytes)>, LogError> {
        let first = contain("reading the store", || {
            let upper = part_key(position, u8::MAX);
            let mut parts = self.tree.range(..=upper.as_slice());
            Ok(parts.next_back().transpose()?.and_then(|(key, _)| read_key(&key)))
        })?;
        match first {
            Some((first, _)) => self.block_from(first),
            None => Ok(None),
        }
    }
}

fn part_key(first: u64, part: u8) -> [u8; 9] {
    let mut key = [part; 9];
    key.iter_mut().zip(first.to_be_bytes()).for_each(|(to, from)| *to = from);
    key
}

fn read_key(key: &[u8]) -> Option<(u64, u8)> {
    let (first, part) = key.split_first_chunk::<8>()?;
    let [part] = part else { return None };
    Some((u64::from_be_bytes(*first), *part))
}

/// sled makes its files readable by everybody. Those that it makes later are in a folder that only
/// this user can enter.
fn make_private(folder: &Path) -> std::io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let closed = match path.is_dir() {
            true => make_private(&path),
            false => fs::set_permissions(path, Permissions::from_mode(0o600)),
        };
        match closed {
            // sled's own threads replace its snapshots.
            Err(err) if err.kind() == ErrorKind::NotFound => (),
            closed => closed?,
        }
    }
    Ok(())
}

fn open_sled(path: &Path) -> Result<(sled::Db, sled::Tree), LogError> {
    contain("opening the store", || {
        let db = sled::Config::new()
            .path(path)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(None)
            .use_compression(false)
            .open()?;
        let tree = db.open_tree("log")?;
        Ok((db, tree))
    })
}

/// Makes an empty store: whole or not at all.
///
/// sled never syncs its file `conf`, and cannot open a store in which it is torn or lost. So the
/// store gets its name only when all of it is durable.
fn create(path: &Path) -> Result<(), LogError> {
    let failed = |err: std::io::Error| io("making a new store", &err);
    let unfinished = path.with_extension("new");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(failed)?;
    }
    let (db, tree) = open_sled(&unfinished)?;
    tree.flush().map_err(|err| sled_error("making a new store", &err))?;
    drop((tree, db));
    let sync = |path: &Path| File::open(path).and_then(|it| it.sync_all());
    for name in ["conf", "db", "blobs", ""] {
        sync(&unfinished.join(name)).map_err(failed)?;
    }
    // A thread of sled may not have released its lock yet.
    let db = File::open(unfinished.join("db")).map_err(failed)?;
    db.lock().and_then(|()| db.unlock()).map_err(failed)?;
    fs::rename(&unfinished, path).map_err(failed)?;
    sync(path.parent().unwrap_or(path)).map_err(failed)
}

/// Repairs what a killed process may have left.
///
/// Data that it wrote but did not sync is read back from the page cache; it must be on the disk
/// before sled's snapshot and our second head, which are synced, depend on it. And sled takes its
/// own half-written snapshot for a damaged store.
fn prepare(path: &Path) -> Result<(), LogError> {
    let sync = File::open(path.join("db")).and_then(|it| it.sync_data());
    sync.map_err(|err| io("fdatasync of log/db", &err))?;
    for file in fs::read_dir(path).map_err(|err| io("reading the folder log", &err))? {
        let file = file.map_err(|err| io("reading the folder log", &err))?;
        let name = file.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(file.path())
                .map_err(|err| io("removing an unfinished snapshot of sled", &err))?;
        }
    }
    Ok(())
}

fn sled_error(doing: &str, err: &sled::Error) -> LogError {
    match err {
        sled::Error::Io(err) => io(doing, err),
        err => LogError::Store(format!("{doing}: {err}")),
    }
}

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Runs sled on a store that may be damaged: a panic becomes an error, and is not printed.
///
/// A store that is half open is leaked, not dropped: sled's drop would write to the damaged store.
fn contain<T>(doing: &str, run: impl FnOnce() -> Result<T, sled::Error>) -> Result<T, LogError> {
    silence_contained_panics();
    let before = CONTAINED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    CONTAINED.set(before);
    match result {
        Ok(result) => result.map_err(|err| sled_error(doing, &err)),
        Err(panic) => {
            std::mem::forget(panic);
            Err(LogError::Store(format!("{doing}: the store is damaged")))
        }
    }
}

fn silence_contained_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let shown = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            // sled's own threads may panic, too, while another thread is in here.
            let of_sled = std::thread::current().name().is_some_and(|it| it.starts_with("sled"));
            if !CONTAINED.get() && !of_sled {
                shown(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use domain::log::Obstacle;

    use super::*;

    #[test]
    fn a_store_that_is_open_elsewhere_is_no_damage() {
        let path = std::env::temp_dir().join(format!("chancery-lock-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let store = Store::open(&path).unwrap();
        let Err(err) = Store::open(&path) else { panic!() };
        assert!(matches!(err, LogError::Refused { by: Obstacle::Locked, .. }), "{err}");
        drop(store);
        std::fs::remove_dir_all(&path).unwrap();
    }
}
