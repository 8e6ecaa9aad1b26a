//! An opened data folder: log, keys, engine and read models, to serve or to inspect.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread;

use commands::Engine;
use commands::keys::{Keyring, MasterKey};
use commands::log::{SledLog, SledLogOptions, SnapshotHeader, read_snapshot};
use domain::log::{EventLog, LogError, Obstacle};
use domain::{Timestamp, UserId};
use projections::{Views, catch_up, snapshot_revision};

use super::failure::Failure;
use super::home::keys_path;
use crate::state::app::last_commit_time;
use crate::state::clock::Clock;
use crate::state::data_folder::VIEWS_SNAPSHOT;

/// A log with all that belongs to it.
#[derive(Clone)]
pub(crate) struct Running {
    pub(crate) folder: PathBuf,
    pub(crate) log: Arc<SledLog>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) views: Arc<Views>,
    pub(crate) clock: Clock,
    /// The position of the snapshot of the read models; 0 if none fits.
    pub(crate) snapshot_position: Arc<AtomicU64>,
    /// The user of the operating system who asks for what is done, if it is known.
    pub(crate) asked_by: Option<u32>,
}

/// How to open a log.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Opening {
    pub(crate) reserve_bytes: u64,
    pub(crate) accept_head: Option<u64>,
}

impl Running {
    /// Opens log and keys. The read models are made, but have not caught up.
    pub(crate) fn open(
        folder: &Path,
        master: &MasterKey,
        opening: Opening,
    ) -> Result<Self, Failure> {
        // The keys are made before the log is.
        let keys = match folder.join("log").exists() {
            true => Keyring::open_existing(&keys_path(folder), master)?,
            false => Keyring::open(&keys_path(folder), master)?,
        };
        if !folder.join("log").exists() && keys.highest_number_like(UserId(1).into()) > 0 {
            return Err(format!(
                "the data folder {} has the keys of a log and no log: restore the folder log, too",
                folder.display()
            )
            .into());
        }
        Self::open_with(folder, keys, opening)
    }

    /// As [`Running::open`], with keys that are read elsewhere.
    pub(crate) fn open_with(
        folder: &Path,
        keys: Keyring,
        opening: Opening,
    ) -> Result<Self, Failure> {
        let keys = Arc::new(keys);
        let options = SledLogOptions {
            folder: folder.to_owned(),
            id: keys.log_id(),
            reserve_bytes: opening.reserve_bytes,
            accept_head: opening.accept_head,
        };
        // Both take long at a long log, and do not need each other until the end.
        let (log, snapshot) = thread::scope(|scope| {
            let snapshot = scope.spawn(|| load_views(folder, &keys));
            (SledLog::open(&options), snapshot.join())
        });
        let log = Arc::new(log?);
        let snapshot = snapshot.ok().flatten().filter(|(header, _)| log.fits(header));
        let views = snapshot.map_or_else(|| Views::new(keys.clone()), |(_, views)| views);
        let snapshot_position = Arc::new(AtomicU64::new(views.position()));
        let views = Arc::new(views);
        let port: Arc<dyn EventLog> = log.clone();
        let engine = Arc::new(Engine::new(port, keys));
        let clock = Clock::default();
        let folder = folder.to_owned();
        Ok(Self { folder, log, engine, views, clock, snapshot_position, asked_by: None })
    }

    /// The time of the last commit.
    pub(crate) fn last_commit_time(&self) -> Option<Timestamp> {
        last_commit_time(&*self.log)
    }

    /// Must come before anything else is written to a copy: the event that the log was restored.
    pub(crate) async fn note_restore(&self) -> Result<(), Failure> {
        if !self.log.is_unmarked_copy()? {
            return Ok(());
        }
        let done = commands::note_restore(&self.engine, self.clock.now()).await?;
        tracing::warn!(
            position = done.position,
            "the log was restored from a copy: tokens from before have ended, and new numbers begin \
             higher, because others may know what was lost"
        );
        Ok(())
    }

    /// Brings the read models up to the durable head.
    pub(crate) fn catch_up(&self, progress: &(dyn Fn(u64) + Sync)) -> Result<(), Failure> {
        Ok(catch_up(&*self.log, &self.views, progress)?)
    }
}

/// Where the snapshot of the read models is.
pub(crate) fn views_snapshot_path(folder: &Path) -> PathBuf {
    folder.join(VIEWS_SNAPSHOT)
}

/// Starts from the snapshot, if there is one that fits the log: it is only derived data.
fn load_views(folder: &Path, keys: &Arc<Keyring>) -> Option<(SnapshotHeader, Views)> {
    let path = views_snapshot_path(folder);
    let (header, body) = read_snapshot(&path, snapshot_revision(), keys.log_id()).ok()?;
    match Views::from_snapshot(body, keys.clone()) {
        Ok(views) => Some((header, views)),
        Err(err) => {
            tracing::warn!(error = %err, "the snapshot of the read models is made again");
            None
        }
    }
}

/// Adds what the operator should do about a log that cannot be opened.
pub(crate) fn advise(err: Failure) -> Failure {
    if let Some(commands::Error::DiskFull) = err.downcast_ref() {
        let advice = "Less is left on the disk of the data folder than is kept back: free some space on \
                      it, or keep back less with --disk-reserve-mib.";
        return format!("{err}\n{advice}").into();
    }
    let Some(log_error) = err.downcast_ref::<LogError>() else { return err };
    let advice = match log_error {
        LogError::Refused { by, .. } => advice_about(*by),
        LogError::Damaged { .. } | LogError::Store(_) => {
            "Keep the folder as it is, run `chancery verify` on it to see how far the log is \
             good, and restore the last backup (docs/operations.md, \"Restore\")."
        }
        LogError::Unreadable { .. } => {
            "The event may be from a newer version of the program, or its key is missing: start \
             that version, or restore the key file (docs/operations.md, \"Upgrade\")."
        }
        LogError::OtherVersion(_) => "Nothing is damaged.",
        LogError::Closing => "Start the program again.",
    };
    format!("{err}\n{advice}").into()
}

/// Nothing is lost in these cases, so restoring a backup would only lose later changes.
fn advice_about(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::NoSpace => {
            "Nothing is lost. Free some space on the volume of the data folder, or raise the quota, \
             and start again."
        }
        Obstacle::NoPermission => {
            "Nothing is lost. Give the data folder with all that is in it to the user that the \
             server runs as (chown -R), and start again: a tool that ran as root may have left \
             files of its own."
        }
        Obstacle::ReadOnly => {
            "Nothing is lost. The file system of the data folder is mounted for reading only: mount \
             it for writing, after a look at why the system did that, and start again."
        }
        Obstacle::TooManyFiles => {
            "Nothing is lost. The limit of open files is reached: raise it (ulimit -n, or \
             LimitNOFILE of systemd), and start again."
        }
        Obstacle::Locked => {
            "Nothing is lost. Another process has the store open: stop it first, or give another \
             folder with --data."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_log_that_is_damaged_is_to_be_restored() {
        let refused = |by| LogError::Refused { why: "why".to_owned(), by };
        for by in [
            Obstacle::NoSpace,
            Obstacle::NoPermission,
            Obstacle::ReadOnly,
            Obstacle::TooManyFiles,
            Obstacle::Locked,
        ] {
            let said = advise(refused(by).into()).to_string();
            assert!(said.contains("Nothing is lost"), "{said}");
            assert!(!said.contains("backup"), "{said}");
        }
        let said = advise(LogError::Store("damaged".to_owned()).into()).to_string();
        assert!(said.contains("restore the last backup"), "{said}");
    }
}
