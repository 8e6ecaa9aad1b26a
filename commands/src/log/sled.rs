//! The log in sled: the adapter that the server uses.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use async_trait::async_trait;
use domain::log::{AppendError, Appended, Commit, EventLog, Head, LogError};
use domain::log_event::LogRestored;
use domain::{CommandId, LogId, Recorded, StreamId, Timestamp};
use tokio::sync::{Semaphore, oneshot, watch};

use super::answers::Request;
use super::block::{Block, damaged, unreadable};
use super::commit::Prepared;
use super::feed::Feed;
use super::index_snapshot::INDEX_REVISION;
use super::inspect::{Derived, Inspection};
use super::obstacle::file_error;
use super::scan::{Index, Walk, check_second_head};
use super::second_head::{HeadState, Origin, SecondHeadFile, second_head_path};
use super::shared::{DurableHead, Shared};
use super::snapshot::{SnapshotHeader, write_snapshot};
use super::stats::LogStats;
use super::store::Store;
use super::stored_index::{IndexSnapshot, fits, index_snapshot_path, load_index};
use super::writer::{Writer, WriterHandle};
use crate::lock::lock;

/// How many commits may wait in the queue. When it is full, callers wait for a place.
const WAITING_MAX: usize = 4_096;

/// Where the log is, and how much free space it leaves on the disk.
#[derive(Debug, Clone)]
pub struct SledLogOptions {
    /// The data folder; the store is its subfolder `log`.
    pub folder: PathBuf,
    /// Which log this must be.
    pub id: LogId,
    /// Commands are refused when less is left on the disk, in bytes.
    pub reserve_bytes: u64,
    /// Accept the log although it ends earlier than the second head says, if it ends at this
    /// position: for an operator who has lost the end of the log and wants to continue. The log is
    /// then treated as a copy.
    pub accept_head: Option<u64>,
}

/// A durable log. Dropping it writes the waiting commits and the second head.
#[derive(Debug)]
pub struct SledLog {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
    requests: Mutex<Option<WriterHandle>>,
    places: Semaphore,
    /// If this folder is a copy to which nothing was appended before it was opened: where the log
    /// ended when it was copied.
    copied_at: Option<u64>,
}

impl SledLogOptions {
    fn check_second_head(&self, found: &HeadState, head: &DurableHead) -> Result<(), LogError> {
        match check_second_head(found, self.id, head) {
            Err(err) if self.accept_head == Some(head.position) => {
                tracing::warn!(error = %err, position = head.position, "the log is taken as it is");
                Ok(())
            }
            checked => checked,
        }
    }

    /// If this folder is a copy: where the log ended when it was copied. The original may have
    /// continued.
    fn copied_at(&self, found: &HeadState, head: &DurableHead) -> Option<u64> {
        let accepted = self.accept_head.filter(|it| *it == head.position);
        let copied = match found {
            HeadState::Head(second, _) if second.origin == Origin::Copied => Some(second.position),
            _ => None,
        };
        // If an empty log lost something, the first start makes it again.
        accepted.or(copied).filter(|it| *it > 0)
    }
}

impl SledLog {
    /// Opens or creates the log, reads the part that the snapshot does not have, and checks it.
    ///
    /// # Errors
    /// When the store cannot be opened, belongs to another log, or is damaged.
    pub fn open(options: &SledLogOptions) -> Result<Self, LogError> {
        let store = Store::open(&options.folder.join("log"))?;
        let (second, found) = SecondHeadFile::open(&second_head_path(&options.folder))?;
        let head = read_head(&store, options.id)?;
        options.check_second_head(&found, &head)?;
        let Index { sequencer, frontier } = load_index(&store, &options.folder, options.id, &head)?;
        let shared = Arc::new(Shared {
            id: options.id,
            folder: options.folder.clone(),
            store,
            sequencer: Mutex::new(sequencer),
            head: watch::Sender::new(head),
            feed: Feed::default(),
            stats: LogStats::default(),
        });
        let copied_at = options.copied_at(&found, &head);
        let (handle, writer) =
            Writer::start(shared.clone(), frontier, second, copied_at, options.reserve_bytes)?;
        Ok(Self {
            shared,
            writer: Mutex::new(Some(writer)),
            requests: Mutex::new(Some(handle)),
            places: Semaphore::new(WAITING_MAX),
            copied_at,
        })
    }

