//! The rules of a subscription.

use domain::api_key::{HeldKey, KeyInfo, OLD_KEY_SECONDS_MAX};
use domain::subscription::{
    NO_PLACE, SUBSCRIPTION_SLOT_CLAIM, Subscription, SubscriptionActivated, SubscriptionCommand,
    SubscriptionEvent, SubscriptionKeyReplaced, SubscriptionReason, SubscriptionRequested,
    WhichKey,
};
use domain::{Aggregate as _, Claim, Refusal, Timestamp};
use proptest::prelude::*;
use tests::given::{NOW, claim, given, required, too_long};
use tests::samples::subscriptions::{
    key_info, subscription_keys, subscription_request, subscription_requested,
};

use crate::never_panics::{Seed, config, run, seeds};
use crate::sample_of;

fn requested() -> SubscriptionEvent {
    SubscriptionEvent::Requested(subscription_requested().into())
}

fn activated() -> SubscriptionEvent {
    SubscriptionEvent::Activated(subscription_keys().into())
}

fn why(reason: Option<&str>) -> SubscriptionReason {
    SubscriptionReason { reason: reason.map(str::to_owned) }
}

fn rejected() -> SubscriptionEvent {
    SubscriptionEvent::Rejected(why(None).into())
}

fn suspended() -> SubscriptionEvent {
    SubscriptionEvent::Suspended(why(None).into())
}

fn resumed() -> SubscriptionEvent {
    SubscriptionEvent::Resumed(why(None).into())
}

fn cancelled() -> SubscriptionEvent {
    SubscriptionEvent::Cancelled(why(None).into())
}

fn approve() -> SubscriptionCommand {
    SubscriptionCommand::Approve(Box::new(subscription_keys()))
}

fn place() -> Claim {
    claim(12, SUBSCRIPTION_SLOT_CLAIM, "94:103:4")
}

/// The history that leads to each state.
fn histories() -> [Vec<SubscriptionEvent>; 4] {
    [
        vec![requested()],
        vec![requested(), activated()],
        vec![requested(), activated(), suspended()],
        vec![requested(), rejected()],
    ]
}

#[test]
fn a_request_takes_a_place_and_waits() {
    given::<Subscription>([])
        .when(subscription_request(subscription_requested()))
        .then([requested()])
        .then_claims([place()])
        .then_releases([]);
    for history in histories() {
        given::<Subscription>(history)
            .when(subscription_request(subscription_requested()))
            .then_refused(Refusal::AlreadyExists { what: "subscription" });
    }
}

#[test]
fn where_nobody_must_agree_it_is_active_at_once() {
    let data = SubscriptionRequested { approved: true, ..subscription_requested() };
    let events = [SubscriptionEvent::Requested(data.clone().into()), activated()];
    given::<Subscription>([]).when(subscription_request(data)).then(events).then_claims([place()]);
}

#[test]
fn a_request_breaks_no_rule() {
    let with = |change: fn(&mut SubscriptionRequested)| {
        let mut data = subscription_requested();
        change(&mut data);
        given::<Subscription>([]).when(subscription_request(data))
    };
    with(|it| it.name = " ".to_owned()).then_refused(required("name"));
    with(|it| it.name = "x".repeat(300)).then_accepted();
    with(|it| it.name = "x".repeat(301)).then_refused(too_long("name", 300));
    with(|it| it.expires_at = Some(NOW)).then_refused_field("expiresAt");
    with(|it| it.expires_at = None).then_accepted();
    with(|it| it.slot = 0).then_refused(NO_PLACE);
    with(|it| it.slot = 5).then_accepted();
    with(|it| it.slot = 6).then_refused(NO_PLACE);
}

