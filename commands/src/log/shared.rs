//! What the writer and the readers of a log share.

use std::path::PathBuf;
use std::sync::Mutex;

use bytes::Bytes;
use domain::log::LogError;
use domain::{LogId, Recorded};
use tokio::sync::watch;

use super::block::{Block, damaged, unreadable};
use super::feed::Feed;
use super::sequencer::Sequencer;
use super::stats::LogStats;
use super::store::Store;

/// What the writer and the readers share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) id: LogId,
    pub(crate) folder: PathBuf,
    pub(crate) store: Store,
    pub(crate) sequencer: Mutex<Sequencer>,
    pub(crate) head: watch::Sender<DurableHead>,
    pub(crate) feed: Feed,
    pub(crate) stats: LogStats,
}

/// The durable end of the log: its last block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DurableHead {
    /// The position of the last event; 0 for an empty log.
    pub(crate) position: u64,
    /// The first position of the block.
    pub(crate) block: u64,
    /// The hash of the block; zero for an empty log.
    pub(crate) hash: [u8; 32],
    /// The Merkle root over all events; zero for an empty log.
    pub(crate) root: [u8; 32],
}

impl Shared {
    pub(crate) fn events_after(
        &self,
        position: u64,
        events_max: usize,
    ) -> Result<Vec<Recorded>, LogError> {
        let durable = self.head.borrow().position;
        if let Some(events) = self.feed.after(position, events_max) {
            return Ok(events);
        }
        let mut events = Vec::new();
        let mut next = position + 1;
        while next <= durable && events.len() < events_max {
            let block = self.block_with(next)?;
            let last = block.last();
            let wanted = |it: &Recorded| it.position >= next && it.position <= durable;
            events.extend(block.into_events().into_iter().filter(wanted));
            next = last + 1;
        }
        events.truncate(events_max);
        Ok(events)
    }

    pub(crate) fn block_with(&self, position: u64) -> Result<Block, LogError> {
        let found = self.store.block_with(position)?;
        let (first, bytes) = found.ok_or_else(|| damaged(position, "the block is missing"))?;
        decode_block(first, position, bytes)
    }
}

fn decode_block(first: u64, position: u64, bytes: Bytes) -> Result<Block, LogError> {
    let block = Block::decode_unhashed(bytes).map_err(|err| unreadable(first, err))?;
    if block.first != first || position > block.last() {
        return Err(damaged(position, "the block is missing"));
    }
    Ok(block)
}