    /// Whether this is a copy without an event yet that says that it was restored.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn is_unmarked_copy(&self) -> Result<bool, LogError> {
        let Some(end) = self.copied_at else { return Ok(false) };
        let next = self.read_at(&[end + 1])?;
        let restored = |it: &Recorded| LogRestored::of(&it.stream, &it.kind, &it.parts).is_some();
        Ok(!next.first().is_some_and(restored))
    }

    /// Counters for metrics.
    pub fn stats(&self) -> &LogStats {
        &self.shared.stats
    }

    /// Reads everything up to the durable head again and checks crc, chain, positions, versions,
    /// claims and Merkle root, and the index snapshot if asked to. `see` gets the events, block by
    /// block; if it returns an error, the reading ends.
    ///
    /// # Errors
    /// The first damage found, or what `see` refused.
    pub fn inspect(
        &self,
        derived: Derived,
        see: impl FnMut(&[Recorded]) -> Result<(), LogError>,
    ) -> Result<Inspection, LogError> {
        self.inspect_with(derived, None, see)
    }

    /// As [`SledLog::inspect`], and finds the Merkle root over the events up to `root_at`.
    ///
    /// # Errors
    /// As [`SledLog::inspect`].
    pub fn inspect_with(
        &self,
        derived: Derived,
        root_at: Option<u64>,
        mut see: impl FnMut(&[Recorded]) -> Result<(), LogError>,
    ) -> Result<Inspection, LogError> {
        self.walk(derived, root_at, |block| see(&block.into_events()))
    }

    /// As [`SledLog::inspect`], but only the log itself; `pause` is called after each block.
    ///
    /// # Errors
    /// The first damage found.
    pub fn check(&self, mut pause: impl FnMut()) -> Result<Inspection, LogError> {
        self.walk(Derived::Ignored, None, |_| {
            pause();
            Ok(())
        })
    }

    fn walk(
        &self,
        derived: Derived,
        root_at: Option<u64>,
        mut see: impl FnMut(Block) -> Result<(), LogError>,
    ) -> Result<Inspection, LogError> {
        let shared = &self.shared;
        let head = *shared.head.borrow();
        let snapshot = match derived {
            Derived::Checked => IndexSnapshot::read(&shared.folder, shared.id)?,
            Derived::Ignored => None,
        };
        let mut walk = Walk::from_start(shared.id).noting_root_at(root_at);
        walk.run(&shared.store, head.position, |walk, block| {
            see(block)?;
            snapshot.as_ref().map_or(Ok(()), |it| it.compare(walk))
        })?;
        walk.check_end(&head)?;
        let (position, hash) = (head.position, head.hash);
        Ok(Inspection { position, hash, merkle_root: walk.root(), root_at: walk.noted_root() })
    }

    /// Checks that the index snapshot is as it was written. If it is not, nothing is lost: a start
    /// does not need it.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn check_index_snapshot(&self) -> Result<(), LogError> {
        IndexSnapshot::read(&self.shared.folder, self.shared.id).map(|_| ())
    }

    /// Copies the log up to the durable head into an empty folder, as a log of its own.
    ///
    /// # Errors
    /// When a block is damaged or the folder cannot be written.
    pub fn copy_to(&self, folder: &Path, progress: impl Fn(u64)) -> Result<u64, LogError> {
        let shared = &self.shared;
        let head = *shared.head.borrow();
        let copy = Store::open(&folder.join("log"))?;
        let mut walk = Walk::from_start(shared.id);
        while walk.position() < head.position {
            let first = walk.position() + 1;
            walk.step(&shared.store, head.position)?;
            let block = shared.store.block_from(first)?;
            let (_, bytes) = block.ok_or_else(|| damaged(first, "the block is missing"))?;
            copy.put_block(first, &bytes)?;
            progress(walk.position());
        }
        walk.check_end(&head)?;
        copy.sync()?;
        let (mut second, _) = SecondHeadFile::open(&second_head_path(folder))?;
        second.write(shared.id, head.position, head.hash, Origin::Copied)?;
        Ok(head.position)
    }

    /// Updates the index snapshot to the durable head, without slowing commits: the old snapshot
    /// and the tail are folded separately from the live index.
    ///
    /// # Errors
    /// When the log cannot be read or the file cannot be written.
    pub fn snapshot_index(&self) -> Result<(), LogError> {
        let shared = &self.shared;
        let head = *shared.head.borrow();
        let index = load_index(&shared.store, &shared.folder, shared.id, &head)?;
        let header = SnapshotHeader {
            revision: INDEX_REVISION,
            log: shared.id,
            position: head.position,
            block: head.block,
            block_hash: head.hash,
        };
        let path = index_snapshot_path(&shared.folder);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path.parent().unwrap_or(&shared.folder))
            .and_then(|()| write_snapshot(&path, &header, &index.into_snapshot()))
            .map_err(|err| file_error("writing the index snapshot", &err))
    }

    /// The durable end and its block. Snapshots of the read models name it.
    pub fn snapshot_header(&self, revision: u32) -> SnapshotHeader {
        let head = *self.shared.head.borrow();
        SnapshotHeader {
            revision,
            log: self.shared.id,
            position: head.position,
            block: head.block,
            block_hash: head.hash,
        }
    }

    /// Whether a snapshot belongs to this history: the block at which it ends is in the log.
    pub fn fits(&self, header: &SnapshotHeader) -> bool {
        header.position <= self.shared.head.borrow().position && fits(&self.shared.store, header)
    }

    /// Writes the waiting commits and ends the writer. Later appends are refused.
    pub fn close(&self) {
        drop(lock(&self.requests).take());
        if let Some(writer) = lock(&self.writer).take() {
            // If the writer panicked, the process has ended already.
            let _ = writer.join();
        }
    }
}

