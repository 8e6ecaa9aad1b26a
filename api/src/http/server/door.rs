//! What a listener is told: how many connections, whom to believe, how to refuse and where to count.

use std::sync::Arc;
use std::time::Duration;

use crate::http::face::Face;
use crate::state::app::{App, AppSettings};
use crate::state::counters::DoorFigures;

/// How long the other side of a connection may read nothing at all of an answer.
const STILL_TIME_MAX: Duration = Duration::from_secs(30);

/// The limits of a listener.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    /// How many connections are served at once, health apart.
    pub(crate) connections_max: usize,
    /// Trusted proxies have no share of their own: many callers are behind them.
    pub(crate) settings: Arc<AppSettings>,
    /// How refusals are worded.
    pub(crate) faces: &'static [&'static Face],
    pub(crate) figures: Arc<DoorFigures>,
    /// See [`STILL_TIME_MAX`].
    pub(crate) still_time: Duration,
}

impl Door {
    /// The limits for this many connections.
    pub(crate) fn new(connections_max: usize, app: &App, faces: &'static [&'static Face]) -> Self {
        Self {
            connections_max,
            settings: Arc::new(app.settings.clone()),
            faces,
            figures: app.counters.door.clone(),
            still_time: STILL_TIME_MAX,
        }
    }
}
