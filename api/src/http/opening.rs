//! Opening many rows: off the threads that serve requests, and one such search at a time.

use tokio::sync::Semaphore;

use crate::http::error::ApiError;

/// How many rows may be opened on a thread that serves requests.
const OPENED_AT_ONCE_MAX: usize = 100;

/// How many searches that open more may run at a time: each keeps a processor busy.
const LONG_SEARCHES_MAX: usize = 1;

static LONG_SEARCHES: Semaphore = Semaphore::const_new(LONG_SEARCHES_MAX);

/// Runs a search that opens so many rows.
pub(crate) async fn open_rows<T: Send + 'static>(
    count: usize,
    search: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    if count <= OPENED_AT_ONCE_MAX {
        return Ok(search());
    }
    // The place is given back when the search ends, also if nobody waits for it any more.
    let place = LONG_SEARCHES.acquire().await;
    let finished = tokio::task::spawn_blocking(move || {
        let _place = place;
        search()
    });
    finished.await.map_err(|err| ApiError::Internal(err.to_string()))
}