/// What each state makes of each command: an event, nothing, or a refusal.
#[test]
fn every_state_knows_what_may_become_of_it() {
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Gets {
        Event,
        Nothing,
        Refused,
    }
    use Gets::{Event, Nothing, Refused};
    let key = KeyInfo { expires_at: None, ..key_info(1) };
    let rows = [
        (approve(), [Event, Nothing, Refused, Refused]),
        (SubscriptionCommand::Reject(None), [Event, Refused, Refused, Nothing]),
        (SubscriptionCommand::Suspend(None), [Refused, Event, Nothing, Refused]),
        (SubscriptionCommand::Resume(None), [Refused, Nothing, Event, Refused]),
        (SubscriptionCommand::Cancel(None), [Event, Event, Event, Event]),
        (
            SubscriptionCommand::ReplaceKey { which: WhichKey::Primary, key, old_for: 0 },
            [Refused, Event, Event, Refused],
        ),
    ];
    for (command, wanted) in rows {
        for (history, wanted) in histories().into_iter().zip(wanted) {
            let mut state = Subscription::default();
            history.iter().for_each(|it| state.evolve(it));
            let gets = match state.decide(&command, NOW) {
                Ok(decision) if decision.events.is_empty() => Nothing,
                Ok(_) => Event,
                Err(Refusal::NotAllowed { .. }) => Refused,
                Err(other) => panic!("{command:?} after {history:?}: {other}"),
            };
            assert_eq!(gets, wanted, "{command:?} after {history:?}");
        }
    }
    let again = [requested(), activated(), suspended(), resumed()];
    given::<Subscription>(again).when(SubscriptionCommand::Suspend(None)).then([suspended()]);
}

#[test]
fn the_place_is_given_back_once() {
    let [submitted, active, asleep, refused] = histories();
    for history in [submitted.clone(), active, asleep] {
        given::<Subscription>(history)
            .when(SubscriptionCommand::Cancel(None))
            .then([cancelled()])
            .then_claims([])
            .then_releases([place()]);
    }
    given::<Subscription>(submitted)
        .when(SubscriptionCommand::Reject(None))
        .then([rejected()])
        .then_releases([place()]);
    given::<Subscription>(refused)
        .when(SubscriptionCommand::Cancel(None))
        .then([cancelled()])
        .then_releases([]);
}

#[test]
fn of_one_that_ended_nothing_is_left() {
    let absent = || Refusal::NotFound { what: "subscription" };
    for history in [vec![], vec![requested(), cancelled()]] {
        for command in [approve(), SubscriptionCommand::Cancel(None)] {
            given::<Subscription>(history.clone()).when(command).then_refused(absent());
        }
    }
}

#[test]
fn a_reason_is_trimmed_and_ends_at_its_limit() {
    let active = || given::<Subscription>([requested(), activated()]);
    let suspend = |reason: &str| SubscriptionCommand::Suspend(Some(reason.to_owned()));
    let said = SubscriptionEvent::Suspended(why(Some("late")).into());
    active().when(suspend(" late ")).then([said]);
    active().when(suspend("  ")).then([suspended()]);
    active().when(suspend(&"x".repeat(500))).then_accepted();
    active().when(suspend(&"x".repeat(501))).then_refused(too_long("reason", 500));
    // Also where the state refuses it.
    given::<Subscription>([requested()])
        .when(suspend(&"x".repeat(501)))
        .then_refused(too_long("reason", 500));
}

#[test]
fn no_key_outlives_its_subscription() {
    let end = subscription_requested().expires_at;
    let active = || given::<Subscription>([requested(), activated()]);
    let replace = |expires_at: Option<Timestamp>| SubscriptionCommand::ReplaceKey {
        which: WhichKey::Secondary,
        key: KeyInfo { expires_at, ..key_info(9) },
        old_for: 0,
    };
    let replaced = |expires_at| {
        let key = KeyInfo { expires_at, ..key_info(9) };
        let which = WhichKey::Secondary;
        SubscriptionEvent::KeyReplaced(
            SubscriptionKeyReplaced { which, key, old_until: None }.into(),
        )
    };
    active().when(replace(None)).then([replaced(end)]);
    active().when(replace(end)).then([replaced(end)]);
    let earlier = end.map(|it| it.plus_seconds(-1));
    active().when(replace(earlier)).then([replaced(earlier)]);
    let later = end.map(|it| it.plus_seconds(1));
    active().when(replace(later)).then_refused_field("expiresAt");
    active().when(replace(Some(NOW))).then_refused_field("expiresAt");
    // Its time is over.
    let over = || end.unwrap();
    let refused =
        Refusal::NotAllowed { why: "the time is over for which the subscription was asked" };
    active().when_at(replace(None), over()).then_refused(refused.clone());
    given::<Subscription>([requested()]).when_at(approve(), over()).then_refused(refused);
    let keys = SubscriptionActivated { primary: key_info(1), secondary: key_info(250) };
    given::<Subscription>([requested()])
        .when(SubscriptionCommand::Approve(Box::new(keys)))
        .then_refused_field("expiresAt");
}

