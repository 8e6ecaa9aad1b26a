//! Failed passwords: after a few, an account and an address must wait, longer each time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use commands::password::PasswordError;
use domain::Timestamp;

use crate::access::hash_16;

/// How many failures are free.
const FREE_MAX: u32 = 5;

/// The longest wait, in seconds.
const WAIT_SECONDS_MAX: i64 = 300;

/// An address stands for many people, so it gets more.
const FREE_OF_ADDRESS_MAX: u32 = 50;

/// How many accounts and addresses are remembered; the table starts anew beyond that.
const REMEMBERED_MAX: usize = 100_000;

/// After this time without a failure all is forgotten, in seconds.
const FORGOTTEN_AFTER_SECONDS: i64 = 3_600;

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

/// Failures by account and by address. Names are kept as hashes.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    failures: Mutex<HashMap<[u8; 16], Failures>>,
}

/// What is tried, and from where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    account: [u8; 16],
    address: Option<[u8; 16]>,
}

impl Attempt {
    pub(crate) fn new(tenant: u32, name: &str, address: Option<IpAddr>) -> Self {
        let tenant = tenant.to_le_bytes();
        let name = domain::user::normalise(name);
        Self {
            account: hash_16(&[b"account", &tenant, name.as_bytes()]),
            address: address.map(|it| hash_16(&[b"address", &network_of(it)])),
        }
    }
}

/// An IPv6 customer has a whole /64 to try from; an IPv4 address may be written as an IPv6 one.
fn network_of(address: IpAddr) -> [u8; 16] {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => (u128::from(address) >> 64 << 64).to_be_bytes(),
    }
}

/// Why a password was not looked at.
#[derive(Debug)]
pub(crate) enum NotChecked {
    /// Its account or its address must wait, so many seconds.
    Wait(u64),
    /// It could not be hashed.
    Password(PasswordError),
}

impl Attempts {
    /// Checks a password, unless its account or its address must wait first.
    pub(crate) async fn check(
        &self,
        attempt: &Attempt,
        now: Timestamp,
        is_right: impl Future<Output = Result<bool, PasswordError>>,
    ) -> Result<bool, NotChecked> {
        if let Some(seconds) = self.wait(attempt, now) {
            return Err(NotChecked::Wait(seconds));
        }
        self.fail(attempt, now);
        let is_right = is_right.await;
        match is_right {
            Ok(true) => self.succeed(attempt),
            Ok(false) => (),
            // Nobody looked at the password: it does not count as wrong.
            Err(_) => self.undo(attempt),
        }
        is_right.map_err(NotChecked::Password)
    }

    /// How many seconds to wait before this may be tried.
    fn wait(&self, attempt: &Attempt, now: Timestamp) -> Option<u64> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let account = failures.get(&attempt.account).map_or(0, |it| it.wait(FREE_MAX, now));
        let address = attempt.address.and_then(|it| failures.get(&it));
        let address = address.map_or(0, |it| it.wait(FREE_OF_ADDRESS_MAX, now));
        u64::try_from(account.max(address)).ok().filter(|it| *it > 0)
    }

    /// Notes a failure. It is noted before the password is checked, so that tries side by side
    /// count, too.
    fn fail(&self, attempt: &Attempt, now: Timestamp) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= REMEMBERED_MAX {
            failures.clear();
        }
        for key in [Some(attempt.account), attempt.address].into_iter().flatten() {
            let entry = failures.entry(key).or_insert(Failures { count: 0, last: now });
            if now >= entry.last.plus_seconds(FORGOTTEN_AFTER_SECONDS) {
                entry.count = 0;
            }
            entry.count = entry.count.saturating_add(1);
            entry.last = now;
        }
    }

    /// Takes a failure back that turned out to be none.
    fn undo(&self, attempt: &Attempt) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for key in [Some(attempt.account), attempt.address].into_iter().flatten() {
            if let Some(entry) = failures.get_mut(&key) {
                entry.count = entry.count.saturating_sub(1);
            }
        }
    }

    /// Notes a success: the account is free again, and the address has one failure less.
    fn succeed(&self, attempt: &Attempt) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&attempt.account);
        if let Some(entry) = attempt.address.and_then(|it| failures.get_mut(&it)) {
            entry.count = entry.count.saturating_sub(1);
        }
    }
}

impl Failures {
    /// 1, 2, 4 … seconds after the free ones.
    fn wait(self, free: u32, now: Timestamp) -> i64 {
        if self.count < free {
            return 0;
        }
        let wait = 1_i64.checked_shl(self.count - free).unwrap_or(WAIT_SECONDS_MAX);
        let wait = wait.clamp(1, WAIT_SECONDS_MAX);
        let left = self.last.plus_seconds(wait).0 - now.0;
        // Rounded up: a caller who waits that long is let through.
        left.max(0).div_euclid(1_000_000) + i64::from(left.max(0) % 1_000_000 > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_after_the_free_failures_and_ends_with_a_success() {
        let attempts = Attempts::default();
        let attempt = Attempt::new(1, "Ann", None);
        let now = Timestamp::from_seconds(1_000);
        for _ in 0..FREE_MAX {
            assert_eq!(attempts.wait(&attempt, now), None);
            attempts.fail(&attempt, now);
        }
        assert_eq!(attempts.wait(&attempt, now), Some(1));
        assert_eq!(attempts.wait(&attempt, now.plus_seconds(1)), None);
        attempts.fail(&attempt, now.plus_seconds(1));
        assert_eq!(attempts.wait(&attempt, now.plus_seconds(1)), Some(2));
        for _ in 0..40 {
            attempts.fail(&attempt, now);
        }
        assert_eq!(attempts.wait(&attempt, now), Some(300));
        assert!(attempts.wait(&Attempt::new(2, "ann", None), now).is_none());
        attempts.succeed(&Attempt::new(1, "ANN", None));
        assert_eq!(attempts.wait(&attempt, now), None);
    }

    #[test]
    fn addresses_of_one_customer_count_as_one() {
        let network = |it: &str| network_of(it.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
