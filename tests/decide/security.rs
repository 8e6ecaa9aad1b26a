//! The rules of what is told about security.

use domain::security::{
    Rule, SECURITY_STREAM_SECONDS, Security, SecurityCommand, SecurityCounted, SecurityEvent,
    SecurityNoticed, Told, security_id,
};
use domain::{Fact, StreamId, SubjectId, Timestamp, UserId};
use proptest::prelude::*;
use tests::given::{NOW, given};
use tests::samples::security::{security_noticed, security_personal, security_told};

use crate::never_panics::{Seed, config, run, seeds};
use crate::sample_of;

fn noticed(count: u64) -> SecurityEvent {
    let data = SecurityNoticed { count, ..security_noticed() };
    SecurityEvent::Noticed(Fact { data, personal: Some(security_personal()), secret: None })
}

fn counted(count: u64, ended: bool) -> SecurityEvent {
    let SecurityCommand::Tell(told) = security_told(count, ended);
    SecurityEvent::Counted(SecurityCounted { count, last_at: told.last_at, ended }.into())
}

#[test]
fn what_is_told_again_is_told_with_more_and_ends_once() {
    given::<Security>([]).when(security_told(1, false)).then([noticed(1)]);
    given::<Security>([noticed(1)]).when(security_told(2, false)).then([counted(2, false)]);
    let after_four = || given::<Security>([noticed(1), counted(4, false)]);
    after_four().when(security_told(4, false)).then([]);
    after_four().when(security_told(3, false)).then([]);
    after_four().when(security_told(5, true)).then([counted(5, true)]);
    after_four().when(security_told(4, true)).then([counted(4, true)]);
    given::<Security>([noticed(1), counted(5, true)]).when(security_told(9, true)).then([]);
    // Too much was told when it began, so that its end is the first that is said of it.
    given::<Security>([]).when(security_told(3, true)).then([noticed(3), counted(3, true)]);
    given::<Security>([]).when(security_told(0, false)).then_refused_field("count");
}

#[test]
fn the_address_is_told_under_the_key_of_somebody_with_an_account_only() {
    let told = |who: Option<&str>| {
        let who = who.map(str::to_owned);
        let noticed = SecurityNoticed { who, ..security_noticed() };
        let personal = Some(security_personal());
        SecurityCommand::Tell(Box::new(Told { noticed, personal, last_at: NOW, ended: false }))
    };
    let event = |who: Option<&str>, is_there: bool| {
        let data = SecurityNoticed { who: who.map(str::to_owned), ..security_noticed() };
        let personal = is_there.then(security_personal);
        SecurityEvent::Noticed(Fact { data, personal, secret: None })
    };
    for (who, is_there) in [
        (Some("user-7"), true),
        (Some("app_user-7"), true),
        (Some("client-shop"), false),
        (Some("operator"), false),
        (Some("nobody at all"), false),
        (None, false),
    ] {
        given::<Security>([]).when(told(who)).then([event(who, is_there)]);
    }
    assert_eq!(security_noticed().subject(), UserId(131).into());
    let nobody = SecurityNoticed { who: None, ..security_noticed() };
    assert_eq!(nobody.subject(), SubjectId::NONE);
}

#[test]
fn a_stream_ends_two_hours_after_it_began() {
    let stream = StreamId::new("security", security_id(NOW, [7; 12]));
    let ends = Timestamp::from_seconds(NOW.seconds() + SECURITY_STREAM_SECONDS);
    assert_eq!(stream.closes_at(), Some(ends));
}

#[test]
fn every_rule_has_a_name_of_its_own() {
    let names = Rule::ALL.map(Rule::name);
    let different = names.iter().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(different.len(), names.len());
    let readings = Rule::ALL.into_iter().filter(|it| !it.is_refusal()).map(Rule::name);
    let expected =
        ["audit_read", "audit_followed", "users_listed", "replayed", "verified", "backed_up"];
    assert_eq!(readings.collect::<Vec<_>>(), expected);
}

fn command_of(seed: &Seed) -> SecurityCommand {
    let noticed = SecurityNoticed {
        rule: Rule::ALL[seed.which % Rule::ALL.len()],
        who: Some(seed.text.clone()),
        since: Timestamp(seed.time),
        count: u64::from(seed.number) << (seed.which % 33),
        ..security_noticed()
    };
    let last_at = Timestamp(seed.time);
    let personal = Some(security_personal());
    SecurityCommand::Tell(Box::new(Told { noticed, personal, last_at, ended: seed.yes }))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_noticed_never_panics(seeds in seeds()) {
        run::<Security>(&seeds, |seed| sample_of!(Security, seed), command_of);
    }
}
