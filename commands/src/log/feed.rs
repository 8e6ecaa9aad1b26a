//! The newest blocks in memory, for followers that keep up with the log and so need not read the
//! store.
//!
//! They are kept as bytes. Each follower decodes events on its own thread, so that the writer
//! neither allocates nor frees them.

use std::collections::VecDeque;
use std::sync::RwLock;

use bytes::Bytes;
use domain::Recorded;

use super::block::Block;
use crate::lock::{read, write};

/// The most bytes of blocks that are kept.
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
            // If a block cannot be decoded here, it is read from the store, which reports the
            // error.
            let block = Block::decode_unhashed(kept.bytes).ok()?;
            let left = events_max - events.len();
            let wanted = block.into_events().into_iter().filter(|it| it.position > position);
            events.extend(wanted.take(left));
        }
        Some(events)
    }

    /// The blocks that contain the wanted events. Bytes are shared, so the lock is held only
    /// shortly.
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

#[cfg(test)]
mod tests {
    use domain::context::Context;
    use domain::log::{Commit, CommitHead, NewEvent, StreamWrite};
    use domain::{Actor, CommandId, LogId, Parts, StreamId, SubjectId, TenantId, Timestamp};

    use super::super::block::{BlockPlace, encode};
    use super::super::commit::Prepared;
    use super::*;

    fn block(first: u64, events: u64) -> Bytes {
        let event = NewEvent {
            kind: "role.created.v1".to_owned(),
            subject: SubjectId(0),
            parts: Parts::default(),
        };
        let stream = StreamId::new("role", first);
        let events = vec![event; events as usize];
        let commit = Commit {
            head: CommitHead {
                command_id: CommandId([first as u8; 16]),
                fingerprint: 0,
                tenant: TenantId(1),
                actor: Actor::System,
                time: Timestamp(1),
                correlation: [0; 16],
                trace: [0; 16],
                context: Context::default(),
            },
            claims: Vec::new(),
            releases: Vec::new(),
            writes: vec![StreamWrite { stream, expected: 0, events }],
        };
        let place = BlockPlace { log: LogId([1; 16]), first, previous: [0; 32], root: [0; 32] };
        encode(&place, &[Prepared::new(&commit).unwrap()]).into()
    }

    #[test]
    fn reading_goes_on_anywhere_within_the_newest_blocks() {
        let feed = Feed::default();
        assert!(feed.after(0, 10).is_none());
        for (first, last) in [(5, 9), (10, 10), (11, 30)] {
            feed.push(first, last, block(first, last + 1 - first));
        }
        assert!(feed.after(3, 10).is_none(), "the feed begins at 5");
        assert!(feed.after(30, 10).is_none(), "nothing is newer");
        for after in 4..30 {
            for events_max in [1, 2, 7, 100] {
                let found = feed.after(after, events_max).unwrap();
                let found = found.iter().map(|it| it.position).collect::<Vec<_>>();
                let wanted = (after + 1..=30).take(events_max).collect::<Vec<_>>();
                assert_eq!(found, wanted, "after {after}, at most {events_max}");
            }
        }
    }

    #[test]
    fn old_blocks_make_room() {
        let feed = Feed::default();
        let size = block(1, 1).len();
        let blocks = (2 * FEED_BYTES_MAX / size) as u64;
        for first in 1..=blocks {
            feed.push(first, first, block(first, 1));
        }
        assert!(feed.after(0, 1).is_none());
        assert_eq!(feed.after(blocks - 1, 1).map(|it| it.len()), Some(1));
        assert!(read(&feed.blocks).bytes <= FEED_BYTES_MAX);
    }
}
