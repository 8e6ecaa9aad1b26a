//! Reading the whole log again, block after block, and checking everything that can be checked.

use domain::log::LogError;
use domain::{LogId, Recorded};

use super::block::{Block, damaged};
use super::commit::Prepared;
use super::merkle::Frontier;
use super::second_head::{Found, SecondHead};
use super::sequencer::Sequencer;
use super::store::{Store, StoredHead};

/// A walk along the hash chain that rebuilds the indexes on its way.
pub(crate) struct Walk {
    log: LogId,
    previous: [u8; 32],
    sequencer: Sequencer,
    /// `None` after a snapshot: the frontier of the head stands for the part before it.
    frontier: Option<Frontier>,
}

impl Walk {
    pub(crate) fn from_start(log: LogId) -> Self {
        Self {
            log,
            previous: [0; 32],
            sequencer: Sequencer::default(),
            frontier: Some(Frontier::default()),
        }
    }

    pub(crate) fn resume(log: LogId, previous: [u8; 32], sequencer: Sequencer) -> Self {
        Self { log, previous, sequencer, frontier: None }
    }

    /// The last position that was read.
    pub(crate) fn position(&self) -> u64 {
        self.sequencer.position
    }

    pub(crate) fn sequencer(&self) -> &Sequencer {
        &self.sequencer
    }

    /// Reads the next block, up to `head`, and returns its events.
    pub(crate) fn step(&mut self, store: &Store, head: u64) -> Result<Vec<Recorded>, LogError> {
        let next = self.position() + 1;
        let Some((first, bytes)) = store.block_from(next)? else {
            return Err(damaged(next, format!("the log ends here, but its head is {head}")));
        };
        if first != next {
            return Err(damaged(next, format!("positions are missing: the next block is {first}")));
        }
        let block = Block::decode(bytes).map_err(|err| damaged(next, err.to_string()))?;
        if block.first != next || block.last() > head {
            return Err(damaged(next, "the block stands in the wrong place"));
        }
        if block.log != self.log {
            return Err(damaged(next, "the block belongs to another log"));
        }
        if block.previous != self.previous {
            return Err(damaged(next, "the hash chain is broken: not the block that came before"));
        }
        self.previous = block.hash;
        self.take_in(block)
    }

    fn take_in(&mut self, block: Block) -> Result<Vec<Recorded>, LogError> {
        let mut events = Vec::with_capacity(block.events as usize);
        for (commit, bytes) in block.commits {
            let prepared = Prepared::from_stored(commit, bytes);
            let at = self.position() + 1;
            let appended = self
                .sequencer
                .admit(&prepared)
                .map_err(|err| damaged(at, format!("a commit could not have entered: {err}")))?;
            if appended.repeated {
                return Err(damaged(at, "a command id stands in the log twice"));
            }
            if let Some(frontier) = &mut self.frontier {
                for (position, index) in (at..=appended.last).zip(0..) {
                    frontier.push_event(position, index, &prepared.hash);
                }
            }
            let mut position = at;
            super::block::record(prepared.commit, &mut position, &mut events);
        }
        Ok(events)
    }

    /// The Merkle root of all that was read; of nothing after a snapshot.
    pub(crate) fn root(&self) -> [u8; 32] {
        self.frontier.as_ref().map_or([0; 32], Frontier::root)
    }

    /// The head that belongs to the last block, which begins at `block`.
    pub(crate) fn stored_head(&self, block: u64) -> StoredHead {
        StoredHead {
            log: self.log,
            position: self.position(),
            last_block: block,
            hash: self.previous,
            frontier: self.frontier.clone().unwrap_or_default(),
        }
    }

    /// Compares where the walk ended with the stored head.
    pub(crate) fn finish(self, head: &StoredHead) -> Result<Sequencer, LogError> {
        self.check_end(head)?;
        Ok(self.sequencer)
    }

    pub(crate) fn check_end(&self, head: &StoredHead) -> Result<(), LogError> {
        let at = self.position();
        if at != head.position || self.previous != head.hash {
            return Err(damaged(at.max(1), "the head of the log does not fit its last block"));
        }
        match &self.frontier {
            Some(frontier)
                if head.frontier.count() > 0
                    && (frontier.count() != at || frontier.root() != head.frontier.root()) =>
            {
                Err(damaged(at.max(1), "the Merkle root does not fit the events"))
            }
            _ => Ok(()),
        }
    }
}

/// Compares the head kept outside the store with the head in it.
pub(crate) fn check_second_head(found: &Found, head: &StoredHead) -> Result<(), LogError> {
    match found {
        // It is missing before the first start, and where somebody removed it.
        Found::Nothing if head.position == 0 => Ok(()),
        Found::Nothing => Err(LogError::Store(format!(
            "the file head is missing or empty, and without it a loss at the end of the log \
             cannot be found; restore it from a backup, or take the log as it is with \
             --accept-head {}",
            head.position
        ))),
        Found::Damaged => Err(LogError::Store(format!(
            "the file head is damaged; restore it from a backup, or take the log as it is with \
             --accept-head {}",
            head.position
        ))),
        Found::Head(second, _) => check_position(second, head),
    }
}

fn check_position(second: &SecondHead, head: &StoredHead) -> Result<(), LogError> {
    if second.log != head.log {
        return Err(LogError::Store(format!("the file head belongs to log {}", second.log)));
    }
    if second.position > head.position {
        return Err(damaged(
            head.position + 1,
            format!("the log ends at {}, but {} was durable", head.position, second.position),
        ));
    }
    if second.position == head.position && second.hash != head.hash {
        return Err(damaged(head.position, "the last block is not the one that was durable"));
    }
    Ok(())
}
