//! Wrong passwords and wrong secrets of clients: after a few, the caller must wait before the next
//! try, longer each time.
//!
//! Failures are counted for an account or a client from one network, and for a network whatever it
//! tries. So strangers elsewhere cannot keep anybody out, until an account has had very many
//! failures within an hour: then it waits for strangers only, and not for the networks that it was
//! used from lately (docs/decisions/0014-guessing.md).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use commands::lock::lock;
use commands::password::PasswordError;

use super::hash::hash_16;
use super::network::network_name;
use super::recent::Recent;

/// How many failures of an account from one network are free.
const FREE_MAX: u32 = 5;

/// A network may have many users, so it gets more.
const FREE_OF_NETWORK_MAX: u32 = 50;

/// How many failures an account may have within [`HOUR`] before networks that are not usual for it
/// have to wait.
const FREE_OF_ACCOUNT_MAX: u32 = 100;

/// Over what time the failures of an account are counted.
const HOUR: Duration = Duration::from_secs(3_600);

/// The longest wait.
const WAIT_MAX: Duration = Duration::from_secs(300);

/// After this time without a failure, everything is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3_600);

/// How many entries each table remembers; beyond that the oldest go.
const REMEMBERED_MAX: usize = 100_000;

/// How many networks are usual for an account.
const USUAL_MAX: usize = 4;

/// How many tries of one account from one network may wait for their turn: they are checked one
/// after the other.
const TURNS_WAITING_MAX: usize = 32;

/// The hash of an account, a client or a network.
type Name = [u8; 16];

/// What is tried, and from where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    /// The account or the client.
    account: Name,
    /// Where the caller's address is known.
    network: Option<Name>,
}

impl Attempt {
    /// The password of an account.
    pub(crate) fn account(tenant: u32, name: &str, address: Option<IpAddr>) -> Self {
        let name = domain::user::normalise(name);
        Self::of("account", tenant, &name, address)
    }

    /// The secret of a client.
    pub(crate) fn client(tenant: u32, client_id: &str, address: Option<IpAddr>) -> Self {
        Self::of("client", tenant, client_id, address)
    }

    /// The secret of the operator of the app-token service.
    pub(crate) fn operator(address: Option<IpAddr>) -> Self {
        Self::of("operator", 0, "", address)
    }

    fn of(kind: &str, tenant: u32, name: &str, address: Option<IpAddr>) -> Self {
        let tenant = tenant.to_le_bytes();
        Self {
            account: hash_16(&[kind.as_bytes(), &tenant, name.as_bytes()]),
            network: address.map(network_name),
        }
    }

    /// Where it comes from.
    pub(crate) fn network(&self) -> Option<Name> {
        self.network
    }

    fn pair(&self) -> Pair {
        (self.account, self.network.unwrap_or_default())
    }
}

/// An account or a client, and the network that it is tried from.
type Pair = (Name, Name);

/// The outcome of checking a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// It is wrong.
    Wrong,
    /// It is right, but its account may not sign in. This is a failure, too: otherwise the missing
    /// wait would reveal that the password was right.
    NotLetIn,
    /// It is right, and its account may sign in.
    LetIn,
}

/// Why a password was not checked.
#[derive(Debug)]
pub(crate) enum NotChecked {
    /// There were too many failures: try again after so many seconds.
    Wait(u64),
    /// So many others are being checked that it is not known yet whether a wait is due.
    Busy,
    /// It could not be hashed.
    Password(PasswordError),
}

/// All recent failures. Names are kept as hashes, and only in memory.
#[derive(Debug)]
pub(crate) struct Attempts {
    tables: Mutex<Tables>,
}

#[derive(Debug)]
struct Tables {
    pairs: Recent<Pair, Failures>,
    networks: Recent<Name, Failures>,
    accounts: Recent<Name, FailuresOfHour>,
    /// The networks from which an account was used, the last one first.
    usual: Recent<Name, Vec<Name>>,
    /// How many tries of a network, or of an account from anywhere, are being checked.
    in_flight: HashMap<Name, u32>,
    turns: HashMap<Pair, Line>,
}

/// The tries of one account from one network.
#[derive(Debug, Default)]
struct Line {
    length: usize,
    lock: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    count: u32,
    /// All times here are since the program began, by the monotonic clock.
    last: Duration,
}

#[derive(Debug, Clone, Copy, Default)]
struct FailuresOfHour {
    began: Duration,
    failures: Failures,
}

impl Default for Attempts {
    fn default() -> Self {
        let tables = Tables {
            pairs: Recent::new(REMEMBERED_MAX),
            networks: Recent::new(REMEMBERED_MAX),
            accounts: Recent::new(REMEMBERED_MAX),
            usual: Recent::new(REMEMBERED_MAX),
            in_flight: HashMap::new(),
            turns: HashMap::new(),
        };
        Self { tables: Mutex::new(tables) }
    }
}

