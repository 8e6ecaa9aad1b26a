//! The one writer: takes what waits, lets the sequencer judge it, stores it as a block, syncs,
//! moves the head, and only then answers.
//!
//! No artificial delay: while one block syncs, the next one gathers.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use domain::log::{AppendError, Appended, LogError};
use tokio::sync::oneshot;

use super::block::{self, BLOCK_BODY_BYTES_MAX, record};
use super::commit::Prepared;
use super::merkle::Frontier;
use super::second_head::SecondHeadFile;
use super::sled::{DurableHead, Shared};
use super::store::StoredHead;
use crate::lock::lock;

/// The most commits in one block.
const GROUP_COMMITS_MAX: usize = 512;

/// How often the second head is written at most.
const SECOND_HEAD_EVERY: Duration = Duration::from_secs(1);

/// How often the free space is looked at, at least.
const SPACE_CHECK_EVERY: Duration = Duration::from_millis(250);

/// The exit status after a failed write or sync: EX_IOERR of sysexits.h.
const EXIT_IO_ERROR: i32 = 74;

/// A commit that waits for its turn.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) prepared: Prepared,
    pub(crate) reply: oneshot::Sender<Result<Appended, AppendError>>,
}

/// Where requests go in. When the last one is dropped, the writer finishes.
#[derive(Debug, Clone)]
pub(crate) struct WriterHandle(Sender<Request>);

impl WriterHandle {
    pub(crate) fn send(&self, request: Request) -> Result<(), LogError> {
        self.0.send(request).map_err(|_| LogError::Closing)
    }
}

/// The state that only the writer thread has.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    requests: Receiver<Request>,
    /// Taken from the queue, but too large for the block that was being gathered.
    held_over: Option<Request>,
    frontier: Frontier,
    second: SecondHeadFile,
    second_written: Instant,
    second_position: u64,
    reserve_bytes: u64,
    free_bytes: u64,
    space_checked: Option<Instant>,
}

