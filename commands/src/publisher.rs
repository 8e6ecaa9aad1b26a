//! Publishes every event of the log to NATS JetStream, in order and at least once.
//!
//! The state is in the broker: at each connect the last message of the stream says where to
//! continue, and every message states the last sequence number that it expects. So two publishers,
//! a lost acknowledgement or a restarted broker can delay an event, but can neither drop nor
//! misplace one. A stream of another history of the log is left alone: see `history`.

mod broker;
mod cursor;
mod ended;
mod history;
mod reader;
mod session;
mod stream;
mod subject;

use std::future::pending;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::log::EventLog;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use self::broker::{Broker, Servers};
use self::cursor::{Cursor, CursorFile};
use self::ended::Ended;
use self::history::Checked;
use self::reader::Source;
use self::session::Session;
use self::stream::STREAM;
pub use self::subject::{escape_part, subject_of, unescape_part};
use crate::event_json::Personal;
use crate::keys::Keyring;
use crate::lock::lock;

/// After how long a reason that lasts is logged again.
const REPEAT_EVERY: Duration = Duration::from_secs(600);

/// The wait before the first retry; it doubles.
const RETRY_WAIT_MIN: Duration = Duration::from_millis(250);

/// The longest wait between retries.
const RETRY_WAIT_MAX: Duration = Duration::from_secs(5);

/// The shortest time between two savings of the cursor.
const CURSOR_SAVE_WAIT: Duration = Duration::from_secs(1);

/// How long `stop` waits for acknowledgements.
const STOP_WAIT_MAX: Duration = Duration::from_secs(5);

/// Where to publish, and what. It has no `Debug`, because a password may be in it.
#[derive(Clone)]
pub struct PublisherOptions {
    /// `nats://host:port` or `tls://host:port`, or several, separated by commas. A user and a
    /// password, or a token, may stand before an `@`.
    pub url: String,
    /// A `.creds` file of NATS, read again at each connect.
    pub credentials: Option<PathBuf>,
    /// Whether personal parts are published.
    pub personal: Personal,
    /// The data folder, for the saved cursor. Without it none is saved.
    pub folder: Option<PathBuf>,
}

/// What the publisher is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublisherState {
    /// The broker cannot be reached or is not as required. Events wait in the log.
    Connecting,
    /// Events are published as they come.
    Publishing,
    /// It has stopped for good: why, and what to do.
    Stopped(String),
}

/// How far the publisher is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherStatus {
    /// What it is doing.
    pub state: PublisherState,
    /// Why it is interrupted, while it is.
    pub why: Option<String>,
    /// The broker has every event up to this position, as far as is known here.
    pub published: u64,
    /// How many events the broker does not have yet.
    pub lag: u64,
}

#[derive(Debug, Clone)]
struct Progress {
    state: PublisherState,
    why: Option<String>,
    cursor: Cursor,
}

/// Starts publishers.
#[derive(Debug)]
pub struct Publisher;

/// A running publisher. Dropping it ends it at once; the next one continues where it was.
pub struct PublisherHandle {
    log: Arc<dyn EventLog>,
    progress: watch::Receiver<Progress>,
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Publisher {
    /// Starts to publish, in the background. It never fails: see [`PublisherHandle::status`].
    ///
    /// Call it within a tokio runtime.
    pub fn start(
        log: Arc<dyn EventLog>,
        keys: Arc<Keyring>,
        options: PublisherOptions,
    ) -> PublisherHandle {
        let (state, cursor) = (PublisherState::Connecting, Cursor::default());
        let (progress, seen) = watch::channel(Progress { state, why: None, cursor });
        let (stop, stopping) = watch::channel(false);
        let file = options.folder.as_deref().map(|it| CursorFile::new(it, log.id()));
        let worker = Worker {
            source: Source { log: log.clone(), keys, personal: options.personal },
            options,
            progress,
            stop: stopping,
            down: None,
            contended: false,
        };
        let task = tokio::spawn(worker.run(file));
        PublisherHandle { log, progress: seen, stop, task: Mutex::new(Some(task)) }
    }
}

impl PublisherHandle {
    /// How far it is.
    pub fn status(&self) -> PublisherStatus {
        let Progress { state, why, cursor } = self.progress.borrow().clone();
        let published = cursor.position();
        let lag = self.log.head().position.saturating_sub(published);
        PublisherStatus { state, why, published, lag }
    }

