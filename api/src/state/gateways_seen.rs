//! When gateways called last. In memory only: a call is no event.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{PoisonError, RwLock};

use domain::Timestamp;

/// The most gateways that are remembered; of others nobody knows when they called.
const GATEWAYS_REMEMBERED_MAX: usize = 10_000;

/// The last call of each gateway, by its number.
#[derive(Debug, Default)]
pub(crate) struct GatewaysSeen(RwLock<HashMap<u64, AtomicI64>>);

impl GatewaysSeen {
    /// A gateway calls now.
    pub(crate) fn note(&self, gateway: u64, now: Timestamp) {
        {
            let seen = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(last) = seen.get(&gateway) {
                last.fetch_max(now.0, Ordering::Relaxed);
                return;
            }
        }
        let mut seen = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if seen.len() < GATEWAYS_REMEMBERED_MAX {
            seen.entry(gateway).or_default().fetch_max(now.0, Ordering::Relaxed);
        }
    }

    /// When it called last since the program began.
    pub(crate) fn last(&self, gateway: u64) -> Option<Timestamp> {
        let seen = self.0.read().unwrap_or_else(PoisonError::into_inner);
        seen.get(&gateway).map(|it| Timestamp(it.load(Ordering::Relaxed)))
    }

    /// It does not call any more.
    pub(crate) fn forget(&self, gateway: u64) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&gateway);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_call_counts_and_no_more_are_kept_than_there_is_room_for() {
        let seen = GatewaysSeen::default();
        assert_eq!(seen.last(1), None);
        for (now, last) in [(5, 5), (7, 7), (6, 7)] {
            seen.note(1, Timestamp(now));
            assert_eq!(seen.last(1), Some(Timestamp(last)));
        }
        for gateway in 1..=GATEWAYS_REMEMBERED_MAX as u64 + 1 {
            seen.note(gateway, Timestamp(9));
        }
        assert_eq!(seen.last(GATEWAYS_REMEMBERED_MAX as u64 + 1), None);
        seen.forget(1);
        assert_eq!(seen.last(1), None);
    }
}