impl Attempts {
    /// Checks a password, unless the caller must wait first. Tries of one account from one network
    /// are checked one after the other, so that many at once do not give more guesses.
    ///
    /// `clock` tells the time since the program began.
    pub(crate) async fn check(
        &self,
        attempt: &Attempt,
        clock: impl Fn() -> Duration,
        look: impl Future<Output = Result<Proof, PasswordError>>,
    ) -> Result<Proof, NotChecked> {
        let turn = self.line_up(attempt, clock())?;
        let _mine = turn.lock.lock().await;
        let mut try_ = self.begin(attempt, clock())?;
        let proof = look.await;
        match proof {
            Ok(proof) => try_.end(clock(), proof),
            // The password was not checked, so this is not a failure.
            Err(_) => try_.end_unchecked(),
        }
        proof.map_err(NotChecked::Password)
    }

    /// Checks a secret that takes no time to check. Returns whether it is right.
    pub(crate) fn check_now(
        &self,
        attempt: &Attempt,
        now: Duration,
        look: impl FnOnce() -> bool,
    ) -> Result<bool, NotChecked> {
        let mut tables = self.lock();
        tables.may_try(attempt, now)?;
        let is_right = look();
        tables.note(attempt, now, if is_right { Proof::LetIn } else { Proof::Wrong });
        Ok(is_right)
    }

    /// Whether the account was not used lately from where this comes.
    pub(crate) fn is_stranger(&self, attempt: &Attempt) -> bool {
        self.lock().is_stranger(attempt)
    }

    /// Forgets the failures of an account: an operator has dealt with it, or it is another one.
    pub(crate) fn forget_account(&self, tenant: u32, name: &str) {
        self.forget(Attempt::account(tenant, name, None).account);
    }

    /// The same of a client.
    pub(crate) fn forget_client(&self, tenant: u32, client_id: &str) {
        self.forget(Attempt::client(tenant, client_id, None).account);
    }

    fn forget(&self, account: Name) {
        let mut tables = self.lock();
        tables.accounts.remove(&account);
        tables.pairs.remove_where(|it| it.0 == account);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Tables> {
        lock(&self.tables)
    }

    fn line_up(&self, attempt: &Attempt, now: Duration) -> Result<Turn<'_>, NotChecked> {
        let mut tables = self.lock();
        if let Some(seconds) = tables.wait(attempt, now) {
            return Err(NotChecked::Wait(seconds));
        }
        let line = tables.turns.entry(attempt.pair()).or_default();
        // One of them does not wait in line: its password is being checked.
        if line.length > TURNS_WAITING_MAX {
            return Err(NotChecked::Busy);
        }
        line.length += 1;
        Ok(Turn { attempts: self, pair: attempt.pair(), lock: line.lock.clone() })
    }

    fn begin(&self, attempt: &Attempt, now: Duration) -> Result<Try<'_>, NotChecked> {
        let mut tables = self.lock();
        tables.may_try(attempt, now)?;
        for name in attempt.in_flight() {
            *tables.in_flight.entry(name).or_default() += 1;
        }
        Ok(Try { attempts: self, attempt: *attempt, begun: now, ended: false })
    }
}

/// A place in the line of an account and a network.
struct Turn<'a> {
    attempts: &'a Attempts,
    pair: Pair,
    lock: Arc<tokio::sync::Mutex<()>>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut tables = self.attempts.lock();
        if let Some(line) = tables.turns.get_mut(&self.pair) {
            line.length -= 1;
            if line.length == 0 {
                tables.turns.remove(&self.pair);
            }
        }
    }
}

/// A try that is being checked.
struct Try<'a> {
    attempts: &'a Attempts,
    attempt: Attempt,
    begun: Duration,
    ended: bool,
}

impl Try<'_> {
    fn end(&mut self, now: Duration, proof: Proof) {
        self.end_unchecked();
        self.attempts.lock().note(&self.attempt, now, proof);
    }

    fn end_unchecked(&mut self) {
        self.ended = true;
        let mut tables = self.attempts.lock();
        for name in self.attempt.in_flight() {
            if let Some(count) = tables.in_flight.get_mut(&name) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    tables.in_flight.remove(&name);
                }
            }
        }
    }
}

impl Drop for Try<'_> {
    /// If the caller hangs up while the hash is computed, that counts as a failure: otherwise
    /// hashing would cost an attacker nothing.
    fn drop(&mut self) {
        if !self.ended {
            self.end(self.begun, Proof::Wrong);
        }
    }
}