impl Drop for SledLog {
    fn drop(&mut self) {
        self.close();
    }
}

/// The last block, as the end of the log.
fn read_head(store: &Store, log: LogId) -> Result<DurableHead, LogError> {
    let Some((first, bytes)) = store.last_block()? else { return Ok(DurableHead::default()) };
    let block = Block::decode(bytes).map_err(|err| unreadable(first, err))?;
    if block.first != first {
        return Err(damaged(first, "the block stands in the wrong place"));
    }
    if block.log != log {
        return Err(LogError::Store(format!(
            "the store is log {}, the key file belongs to log {log}",
            block.log
        )));
    }
    Ok(DurableHead { position: block.last(), block: first, hash: block.hash, root: block.root })
}

#[async_trait]
impl EventLog for SledLog {
    fn id(&self) -> LogId {
        self.shared.id
    }

    async fn append(&self, commit: Commit) -> Result<Appended, AppendError> {
        let prepared = Prepared::new(&commit)?;
        drop(commit);
        let _place = self.places.acquire().await.map_err(|_| LogError::Closing)?;
        let (reply, answer) = oneshot::channel();
        let handle = lock(&self.requests).clone().ok_or(LogError::Closing)?;
        handle.send(Request { prepared, reply })?;
        drop(handle);
        let reply = answer.await.map_err(|_| LogError::Closing)?;
        drop(reply.of_others);
        reply.outcome
    }

    fn head(&self) -> Head {
        let head = *self.shared.head.borrow();
        Head { position: head.position, hash: head.hash, root: head.root }
    }

    async fn wait_past(&self, position: u64) -> Result<u64, LogError> {
        let mut head = self.shared.head.subscribe();
        let head = head.wait_for(|it| it.position > position).await;
        head.map(|it| it.position).map_err(|_| LogError::Closing)
    }

    fn read_after(&self, position: u64, events_max: usize) -> Result<Vec<Recorded>, LogError> {
        self.shared.events_after(position, events_max)
    }

    fn read_at(&self, positions: &[u64]) -> Result<Vec<Recorded>, LogError> {
        let durable = self.shared.head.borrow().position;
        let mut found = Vec::with_capacity(positions.len());
        let mut block: Vec<Recorded> = Vec::new();
        for position in positions.iter().copied().filter(|it| *it <= durable) {
            let is_in = block.first().is_some_and(|it| it.position <= position)
                && block.last().is_some_and(|it| it.position >= position);
            if !is_in {
                block = self.shared.block_with(position)?.into_events();
            }
            let at = block.binary_search_by_key(&position, |it| it.position);
            let event = at.ok().and_then(|it| block.get(it));
            found.push(event.ok_or_else(|| damaged(position, "the event is missing"))?.clone());
        }
        Ok(found)
    }

    fn read_stream(&self, stream: &StreamId, after: u32) -> Result<Vec<Recorded>, LogError> {
        let positions = self.stream_positions(stream);
        self.read_at(positions.get(after as usize..).unwrap_or_default())
    }

    fn stream_positions(&self, stream: &StreamId) -> Vec<u64> {
        let durable = self.shared.head.borrow().position;
        lock(&self.shared.sequencer).positions(stream, durable)
    }

    fn stream_version(&self, stream: &StreamId) -> u32 {
        let durable = self.shared.head.borrow().position;
        lock(&self.shared.sequencer).stream_version(stream, durable)
    }

    fn find_command(&self, id: CommandId) -> Option<Appended> {
        let durable = self.shared.head.borrow().position;
        let known = lock(&self.shared.sequencer).find_command(id);
        known.filter(|it| it.last <= durable)
    }

    fn highest_id(&self, category: &str) -> u64 {
        lock(&self.shared.sequencer).highest.get(category).copied().unwrap_or(0)
    }

    fn would_forget(&self, until: Timestamp) -> bool {
        lock(&self.shared.sequencer).would_forget(until)
    }

    fn due_streams(&self) -> usize {
        lock(&self.shared.sequencer).due_streams()
    }
}
