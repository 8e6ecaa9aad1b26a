//! Sightings that are alike are told as one: the first, each doubling, and the end. A flood makes a
//! few reports, and many floods at once no more than a tenant may have in a minute.

use std::collections::HashMap;
use std::time::Duration;

use commands::keys::random_id;
use domain::security::{MERGED_SECONDS_MAX, Rule, security_id};
use domain::{Actor, TenantId, Timestamp};

use super::sighting::{Report, Sighting};
use crate::state::network::network_of;

/// How long sightings are merged, at most.
const MERGED_MAX: Duration = Duration::from_secs(MERGED_SECONDS_MAX.unsigned_abs());

/// After this time without another one it is over.
const QUIET_MAX: Duration = Duration::from_secs(600);

/// How many are told apart; those beyond it are merged whoever it is and wherever they come from.
const TOLD_APART_MAX: usize = 10_000;

/// How many reports a tenant may have in a minute of callers who did not prove themselves.
const UNPROVEN_MAX: u32 = 60;

/// And of those who did.
const PROVEN_MAX: u32 = 600;

/// Over what time reports are counted.
const MINUTE: Duration = Duration::from_secs(60);

/// What sightings that are alike share.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Likeness {
    rule: Rule,
    tenant: TenantId,
    who: Option<Actor>,
    uid: Option<u32>,
    proven: bool,
    network: Option<[u8; 16]>,
}

impl Likeness {
    fn of(sighting: &Sighting) -> Self {
        Self {
            rule: sighting.rule,
            tenant: sighting.tenant,
            who: sighting.who.clone(),
            uid: sighting.uid,
            proven: sighting.proven,
            network: sighting.address.map(network_of),
        }
    }
}

#[derive(Debug)]
struct Alike {
    /// What is told so far, and is told next.
    report: Report,
    began: Duration,
    last: Duration,
    /// How much of the count was told.
    told: u64,
    /// At which count it is told again.
    next: u64,
}

/// The reports of a tenant within a minute.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    proven: u32,
    unproven: u32,
}

/// What there is to tell now.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) reports: Vec<Report>,
    /// How many are not told, because there were too many within a minute.
    pub(super) left_out: u64,
    /// Whether one of them is the first of the minute.
    pub(super) first_left_out: bool,
}

/// All that is alike and not over.
#[derive(Debug, Default)]
pub(super) struct Merged {
    alike: HashMap<Likeness, Alike>,
    spent: HashMap<TenantId, Spent>,
    /// When the minute of these reports began.
    minute: Duration,
    is_left_out: bool,
}

impl Merged {
    /// Takes in one more; `now` is since the program began.
    pub(super) fn note(&mut self, sighting: Sighting, now: Duration, time: Timestamp) -> Found {
        let mut likeness = Likeness::of(&sighting);
        let mut found = Found::default();
        if self.alike.get(&likeness).is_some_and(|it| it.is_over(now))
            && let Some(past) = self.alike.remove(&likeness)
        {
            self.end(past, now, &mut found);
        }
        let mut sighting = sighting;
        if !self.alike.contains_key(&likeness) && self.alike.len() >= TOLD_APART_MAX {
            (sighting.who, sighting.address) = (None, None);
            likeness = Likeness::of(&sighting);
        }
        let count = sighting.count;
        let alike = self.alike.entry(likeness).or_insert_with(|| Alike::begin(sighting, now, time));
        alike.last = now;
        alike.report.last_at = time;
        alike.report.count = alike.report.count.saturating_add(count);
        if alike.report.count < alike.next {
            return found;
        }
        while alike.next <= alike.report.count {
            alike.next = alike.next.saturating_mul(2);
        }
        let report = alike.report.clone();
        let count = report.count;
        let (tenant, proven) = (report.first.tenant, report.first.proven);
        if self.may_tell(tenant, proven, now, &mut found) {
            // It was there just now.
            if let Some(alike) = self.alike.get_mut(&Likeness::of(&report.first)) {
                alike.told = count;
            }
            found.reports.push(report);
        }
        found
    }

    /// Ends what is over by now.
    pub(super) fn end_due(&mut self, now: Duration) -> Found {
        self.end_where(now, |it| it.is_over(now))
    }

    /// Ends everything.
    pub(super) fn end_all(&mut self, now: Duration) -> Found {
        self.end_where(now, |_| true)
    }

