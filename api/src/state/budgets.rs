//! What one caller may write to the log: events and bytes, of an account, of a network and of a tenant.
//! The log never shrinks, so whatever is written is paid for (docs/decisions/0024-budgets.md).
//!
//! A budget is a bucket: it holds so much, and fills evenly. It is counted in memory, on the monotonic
//! clock: a new start begins with full ones.

use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use commands::Done;
use commands::lock::lock;
use domain::log::{COMMAND_ID_SECONDS_MAX, COMMAND_IDS_MAX};
use domain::{Actor, TenantId};

use super::hash::hash_16;
use super::network::network_name;
use super::recent::Recent;

/// How many events an account may write in a second, if it goes on for long.
pub(crate) const EVENTS_PER_SECOND: u32 = 100;

/// How many KiB an account may write in a second, if it goes on for long.
pub(crate) const KIB_PER_SECOND: u32 = 128;

/// How many seconds' worth of events may be written at once.
const EVENTS_HELD_SECONDS: u64 = 30;

/// How many seconds' worth of bytes may be written at once.
const BYTES_HELD_SECONDS: u64 = 256;

/// A network may have many accounts, so it gets more.
const TIMES_FOR_NETWORK: u64 = 5;

/// A tenant has many networks.
const TIMES_FOR_TENANT: u64 = 20;

/// A confidential client has many users; of its tokens only the bytes are counted.
const TIMES_FOR_CLIENT_TOKENS: u64 = 8;

/// How many accounts, networks and tenants are remembered, each: beyond it, those that wrote longest ago
/// may write as if anew.
const REMEMBERED_MAX: usize = 100_000;

/// One account may fill this part of the memory of command ids within the time that they are remembered.
const KEYS_PART: u64 = 4;

/// A network may fill so many times as much.
const KEYS_TIMES_FOR_NETWORK: u64 = 2;

const SECOND: Duration = Duration::from_secs(1);

/// The hash of an account, a network or a tenant.
type Name = [u8; 16];

/// What an account may write; networks and tenants have a multiple of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetSettings {
    /// Events in a second; 0 for no limit.
    pub events_per_second: u32,
    /// KiB in a second; 0 for no limit.
    pub kib_per_second: u32,
}

impl Default for BudgetSettings {
    fn default() -> Self {
        Self { events_per_second: EVENTS_PER_SECOND, kib_per_second: KIB_PER_SECOND }
    }
}

/// Who writes, and from where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writer {
    tenant: Name,
    /// Where the caller is known by a credential.
    account: Option<Name>,
    /// Where the caller's address is known.
    network: Option<Name>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Usual,
    Alone,
    ClientTokens,
}

impl Writer {
    /// Somebody as the log names it, who has proved to be that.
    pub(crate) fn new(tenant: TenantId, actor: &Actor, address: Option<IpAddr>) -> Self {
        let (scope, is_known) = (tenant.0.to_le_bytes(), *actor != Actor::Anybody);
        let account = || hash_16(&[b"account", &scope, actor.to_string().as_bytes()]);
        Self {
            tenant: hash_16(&[b"tenant", &scope]),
            account: is_known.then(account),
            network: address.map(network_name),
            kind: if *actor == Actor::Operator { Kind::Alone } else { Kind::Usual },
        }
    }

    /// Only its own budget counts: no stranger in its network or its tenant keeps an administrator away.
    pub(crate) fn alone(self) -> Self {
        Self { kind: Kind::Alone, ..self }
    }

    /// A confidential client that is given a token: however often, but not however large.
    pub(crate) fn tokens_of_client(self) -> Self {
        Self { kind: Kind::ClientTokens, ..self }
    }
}

/// Too much was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OverBudget {
    /// After how many seconds the next change may be tried, at least 1.
    pub(crate) retry_seconds: u64,
}

/// The budgets of all.
#[derive(Debug)]
pub(crate) struct Budgets {
    settings: BudgetSettings,
    buckets: Mutex<Buckets>,
}

/// Those of networks stand apart, so that many networks do not make an account forgotten.
#[derive(Debug)]
struct Buckets {
    accounts: Recent<Name, Bucket>,
    networks: Recent<Name, Bucket>,
    tenants: Recent<Name, Bucket>,
}

/// When each is full again, since the program began.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    events: Duration,
    bytes: Duration,
    keys: Duration,
}

