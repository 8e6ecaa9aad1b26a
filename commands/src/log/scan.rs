//! Reading the whole log again, block after block, and checking everything that can be checked.

use std::sync::mpsc::sync_channel;
use std::thread;

use bytes::Bytes;
use domain::LogId;
use domain::log::LogError;

use super::block::{Block, damaged, unreadable};
use super::commit::Prepared;
use super::index_snapshot;
use super::merkle::Frontier;
use super::second_head::{HeadState, SecondHead};
use super::sequencer::Sequencer;
use super::shared::DurableHead;
use super::store::Store;
use super::wire::{Malformed, Reader, Writer};

/// The state of the log at the end of a walk.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) sequencer: Sequencer,
    pub(crate) frontier: Frontier,
}

impl Index {
    /// The body of a snapshot.
    pub(crate) fn into_snapshot(mut self) -> Vec<u8> {
        self.sequencer.give_all_back();
        let mut out = Writer::default();
        self.frontier.encode(&mut out);
        out.raw(&index_snapshot::encode(&self.sequencer));
        out.0
    }

    /// Reads the body of a snapshot.
    pub(crate) fn from_snapshot(body: Bytes) -> Result<Self, Malformed> {
        let mut from = Reader::new(body);
        let frontier = Frontier::decode(&mut from)?;
        let sequencer = index_snapshot::decode(from.rest())?;
        if sequencer.position != frontier.count() {
            return Err(Malformed("index and Merkle tree are of different lengths"));
        }
        Ok(Self { sequencer, frontier })
    }
}

/// How many blocks are read ahead.
const BLOCKS_AHEAD_MAX: usize = 16;

/// A block that was read, and its commits in the form that the sequencer takes.
struct ReadBlock {
    block: Block,
    prepared: Vec<Prepared>,
}

impl ReadBlock {
    /// Reads the block that begins at `next`, and checks all that can be checked of it alone.
    fn read(store: &Store, next: u64, head: u64) -> Result<Self, LogError> {
        let Some((first, bytes)) = store.block_from(next)? else {
            return Err(damaged(next, format!("the log ends here, but its head is {head}")));
        };
        if first != next {
            return Err(damaged(next, format!("positions are missing: the next block is {first}")));
        }
        let block = Block::decode(bytes).map_err(|err| unreadable(next, err))?;
        if block.first != next || block.last() > head {
            return Err(damaged(next, "the block stands in the wrong place"));
        }
        let commits = block.commits.iter();
        let prepared =
            commits.map(|(it, bytes)| Prepared::from_stored(it, bytes.clone())).collect();
        Ok(Self { block, prepared })
    }
}

/// A walk along the hash chain that rebuilds the indexes on its way.
pub(crate) struct Walk {
    log: LogId,
    previous: [u8; 32],
    sequencer: Sequencer,
    frontier: Frontier,
    /// At which position to note the root, and the root.
    root_at: Option<u64>,
    noted_root: Option<[u8; 32]>,
}

impl Walk {
    pub(crate) fn from_start(log: LogId) -> Self {
        Self {
            log,
            previous: [0; 32],
            sequencer: Sequencer::default(),
            frontier: Frontier::default(),
            root_at: None,
            noted_root: None,
        }
    }

    /// The walk notes the Merkle root at this position when it comes by.
    pub(crate) fn noting_root_at(self, root_at: Option<u64>) -> Self {
        Self { root_at, ..self }
    }

    /// The root that was noted.
    pub(crate) fn noted_root(&self) -> Option<[u8; 32]> {
        self.noted_root
    }

    /// Goes on after the block with this hash.
    pub(crate) fn resume(log: LogId, previous: [u8; 32], index: Index) -> Self {
        let Index { sequencer, frontier } = index;
        Self { log, previous, sequencer, frontier, root_at: None, noted_root: None }
    }

    /// The last position that was read.
    pub(crate) fn position(&self) -> u64 {
        self.sequencer.position
    }

    /// Whether the walk has rebuilt exactly this index.
    pub(crate) fn built(&self, index: &Index) -> bool {
        self.sequencer == index.sequencer && self.frontier == index.frontier
    }

    /// Reads the next block, up to `head`, applies it, and returns it.
    pub(crate) fn step(&mut self, store: &Store, head: u64) -> Result<Block, LogError> {
        self.take_in(ReadBlock::read(store, self.position() + 1, head)?)
    }