#[test]
fn the_key_before_it_counts_for_thirty_days_at_most() {
    let active = || given::<Subscription>([requested(), activated()]);
    let replace = |old_for| SubscriptionCommand::ReplaceKey {
        which: WhichKey::Primary,
        key: KeyInfo { expires_at: None, ..key_info(9) },
        old_for,
    };
    let until = |old_for| {
        let events = active().when(replace(old_for)).decision().events;
        let SubscriptionEvent::KeyReplaced(fact) = &events[0] else { panic!("{events:?}") };
        fact.data.old_until
    };
    assert_eq!(until(0), None);
    assert_eq!(until(60), Some(NOW.plus_seconds(60)));
    assert_eq!(until(OLD_KEY_SECONDS_MAX), Some(NOW.plus_seconds(i64::from(OLD_KEY_SECONDS_MAX))));
    active().when(replace(OLD_KEY_SECONDS_MAX + 1)).then_refused_field("oldFor");
}

#[test]
fn a_held_key_knows_itself_and_the_one_before_it() {
    let (first, second, third) = (key_info(1), key_info(2), key_info(3));
    let mut held = HeldKey::new(first.clone());
    let counts = |held: &HeldKey, key: &KeyInfo, now| {
        held.life_of(&key.hash).is_some_and(|it| it.counts(now))
    };
    let end = first.expires_at.unwrap();
    assert!(counts(&held, &first, end.plus_seconds(-1)) && !counts(&held, &first, end));
    // Longer than the old one lasts by itself.
    held.replace(second.clone(), Some(end.plus_seconds(60)));
    assert!(counts(&held, &first, end.plus_seconds(-1)) && !counts(&held, &first, end));
    assert!(counts(&held, &second, NOW));
    held.replace(third.clone(), Some(NOW.plus_seconds(5)));
    assert!(!counts(&held, &first, NOW), "of two that were replaced the younger one counts");
    assert!(counts(&held, &second, NOW) && !counts(&held, &second, NOW.plus_seconds(5)));
    held.replace(first.clone(), None);
    assert!(!counts(&held, &third, NOW) && counts(&held, &first, NOW));
    assert_eq!(held.hashes().collect::<Vec<_>>(), [first.hash]);
}

fn command_of(seed: &Seed) -> SubscriptionCommand {
    let reason = seed.yes.then(|| seed.text.clone());
    let key = KeyInfo { expires_at: Some(Timestamp(seed.time)), ..key_info(9) };
    match seed.which % 7 {
        0 => subscription_request(SubscriptionRequested {
            slot: seed.number,
            approved: seed.yes,
            name: seed.text.clone(),
            expires_at: seed.yes.then_some(Timestamp(seed.time)),
            ..subscription_requested()
        }),
        1 => approve(),
        2 => SubscriptionCommand::Reject(reason),
        3 => SubscriptionCommand::Suspend(reason),
        4 => SubscriptionCommand::Resume(reason),
        5 => SubscriptionCommand::Cancel(reason),
        _ => SubscriptionCommand::ReplaceKey {
            which: if seed.yes { WhichKey::Primary } else { WhichKey::Secondary },
            key,
            old_for: seed.number,
        },
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_subscription_never_panics(seeds in seeds()) {
        run::<Subscription>(&seeds, |seed| sample_of!(Subscription, seed), command_of);
    }
}
