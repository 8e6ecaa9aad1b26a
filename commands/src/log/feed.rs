//! The newest blocks in memory, for followers that keep up: they never ask the store.
//!
//! They are kept as bytes. Each follower makes its events of them on its own thread, so that the
//! writer neither makes nor frees what others read.

use std::collections::VecDeque;
use std::sync::RwLock;

use bytes::Bytes;
use domain::Recorded;

use super::block::Block;
use crate::lock::{read, write};

/// How much of the newest blocks is kept, in bytes.
const FEED_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The newest blocks.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    blocks: RwLock<Blocks>,
}

#[derive(Debug, Default)]
struct Blocks {
    queue: VecDeque<Kept>,
    bytes: usize,
}

#[derive(Debug, Clone)]
struct Kept {
    first: u64,
    last: u64,
    bytes: Bytes,
}

impl Feed {
    /// Adds a durable block.
    pub(crate) fn push(&self, first: u64, last: u64, bytes: Bytes) {
        let mut blocks = write(&self.blocks);
        blocks.bytes += bytes.len();
        blocks.queue.push_back(Kept { first, last, bytes });
        while blocks.bytes > FEED_BYTES_MAX {
            let Some(old) = blocks.queue.pop_front() else { break };
            blocks.bytes -= old.bytes.len();
        }
    }

    /// The events after `position`, if the feed still has the next one.
    pub(crate) fn after(&self, position: u64, events_max: usize) -> Option<Vec<Recorded>> {
        let mut events = Vec::new();
        for kept in self.blocks_after(position, events_max)? {
            // What cannot be read here is read from the store, which says what is wrong with it.
            let block = Block::decode_unhashed(kept.bytes).ok()?;
            let left = events_max - events.len();
            let wanted = block.into_events().into_iter().filter(|it| it.position > position);
            events.extend(wanted.take(left));
        }
        Some(events)
    }

    /// The blocks in which the wanted events stand. Bytes are shared, so the lock is held shortly.
    fn blocks_after(&self, position: u64, events_max: usize) -> Option<Vec<Kept>> {
        let blocks = read(&self.blocks);
        let (first, last) = (blocks.queue.front()?.first, blocks.queue.back()?.last);
        if position + 1 < first || position >= last {
            return None;
        }
        let old = blocks.queue.partition_point(|it| it.last <= position);
        let wanted_to = position.saturating_add(events_max as u64);
        let wanted = blocks.queue.range(old..).take_while(|it| it.first <= wanted_to);
        Some(wanted.cloned().collect())
    }
}
