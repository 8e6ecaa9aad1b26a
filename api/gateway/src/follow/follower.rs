//! The loop: wait for a reason, read the configuration, make the target serve it, report.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use url::Url;

use super::backoff::Backoff;
use super::files::{State, StateApplied, StateRefused};
use super::health::Health;
use super::key_file::KeyFile;
use super::report::Report;
use super::server::{Server, ServerError};
use super::signals::Signals;
use super::target::{NotApplied, Target, Wanted};
use crate::configuration::Configuration;

/// From the first signal to the question: changes of one commit, or of one script, come together. What
/// comes later is gathered by `BETWEEN`, so a change after a quiet second need not wait longer.
const GATHER: Duration = Duration::from_millis(20);

/// At most one new configuration in so long: each reload closes idle connections.
const BETWEEN: Duration = Duration::from_secs(1);

/// Between two looks at what the target started.
const TEND: Duration = Duration::from_millis(500);

/// The longest wait after a failure.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// What a follower follows.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server: http or https, without credentials, query and fragment.
    pub server: Url,
    /// The gateway's name there.
    pub name: String,
    /// The file with its key.
    pub key_file: KeyFile,
    /// Where the state is written.
    pub state_file: PathBuf,
    /// How long it waits without a signal; 30 s but in tests.
    pub poll: Duration,
    /// Whether it ends after the first round.
    pub once: bool,
    /// Where it says how it is.
    pub health: Health,
}

/// Why a follower ended.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// It could not begin.
    #[error("{0}")]
    Begin(String),
    /// The one round failed.
    #[error("{0}")]
    Once(String),
}

/// What went wrong in a round.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error("{0}")]
    Server(#[from] ServerError),
    #[error("{0}")]
    NotApplied(#[from] NotApplied),
    #[error("the server sent something that is not readable: {0}")]
    Unreadable(String),
}

struct Follower {
    settings: Settings,
    server: Arc<Server>,
    target: Box<dyn Target>,
    latest: Option<Wanted>,
    /// What the server took note of last, in this process.
    reported: Option<Report>,
    state: State,
}

/// Follows until `ending`, or for one round.
///
/// # Errors
/// When it cannot begin: no key, no HTTP client. With [`Settings::once`], also when the round failed.
pub async fn follow(
    settings: Settings,
    mut target: Box<dyn Target>,
    ending: impl Future<Output = ()> + Send,
) -> Result<(), FollowError> {
    let begin = |err: String| FollowError::Begin(err);
    let key = settings.key_file.read().map_err(|err| begin(err.to_string()))?;
    let server = Server::new(settings.server.clone(), settings.name.clone(), key)
        .map_err(|err| begin(format!("the HTTP client: {err}")))?;
    match target.start().await {
        Ok(Some(it)) => {
            settings.health.applied(it.position, 0);
            tracing::info!(position = it.position, "serves what it served last");
        }
        Ok(None) => tracing::info!("nothing was served yet"),
        Err(err) => tracing::error!(error = %err, "what it served last cannot be served"),
    }
    let state = State::read(&settings.state_file);
    let once = settings.once;
    let mut follower = Follower { settings, server, target, latest: None, reported: None, state };
    if once {
        return follower.round().await.map_err(|err| FollowError::Once(err.to_string()));
    }
    follower.run(ending).await;
    follower.target.stop().await;
    Ok(())
}

impl Follower {
    async fn run(&mut self, ending: impl Future<Output = ()> + Send) {
        let mut ending = std::pin::pin!(ending);
        let mut signals = Signals::listen(Arc::clone(&self.server));
        let mut backoff = Backoff::new(WAIT_MAX);
        let mut tend = interval(TEND);
        tend.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            signals.forget();
            let begin = Instant::now();
            let wait = match self.round().await {
                Ok(()) => {
                    backoff.reset();
                    self.settings.poll
                }
                Err(err) => {
                    self.settings.health.failed();
                    let wait = backoff.wait();
                    let seconds = wait.as_secs();
                    tracing::warn!(error = %err, "tries again in {seconds} s, or at the next change");
                    wait
                }
            };
            let next = Instant::now() + wait;
            loop {
                tokio::select! {
                    () = &mut ending => return,
                    () = signals.next() => {
                        sleep(GATHER).await;
                        break;
                    }
                    () = sleep_until(next) => break,
                    _ = tend.tick() => self.target.tend().await,
                }
            }
            sleep_until(begin + BETWEEN).await;
        }
    }

    /// One round. What is served is reported, whether it is new or not, unless the server knows it.
    async fn round(&mut self) -> Result<(), RoundError> {
        match self.settings.key_file.read() {
            Ok(key) => self.server.set_key(key),
            Err(err) => tracing::warn!(error = %err, "goes on with the key that it has"),
        }
        self.ask().await?;
        let Some(wanted) = &mut self.latest else { return Ok(()) };
        wanted.key = self.server.key();
        let position = wanted.configuration.position;
        let (report, result) = match self.target.apply(wanted).await {
            Ok(it) => {
                let report = Report::Applied {
                    position,
                    configuration: wanted.sha256.clone(),
                    reload_micros: it.reload_micros,
                    program: it.program,
                    proof: it.proof,
                };
                if it.reload_micros > 0 {
                    let millis = it.reload_micros / 1_000;
                    tracing::info!(
                        position,
                        "serves this position since {millis} ms after the signal"
                    );
                }
                (report, Ok(()))
            }
            Err(err) => {
                tracing::error!(position, error = %err, "this position cannot be served");
                (Report::Refused { position, reason: err.0.clone() }, Err(err.into()))
            }
        };
        self.note(&report);
        if report.differs(self.reported.as_ref()) {
            self.server.report(&report).await?;
            self.reported = Some(report);
        }
        result
    }

    /// Reads the configuration, if it is not the latest.
    async fn ask(&mut self) -> Result<(), RoundError> {
        let known = self.latest.as_ref().map(|it| it.sha256.as_str());
        let arrived = self.server.configuration(known).await?;
        self.settings.health.heard();
        let Some(arrived) = arrived else { return Ok(()) };
        let configuration = Configuration::read(&arrived.text)
            .map_err(|err| RoundError::Unreadable(err.to_string()))?;
        self.server.set_position(configuration.position);
        self.latest = Some(Wanted {
            configuration: Arc::new(configuration),
            text: arrived.text.into(),
            sha256: arrived.sha256,
            key: self.server.key(),
        });
        Ok(())
    }

    /// Writes down what came of a round.
    fn note(&mut self, report: &Report) {
        let before = self.state.clone();
        match report.clone() {
            Report::Applied { position, configuration, reload_micros, .. } => {
                self.settings.health.applied(position, reload_micros);
                self.state.applied = Some(StateApplied { position, configuration });
                self.state.refused = None;
            }
            Report::Refused { position, reason } => {
                self.settings.health.refused(position);
                self.state.refused = Some(StateRefused { position, reason });
            }
        }
        if self.state != before
            && let Err(err) = self.state.write(&self.settings.state_file)
        {
            tracing::warn!(error = %err, "the state cannot be written");
        }
    }
}
