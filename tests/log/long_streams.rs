//! A stream may be longer than memory: it is folded some events at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use commands::Engine;
use commands::keys::Keyring;
use commands::log::MemoryLog;
use commands::signing::system_head;
use domain::log::{AppendError, Appended, Commit, EventLog, Head, LogError};
use domain::user::{User, UserCommand};
use domain::{Actor, CommandId, LogId, Recorded, StreamId, TenantId, Timestamp};
use tests::given::NOW;
use tests::samples;

/// Many times as many as are folded at once.
const EVENTS: u32 = 500;

/// A log that notes how many events are asked for at once.
struct Watched {
    log: MemoryLog,
    most: AtomicUsize,
}

#[async_trait]
impl EventLog for Watched {
    fn id(&self) -> LogId {
        self.log.id()
    }

    async fn append(&self, commit: Commit) -> Result<Appended, AppendError> {
        self.log.append(commit).await
    }

    fn head(&self) -> Head {
        self.log.head()
    }

    async fn wait_past(&self, position: u64) -> Result<u64, LogError> {
        self.log.wait_past(position).await
    }

    fn read_after(&self, position: u64, events_max: usize) -> Result<Vec<Recorded>, LogError> {
        self.log.read_after(position, events_max)
    }

    fn read_at(&self, positions: &[u64]) -> Result<Vec<Recorded>, LogError> {
        self.most.fetch_max(positions.len(), Ordering::Relaxed);
        self.log.read_at(positions)
    }

    fn read_stream(&self, stream: &StreamId, after: u32) -> Result<Vec<Recorded>, LogError> {
        self.most.fetch_max(usize::MAX, Ordering::Relaxed);
        self.log.read_stream(stream, after)
    }

    fn stream_positions(&self, stream: &StreamId) -> Vec<u64> {
        self.log.stream_positions(stream)
    }

    fn stream_version(&self, stream: &StreamId) -> u32 {
        self.log.stream_version(stream)
    }

    fn find_command(&self, id: CommandId) -> Option<Appended> {
        self.log.find_command(id)
    }

    fn highest_id(&self, category: &str) -> u64 {
        self.log.highest_id(category)
    }

    fn would_forget(&self, until: Timestamp) -> bool {
        self.log.would_forget(until)
    }

    fn due_streams(&self) -> usize {
        self.log.due_streams()
    }
}

#[tokio::test]
async fn a_long_stream_is_folded_some_events_at_a_time() {
    let keys = Arc::new(Keyring::ephemeral().unwrap());
    let log = MemoryLog::new(keys.log_id());
    let log = Arc::new(Watched { log, most: AtomicUsize::new(0) });
    let engine = Engine::new(log.clone(), keys.clone());
    let user = samples::user_registered().user.to_string();
    let register = UserCommand::Register {
        data: Box::new(samples::user_registered()),
        personal: Box::new(samples::user_personal()),
        password: samples::password_verifier().into(),
        app_info: None,
    };
    let changes = (1..EVENTS).map(|it| UserCommand::SetEnabled(it % 2 == 0));
    for command in std::iter::once(register).chain(changes) {
        let head = system_head(TenantId(1), Actor::System, NOW).unwrap();
        engine.handle::<User>(&user, &command, &head).await.unwrap();
    }
    log.most.store(0, Ordering::Relaxed);
    let afresh = Engine::new(log.clone(), keys);
    let (state, version) = afresh.load::<User>(&StreamId::new("user", &user)).unwrap();
    assert_eq!(version, EVENTS);
    assert!(matches!(state, User::Active(_)));
    assert_eq!(log.most.load(Ordering::Relaxed), 64);
}