/// How fast something may go on, and how much of it at once.
#[derive(Debug, Clone, Copy)]
struct Rate {
    /// So many in a period; 0 for no limit.
    units: u64,
    period: Duration,
    held: Duration,
}

/// What a bucket is filled with.
#[derive(Debug, Clone, Copy)]
struct Rates {
    events: Rate,
    bytes: Rate,
    keys: Rate,
}

/// What a change takes.
#[derive(Debug, Clone, Copy, Default)]
struct Taken {
    events: u64,
    bytes: u64,
    /// Command ids that are remembered.
    keys: u64,
}

impl Rate {
    /// How long it takes until so much may be taken; zero if it may be now.
    fn wait(self, full_at: Duration, units: u64, now: Duration) -> Duration {
        let then = full_at.max(now) + self.time_of(units);
        then.saturating_sub(now + self.held)
    }

    fn take(self, full_at: &mut Duration, units: u64, now: Duration) {
        *full_at = (*full_at).max(now) + self.time_of(units);
    }

    fn time_of(self, units: u64) -> Duration {
        let nanos = u128::from(units) * self.period.as_nanos();
        let nanos = nanos.checked_div(u128::from(self.units)).unwrap_or(0);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

impl BudgetSettings {
    fn rates(self, share: &Share) -> Rates {
        let Share { times, counts_events, keys_times, .. } = *share;
        let events = if counts_events { u64::from(self.events_per_second) * times } else { 0 };
        let bytes = u64::from(self.kib_per_second) * 1024 * times;
        let a_second =
            |units, held| Rate { units, period: SECOND, held: Duration::from_secs(held) };
        let remembered = Duration::from_secs(COMMAND_ID_SECONDS_MAX.unsigned_abs());
        let keys = COMMAND_IDS_MAX as u64 / KEYS_PART * keys_times;
        Rates {
            events: a_second(events, EVENTS_HELD_SECONDS),
            bytes: a_second(bytes, BYTES_HELD_SECONDS),
            keys: Rate { units: keys, period: remembered, held: remembered },
        }
    }
}

impl Buckets {
    fn of_level(&mut self, level: Level) -> &mut Recent<Name, Bucket> {
        match level {
            Level::Account => &mut self.accounts,
            Level::Network => &mut self.networks,
            Level::Tenant => &mut self.tenants,
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Level {
    Account,
    Network,
    Tenant,
}

/// One of the budgets that a change is paid from.
#[derive(Debug, Clone, Copy)]
struct Share {
    level: Level,
    name: Name,
    times: u64,
    counts_events: bool,
    /// 0 where keys are not counted.
    keys_times: u64,
}

impl Writer {
    fn shares(&self) -> impl Iterator<Item = Share> + use<> {
        let share = |level, name: Option<Name>, times, counts_events, keys_times| {
            name.map(|name| Share { level, name, times, counts_events, keys_times })
        };
        let (account, network, tenant) = (self.account, self.network, Some(self.tenant));
        match self.kind {
            Kind::Usual => [
                share(Level::Account, account, 1, true, 1),
                share(Level::Network, network, TIMES_FOR_NETWORK, true, KEYS_TIMES_FOR_NETWORK),
                share(Level::Tenant, tenant, TIMES_FOR_TENANT, true, 0),
            ],
            Kind::Alone => [share(Level::Account, account, 1, true, 1), None, None],
            Kind::ClientTokens => [
                share(Level::Account, account, TIMES_FOR_CLIENT_TOKENS, false, 1),
                share(Level::Tenant, tenant, TIMES_FOR_TENANT, false, 0),
                None,
            ],
        }
        .into_iter()
        .flatten()
    }
}

impl Budgets {
    pub(crate) fn new(settings: BudgetSettings) -> Self {
        let table = || Recent::new(REMEMBERED_MAX);
        let buckets = Buckets { accounts: table(), networks: table(), tenants: table() };
        Self { settings, buckets: Mutex::new(buckets) }
    }

    /// Begins a change: takes one event from every budget that it is paid from, and the place of a
    /// command id if that is remembered. What is refused costs nothing; a change that fails has cost
    /// this.
    ///
    /// # Errors
    /// When one of them is used up.
    pub(crate) fn open(
        &self,
        writer: Writer,
        is_remembered: bool,
        now: Duration,
    ) -> Result<Bill<'_>, OverBudget> {
        let keys = u64::from(is_remembered);
        let mut buckets = lock(&self.buckets);
        let mut wait = Duration::ZERO;
        for it in writer.shares() {
            let rates = self.settings.rates(&it);
            let bucket = buckets.of_level(it.level).get(&it.name).copied().unwrap_or_default();
            let of_events = rates.events.wait(bucket.events, 1, now);
            let of_bytes = rates.bytes.wait(bucket.bytes, 0, now);
            wait = wait.max(of_events).max(of_bytes);
            if is_remembered {
                wait = wait.max(rates.keys.wait(bucket.keys, keys, now));
            }
        }
        if !wait.is_zero() {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            return Err(OverBudget { retry_seconds: seconds });
        }
        self.take(&mut buckets, writer, Taken { events: 1, bytes: 0, keys }, now);
        Ok(Bill { budgets: self, writer, opened: now })
    }

    fn take(&self, buckets: &mut Buckets, writer: Writer, taken: Taken, now: Duration) {
        for it in writer.shares() {
            let rates = self.settings.rates(&it);
            buckets.of_level(it.level).change(it.name, |bucket| {
                rates.events.take(&mut bucket.events, taken.events, now);
                rates.bytes.take(&mut bucket.bytes, taken.bytes, now);
                rates.keys.take(&mut bucket.keys, taken.keys, now);
            });
        }
    }
}

/// A change that has begun, and is paid for once it is known how large it is.
#[derive(Debug)]
#[must_use]
pub(crate) struct Bill<'a> {
    budgets: &'a Budgets,
    writer: Writer,
    opened: Duration,
}

impl Bill<'_> {
    /// Pays for what was written, though there be less left: the next change waits for it.
    pub(crate) fn pay(self, done: &Done) {
        let written = done.first > 0 && !done.repeated;
        let events = if written { done.position + 1 - done.first } else { 0 };
        let rest = Taken { events: events.saturating_sub(1), bytes: done.bytes, keys: 0 };
        let mut buckets = lock(&self.budgets.buckets);
        self.budgets.take(&mut buckets, self.writer, rest, self.opened);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEW: BudgetSettings = BudgetSettings { events_per_second: 2, kib_per_second: 1 };

    fn user(user: u32, address: &str) -> Writer {
        let actor = Actor::User(domain::UserId(user));
        Writer::new(TenantId(1), &actor, Some(address.parse().unwrap()))
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn done(events: u64, bytes: u64) -> Done {
        Done { first: 7, position: 6 + events, repeated: false, bytes }
    }

    /// How many single small events pass at a time.
    fn passes(budgets: &Budgets, writer: Writer, now: Duration) -> usize {
        (0..10_000)
            .take_while(|_| budgets.open(writer, false, now).map(|it| it.pay(&done(1, 1))).is_ok())
            .count()
    }

    #[test]
    fn an_account_has_some_at_once_and_then_as_many_as_flow_in() {
        let budgets = Budgets::new(FEW);
        assert_eq!(passes(&budgets, user(1, "192.0.2.1"), at(0)), 60);
        let full = budgets.open(user(1, "192.0.2.1"), false, at(0)).err();
        assert_eq!(full, Some(OverBudget { retry_seconds: 1 }));
        assert_eq!(passes(&budgets, user(1, "192.0.2.2"), at(0)), 0, "wherever it is");
        assert_eq!(passes(&budgets, user(2, "192.0.2.1"), at(0)), 60, "another one is free");
        assert_eq!(passes(&budgets, user(1, "192.0.2.1"), at(5)), 10);
        assert_eq!(passes(&budgets, user(1, "192.0.2.1"), at(1_000)), 60, "no more than it holds");
    }

    #[test]
    fn a_commit_of_many_events_is_paid_for_by_waiting() {
        let budgets = Budgets::new(FEW);
        budgets.open(user(1, "192.0.2.1"), false, at(0)).unwrap().pay(&done(80, 1));
        let wait = budgets.open(user(1, "192.0.2.1"), false, at(0)).err();
        // 81 events are 40.5 s of 2 in a second; 30 s of them were there.
        assert_eq!(wait, Some(OverBudget { retry_seconds: 11 }));
        assert_eq!(passes(&budgets, user(1, "192.0.2.1"), at(11)), 2);
    }

    #[test]
    fn bytes_are_counted_whatever_the_events() {
        let budgets = Budgets::new(FEW);
        for _ in 0..4 {
            budgets.open(user(1, "192.0.2.1"), false, at(0)).unwrap().pay(&done(1, 64 * 1024));
        }
        budgets.open(user(1, "192.0.2.1"), false, at(0)).unwrap().pay(&done(1, 10 * 1024));
        let wait = budgets.open(user(1, "192.0.2.1"), false, at(0)).err();
        assert_eq!(wait, Some(OverBudget { retry_seconds: 10 }));
        assert!(budgets.open(user(1, "192.0.2.1"), false, at(10)).is_ok());
    }

    #[test]
    fn a_network_and_a_tenant_have_a_share_and_administrators_are_alone() {
        let budgets = Budgets::new(FEW);
        let passed = (1..=8).map(|it| passes(&budgets, user(it, "192.0.2.1"), at(0)));
        assert_eq!(passed.collect::<Vec<_>>(), [60, 60, 60, 60, 60, 0, 0, 0]);
        let stranger = Writer::new(TenantId(1), &Actor::Anybody, "192.0.2.1".parse().ok());
        assert_eq!(passes(&budgets, stranger, at(0)), 0);
        assert_eq!(passes(&budgets, user(9, "192.0.2.1").alone(), at(0)), 60);
        let others = (10..40).map(|it| passes(&budgets, user(it, &format!("192.0.2.{it}")), at(0)));
        assert_eq!(others.sum::<usize>(), 60 * 15, "20 times that of an account, less 5");
        let other = Writer::new(TenantId(2), &Actor::User(domain::UserId(1)), None);
        assert_eq!(passes(&budgets, other, at(0)), 60, "another tenant");
        assert_eq!(passes(&budgets, user(41, "192.0.2.41").alone(), at(0)), 60);
    }

    #[test]
    fn tokens_of_clients_cost_bytes_only_and_nothing_without_limits() {
        let budgets = Budgets::new(FEW);
        let client = Actor::Client(domain::ClientName("shop".to_owned()));
        let tokens = Writer::new(TenantId(1), &client, None).tokens_of_client();
        assert_eq!(passes(&budgets, tokens, at(0)), 10_000);
        for _ in 0..33 {
            let Ok(bill) = budgets.open(tokens, false, at(0)) else { break };
            bill.pay(&done(1, 64 * 1024));
        }
        assert!(budgets.open(tokens, false, at(0)).is_err(), "8 times 256 KiB are used up");
        let free = Budgets::new(BudgetSettings { events_per_second: 0, kib_per_second: 0 });
        assert_eq!(passes(&free, user(1, "192.0.2.1"), at(0)), 10_000);
    }

    #[test]
    fn what_writes_nothing_costs_one_event_at_most() {
        let budgets = Budgets::new(FEW);
        let nothing = Done { first: 0, position: 900, repeated: false, bytes: 0 };
        let repeated = Done { first: 7, position: 900, repeated: true, bytes: 0 };
        for done in [nothing, repeated] {
            budgets.open(user(1, "192.0.2.1"), false, at(0)).unwrap().pay(&done);
        }
        assert_eq!(passes(&budgets, user(1, "192.0.2.1"), at(0)), 58);
    }

    /// Nobody fills the memory of command ids for all others.
    #[test]
    fn an_account_has_a_quarter_of_the_remembered_command_ids() {
        let budgets = Budgets::new(BudgetSettings { events_per_second: 0, kib_per_second: 0 });
        let pass = |writer, now| {
            let open = |_: &usize| budgets.open(writer, true, now).is_ok();
            (0..100_000).take_while(open).count()
        };
        let all_but_ten = Taken { keys: COMMAND_IDS_MAX as u64 / 4 - 10, ..Taken::default() };
        for number in [1, 2] {
            let writer = user(number, "192.0.2.1");
            budgets.take(&mut lock(&budgets.buckets), writer, all_but_ten, at(0));
            assert_eq!(pass(writer, at(0)), 10);
        }
        let wait = budgets.open(user(1, "192.0.2.1"), true, at(0)).err();
        assert_eq!(wait, Some(OverBudget { retry_seconds: 1 }));
        assert!(budgets.open(user(1, "192.0.2.1"), false, at(0)).is_ok(), "without a key");
        assert_eq!(pass(user(3, "192.0.2.1"), at(0)), 0, "a network has a half");
        assert_eq!(pass(user(3, "192.0.2.3"), at(0)), 100_000, "another network");
        assert_eq!(pass(user(1, "192.0.2.1"), at(86_400 / 100)), COMMAND_IDS_MAX / 400);
    }
}