    /// Waits until the status is as wanted, and returns it. It returns also when the publisher
    /// has ended and the status will not change any more.
    pub async fn wait_for(&self, wanted: impl Fn(&PublisherStatus) -> bool) -> PublisherStatus {
        let mut progress = self.progress.clone();
        loop {
            progress.mark_unchanged();
            let status = self.status();
            if wanted(&status) || progress.changed().await.is_err() {
                return status;
            }
        }
    }

    /// Takes no more events, waits for those that are being published, with a time limit, and ends.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let task = lock(&self.task).take();
        if let Some(mut task) = task
            && tokio::time::timeout(STOP_WAIT_MAX, &mut task).await.is_err()
        {
            task.abort();
        }
    }
}

impl Drop for PublisherHandle {
    fn drop(&mut self) {
        if let Some(task) = lock(&self.task).take() {
            task.abort();
        }
    }
}

struct Worker {
    source: Source,
    options: PublisherOptions,
    progress: watch::Sender<Progress>,
    stop: watch::Receiver<bool>,
    /// Why it was interrupted, as it was logged last, and when; its end was not logged yet.
    down: Option<(String, Instant)>,
    /// It was logged that somebody else publishes, too.
    contended: bool,
}

impl Worker {
    async fn run(mut self, file: Option<CursorFile>) {
        if let Some(file) = file.clone() {
            let saved = tokio::task::spawn_blocking(move || file.load()).await;
            let saved = saved.ok().flatten().unwrap_or_default();
            self.progress.send_modify(|it| it.cursor = saved);
        }
        let (ended, end) = oneshot::channel();
        let seen = self.progress.subscribe();
        let publish = async {
            self.publish().await;
            drop(ended);
        };
        tokio::join!(publish, save_cursors(file, seen, end));
    }

    async fn publish(&mut self) {
        let Some(servers) = Servers::parse(&self.options.url) else {
            return self.stopped("the address of NATS is not like nats://host:port".to_owned());
        };
        let mut wait = RETRY_WAIT_MIN;
        let mut broker = None;
        loop {
            let before = self.progress.borrow().cursor.position();
            let ended = self.round(&servers, &mut broker).await;
            match explained(ended, broker.as_ref()) {
                Ended::Asked => break,
                Ended::ForGood(why) => return self.stopped(why),
                Ended::Conflict => self.say_contended(),
                Ended::Interrupted(why) => {
                    broker = None;
                    self.say_down(&why);
                }
            }
            if self.progress.borrow().cursor.position() > before {
                wait = RETRY_WAIT_MIN;
            }
            let mut stop = self.stop.clone();
            tokio::select! {
                () = tokio::time::sleep(wait) => wait = (wait * 2).min(RETRY_WAIT_MAX),
                _ = stop.wait_for(|it| *it) => break,
            }
        }
        let state = PublisherState::Stopped("it was asked to".to_owned());
        self.progress.send_modify(|it| it.state = state);
    }

    /// Publishes from the last message of the stream on, until something ends it.
    async fn round(&mut self, servers: &Servers, broker: &mut Option<Broker>) -> Ended {
        let mut stop = self.stop.clone();
        let connected = tokio::select! {
            connected = self.find_end(servers, broker) => connected,
            _ = stop.wait_for(|it| *it) => Err(Ended::Asked),
        };
        let base = match connected {
            Ok(base) => base,
            Err(ended) => return ended,
        };
        let Some(broker) = broker.as_ref() else { return Ended::Asked };
        let state = PublisherState::Publishing;
        self.progress.send_replace(Progress { state, why: None, cursor: base });
        if base.position() == self.source.log.head().position {
            self.say_up(base.position());
        }
        let session = match Session::start(broker, base).await {
            Ok(session) => session,
            Err(ended) => return ended,
        };
        let source = self.source.clone();
        session
            .run(source, stop, |cursor| {
                self.progress.send_modify(|it| it.cursor = cursor);
                self.say_up(cursor.position());
            })
            .await
    }

