//! Limits for answers that do not end by themselves: in all, for each tenant, and for each caller.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use commands::lock::lock;
use domain::{Actor, TenantId};

/// How many audit streams may be open.
const STREAMS_MAX: usize = 64;

/// How many of them one tenant may have.
const STREAMS_OF_TENANT_MAX: usize = 16;

/// How many of them one user, or one client without a user, may have.
const STREAMS_OF_CALLER_MAX: usize = 2;

/// Who holds places.
#[derive(Debug, Default)]
pub(crate) struct StreamPlaces {
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    of_tenants: HashMap<TenantId, usize>,
    of_callers: HashMap<Holder, usize>,
}

/// A caller within its tenant.
type Holder = (TenantId, Actor);

/// A place in use; dropping it releases it.
#[derive(Debug)]
pub(crate) struct Place {
    taken: Arc<Mutex<Taken>>,
    holder: Holder,
}

impl StreamPlaces {
    /// Takes a place, if tenant and caller may have one more and there is one.
    pub(crate) fn take(&self, tenant: TenantId, caller: &Actor) -> Option<Place> {
        let holder = (tenant, caller.clone());
        let mut taken = lock(&self.taken);
        let of_tenant = taken.of_tenants.get(&tenant).copied().unwrap_or(0);
        let of_caller = taken.of_callers.get(&holder).copied().unwrap_or(0);
        let free = taken.all < STREAMS_MAX
            && of_tenant < STREAMS_OF_TENANT_MAX
            && of_caller < STREAMS_OF_CALLER_MAX;
        if !free {
            return None;
        }
        taken.all += 1;
        taken.of_tenants.insert(tenant, of_tenant + 1);
        taken.of_callers.insert(holder.clone(), of_caller + 1);
        Some(Place { taken: self.taken.clone(), holder })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all -= 1;
        give_back(&mut taken.of_tenants, &self.holder.0);
        give_back(&mut taken.of_callers, &self.holder);
    }
}

/// Callers without a place are removed, so that the maps stay as small as the limits.
fn give_back<K: Eq + Hash>(counts: &mut HashMap<K, usize>, holder: &K) {
    if let Some(count) = counts.get_mut(holder) {
        *count -= 1;
        if *count == 0 {
            counts.remove(holder);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::UserId;

    use super::*;

    #[test]
    fn neither_a_caller_nor_a_tenant_can_take_all_places() {
        let places = StreamPlaces::default();
        let take = |tenant, user| places.take(TenantId(tenant), &Actor::User(UserId(user)));
        let mut taken = Vec::new();
        taken.extend(std::iter::from_fn(|| take(1, 1)));
        assert_eq!(taken.len(), STREAMS_OF_CALLER_MAX);
        for user in 2..20 {
            taken.extend(std::iter::from_fn(|| take(1, user)));
        }
        assert_eq!(taken.len(), STREAMS_OF_TENANT_MAX);
        for (tenant, user) in (2..20).flat_map(|tenant| (1..20).map(move |user| (tenant, user))) {
            taken.extend(std::iter::from_fn(|| take(tenant, user)));
        }
        assert_eq!(taken.len(), STREAMS_MAX);
        taken.remove(0);
        assert!(take(19, 1).is_some() && take(1, 1).is_some());
    }

    #[test]
    fn places_that_came_free_leave_nothing_behind() {
        let places = StreamPlaces::default();
        for user in 0..100 {
            assert!(places.take(TenantId(1), &Actor::User(UserId(user))).is_some());
        }
        let taken = lock(&places.taken);
        assert_eq!((taken.all, taken.of_tenants.len(), taken.of_callers.len()), (0, 0, 0));
    }
}