type Answer = (oneshot::Sender<Result<Appended, AppendError>>, Result<Appended, AppendError>);

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(
        shared: Arc<Shared>,
        frontier: Frontier,
        second: SecondHeadFile,
        reserve_bytes: u64,
    ) -> Result<(WriterHandle, JoinHandle<()>), LogError> {
        let (sender, requests) = channel();
        let second_position = shared.head.borrow().position;
        let mut writer = Self {
            shared,
            requests,
            held_over: None,
            frontier,
            second,
            second_written: Instant::now(),
            second_position,
            reserve_bytes,
            free_bytes: u64::MAX,
            space_checked: None,
        };
        // So that a loss before the first commit of this run is found, too.
        writer.write_second_head();
        let thread = std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(|err| LogError::Store(format!("starting the log writer: {err}")))?;
        Ok((WriterHandle(sender), thread))
    }

    fn run(&mut self) {
        // A panic here leaves the log in a state that nobody knows: end, and read it again.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            while let Some(group) = self.gather() {
                self.commit(group);
            }
            self.write_second_head();
        }));
        if result.is_err() {
            end_process(&LogError::Store("the writer panicked".to_owned()));
        }
    }

    /// Waits for a commit and takes whatever waits beside it. `None` when all senders are gone.
    fn gather(&mut self) -> Option<Vec<Request>> {
        let first = match self.held_over.take() {
            Some(request) => request,
            None => self.wait()?,
        };
        let mut bytes = first.prepared.bytes.len() + 4;
        let mut group = vec![first];
        while group.len() < GROUP_COMMITS_MAX {
            let Ok(request) = self.requests.try_recv() else { break };
            bytes += request.prepared.bytes.len() + 4;
            if bytes > BLOCK_BODY_BYTES_MAX {
                self.held_over = Some(request);
                break;
            }
            group.push(request);
        }
        Some(group)
    }

    fn wait(&mut self) -> Option<Request> {
        loop {
            if self.second_position == self.shared.head.borrow().position {
                return self.requests.recv().ok();
            }
            match self.requests.recv_timeout(SECOND_HEAD_EVERY) {
                Ok(request) => return Some(request),
                Err(RecvTimeoutError::Timeout) => self.write_second_head(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    fn commit(&mut self, group: Vec<Request>) {
        if let Some(full) = self.check_space() {
            for Request { prepared, reply } in group {
                let _ = reply.send(self.answer_without_space(&prepared, &full));
            }
            return;
        }
        let before = *self.shared.head.borrow();
        let (admitted, answers) = self.admit(group);
        if !admitted.is_empty() {
            let started = Instant::now();
            let head = self.store(&before, &admitted);
            self.shared.stats.count_block(admitted.len(), head.1, started.elapsed());
            self.publish(head.0, admitted);
        }
        for (reply, answer) in answers {
            // A caller that went away has its commit all the same.
            let _ = reply.send(answer);
        }
        if self.second_written.elapsed() >= SECOND_HEAD_EVERY {
            self.write_second_head();
        }
    }

    /// A command that was run before has its answer, and needs no space for it.
    fn answer_without_space(
        &self,
        prepared: &Prepared,
        full: &AppendError,
    ) -> Result<Appended, AppendError> {
        let mut sequencer = lock(&self.shared.sequencer);
        match sequencer.find_command(prepared.commit.head.command_id) {
            Some(_) => sequencer.admit(prepared),
            None => Err(full.clone()),
        }
    }

    fn admit(&mut self, group: Vec<Request>) -> (Vec<Prepared>, Vec<Answer>) {
        let mut admitted = Vec::with_capacity(group.len());
        let mut answers = Vec::with_capacity(group.len());
        let mut sequencer = lock(&self.shared.sequencer);
        for Request { prepared, reply } in group {
            let answer = sequencer.admit(&prepared);
            match &answer {
                Ok(appended) if !appended.repeated => admitted.push(prepared),
                Ok(_) => (),
                Err(_) => self.shared.stats.count_refused(),
            }
            answers.push((reply, answer));
        }
        (admitted, answers)
    }

    /// Stores the block durably, or ends the process: after a failed sync the page cache lies,
    /// and a retry would acknowledge what is not there.
    fn store(&mut self, before: &DurableHead, admitted: &[Prepared]) -> (DurableHead, usize) {
        let first = before.position + 1;
        let block = block::encode(self.shared.id, first, &before.hash, admitted);
        let mut position = before.position;
        for prepared in admitted {
            for index in 0..prepared.commit.event_count() {
                position += 1;
                self.frontier.push_event(position, index as u16, &prepared.hash);
            }
        }
        let hash = super::commit::sha256(&block);
        let head = StoredHead {
            log: self.shared.id,
            position,
            last_block: first,
            hash,
            frontier: self.frontier.clone(),
        };
        let stored = self.shared.store.put_block(first, &block, &head);
        if let Err(err) = stored.and_then(|()| self.shared.store.sync()) {
            end_process(&err);
        }
        (DurableHead { position, block: first, hash }, block.len())
    }

    fn publish(&self, head: DurableHead, admitted: Vec<Prepared>) {
        let mut events = Vec::new();
        let mut position = head.block;
        for prepared in admitted {
            record(prepared.commit, &mut position, &mut events);
        }
        self.shared.feed.push(events);
        self.shared.head.send_replace(head);
    }

    fn write_second_head(&mut self) {
        let head = *self.shared.head.borrow();
        if let Err(err) = self.second.write(self.shared.id, head.position, head.hash) {
            end_process(&err);
        }
        self.second_written = Instant::now();
        self.second_position = head.position;
    }

    /// Commands are refused before the disk is full, so that no write ever meets ENOSPC.
    fn check_space(&mut self) -> Option<AppendError> {
        if self.space_checked.is_none_or(|it| it.elapsed() >= SPACE_CHECK_EVERY) {
            self.space_checked = Some(Instant::now());
            self.free_bytes = free_bytes(&self.shared.folder);
            let full = self.free_bytes < self.reserve_bytes;
            if full != self.shared.stats.disk_full() {
                self.shared.stats.set_disk_full(full);
                log_space(full, self.free_bytes, self.reserve_bytes);
            }
        }
        (self.free_bytes < self.reserve_bytes).then_some(AppendError::Full {
            free_bytes: self.free_bytes,
            reserve_bytes: self.reserve_bytes,
        })
    }
}

/// What the file system has left, in bytes; unknown counts as enough.
fn free_bytes(folder: &PathBuf) -> u64 {
    rustix::fs::statvfs(folder).map_or(u64::MAX, |it| it.f_bavail.saturating_mul(it.f_frsize))
}

fn log_space(full: bool, free_bytes: u64, reserve_bytes: u64) {
    if full {
        tracing::error!(
            free_bytes,
            reserve_bytes,
            "the disk is nearly full: commands are refused, reads go on; free some space"
        );
    } else {
        tracing::info!(free_bytes, "there is space again: commands are taken");
    }
}

/// After a failed write or sync nobody knows what the disk holds: the next start reads it again.
pub(crate) fn end_process(err: &dyn std::fmt::Display) -> ! {
    tracing::error!(error = %err, "a write failed; ending the process, start it again");
    signal_hook::low_level::exit(EXIT_IO_ERROR)
}