    async fn find_end(
        &self,
        servers: &Servers,
        broker: &mut Option<Broker>,
    ) -> Result<Cursor, Ended> {
        let broker = match broker {
            Some(broker) => broker,
            None => {
                let made = Broker::connect(servers, self.options.credentials.as_deref()).await;
                broker.insert(made.map_err(Ended::Interrupted)?)
            }
        };
        let hint = self.progress.borrow().cursor;
        let log = Checked(self.source.log.clone());
        let mut lost = broker.lost.clone();
        tokio::select! {
            end = broker.find_end(&log, hint) => end,
            _ = lost.wait_for(|it| *it) => Err(Ended::Interrupted("the connection was lost".to_owned())),
        }
    }

    /// One log line when it goes down, when the reason is another one, and now and then; not one for
    /// each retry.
    fn say_down(&mut self, why: &str) {
        self.progress.send_modify(|it| {
            it.state = PublisherState::Connecting;
            it.why = Some(why.to_owned());
        });
        let is_said = |(said, at): &(String, Instant)| said == why && at.elapsed() < REPEAT_EVERY;
        if !self.down.as_ref().is_some_and(is_said) {
            tracing::warn!(why, "publishing to NATS is interrupted; events wait in the log");
            self.down = Some((why.to_owned(), Instant::now()));
        }
    }

    fn say_up(&mut self, position: u64) {
        if self.down.take().is_some() {
            tracing::info!(position, "publishing to NATS goes on");
        }
    }

    fn say_contended(&mut self) {
        if !self.contended {
            tracing::warn!("somebody else publishes to the stream {STREAM}: is a second one up?");
        }
        self.contended = true;
    }

    fn stopped(&self, why: String) {
        tracing::error!(why, "publishing to NATS has stopped for good");
        self.progress.send_modify(|it| it.state = PublisherState::Stopped(why));
    }
}

/// With what the server said of this connection: a permission that is missing is told in no answer.
fn explained(ended: Ended, broker: Option<&Broker>) -> Ended {
    let said = broker.and_then(Broker::said);
    match (ended, said) {
        (Ended::Interrupted(why), Some(said)) if !why.contains(&said) => {
            Ended::Interrupted(format!("{why}; the server says: {said}"))
        }
        (Ended::Conflict, Some(said)) => Ended::Interrupted(format!("the server says: {said}")),
        (ended, _) => ended,
    }
}

/// Whether a text is one address of NATS or several, with commas between them.
pub fn is_address(text: &str) -> bool {
    Servers::parse(text).is_some()
}

/// Saves how far publishing came, at most once a second, and once more at the end. It runs beside
/// the publishing, so that a slow disk does not delay it.
async fn save_cursors(
    file: Option<CursorFile>,
    mut progress: watch::Receiver<Progress>,
    mut end: oneshot::Receiver<()>,
) {
    let Some(file) = file else { return };
    let mut saved = Cursor::default();
    let mut next = Instant::now();
    let mut said = false;
    loop {
        let ended = tokio::select! {
            _ = &mut end => true,
            () = changed_since(&mut progress, saved, next) => false,
        };
        let cursor = progress.borrow().cursor;
        if cursor != saved
            && let Some(id) = cursor.id
        {
            let to = file.clone();
            let save = move || to.save(id, cursor.sequence);
            let done = tokio::task::spawn_blocking(save).await;
            if let Ok(Err(err)) = done
                && !said
            {
                tracing::warn!(%err, "the cursor of the publisher cannot be saved");
                said = true;
            }
            saved = cursor;
            next = Instant::now() + CURSOR_SAVE_WAIT;
        }
        if ended {
            return;
        }
    }
}

async fn changed_since(progress: &mut watch::Receiver<Progress>, saved: Cursor, next: Instant) {
    if progress.wait_for(|it| it.cursor != saved && it.cursor.id.is_some()).await.is_err() {
        // The end is on its way.
        pending().await
    }
    tokio::time::sleep_until(next).await;
}
