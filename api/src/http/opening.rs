//! Searches that must decrypt many rows: on a thread of their own, one at a time.

use domain::{Actor, TenantId};

use super::error::ApiError;
use crate::state::app::App;
use crate::state::long_searches::NoSearch;

/// How many rows may be decrypted on a thread that serves requests.
const OPENED_AT_ONCE_MAX: usize = 100;

/// After how many seconds a caller may try again.
const RETRY_SECONDS: u64 = 5;

/// Runs a search of a caller that decrypts this many rows.
///
/// # Errors
/// When the caller has others that run or wait, or those of others take too long.
pub(crate) async fn open_rows<T: Send + 'static>(
    app: &App,
    caller: (TenantId, Actor),
    count: usize,
    search: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    if count <= OPENED_AT_ONCE_MAX {
        return Ok(search());
    }
    // The place is released when the search ends, also if nobody waits for it any more.
    let place = app.long_searches.take(caller).await?;
    let finished = tokio::task::spawn_blocking(move || {
        let _place = place;
        search()
    });
    finished.await.map_err(|err| ApiError::Internal(err.to_string()))
}

impl From<NoSearch> for ApiError {
    fn from(err: NoSearch) -> Self {
        let why = match err {
            NoSearch::OfCaller => "others of your searches run or wait: wait, or search for less",
            NoSearch::OfOthers => "too many others search: try again, or search for less",
        };
        Self::Unavailable { retry_seconds: RETRY_SECONDS, why: why.to_owned() }
    }
}
