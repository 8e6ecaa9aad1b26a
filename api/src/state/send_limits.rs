//! How many codes are sent: to one address, at the wish of one network, in one tenant; and not too
//! often to one address (spec section 5.9.11, contracts 34). Counted in memory, on the monotonic
//! clock: a new start begins anew.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use commands::lock::lock;

/// Over what time codes are counted. It begins with the first.
const DAY: Duration = Duration::from_secs(86_400);

/// The shortest time between two codes to one address.
const GAP: Duration = Duration::from_secs(60);

/// How many addresses, networks and tenants are remembered. Beyond that nothing is sent to new ones
/// until a day of old ones has ended.
const REMEMBERED_MAX: usize = 200_000;

/// Codes that were sent.
#[derive(Debug, Default)]
pub(crate) struct SendLimits(Mutex<HashMap<[u8; 16], Sent>>);

#[derive(Debug, Clone, Copy)]
struct Sent {
    began: Duration,
    last: Duration,
    count: u32,
}

/// A wish to send a code: whom it concerns, each by a hash, and how many a day each may have.
#[derive(Debug)]
pub(crate) struct Wish {
    /// The address or number.
    pub(crate) address: ([u8; 16], u32),
    /// The network that asks, and the tenant.
    pub(crate) others: [([u8; 16], u32); 2],
}

/// Why a code is not sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotSent {
    /// Enough for a day.
    Enough,
    /// So many seconds too early.
    TooEarly(u64),
}

impl SendLimits {
    /// Counts a code, if it may be sent. What is refused counts for nobody.
    pub(crate) fn count(&self, wish: &Wish, now: Duration) -> Result<(), NotSent> {
        let mut sent = lock(&self.0);
        let all = || std::iter::once(wish.address).chain(wish.others);
        let is_over = |it: &Sent| now.saturating_sub(it.began) >= DAY;
        if sent.len() + all().count() > REMEMBERED_MAX {
            sent.retain(|_, it| !is_over(it));
        }
        let new = all().filter(|(name, _)| !sent.contains_key(name)).count();
        let has_enough = |(name, most): ([u8; 16], u32)| {
            let known = sent.get(&name).filter(|it| !is_over(it));
            known.map_or(0, |it| it.count) >= most
        };
        if sent.len() + new > REMEMBERED_MAX || all().any(has_enough) {
            return Err(NotSent::Enough);
        }
        if let Some(before) = sent.get(&wish.address.0) {
            let passed = now.saturating_sub(before.last);
            if passed < GAP {
                return Err(NotSent::TooEarly((GAP - passed).as_secs().max(1)));
            }
        }
        for (name, _) in all() {
            let entry = sent.entry(name).or_insert(Sent { began: now, last: now, count: 0 });
            if is_over(entry) {
                (entry.began, entry.count) = (now, 0);
            }
            (entry.last, entry.count) = (now, entry.count + 1);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(address: u8, network: u8) -> Wish {
        Wish { address: ([address; 16], 3), others: [([network; 16], 4), ([99; 16], 100)] }
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_address_waits_a_minute_and_has_enough_after_some_until_its_day_ends() {
        let limits = SendLimits::default();
        assert_eq!(limits.count(&wish(1, 50), at(0)), Ok(()));
        assert_eq!(limits.count(&wish(1, 50), at(18)), Err(NotSent::TooEarly(42)));
        assert_eq!(limits.count(&wish(1, 50), at(60)), Ok(()));
        assert_eq!(limits.count(&wish(1, 51), at(120)), Ok(()));
        assert_eq!(limits.count(&wish(1, 51), at(200)), Err(NotSent::Enough));
        assert_eq!(limits.count(&wish(1, 51), at(86_399)), Err(NotSent::Enough));
        assert_eq!(limits.count(&wish(1, 51), at(86_400)), Ok(()), "a new day");
    }

    #[test]
    fn a_network_has_enough_whatever_it_asks_for_and_refusals_count_for_nobody() {
        let limits = SendLimits::default();
        for address in 1..=4 {
            assert_eq!(limits.count(&wish(address, 50), at(0)), Ok(()));
        }
        assert_eq!(limits.count(&wish(5, 50), at(0)), Err(NotSent::Enough));
        assert_eq!(limits.count(&wish(5, 51), at(0)), Ok(()), "the refusal did not count");
    }

    #[test]
    fn memory_has_an_end_and_old_days_give_place() {
        let limits = SendLimits::default();
        let far = |n: u32| {
            let name = |what: u8| {
                let mut name = [what; 16];
                name[..4].copy_from_slice(&n.to_le_bytes());
                name
            };
            Wish { address: (name(1), 3), others: [(name(2), 3), ([99; 16], u32::MAX)] }
        };
        let fits = (REMEMBERED_MAX as u32 - 1) / 2;
        for n in 0..fits {
            assert_eq!(limits.count(&far(n), at(0)), Ok(()));
        }
        assert_eq!(limits.count(&far(fits + 1), at(100)), Err(NotSent::Enough));
        assert_eq!(limits.count(&far(7), at(100)), Ok(()), "whoever is known goes on");
        assert_eq!(limits.count(&far(fits + 1), at(86_400)), Ok(()));
    }
}
