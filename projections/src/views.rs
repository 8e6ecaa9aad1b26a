//! The read models as the rest of the program sees them: one lock, one position to wait for.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use domain::Recorded;
use domain::log::{LogError, OpenParts};
use tokio::sync::watch;

use crate::sealed::Keys;
use crate::tables::{Change, Tables, decode};

/// Why an answer cannot be given.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ViewError {
    /// The read models have not come that far in time.
    #[error("the read models are at {at}, {behind} events behind")]
    Behind {
        /// How far they have come.
        at: u64,
        /// How much is missing.
        behind: u64,
    },
    /// They met an event that they cannot read, and stopped there.
    #[error("the read models stopped at {at}: {why}")]
    Stopped {
        /// How far they have come.
        at: u64,
        /// What they met.
        why: String,
    },
}

/// All read models. They never skip an event: what they cannot read stops them.
pub struct Views {
    tables: RwLock<Tables>,
    keys: Keys,
    progress: watch::Sender<Progress>,
}

#[derive(Debug, Clone, Default)]
struct Progress {
    position: u64,
    stopped: Option<String>,
}

impl Views {
    /// Empty read models.
    pub fn new(keys: Arc<dyn OpenParts>) -> Self {
        Self::with(Tables::new(Keys(keys)))
    }

    pub(crate) fn with(tables: Tables) -> Self {
        let keys = tables.keys.clone();
        let progress = Progress { position: tables.position, stopped: None };
        Self { tables: RwLock::new(tables), keys, progress: watch::Sender::new(progress) }
    }

    /// The tables, for as short a time as a question takes. Never hold this across an await.
    pub fn read(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far they have come.
    pub fn position(&self) -> u64 {
        self.progress.borrow().position
    }

    /// Why they stopped, if they did.
    pub fn stopped(&self) -> Option<String> {
        self.progress.borrow().stopped.clone()
    }

    /// Waits until an event has been taken in.
    ///
    /// # Errors
    /// When that takes longer than `limit`, or the read models have stopped.
    pub async fn wait(&self, position: u64, limit: Duration) -> Result<(), ViewError> {
        if self.position() >= position {
            return Ok(());
        }
        let mut progress = self.progress.subscribe();
        let reached = |it: &Progress| it.position >= position || it.stopped.is_some();
        // Two statements: the value that `wait_for` lends must not outlive the timeout.
        let _ = tokio::time::timeout(limit, progress.wait_for(reached)).await;
        let now = self.progress.borrow().clone();
        match now {
            Progress { position: at, .. } if at >= position => Ok(()),
            Progress { position: at, stopped: Some(why) } => Err(ViewError::Stopped { at, why }),
            Progress { position: at, stopped: None } => {
                Err(ViewError::Behind { at, behind: position - at })
            }
        }
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Takes in the next events of the log. What comes before them must have been taken in.
    ///
    /// # Errors
    /// At the first event that cannot be read: the read models stop before it, for good.
    pub fn apply(&self, events: &[Recorded]) -> Result<(), LogError> {
        let mut decoded = Vec::with_capacity(events.len());
        let mut failed = None;
        for recorded in events {
            match decode(recorded, &self.keys) {
                Ok(event) => decoded.push(event),
                Err(why) => {
                    failed = Some(LogError::Unreadable { position: recorded.position, why });
                    break;
                }
            }
        }
        self.fold(events, decoded);
        match failed {
            Some(err) => {
                self.stop(&err);
                Err(err)
            }
            None => Ok(()),
        }
    }

    /// Folds events that were decoded already.
    pub(crate) fn fold(&self, events: &[Recorded], decoded: Vec<Change>) {
        let position = {
            let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
            for (recorded, change) in events.iter().zip(decoded) {
                tables.apply(recorded, change);
            }
            tables.position
        };
        self.progress.send_modify(|it| it.position = position);
    }

    pub(crate) fn stop(&self, err: &LogError) {
        self.progress.send_modify(|it| it.stopped = Some(err.to_string()));
    }
}
