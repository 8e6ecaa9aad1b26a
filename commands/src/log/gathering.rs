//! Which of the waiting commits go into the next block.
//!
//! Each block has a fixed cost: a sync, and work of sled's own threads. Callers who were just
//! answered will soon send their next commits. So after a large group the writer waits a moment, as
//! long as commits keep coming: docs/decisions/0009-blocks.md. A single caller never waits.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::answers::Request;
use super::block::BLOCK_BODY_BYTES_MAX;

/// The most commits in one block.
const GROUP_COMMITS_MAX: usize = 512;

/// The smallest group after which the writer waits for more.
const EXPECTED_MIN: usize = 8;

/// How long the writer waits for one more commit, and for all together.
const PAUSE_MAX: Duration = Duration::from_micros(40);
const GATHERING_MAX: Duration = Duration::from_micros(400);

/// The commits that wait for their turn.
#[derive(Debug)]
pub(crate) struct Gathering {
    requests: Receiver<Request>,
    /// Taken from the queue, but too large for the block that was being gathered.
    held_over: Option<Request>,
    /// How many commits to expect, judging by the groups before.
    expected: usize,
}

impl Gathering {
    pub(crate) fn new(requests: Receiver<Request>) -> Self {
        Self { requests, held_over: None, expected: 0 }
    }

    /// Waits for the first commit of a block, for so long. An error when all senders are gone.
    pub(crate) fn first_within(&mut self, time: Duration) -> Result<Request, RecvTimeoutError> {
        self.held_over.take().map_or_else(|| self.requests.recv_timeout(time), Ok)
    }

    /// Adds the waiting commits that fit into a block with the first one.
    pub(crate) fn fill(&mut self, first: Request) -> Vec<Request> {
        let started = Instant::now();
        let mut bytes = first.prepared.bytes.len() + 4;
        let mut group = vec![first];
        while group.len() < GROUP_COMMITS_MAX {
            let more = group.len() < self.expected && started.elapsed() < GATHERING_MAX;
            let Some(request) = self.next(more) else { break };
            bytes += request.prepared.bytes.len() + 4;
            if bytes > BLOCK_BODY_BYTES_MAX {
                self.held_over = Some(request);
                break;
            }
            group.push(request);
        }
        // If a group is smaller than expected, the next expectation lies halfway.
        let expected = self.expected.midpoint(group.len()).max(group.len());
        self.expected = if expected < EXPECTED_MIN { 0 } else { expected };
        group
    }

    fn next(&self, waiting: bool) -> Option<Request> {
        match self.requests.try_recv() {
            Err(_) if waiting => self.requests.recv_timeout(PAUSE_MAX).ok(),
            taken => taken.ok(),
        }
    }
}
