//! The newest events in memory, for followers that keep up: they never ask the store.

use std::collections::VecDeque;
use std::sync::{Arc, RwLock};

use domain::Recorded;

use crate::lock::{read, write};

/// How much of the newest payloads is kept, in bytes.
const FEED_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What an event weighs beside its payload, roughly, in bytes.
const EVENT_BYTES: usize = 256;

/// The newest blocks.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    blocks: RwLock<Blocks>,
}

#[derive(Debug, Default)]
struct Blocks {
    queue: VecDeque<(Arc<Vec<Recorded>>, usize)>,
    bytes: usize,
}

impl Feed {
    /// Adds the events of a durable block.
    pub(crate) fn push(&self, events: Vec<Recorded>) {
        let weight = events.iter().map(weigh).sum::<usize>();
        let mut blocks = write(&self.blocks);
        blocks.bytes += weight;
        blocks.queue.push_back((Arc::new(events), weight));
        while blocks.bytes > FEED_BYTES_MAX {
            let Some((_, weight)) = blocks.queue.pop_front() else { break };
            blocks.bytes -= weight;
        }
    }

    /// The events after `position`, if the feed still has the next one.
    pub(crate) fn after(&self, position: u64, events_max: usize) -> Option<Vec<Recorded>> {
        let blocks = read(&self.blocks);
        let first = blocks.queue.front()?.0.first()?.position;
        let last = blocks.queue.back()?.0.last()?.position;
        if position + 1 < first || position >= last {
            return None;
        }
        let old = blocks
            .queue
            .partition_point(|(it, _)| it.last().is_none_or(|last| last.position <= position));
        let events = blocks.queue.range(old..).flat_map(|(it, _)| it.iter());
        let events = events.skip_while(|it| it.position <= position);
        Some(events.take(events_max).cloned().collect())
    }
}

fn weigh(event: &Recorded) -> usize {
    let part = |it: &Option<bytes::Bytes>| it.as_ref().map_or(0, |it| it.len());
    EVENT_BYTES + event.parts.data.len() + part(&event.parts.personal) + part(&event.parts.secret)
}
