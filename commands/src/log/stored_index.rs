//! The stored snapshot of the index: where it is, how a start goes on from it, and whether it is
//! what the log makes of it.

use std::path::{Path, PathBuf};

use domain::LogId;
use domain::log::LogError;

use super::block::{Block, damaged};
use super::index_snapshot::INDEX_REVISION;
use super::scan::{Index, Walk};
use super::shared::DurableHead;
use super::snapshot::{NoSnapshot, SnapshotHeader, read_snapshot};
use super::store::Store;

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

/// Where it is in a data folder.
pub(crate) fn index_snapshot_path(folder: &Path) -> PathBuf {
    folder.join("snapshots").join("index")
}

/// The index up to a head: from the snapshot and the tail, or from the beginning.
pub(crate) fn load_index(
    store: &Store,
    folder: &Path,
    log: LogId,
    head: &DurableHead,
) -> Result<Index, LogError> {
    let snapshot = read_snapshot(&index_snapshot_path(folder), INDEX_REVISION, log).ok();
    let snapshot = snapshot.filter(|(header, _)| header.position <= head.position);
    let resumed = snapshot.and_then(|(header, body)| {
        let block = last_block_of(store, &header)?;
        let index = Index::from_snapshot(body).ok()?;
        (index.frontier.root() == block.root).then(|| Walk::resume(log, block.hash, index))
    });
    let mut walk = resumed.unwrap_or_else(|| Walk::from_start(log));
    walk.run(store, head.position, |_, _| Ok(()))?;
    walk.finish(head)
}

/// Whether the block that a snapshot ends with stands in the store.
pub(crate) fn fits(store: &Store, header: &SnapshotHeader) -> bool {
    header.position == 0 || last_block_of(store, header).is_some()
}

/// The block that a snapshot ends with, if it stands in the store.
fn last_block_of(store: &Store, header: &SnapshotHeader) -> Option<Block> {
    let (_, bytes) = store.block_from(header.block).ok()?.filter(|it| it.0 == header.block)?;
    let block = Block::decode(bytes).ok()?;
    (block.hash == header.block_hash && block.last() == header.position).then_some(block)
}
