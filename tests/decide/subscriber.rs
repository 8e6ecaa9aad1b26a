//! The rules of a subscriber.

use domain::subscriber::{
    ADDRESS_CHARS_MAX, BOUNCES_MAX, RemovedBy, SUBSCRIBER_CLAIM, Subscriber, SubscriberAddress,
    SubscriberBounced, SubscriberCommand, SubscriberConfirmed, SubscriberEvent, SubscriberReached,
    SubscriberRemoved,
};
use domain::{Aggregate as _, Decision, Fact, SubscriberId};
use proptest::prelude::*;
use tests::given::{NOW, given};
use tests::samples::subscribers::{subscriber_address, subscriber_confirmed};

use crate::never_panics::{config, run, seeds};

fn confirm(address: &str) -> SubscriberCommand {
    let address = SubscriberAddress { address: address.to_owned() };
    SubscriberCommand::Confirm(subscriber_confirmed(), address)
}

fn confirmed() -> SubscriberEvent {
    let personal = Some(subscriber_address());
    SubscriberEvent::Confirmed(Fact { data: subscriber_confirmed(), personal, secret: None })
}

fn bounced(bounces: u32) -> SubscriberEvent {
    SubscriberEvent::Bounced(SubscriberBounced { bounces }.into())
}

fn removed(by: RemovedBy) -> SubscriberEvent {
    SubscriberEvent::Removed(SubscriberRemoved { subscriber: SubscriberId(121), by }.into())
}

fn after(events: &[SubscriberEvent]) -> Subscriber {
    let mut state = Subscriber::default();
    events.iter().for_each(|it| state.evolve(it));
    state
}

fn decided(events: &[SubscriberEvent], command: &SubscriberCommand) -> Decision<SubscriberEvent> {
    after(events).decide(command, NOW).unwrap()
}

#[test]
fn an_address_holds_its_place_at_one_api_until_it_is_removed() {
    let claim = "21:reader@example.com";
    let confirming = decided(&[], &confirm("Reader@example.com"));
    let held = confirming.claims.iter().map(|it| (it.scope, it.kind, it.value.as_str()));
    let tenant = subscriber_confirmed().tenant;
    assert_eq!(held.collect::<Vec<_>>(), [(tenant, SUBSCRIBER_CLAIM.name, claim)]);
    let removing = decided(&[confirmed()], &SubscriberCommand::Remove(RemovedBy::Owner));
    assert_eq!(removing.events, [removed(RemovedBy::Owner)]);
    assert_eq!(removing.releases[0].value, claim);
    let again = decided(&[confirmed(), removed(RemovedBy::Link)], {
        &SubscriberCommand::Remove(RemovedBy::Link)
    });
    assert_eq!(again, Decision::none(), "a link is followed twice");
}

#[test]
fn several_refused_letters_in_a_row_end_it_and_one_that_is_taken_begins_anew() {
    let bounce = SubscriberCommand::NoteBounced;
    let reached = SubscriberEvent::Reached(SubscriberReached { bounces: 2 }.into());
    let history = [confirmed(), bounced(1), bounced(2)];
    assert_eq!(decided(&history[..2], &bounce).events, [bounced(2)]);
    let last = decided(&history, &bounce);
    assert_eq!(last.events, [bounced(BOUNCES_MAX), removed(RemovedBy::Bounces)]);
    assert_eq!(last.releases.len(), 1);
    assert_eq!(
        decided(&history, &SubscriberCommand::NoteReached).events,
        std::slice::from_ref(&reached)
    );
    let after_letter = [history.as_slice(), &[reached]].concat();
    assert_eq!(decided(&after_letter, &bounce).events, [bounced(1)]);
    assert_eq!(decided(&after_letter, &SubscriberCommand::NoteReached), Decision::none());
}

#[test]
fn an_address_is_one_address_of_some_length() {
    let long = |count: usize| {
        let host = (2..count).map(|it| if it % 50 == 0 { '.' } else { 'x' });
        ['a', '@'].into_iter().chain(host).collect::<String>()
    };
    assert!(after(&[]).decide(&confirm(&long(ADDRESS_CHARS_MAX)), NOW).is_ok());
    for bad in [
        "",
        "reader",
        "a@b@c",
        "a@b\r\nBcc: c",
        "a@b, c",
        " a@b",
        "a@ıbm.com",
        &long(ADDRESS_CHARS_MAX + 1),
        &long(400),
    ] {
        given::<Subscriber>([]).when(confirm(bad)).then_refused_field("email");
    }
}

fn command(seed: &crate::never_panics::Seed) -> SubscriberCommand {
    match seed.which % 4 {
        0 => {
            let data = SubscriberConfirmed {
                subscriber: SubscriberId(seed.number),
                language: seed.text.clone(),
                ..subscriber_confirmed()
            };
            SubscriberCommand::Confirm(data, SubscriberAddress { address: seed.text.clone() })
        }
        1 => SubscriberCommand::Remove(RemovedBy::Link),
        2 => SubscriberCommand::NoteBounced,
        _ => SubscriberCommand::NoteReached,
    }
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn it_never_panics(seeds in seeds()) {
        run::<Subscriber>(&seeds, |seed| crate::sample_of!(Subscriber, seed), command);
    }
}