    fn end_where(&mut self, now: Duration, is_over: impl Fn(&Alike) -> bool) -> Found {
        let mut found = Found::default();
        let past = self.alike.extract_if(|_, it| is_over(it)).map(|(_, it)| it);
        for past in past.collect::<Vec<_>>() {
            self.end(past, now, &mut found);
        }
        found
    }

    /// The last word, where something was not told yet.
    fn end(&mut self, past: Alike, now: Duration, found: &mut Found) {
        let report = Report { ended: true, ..past.report };
        if report.count == past.told || report.count < report.first.rule.told_from() {
            return;
        }
        if self.may_tell(report.first.tenant, report.first.proven, now, found) {
            found.reports.push(report);
        }
    }

    /// Whether a tenant may have one more report in this minute.
    fn may_tell(
        &mut self,
        tenant: TenantId,
        proven: bool,
        now: Duration,
        found: &mut Found,
    ) -> bool {
        if now.saturating_sub(self.minute) >= MINUTE {
            self.minute = now;
            self.spent.clear();
            self.is_left_out = false;
        }
        let spent = self.spent.entry(tenant).or_default();
        let (spent, max) = match proven {
            true => (&mut spent.proven, PROVEN_MAX),
            false => (&mut spent.unproven, UNPROVEN_MAX),
        };
        if *spent < max {
            *spent += 1;
            return true;
        }
        found.left_out += 1;
        found.first_left_out |= !self.is_left_out;
        self.is_left_out = true;
        false
    }
}

impl Alike {
    fn begin(first: Sighting, now: Duration, time: Timestamp) -> Self {
        // Without randomness two streams are one, and the log says which of them there is.
        let random = random_id::<12>().unwrap_or_default();
        let next = first.rule.told_from();
        let id = security_id(time, random);
        let report = Report { first, id, since: time, last_at: time, count: 0, ended: false };
        Self { report, began: now, last: now, told: 0, next }
    }

