//! A log in memory, for tests and for trying things out. It passes the same contract.

use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use domain::log::{AppendError, Appended, Commit, EventLog, Head, LogError};
use domain::{CommandId, LogId, Recorded, StreamId, Timestamp};
use tokio::sync::watch;

use super::block::record;
use super::commit::Prepared;
use super::sequencer::Sequencer;
use crate::lock::lock;

/// Forgets everything when dropped.
#[derive(Debug)]
pub struct MemoryLog {
    id: LogId,
    state: Mutex<State>,
    head: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    sequencer: Sequencer,
    events: Vec<Recorded>,
}

impl MemoryLog {
    /// An empty log.
    pub fn new(id: LogId) -> Self {
        Self { id, state: Mutex::default(), head: watch::Sender::new(0) }
    }

    /// An empty log that remembers so many command ids at most.
    pub fn remembering(id: LogId, command_ids_max: usize) -> Self {
        let log = Self::new(id);
        log.state().sequencer.command_ids_max = command_ids_max;
        log
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    fn id(&self) -> LogId {
        self.id
    }

    async fn append(&self, commit: Commit) -> Result<Appended, AppendError> {
        let prepared = Prepared::new(&commit)?;
        let mut state = self.state();
        let appended = state.sequencer.admit(&prepared)?;
        if !appended.repeated {
            let mut position = appended.first;
            record(commit, &mut position, &mut state.events);
        }
        // Under the lock: the head never moves back.
        self.head.send_replace(state.sequencer.position);
        Ok(appended)
    }

    fn head(&self) -> Head {
        Head { position: *self.head.borrow(), hash: [0; 32], root: [0; 32] }
    }

    async fn wait_past(&self, position: u64) -> Result<u64, LogError> {
        let mut head = self.head.subscribe();
        let head = head.wait_for(|it| *it > position).await;
        head.map(|it| *it).map_err(|_| LogError::Closing)
    }

    fn read_after(&self, position: u64, events_max: usize) -> Result<Vec<Recorded>, LogError> {
        let state = self.state();
        Ok(state.events.iter().skip(position as usize).take(events_max).cloned().collect())
    }

    fn read_at(&self, positions: &[u64]) -> Result<Vec<Recorded>, LogError> {
        let state = self.state();
        let events = positions.iter().filter_map(|it| state.events.get(*it as usize - 1));
        Ok(events.cloned().collect())
    }

    fn read_stream(&self, stream: &StreamId, after: u32) -> Result<Vec<Recorded>, LogError> {
        let positions = self.stream_positions(stream);
        self.read_at(positions.get(after as usize..).unwrap_or_default())
    }

    fn stream_positions(&self, stream: &StreamId) -> Vec<u64> {
        self.state().sequencer.positions(stream, u64::MAX)
    }

    fn stream_version(&self, stream: &StreamId) -> u32 {
        self.state().sequencer.stream_version(stream, u64::MAX)
    }

    fn find_command(&self, id: CommandId) -> Option<Appended> {
        self.state().sequencer.find_command(id)
    }

    fn highest_id(&self, category: &str) -> u64 {
        self.state().sequencer.highest.get(category).copied().unwrap_or(0)
    }

    fn would_forget(&self, until: Timestamp) -> bool {
        self.state().sequencer.would_forget(until)
    }

    fn due_streams(&self) -> usize {
        self.state().sequencer.due_streams()
    }
}
