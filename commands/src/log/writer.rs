//! The one writer: takes the waiting commits, lets the sequencer judge them, stores them as a
//! block, syncs, moves the head, and only then answers.
//!
//! While one block syncs, the next one gathers: see `gathering`.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use domain::log::{AppendError, Appended, LogError};

use super::answers::{Answers, Request};
use super::block::{self, BlockPlace};
use super::commit::Prepared;
use super::gathering::Gathering;
use super::merkle::Frontier;
use super::second_head::{Origin, SecondHeadFile};
use super::shared::{DurableHead, Shared};
use crate::halt::end_process;
use crate::hash::sha256;
use crate::lock::lock;

/// The shortest time between two writes of the second head.
const SECOND_HEAD_EVERY: Duration = Duration::from_secs(1);

/// The longest time between two checks of the free space.
const SPACE_CHECK_EVERY: Duration = Duration::from_millis(250);

/// The longest time between two looks whether the store is where the next start would look for it.
const PLACE_CHECK_EVERY: Duration = Duration::from_secs(1);

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
    queue: Gathering,
    frontier: Frontier,
    second: SecondHeadFile,
    /// Where the log ended when it was copied, if it is a copy.
    copied_at: Option<u64>,
    second_written: Instant,
    second_position: u64,
    reserve_bytes: u64,
    free_bytes: u64,
    space_checked: Option<Instant>,
    place_checked: Instant,
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(
        shared: Arc<Shared>,
        frontier: Frontier,
        second: SecondHeadFile,
        copied_at: Option<u64>,
        reserve_bytes: u64,
    ) -> Result<(WriterHandle, JoinHandle<()>), LogError> {
        let (sender, requests) = channel();
        let second_position = shared.head.borrow().position;
        let mut writer = Self {
            shared,
            queue: Gathering::new(requests),
            frontier,
            second,
            copied_at,
            second_written: Instant::now(),
            second_position,
            reserve_bytes,
            free_bytes: u64::MAX,
            space_checked: None,
            place_checked: Instant::now(),
        };
        // So that a loss before the first commit of this run is noticed, too.
        writer.write_second_head();
        let thread = std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(|err| LogError::Store(format!("starting the log writer: {err}")))?;
        Ok((WriterHandle(sender), thread))
    }

    fn run(&mut self) {
        // After a panic here nobody knows the state of the log: end the process; the next start
        // reads the log again.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            while let Some(first) = self.wait() {
                let group = self.queue.fill(first);
                self.commit(group);
            }
            self.write_second_head();
        }));
        if result.is_err() {
            end_process(&LogError::Store("the writer panicked".to_owned()));
        }
    }

    /// Waits for the first commit of a block. `None` when all senders are gone.
    fn wait(&mut self) -> Option<Request> {
        loop {
            match self.queue.first_within(SECOND_HEAD_EVERY) {
                Ok(request) => return Some(request),
                Err(RecvTimeoutError::Timeout) => self.check_place(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
            if self.second_position != self.shared.head.borrow().position {
                self.write_second_head();
            }
        }
    }

    fn commit(&mut self, group: Vec<Request>) {
        self.check_place();
        if let Some(full) = self.check_space() {
            let mut answers = Answers::with_capacity(group.len());
            for Request { prepared, reply } in group {
                answers.push(reply, self.answer_without_space(&prepared, &full));
            }
            return answers.send();
        }
        let before = *self.shared.head.borrow();
        let (admitted, answers) = self.admit(group);
        if !admitted.is_empty() {
            let started = Instant::now();
            let (head, block) = self.store(&before, &admitted);
            self.shared.stats.count_block(admitted.len(), block.len(), started.elapsed());
            self.shared.feed.push(head.block, head.position, block);
            self.shared.head.send_replace(head);
        }
        answers.send();
        if self.second_written.elapsed() >= SECOND_HEAD_EVERY {
            self.write_second_head();
        }
    }

    /// A command that was run before already has its answer, and needs no space.
    fn answer_without_space(
        &self,
        prepared: &Prepared,
        full: &AppendError,
    ) -> Result<Appended, AppendError> {
        let mut sequencer = lock(&self.shared.sequencer);
        match sequencer.find_command(prepared.command) {
            Some(_) => sequencer.admit(prepared),
            None => {
                self.shared.stats.count_refused_full();
                Err(full.clone())
            }
        }
    }

    fn admit(&mut self, group: Vec<Request>) -> (Vec<Prepared>, Answers) {
        let mut admitted = Vec::with_capacity(group.len());
        let mut answers = Answers::with_capacity(group.len());
        let mut sequencer = lock(&self.shared.sequencer);
        for Request { prepared, reply } in group {
            let answer = sequencer.admit(&prepared);
            match &answer {
                Ok(appended) if !appended.repeated => admitted.push(prepared),
                Ok(_) => (),
                Err(_) => self.shared.stats.count_refused(),
            }
            answers.push(reply, answer);
        }
        (admitted, answers)
    }

    /// Stores the block durably, or ends the process: after a failed sync the page cache may differ
    /// from the disk, and a retry would acknowledge data that is not on it.
    fn store(&mut self, before: &DurableHead, admitted: &[Prepared]) -> (DurableHead, Bytes) {
        let first = before.position + 1;
        let mut position = before.position;
        for prepared in admitted {
            for index in 0..prepared.events {
                position += 1;
                self.frontier.push_event(position, index as u16, &prepared.hash);
            }
        }
        let (previous, root) = (before.hash, self.frontier.root());
        let block =
            block::encode(&BlockPlace { log: self.shared.id, first, previous, root }, admitted);
        let hash = sha256(&block);
        let stored = self.shared.store.put_block(first, &block);
        if let Err(err) = stored.and_then(|()| self.shared.store.sync()) {
            end_process(&err);
        }
        (DurableHead { position, block: first, hash, root }, block.into())
    }

    fn write_second_head(&mut self) {
        let head = *self.shared.head.borrow();
        // The folder stays marked as a copy until something was appended; the first event says that
        // it was restored.
        let origin = match self.copied_at == Some(head.position) {
            true => Origin::Copied,
            false => Origin::Written,
        };
        if let Err(err) = self.second.write(self.shared.id, head.position, head.hash, origin) {
            end_process(&err);
        }
        self.second_written = Instant::now();
        self.second_position = head.position;
    }

    /// What is written to a file that was removed is lost with the process, so it ends.
    fn check_place(&mut self) {
        if self.place_checked.elapsed() < PLACE_CHECK_EVERY {
            return;
        }
        self.place_checked = Instant::now();
        if !self.shared.store.is_in_place() {
            let why = "log/db was removed or replaced while the program wrote to it".to_owned();
            end_process(&LogError::Store(why));
        }
    }

    /// Changes are refused before the disk is full, so that no write meets ENOSPC.
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