    fn is_over(&self, now: Duration) -> bool {
        now.saturating_sub(self.began) >= MERGED_MAX || now.saturating_sub(self.last) >= QUIET_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINCE: Timestamp = Timestamp(1_700_000_000_000_000);

    fn by(user: u32, address: &str) -> Sighting {
        Sighting {
            rule: Rule::WrongPassword,
            tenant: TenantId(1),
            who: Some(Actor::User(domain::UserId(user))),
            proven: false,
            address: Some(address.parse().unwrap()),
            uid: None,
            operation: "ConnectToken",
            request: [7; 16],
            count: 1,
        }
    }

    fn seconds(it: u64) -> Duration {
        Duration::from_secs(it)
    }

    fn told(found: &Found) -> Vec<(u64, bool)> {
        found.reports.iter().map(|it| (it.count, it.ended)).collect()
    }

    #[test]
    fn the_first_each_doubling_and_the_end_are_told() {
        let mut merged = Merged::default();
        let mut at = Vec::new();
        for n in 1..=100 {
            let found = merged.note(by(7, "192.0.2.1"), seconds(n), SINCE.plus_seconds(n as i64));
            at.extend(found.reports.iter().map(|it| (it.count, it.ended)));
        }
        assert_eq!(at, [1, 2, 4, 8, 16, 32, 64].map(|it| (it, false)));
        assert_eq!(told(&merged.end_due(seconds(699))), []);
        let end = merged.end_due(seconds(700));
        assert_eq!(told(&end), [(100, true)]);
        assert_eq!(end.reports[0].since, SINCE.plus_seconds(1));
        assert_eq!(end.reports[0].last_at, SINCE.plus_seconds(100));
        assert_eq!(told(&merged.end_all(seconds(701))), [], "it is told once");
    }

    #[test]
    fn what_was_told_whole_has_no_end() {
        let mut merged = Merged::default();
        for n in 0..4 {
            merged.note(by(7, "192.0.2.1"), seconds(n), SINCE);
        }
        assert_eq!(told(&merged.end_all(seconds(9))), []);
    }

    #[test]
    fn another_account_network_or_rule_is_told_apart() {
        let mut merged = Merged::default();
        let mut note = |it: Sighting| merged.note(it, seconds(1), SINCE).reports.len();
        assert_eq!(note(by(7, "2001:db8::1")), 1);
        assert_eq!(note(by(8, "2001:db8::1")), 1);
        assert_eq!(note(by(7, "2001:db8:0:1::1")), 1);
        assert_eq!(note(Sighting { rule: Rule::TooManyTries, ..by(7, "2001:db8::1") }), 1);
        assert_eq!(note(Sighting { tenant: TenantId(2), ..by(7, "2001:db8::1") }), 1);
        // One customer: the second and third time, whatever names are tried.
        assert_eq!(note(by(7, "2001:db8::2")), 1);
        assert_eq!(note(by(7, "2001:db8::3")), 0);
        assert_eq!(note(Sighting { who: None, ..by(0, "2001:db8::1") }), 1);
        assert_eq!(note(Sighting { who: None, ..by(0, "2001:db8::1") }), 1);
        assert_eq!(note(Sighting { who: None, ..by(0, "2001:db8::1") }), 0);
    }

    #[test]
    fn after_an_hour_or_a_pause_it_begins_anew() {
        let mut merged = Merged::default();
        let id = |found: &Found| found.reports.last().map(|it| it.id.clone());
        let first = id(&merged.note(by(7, "192.0.2.1"), seconds(0), SINCE));
        let mut last = None;
        for n in 1..=3_600 {
            let found = merged.note(by(7, "192.0.2.1"), seconds(n), SINCE);
            if n == 3_600 {
                assert_eq!(told(&found), [(3_600, true), (1, false)]);
                last = id(&found);
            }
        }
        assert!(first.is_some() && last.is_some() && first != last);
        let found = merged.note(by(7, "192.0.2.1"), seconds(4_200), SINCE);
        assert_eq!(told(&found), [(1, false)], "ten minutes later");
    }

    #[test]
    fn a_few_users_are_not_many() {
        let mut merged = Merged::default();
        let page = |count| Sighting { rule: Rule::UsersListed, count, ..by(7, "192.0.2.1") };
        assert_eq!(told(&merged.note(page(20), seconds(0), SINCE)), []);
        assert_eq!(told(&merged.note(page(20), seconds(1), SINCE)), []);
        assert_eq!(told(&merged.note(page(20), seconds(2), SINCE)), [(60, false)]);
        assert_eq!(told(&merged.note(page(40), seconds(3), SINCE)), [(100, false)]);
        assert_eq!(told(&merged.note(page(1_000), seconds(4), SINCE)), [(1_100, false)]);
        assert_eq!(told(&merged.note(page(499), seconds(5), SINCE)), []);
        assert_eq!(told(&merged.note(page(1), seconds(6), SINCE)), [(1_600, false)]);
        let mut few = Merged::default();
        few.note(page(49), seconds(0), SINCE);
        assert_eq!(told(&few.end_all(seconds(1))), []);
    }

    #[test]
    fn a_tenant_has_60_reports_a_minute_and_600_of_those_who_proved_themselves() {
        for (proven, max) in [(false, 60), (true, 600)] {
            let mut merged = Merged::default();
            let (mut reports, mut left_out, mut lines) = (0, 0, 0);
            for user in 1..=700 {
                let found =
                    merged.note(Sighting { proven, ..by(user, "192.0.2.1") }, seconds(5), SINCE);
                reports += found.reports.len();
                left_out += found.left_out;
                lines += u32::from(found.first_left_out);
            }
            assert_eq!((reports, left_out, lines), (max, 700 - max as u64, 1));
            let other = Sighting { tenant: TenantId(2), ..by(1, "192.0.2.1") };
            assert_eq!(merged.note(other, seconds(6), SINCE).reports.len(), 1);
            assert_eq!(merged.note(by(900, "192.0.2.9"), seconds(65), SINCE).reports.len(), 1);
        }
    }

    /// What was left out is told at its end, if there is room then.
    #[test]
    fn what_was_left_out_is_told_at_its_end() {
        let mut merged = Merged::default();
        for user in 1..=61 {
            merged.note(by(user, "192.0.2.1"), seconds(5), SINCE);
        }
        let end = merged.end_all(seconds(100));
        assert_eq!(told(&end), [(1, true)]);
        assert_eq!(end.reports[0].first.who, Some(Actor::User(domain::UserId(61))));
    }

    #[test]
    fn the_table_has_a_limit_and_what_is_beyond_is_counted_as_one() {
        let mut merged = Merged::default();
        for user in 1..=20_000 {
            merged.note(by(user, "192.0.2.1"), seconds(5), SINCE);
        }
        assert_eq!(merged.alike.len(), TOLD_APART_MAX + 1);
        let rest = merged.alike.values().find(|it| it.report.first.who.is_none()).unwrap();
        assert_eq!(rest.report.count, 10_000);
    }
}
