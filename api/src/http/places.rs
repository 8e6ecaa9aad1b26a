//! Places for answers that never end: so many in all, and so many for each tenant.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many audit streams may be open.
const STREAMS_MAX: usize = 64;

/// How many of them one tenant may have.
const STREAMS_OF_TENANT_MAX: usize = 16;

/// The free places.
#[derive(Debug)]
pub(crate) struct Places {
    all: Arc<Semaphore>,
    of_tenants: Mutex<HashMap<TenantId, Arc<Semaphore>>>,
}

/// A taken place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_tenant: OwnedSemaphorePermit,
}

impl Default for Places {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(STREAMS_MAX)), of_tenants: Mutex::default() }
    }
}

impl Places {
    /// Takes a place, if the tenant may have one more and there is one.
    pub(crate) fn take(&self, tenant: TenantId) -> Option<Place> {
        let of_tenant = {
            let mut tenants = self.of_tenants.lock().unwrap_or_else(PoisonError::into_inner);
            let places = tenants.entry(tenant);
            places.or_insert_with(|| Arc::new(Semaphore::new(STREAMS_OF_TENANT_MAX))).clone()
        };
        let of_tenant = of_tenant.try_acquire_owned().ok()?;
        let of_all = self.all.clone().try_acquire_owned().ok()?;
        Some(Place { _of_all: of_all, _of_tenant: of_tenant })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tenant_cannot_take_all_places() {
        let places = Places::default();
        let take = |tenant| places.take(TenantId(tenant));
        let mut taken = Vec::new();
        taken.extend(std::iter::from_fn(|| take(1)));
        assert_eq!(taken.len(), STREAMS_OF_TENANT_MAX);
        for tenant in 2..20 {
            taken.extend(std::iter::from_fn(|| take(tenant)));
        }
        assert_eq!(taken.len(), STREAMS_MAX);
        taken.remove(0);
        assert!(take(19).is_some() && take(1).is_some());
    }
}
