//! The data folder: who may use it, and where its parts are.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use commands::keys::MasterKey;

use super::failure::Failure;
use super::settings::Common;
use crate::state::data_folder::LAST_BACKUP_NAME;

/// How often, and at which interval, to check whether a server is gone.
const GONE_LOOKS_MAX: u32 = 20;
const GONE_LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(50);

/// The data folder, held by this process.
pub(crate) struct Home {
    pub(crate) folder: PathBuf,
    /// The lock ends with the file.
    _lock: File,
}

/// Whether another process holds a data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// A server runs on it.
    ByServer,
    /// Nobody uses it.
    No,
}

/// The folder in the data folder with what stands beside the log.
pub(crate) const OBJECTS_FOLDER: &str = "objects";

/// The name of the socket in the data folder.
pub(crate) const SOCKET_NAME: &str = "admin.sock";

/// Where tools talk to the running server.
pub(crate) fn socket_path(folder: &Path) -> PathBuf {
    folder.join(SOCKET_NAME)
}

/// Where the key file is.
pub(crate) fn keys_path(folder: &Path) -> PathBuf {
    folder.join("keys")
}

impl Home {
    /// Makes the folder if need be, and holds it.
    pub(crate) fn open(folder: &Path) -> Result<Self, Failure> {
        let folder = std::path::absolute(folder)?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|err| format!("the data folder {}: {err}", folder.display()))?;
        check_owner(&folder)?;
        close_to_others(&folder);
        let lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join("lock"))
            .map_err(|err| format!("the data folder {}: {err}", folder.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(format!(
                "the data folder {} is in use by another chancery process; stop it first, or \
                 give another folder with --data",
                folder.display()
            )
            .into()),
            Err(TryLockError::Error(err)) => {
                Err(format!("locking the data folder {}: {err}", folder.display()).into())
            }
        }
    }
}

/// Files that another user makes in the folder, such as root, would be closed to its owner.
fn check_owner(folder: &Path) -> Result<(), Failure> {
    let metadata = fs::metadata(folder);
    let owner =
        metadata.map_err(|err| format!("the data folder {}: {err}", folder.display()))?.uid();
    let own = rustix::process::geteuid().as_raw();
    let is_empty = || fs::read_dir(folder).is_ok_and(|mut it| it.next().is_none());
    if owner == own || is_empty() {
        return Ok(());
    }
    let folder = folder.display();
    Err(format!(
        "the data folder {folder} belongs to user {owner}, and this is user {own}: files made now would \
         be closed to its owner; run this command as that user (setpriv --reuid {owner} --clear-groups, \
         or sudo -u '#{owner}'), or give the folder to this one (chown -R)"
    )
    .into())
}

/// Removes the rights of other users from a folder of ours and from our files in it: an older
/// version, a restored copy or a folder made by hand may have left them.
fn close_to_others(folder: &Path) {
    let empty = fs::read_dir(folder).is_ok_and(|mut it| it.next().is_none());
    let closed = match empty || keys_path(folder).exists() {
        true => close_ours(folder),
        // The folder has other things in it.
        false => Ok(()),
    };
    let open = fs::metadata(folder).is_ok_and(|it| it.permissions().mode() & 0o077 != 0);
    if open || closed.is_err() {
        let path = folder.display();
        tracing::warn!(%path, "others on this machine may look into the data folder: chmod 700");
    }
}

fn close_ours(folder: &Path) -> std::io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    let ours = ["head", "keys", "lock", "log", "master.key", "publisher", "snapshots"];
    for name in ours.into_iter().chain([OBJECTS_FOLDER, LAST_BACKUP_NAME]) {
        let path = folder.join(name);
        if path.exists() {
            close(&path)?;
        }
    }
    Ok(())
}

fn close(path: &Path) -> std::io::Result<()> {
    if !path.is_dir() {
        return fs::set_permissions(path, Permissions::from_mode(0o600));
    }
    fs::set_permissions(path, Permissions::from_mode(0o700))?;
    fs::read_dir(path)?.try_for_each(|it| close(&it?.path()))
}

/// Whether a server holds the folder. Changes nothing in it.
pub(crate) fn held(folder: &Path) -> Held {
    let Ok(lock) = File::open(folder.join("lock")) else { return Held::No };
    match lock.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Held::ByServer,
        Ok(()) | Err(TryLockError::Error(_)) => Held::No,
    }
}

/// Whether a server that did not answer is gone: a killed process releases the folder a moment
/// later.
pub(crate) fn is_gone(folder: &Path) -> bool {
    (0..GONE_LOOKS_MAX).any(|_| {
        let gone = held(folder) == Held::No;
        if !gone {
            std::thread::sleep(GONE_LOOK_EVERY);
        }
        gone
    })
}

/// Of the mode of a file: its group, and everybody else.
const MAY_BE_READ_BY_OTHERS: u32 = 0o044;

/// The master key from the file or variable that was named, if one was.
pub(crate) fn named_master_key(common: &Common) -> Result<Option<MasterKey>, Failure> {
    if let Some(file) = &common.master_key_file {
        let text = fs::read_to_string(file)
            .map_err(|err| format!("the master key file {}: {err}", file.display()))?;
        return Ok(Some(MasterKey::parse(&text)?));
    }
    key_variable().map(|it| Ok(MasterKey::parse(&it)?)).transpose()
}

/// The variable with the master key, unless it is empty.
fn key_variable() -> Option<String> {
    std::env::var("CHANCERY_MASTER_KEY").ok().filter(|it| !it.is_empty())
}

/// The master key: from the file or variable that was named, else from the data folder.
pub(crate) fn master_key(common: &Common, folder: &Path) -> Result<MasterKey, Failure> {
    if let Some(key) = named_master_key(common)? {
        return Ok(key);
    }
    let path = folder.join("master.key");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(MasterKey::parse(&text)?),
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => Err(format!(
            "there is no master key: {} does not exist, and neither --master-key-file nor \
             CHANCERY_MASTER_KEY is set; give the one with which the data folder was made",
            path.display()
        )
        .into()),
        Err(err) => Err(format!("the master key {}: {err}", path.display()).into()),
    }
}

/// What a folder contains that has, or had, a log: only the master key of that log fits.
const OF_A_LOG: [&str; 4] = ["head", "keys", "log", "log.new"];

/// Says so if others than the owner of the file with the master key may read it.
fn warn_of_readers(file: &Path) {
    let mode = fs::metadata(file).map(|it| it.permissions().mode()).unwrap_or_default();
    if mode & MAY_BE_READ_BY_OTHERS != 0 {
        tracing::warn!(
            path = %file.display(),
            mode = format!("{:o}", mode & 0o777),
            "OTHERS MAY READ THE MASTER KEY: whoever has it and the data can read everything; \
             chmod 600 the file"
        );
    }
}

/// As [`master_key`], but makes one for a new folder.
pub(crate) fn master_key_or_new(common: &Common, folder: &Path) -> Result<MasterKey, Failure> {
    if let Some(file) = &common.master_key_file {
        warn_of_readers(file);
    }
    let path = folder.join("master.key");
    let named = common.master_key_file.is_some() || key_variable().is_some();
    if named || path.exists() || OF_A_LOG.iter().any(|it| folder.join(it).exists()) {
        return master_key(common, folder);
    }
    let key = MasterKey::generate()?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    writeln!(file, "{}", key.to_text())?;
    file.sync_all()?;
    File::open(folder)?.sync_all()?;
    tracing::warn!(
        path = %path.display(),
        "made a master key beside the data; for production keep it elsewhere and name it with \
         --master-key-file: whoever has both can read everything"
    );
    Ok(key)
}