impl Attempt {
    fn in_flight(&self) -> impl Iterator<Item = Name> {
        [Some(self.account), self.network].into_iter().flatten()
    }
}

impl Tables {
    /// Whether the account was not used from here lately.
    fn is_stranger(&self, attempt: &Attempt) -> bool {
        let (account, network) = attempt.pair();
        !self.usual.get(&account).is_some_and(|it| it.contains(&network))
    }

    /// How many seconds to wait before this may be tried.
    fn wait(&self, attempt: &Attempt, now: Duration) -> Option<u64> {
        let of_pair = self.pairs.get(&attempt.pair()).map(|it| it.wait(FREE_MAX, now));
        let of_network = attempt.network.and_then(|it| self.networks.get(&it));
        let of_network = of_network.map(|it| it.wait(FREE_OF_NETWORK_MAX, now));
        let of_account = self.accounts.get(&attempt.account).filter(|_| self.is_stranger(attempt));
        let of_account = of_account.map(|it| it.of_now(now).wait(FREE_OF_ACCOUNT_MAX, now));
        let wait = [of_pair, of_network, of_account].into_iter().flatten().max()?;
        // Rounded up: a caller who waits that long is let through.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        (seconds > 0).then_some(seconds)
    }

    /// A try in progress is not a failure, but all of them may become failures. So no more are in
    /// progress at once than failures are free.
    fn may_try(&self, attempt: &Attempt, now: Duration) -> Result<(), NotChecked> {
        if let Some(seconds) = self.wait(attempt, now) {
            return Err(NotChecked::Wait(seconds));
        }
        let is_full = |name: &Name, free: u32, failed: u32| {
            let in_flight = self.in_flight.get(name).copied().unwrap_or_default();
            in_flight >= free.saturating_sub(failed).max(1)
        };
        let full_network = attempt.network.is_some_and(|it| {
            let failed = self.networks.get(&it).map_or(0, |it| it.count);
            is_full(&it, FREE_OF_NETWORK_MAX, failed)
        });
        let full_account = self.is_stranger(attempt) && {
            let failed = self.accounts.get(&attempt.account);
            let failed = failed.map_or(0, |it| it.of_now(now).count);
            is_full(&attempt.account, FREE_OF_ACCOUNT_MAX, failed)
        };
        if full_network || full_account { Err(NotChecked::Busy) } else { Ok(()) }
    }

    fn note(&mut self, attempt: &Attempt, now: Duration, proof: Proof) {
        match proof {
            Proof::LetIn => self.note_success(attempt),
            Proof::Wrong | Proof::NotLetIn => self.note_failure(attempt, now),
        }
    }

    fn note_failure(&mut self, attempt: &Attempt, now: Duration) {
        self.pairs.change(attempt.pair(), |it| it.add(now));
        if let Some(network) = attempt.network {
            self.networks.change(network, |it| it.add(now));
        }
        self.accounts.change(attempt.account, |it| {
            let failures = it.of_now(now);
            if failures.count == 0 {
                it.began = now;
            }
            it.failures = failures;
            it.failures.add(now);
        });
    }

    /// The account's failures from here are forgotten, the network has one failure less, and it is
    /// usual for the account.
    fn note_success(&mut self, attempt: &Attempt) {
        let (account, here) = attempt.pair();
        self.pairs.remove(&attempt.pair());
        if let Some(network) = attempt.network {
            match self.networks.get(&network).map(|it| it.count) {
                None => (),
                Some(0 | 1) => self.networks.remove(&network),
                Some(_) => self.networks.change(network, |it| it.count -= 1),
            }
        }
        self.usual.change(account, |it| {
            it.retain(|network| *network != here);
            it.insert(0, here);
            it.truncate(USUAL_MAX);
        });
    }
}

impl Failures {
    fn add(&mut self, now: Duration) {
        if now >= self.last + FORGOTTEN_AFTER {
            self.count = 0;
        }
        self.count = self.count.saturating_add(1);
        self.last = now;
    }

    /// 1, 2, 4 … seconds after the free ones.
    fn wait(self, free: u32, now: Duration) -> Duration {
        if self.count < free {
            return Duration::ZERO;
        }
        let doubled = 1_u64.checked_shl(self.count - free).unwrap_or(u64::MAX);
        let wait = Duration::from_secs(doubled).min(WAIT_MAX);
        (self.last + wait).saturating_sub(now)
    }
}

impl FailuresOfHour {
    /// The failures that count now.
    fn of_now(&self, now: Duration) -> Failures {
        if now >= self.began + HOUR { Failures::default() } else { self.failures }
    }
}

#[cfg(test)]
mod tests;
