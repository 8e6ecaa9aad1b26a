//! Searches that must decrypt many rows: on a thread of their own, one at a time.

use super::error::ApiError;
use crate::state::app::App;

/// How many rows may be decrypted on a thread that serves requests.
const OPENED_AT_ONCE_MAX: usize = 100;

/// Runs a search that decrypts this many rows.
pub(crate) async fn open_rows<T: Send + 'static>(
    app: &App,
    count: usize,
    search: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    if count <= OPENED_AT_ONCE_MAX {
        return Ok(search());
    }
    // The place is released when the search ends, also if nobody waits for it any more.
    let place = app.long_searches.clone().acquire_owned().await;
    let finished = tokio::task::spawn_blocking(move || {
        let _place = place;
        search()
    });
    finished.await.map_err(|err| ApiError::Internal(err.to_string()))
}
