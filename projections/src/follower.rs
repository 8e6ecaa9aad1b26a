//! The one loop that follows the log for all read models.

use std::sync::Arc;

use domain::log::{EventLog, LogError};

use crate::views::Views;

/// How many events are taken in under one lock: readers wait for no more than these.
const BATCH_EVENTS_MAX: usize = 512;

/// Follows the log until it closes, or until an event cannot be read. Catch up first: this loop
/// expects to find the events in memory.
///
/// # Errors
/// When the log cannot be read; the views have stopped then, and say so.
pub async fn follow(log: Arc<dyn EventLog>, views: Arc<Views>) -> Result<(), LogError> {
    loop {
        let position = views.position();
        match log.wait_past(position).await {
            Ok(_) => (),
            Err(LogError::Closing) => return Ok(()),
            Err(err) => return Err(fail(&views, err)),
        }
        let events = log.read_after(position, BATCH_EVENTS_MAX);
        let events = events.map_err(|err| fail(&views, err))?;
        if let Err(err) = views.apply(&events) {
            return Err(fail(&views, err));
        }
    }
}

fn fail(views: &Views, err: LogError) -> LogError {
    tracing::error!(
        error = %err,
        "the read models stop here and skip nothing; run `chancery verify`"
    );
    views.stop(&err);
    err
}