    /// Applies all blocks up to `head`, and passes each to `see`. Another thread reads, checks and
    /// hashes them ahead: that is most of the work, and needs no state.
    pub(crate) fn run(
        &mut self,
        store: &Store,
        head: u64,
        mut see: impl FnMut(&Self, Block) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        let start = self.position();
        thread::scope(|scope| {
            let (sender, blocks) = sync_channel(BLOCKS_AHEAD_MAX);
            scope.spawn(move || {
                let mut next = start + 1;
                while next <= head {
                    let read = ReadBlock::read(store, next, head);
                    let last = read.as_ref().ok().map(|it| it.block.last());
                    if sender.send(read).is_err() {
                        return;
                    }
                    let Some(last) = last else { return };
                    next = last + 1;
                }
            });
            while self.position() < head {
                let read = blocks.recv();
                let read = read.map_err(|_| LogError::Store("the reader ended".to_owned()))?;
                let block = self.take_in(read?)?;
                see(self, block)?;
            }
            Ok(())
        })
    }

    fn take_in(&mut self, read: ReadBlock) -> Result<Block, LogError> {
        let ReadBlock { block, prepared } = read;
        let next = self.position() + 1;
        if block.log != self.log {
            return Err(damaged(next, "the block belongs to another log"));
        }
        if block.previous != self.previous {
            return Err(damaged(next, "the hash chain is broken: not the block that came before"));
        }
        self.previous = block.hash;
        for prepared in prepared {
            let at = self.position() + 1;
            let appended = self
                .sequencer
                .admit(&prepared)
                .map_err(|err| damaged(at, format!("a commit could not have entered: {err}")))?;
            if appended.repeated {
                return Err(damaged(at, "a command id stands in the log twice"));
            }
            for (position, index) in (at..=appended.last).zip(0..) {
                self.frontier.push_event(position, index, &prepared.hash);
                if self.root_at == Some(position) {
                    self.noted_root = Some(self.frontier.root());
                }
            }
        }
        if self.frontier.root() != block.root {
            return Err(damaged(block.first, "the Merkle root does not fit the events"));
        }
        Ok(block)
    }

    /// The Merkle root of all events that were read.
    pub(crate) fn root(&self) -> [u8; 32] {
        self.frontier.root()
    }

    /// Compares the end of the walk with the head, and returns the rebuilt index.
    pub(crate) fn finish(self, head: &DurableHead) -> Result<Index, LogError> {
        self.check_end(head)?;
        Ok(Index { sequencer: self.sequencer, frontier: self.frontier })
    }

    pub(crate) fn check_end(&self, head: &DurableHead) -> Result<(), LogError> {
        let at = self.position();
        if at != head.position || self.previous != head.hash {
            return Err(damaged(at.max(1), "the head of the log does not fit its last block"));
        }
        Ok(())
    }
}

/// Compares the head kept outside the store with the head in it.
pub(crate) fn check_second_head(
    found: &HeadState,
    log: LogId,
    head: &DurableHead,
) -> Result<(), LogError> {
    match found {
        // The second head is missing before the first start, or because somebody removed it.
        HeadState::Nothing if head.position == 0 => Ok(()),
        HeadState::Nothing => Err(LogError::Store(format!(
            "the file head is missing or empty, and without it a loss at the end of the log \
             cannot be found; restore it from a backup, or take the log as it is with \
             --accept-head {}",
            head.position
        ))),
        HeadState::Damaged => Err(LogError::Store(format!(
            "the file head is damaged; restore it from a backup, or take the log as it is with \
             --accept-head {}",
            head.position
        ))),
        HeadState::Head(second, _) if second.log != log => {
            Err(LogError::Store(format!("the file head belongs to log {}", second.log)))
        }
        HeadState::Head(second, _) => check_position(second, head),
    }
}

fn check_position(second: &SecondHead, head: &DurableHead) -> Result<(), LogError> {
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

#[cfg(test)]
mod tests {
    use super::super::block::{BlockPlace, encode};
    use super::*;

    /// Somebody who rewrites a block can make its crc and its hash right, but not all Merkle roots.
    #[test]
    fn a_block_whose_merkle_root_is_wrong_is_refused() {
        let folder = std::env::temp_dir().join(format!("chancery-walk-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let store = Store::open(&folder.join("log")).unwrap();
        let mut commit = super::super::block::tests::commit();
        commit.releases.clear();
        let prepared = Prepared::new(&commit).unwrap();
        let mut frontier = Frontier::default();
        frontier.push_event(1, 0, &prepared.hash);
        frontier.push_event(2, 1, &prepared.hash);
        let log = LogId([8; 16]);
        let put = |root| {
            let place = BlockPlace { log, first: 1, previous: [0; 32], root };
            store.put_block(1, &encode(&place, std::slice::from_ref(&prepared))).unwrap();
            Walk::from_start(log).step(&store, 2)
        };
        assert_eq!(put(frontier.root()).unwrap().into_events().len(), 2);
        let Err(LogError::Damaged { position: 1, why }) = put([9; 32]) else { panic!() };
        assert!(why.contains("Merkle root"), "{why}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
