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

/// The shortest time between two looks for days that have ended, when there is no place.
const SWEEP_GAP: Duration = Duration::from_secs(60);

/// Codes that were sent.
#[derive(Debug, Default)]
pub(crate) struct SendLimits(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    sent: HashMap<[u8; 16], Sent>,
    /// When days that have ended were last looked for.
    swept: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    began: Duration,
    last: Duration,
    count: u32,
    /// Over what time it is counted.
    period: Duration,
}

impl Sent {
    fn is_over(&self, now: Duration) -> bool {
        now.saturating_sub(self.began) >= self.period
    }
}

/// How many may be sent that concern somebody, over a time that begins with the first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cap {
    /// Whom, and what is counted, by a hash.
    pub(crate) name: [u8; 16],
    pub(crate) most: u32,
    pub(crate) period: Duration,
}

impl Cap {
    fn a_day((name, most): ([u8; 16], u32)) -> Self {
        Self { name, most, period: DAY }
    }
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
        let all = std::iter::once(wish.address).chain(wish.others).map(Cap::a_day);
        self.count_all(&all.collect::<Vec<_>>(), Some(wish.address.0), now)
    }

    /// Counts something under each of some caps, if all allow it, and not too soon after the last one of
    /// the name that is given. What is refused counts for nobody.
    pub(crate) fn count_all(
        &self,
        caps: &[Cap],
        spaced: Option<[u8; 16]>,
        now: Duration,
    ) -> Result<(), NotSent> {
        let mut counted = lock(&self.0);
        let Counted { sent, swept } = &mut *counted;
        let is_due = swept.is_none_or(|it| now.saturating_sub(it) >= SWEEP_GAP);
        if is_due && sent.len() + caps.len() > REMEMBERED_MAX {
            sent.retain(|_, it| !it.is_over(now));
            *swept = Some(now);
        }
        let new = caps.iter().filter(|it| !sent.contains_key(&it.name)).count();
        let has_enough = |cap: &Cap| {
            let known = sent.get(&cap.name).filter(|it| !it.is_over(now));
            known.map_or(0, |it| it.count) >= cap.most
        };
        if sent.len() + new > REMEMBERED_MAX || caps.iter().any(has_enough) {
            return Err(NotSent::Enough);
        }
        if let Some(before) = spaced.and_then(|it| sent.get(&it)) {
            let passed = now.saturating_sub(before.last);
            if passed < GAP {
                return Err(NotSent::TooEarly((GAP - passed).as_secs().max(1)));
            }
        }
        for cap in caps {
            let first = Sent { began: now, last: now, count: 0, period: cap.period };
            let entry = sent.entry(cap.name).or_insert(first);
            if entry.is_over(now) {
                *entry = first;
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
    fn an_hour_and_a_day_are_counted_apart() {
        let limits = SendLimits::default();
        let hour = Duration::from_secs(3_600);
        let caps = [
            Cap { name: [1; 16], most: 3, period: hour },
            Cap { name: [2; 16], most: 10, period: DAY },
        ];
        let count = |seconds| limits.count_all(&caps, None, at(seconds));
        for n in 0..10 {
            assert_eq!(count(n / 3 * 3_600), Ok(()), "{n}");
            if n % 3 == 2 {
                assert_eq!(count((n / 3 + 1) * 3_600 - 1), Err(NotSent::Enough), "{n}");
            }
        }
        assert_eq!(count(4 * 3_600), Err(NotSent::Enough), "enough for a day");
        assert_eq!(count(86_399), Err(NotSent::Enough));
        assert_eq!(count(86_400), Ok(()), "a new day");
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
