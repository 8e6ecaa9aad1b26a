//! How often subscriptions have called: exact over all gateways, because all of them ask here.

use std::sync::Mutex;

use commands::lock::lock;
use domain::Timestamp;

use super::recent::Recent;

/// How many subscriptions are remembered: beyond it, those that called longest ago may call as if anew.
const REMEMBERED_MAX: usize = 100_000;

const MICROSECONDS: i64 = 1_000_000;

/// Whether a call may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spent {
    /// It may.
    Passes,
    /// Not before so many seconds, at least 1.
    Wait(u64),
}

/// A bucket for each subscription: it holds as many calls as its product allows in its time, and fills
/// evenly.
#[derive(Debug)]
pub(crate) struct Rates(Mutex<Recent<u64, i64>>);

impl Default for Rates {
    fn default() -> Self {
        Self(Mutex::new(Recent::new(REMEMBERED_MAX)))
    }
}

impl Rates {
    /// Takes one call of so many in so many seconds. What is kept of a bucket is the time at which it is
    /// full again.
    pub(crate) fn spend(
        &self,
        subscription: u64,
        calls: u32,
        seconds: u32,
        now: Timestamp,
    ) -> Spent {
        let whole = i64::from(seconds.max(1)).saturating_mul(MICROSECONDS);
        let one = whole / i64::from(calls.max(1));
        let mut buckets = lock(&self.0);
        let full_at = buckets.get(&subscription).copied().unwrap_or(0).max(now.0);
        let then = full_at.saturating_add(one);
        if then > now.0.saturating_add(whole) {
            let wait = u64::try_from(then - whole - now.0).unwrap_or(0);
            return Spent::Wait(wait.div_ceil(MICROSECONDS.unsigned_abs()).max(1));
        }
        buckets.change(subscription, |it| *it = then);
        Spent::Passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_calls_pass_in_the_time_and_no_more() {
        let rates = Rates::default();
        let at = |seconds: i64| Timestamp(1_700_000_000_000_000 + seconds * MICROSECONDS);
        let spend = |now| rates.spend(7, 3, 60, now);
        for _ in 0..3 {
            assert_eq!(spend(at(0)), Spent::Passes);
        }
        assert_eq!(spend(at(0)), Spent::Wait(20));
        assert_eq!(spend(at(19)), Spent::Wait(1));
        assert_eq!(spend(at(20)), Spent::Passes);
        assert_eq!(spend(at(20)), Spent::Wait(20));
        assert_eq!(rates.spend(8, 3, 60, at(0)), Spent::Passes, "another subscription");
        for _ in 0..3 {
            assert_eq!(spend(at(200)), Spent::Passes);
        }
        assert_eq!(spend(at(200)), Spent::Wait(20));
        // A clock that goes back gives no more than there is.
        assert_eq!(spend(at(100)), Spent::Wait(120));
    }
}
