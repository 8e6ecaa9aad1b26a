//! Which of the waiting commits go into the next block.
//!
//! A block has a price whatever its size: a sync, and the threads of sled that take part in it. The
//! callers who were just answered are about to come back, so after a large group the writer gives
//! them a moment, as long as they keep coming: docs/decisions/0009-blocks.md. A caller who is alone
//! never waits.

use std::sync::mpsc::{Receiver, RecvError, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::answers::Request;
use super::block::BLOCK_BODY_BYTES_MAX;

/// The most commits in one block.
const GROUP_COMMITS_MAX: usize = 512;

/// The smallest group whose callers are waited for.
const EXPECTED_MIN: usize = 8;

/// How long the next caller is waited for, and all of them together.
const PAUSE_MAX: Duration = Duration::from_micros(40);
const GATHERING_MAX: Duration = Duration::from_micros(400);

/// The commits that wait for their turn.
#[derive(Debug)]
pub(crate) struct Gathering {
    requests: Receiver<Request>,
    /// Taken from the queue, but too large for the block that was being gathered.
    held_over: Option<Request>,
    /// How many may come, going by the groups before.
    expected: usize,
}

impl Gathering {
    pub(crate) fn new(requests: Receiver<Request>) -> Self {
        Self { requests, held_over: None, expected: 0 }
    }

    /// Waits for the first commit of a block. An error when all senders are gone.
    pub(crate) fn first(&mut self) -> Result<Request, RecvError> {
        self.held_over.take().map_or_else(|| self.requests.recv(), Ok)
    }

    /// As `first`, but not for ever.
    pub(crate) fn first_within(&mut self, time: Duration) -> Result<Request, RecvTimeoutError> {
        self.held_over.take().map_or_else(|| self.requests.recv_timeout(time), Ok)
    }

    /// Takes what fits into a block beside its first commit.
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
        // A group that was smaller than expected halves the difference.
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
