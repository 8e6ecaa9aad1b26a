//! Places: how many fetches run at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use super::error::FetchError;

/// The most fetches at once.
pub(super) const AT_ONCE_MAX: usize = 8;

/// The most of one tenant.
pub(super) const OF_TENANT_MAX: usize = 2;

/// The places there are.
pub(super) struct Places {
    all: Arc<Semaphore>,
    /// Of the tenants that have a place or wait for one.
    of: Mutex<HashMap<u32, Arc<Semaphore>>>,
    wait: Duration,
}

/// A place, until it is dropped.
pub(super) struct Place {
    _of_tenant: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(wait: Duration) -> Self {
        Self { all: Arc::new(Semaphore::new(AT_ONCE_MAX)), of: Mutex::default(), wait }
    }

    /// Waits for a place, in turn.
    pub(super) async fn take(&self, tenant: u32) -> Result<Place, FetchError> {
        match tokio::time::timeout(self.wait, self.next(tenant)).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(FetchError::busy()),
        }
    }

    /// First one of the tenant's own: who waits for that takes none from the others.
    async fn next(&self, tenant: u32) -> Result<Place, AcquireError> {
        let of_tenant = self.of_tenant(tenant).acquire_owned().await?;
        let of_all = Arc::clone(&self.all).acquire_owned().await?;
        Ok(Place { _of_tenant: of_tenant, _of_all: of_all })
    }

    fn of_tenant(&self, tenant: u32) -> Arc<Semaphore> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        // A place and a wait hold one more.
        of.retain(|_, it| Arc::strong_count(it) > 1);
        let own = of.entry(tenant).or_insert_with(|| Arc::new(Semaphore::new(OF_TENANT_MAX)));
        Arc::clone(own)
    }

    /// How many tenants are remembered.
    #[cfg(test)]
    pub(super) fn tenants(&self) -> usize {
        self.of.lock().unwrap().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn there_are_eight_places_and_who_waits_gets_the_next() {
        let places = Arc::new(Places::new(Duration::from_millis(500)));
        let mut taken = Vec::new();
        for tenant in [1, 1, 2, 2, 3, 3, 4, 4] {
            taken.push(places.take(tenant).await.unwrap());
        }
        let refused = places.take(5).await.err().unwrap();
        assert_eq!(refused.reason.word(), "busy");
        let waiting = {
            let places = Arc::clone(&places);
            tokio::spawn(async move { places.take(5).await.is_ok() })
        };
        tokio::time::sleep(Duration::from_millis(50)).await;
        taken.pop();
        assert!(waiting.await.unwrap());
        assert!(places.take(5).await.is_ok());
        drop(taken);
        let _only = places.take(6).await.unwrap();
        assert_eq!(places.tenants(), 1);
    }
}
