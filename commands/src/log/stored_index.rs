//! The stored snapshot of the index, for those who look whether it is what the log makes of it.

use std::path::Path;

use domain::LogId;
use domain::log::LogError;

use super::block::damaged;
use super::index_snapshot::INDEX_REVISION;
use super::scan::{Index, Walk};
use super::sled::index_snapshot_path;
use super::snapshot::{NoSnapshot, read_snapshot};

/// The stored index snapshot, to be compared with a rebuilt index.
pub(crate) struct IndexSnapshot {
    position: u64,
    index: Index,
}

impl IndexSnapshot {
    pub(crate) fn read(folder: &Path, log: LogId) -> Result<Option<Self>, LogError> {
        let damaged = || LogError::Store("snapshots/index is damaged; remove it".to_owned());
        match read_snapshot(&index_snapshot_path(folder), INDEX_REVISION, log) {
            Ok((header, body)) => {
                let index = Index::from_snapshot(body).map_err(|_| damaged())?;
                Ok(Some(Self { position: header.position, index }))
            }
            Err(NoSnapshot::Damaged) => Err(damaged()),
            Err(NoSnapshot::Absent | NoSnapshot::Other) => Ok(None),
        }
    }

    pub(crate) fn compare(&self, walk: &Walk) -> Result<(), LogError> {
        if walk.position() == self.position && !walk.built(&self.index) {
            let why = "snapshots/index differs from the index of the log; remove it";
            return Err(damaged(self.position, why));
        }
        Ok(())
    }
}
