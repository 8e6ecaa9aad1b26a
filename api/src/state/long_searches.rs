//! Places for searches that open many rows: one runs at a time, and nobody waits for long.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use commands::lock::lock;
use domain::{Actor, TenantId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many run at a time: each keeps a processor busy.
const RUNNING_MAX: usize = 1;

/// How many run or wait.
const ALL_MAX: usize = 32;

/// How many of one caller run or wait.
const OF_CALLER_MAX: usize = 2;

/// How long one waits for the others.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Who searches, within a tenant.
type Searcher = (TenantId, Actor);

/// Why a search does not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoSearch {
    /// The caller has others that run or wait.
    OfCaller,
    /// So have too many others, or they took too long.
    OfOthers,
}

/// The searches that run or wait.
#[derive(Debug)]
pub(crate) struct LongSearches {
    running: Arc<Semaphore>,
    begun: Arc<Mutex<HashMap<Searcher, usize>>>,
}

/// A search that may run; dropping it lets the next one run.
#[derive(Debug)]
pub(crate) struct SearchPlace {
    _running: OwnedSemaphorePermit,
    _begun: Begun,
}

#[derive(Debug)]
struct Begun {
    begun: Arc<Mutex<HashMap<Searcher, usize>>>,
    searcher: Searcher,
}

impl Default for LongSearches {
    fn default() -> Self {
        Self { running: Arc::new(Semaphore::new(RUNNING_MAX)), begun: Arc::default() }
    }
}

impl LongSearches {
    /// Waits until a search may run, for some time.
    ///
    /// # Errors
    /// When the caller, or all, have too many; or the others take too long.
    pub(crate) async fn take(&self, searcher: Searcher) -> Result<SearchPlace, NoSearch> {
        self.take_within(searcher, WAIT_MAX).await
    }

    async fn take_within(
        &self,
        searcher: Searcher,
        wait: Duration,
    ) -> Result<SearchPlace, NoSearch> {
        let begun = self.begin(searcher)?;
        let turn = tokio::time::timeout(wait, self.running.clone().acquire_owned()).await;
        match turn {
            Ok(Ok(running)) => Ok(SearchPlace { _running: running, _begun: begun }),
            Ok(Err(_)) | Err(_) => Err(NoSearch::OfOthers),
        }
    }

    fn begin(&self, searcher: Searcher) -> Result<Begun, NoSearch> {
        let mut begun = lock(&self.begun);
        if begun.get(&searcher).is_some_and(|it| *it >= OF_CALLER_MAX) {
            return Err(NoSearch::OfCaller);
        }
        if begun.values().sum::<usize>() >= ALL_MAX {
            return Err(NoSearch::OfOthers);
        }
        *begun.entry(searcher.clone()).or_default() += 1;
        Ok(Begun { begun: self.begun.clone(), searcher })
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let mut begun = lock(&self.begun);
        if let Some(count) = begun.get_mut(&self.searcher) {
            *count -= 1;
            if *count == 0 {
                begun.remove(&self.searcher);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: u32) -> Searcher {
        (TenantId(1), Actor::User(domain::UserId(number)))
    }

    #[tokio::test]
    async fn a_caller_has_two_and_nobody_waits_for_ever() {
        let searches = LongSearches::default();
        let short = Duration::from_millis(5);
        let running = searches.take(user(1)).await.unwrap();
        assert_eq!(searches.take_within(user(2), short).await.err(), Some(NoSearch::OfOthers));
        let waiting = searches.take(user(1));
        let third = async {
            tokio::task::yield_now().await;
            let third = searches.take(user(1)).await.err();
            drop(running);
            third
        };
        let (second, third) = tokio::join!(waiting, third);
        assert_eq!(third, Some(NoSearch::OfCaller));
        drop(second.unwrap());
        assert!(searches.take(user(2)).await.is_ok());
        assert!(lock(&searches.begun).is_empty());
    }

    #[tokio::test]
    async fn no_more_wait_than_a_moment_takes() {
        let searches = LongSearches::default();
        let begun = (0..32).map(|it| searches.begin(user(it)).unwrap()).collect::<Vec<_>>();
        assert_eq!(searches.take(user(99)).await.err(), Some(NoSearch::OfOthers));
        drop(begun);
        assert!(searches.take(user(99)).await.is_ok());
    }
}
