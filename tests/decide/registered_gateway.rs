//! The rules of a gateway that was registered. Those of what it serves of a resource: `gateway.rs`.

use domain::Refusal;
use domain::Timestamp;
use domain::api_key::{KeyInfo, OLD_KEY_SECONDS_MAX};
use domain::gateway::{
    GATEWAY_NAME_CLAIM, Gateway, GatewayApplied, GatewayCommand, GatewayEvent, GatewayKeyReplaced,
    GatewayRefused, GatewayRegistered, GatewayRetired,
};
use proptest::prelude::*;
use tests::given::{NOW, claim, given, required, too_long};
use tests::samples::subscriptions::{
    gateway_applied, gateway_refused, gateway_registered, key_info,
};

use crate::never_panics::{Seed, config, run, seeds};
use crate::sample_of;

/// Where the log ends in these tests.
const HEAD: u64 = 200;

fn registered() -> GatewayEvent {
    GatewayEvent::Registered(gateway_registered().into())
}

fn retired() -> GatewayEvent {
    GatewayEvent::Retired(GatewayRetired { gateway: 111 }.into())
}

fn register(change: impl Fn(&mut GatewayRegistered)) -> GatewayCommand {
    let mut data = gateway_registered();
    change(&mut data);
    GatewayCommand::Register(Box::new(data))
}

fn apply(applied: GatewayApplied) -> GatewayCommand {
    GatewayCommand::NoteApplied { applied: Box::new(applied), head: HEAD }
}

fn refuse(refused: GatewayRefused) -> GatewayCommand {
    GatewayCommand::NoteRefused { refused: Box::new(refused), head: HEAD }
}

fn applied(position: u64) -> GatewayEvent {
    GatewayEvent::Applied(GatewayApplied { position, ..gateway_applied() }.into())
}

#[test]
fn a_gateway_has_its_name_for_itself_until_it_retires() {
    let name = || claim(12, GATEWAY_NAME_CLAIM, "edge-1");
    given::<Gateway>([])
        .when(register(|_| ()))
        .then([registered()])
        .then_claims([name()])
        .then_releases([]);
    given::<Gateway>([registered()])
        .when(GatewayCommand::Retire)
        .then([retired()])
        .then_claims([])
        .then_releases([name()]);
    for history in [vec![registered()], vec![registered(), retired()]] {
        given::<Gateway>(history)
            .when(register(|_| ()))
            .then_refused(Refusal::AlreadyExists { what: "gateway" });
    }
    for history in [vec![], vec![registered(), retired()]] {
        for command in [GatewayCommand::Retire, apply(gateway_applied())] {
            given::<Gateway>(history.clone())
                .when(command)
                .then_refused(Refusal::NotFound { what: "gateway" });
        }
    }
}

#[test]
fn name_and_kind_are_words() {
    given::<Gateway>([]).when(register(|it| it.name.clear())).then_refused(required("name"));
    given::<Gateway>([]).when(register(|it| it.kind.clear())).then_refused(required("kind"));
    let long = || "x".repeat(101);
    given::<Gateway>([]).when(register(|it| it.name = long())).then_refused(too_long("name", 100));
    // A colon would end the name in the header with the key.
    for name in ["a b", "a:b", "ä", "..", "a\n"] {
        given::<Gateway>([])
            .when(register(|it| it.name = name.to_owned()))
            .then_refused_field("name");
    }
    given::<Gateway>([])
        .when(register(|it| it.key.expires_at = Some(NOW)))
        .then_refused_field("expiresAt");
}

#[test]
fn what_it_serves_is_noted_once_also_if_it_goes_back() {
    let serving = || given::<Gateway>([registered(), applied(113)]);
    serving().when(apply(gateway_applied())).then_nothing();
    let again = GatewayApplied { reload_micros: 1, ..gateway_applied() };
    serving().when(apply(again)).then_nothing();
    let other = GatewayApplied { configuration: [7; 32], ..gateway_applied() };
    serving().when(apply(other.clone())).then([GatewayEvent::Applied(other.into())]);
    let back = GatewayApplied { position: 0, ..gateway_applied() };
    serving().when(apply(back)).then([applied(0)]);
    given::<Gateway>([registered(), applied(113), applied(0)])
        .when(apply(gateway_applied()))
        .then([applied(113)]);
}

#[test]
fn what_it_could_not_serve_is_noted_once() {
    let refused = || GatewayEvent::Refused(gateway_refused().into());
    given::<Gateway>([registered()]).when(refuse(gateway_refused())).then([refused()]);
    given::<Gateway>([registered(), refused()]).when(refuse(gateway_refused())).then_nothing();
    let other = GatewayRefused { reason: "another".to_owned(), ..gateway_refused() };
    given::<Gateway>([registered(), refused()]).when(refuse(other)).then_accepted();
    given::<Gateway>([registered(), refused(), applied(113)])
        .when(refuse(gateway_refused()))
        .then([refused()]);
}

#[test]
fn nobody_serves_what_is_not_written() {
    let at = |position| GatewayApplied { position, ..gateway_applied() };
    given::<Gateway>([registered()]).when(apply(at(HEAD))).then_accepted();
    given::<Gateway>([registered()]).when(apply(at(HEAD + 1))).then_refused_field("position");
    let at = |position| GatewayRefused { position, ..gateway_refused() };
    given::<Gateway>([registered()]).when(refuse(at(HEAD))).then_accepted();
    given::<Gateway>([registered()]).when(refuse(at(u64::MAX))).then_refused_field("position");
}

#[test]
fn reports_end_at_their_limits() {
    let program = |text: String| apply(GatewayApplied { program: text, ..gateway_applied() });
    let proof = |text: String| apply(GatewayApplied { proof: Some(text), ..gateway_applied() });
    let reason = |text: String| refuse(GatewayRefused { reason: text, ..gateway_refused() });
    type With<'a> = &'a dyn Fn(String) -> GatewayCommand;
    let fields: [(&'static str, usize, With<'_>); 3] =
        [("program", 100, &program), ("proof", 100, &proof), ("reason", 500, &reason)];
    for (field, max, with) in fields {
        given::<Gateway>([registered()]).when(with("x".repeat(max))).then_accepted();
        given::<Gateway>([registered()])
            .when(with("x".repeat(max + 1)))
            .then_refused(too_long(field, max));
    }
    for (field, command) in
        [("program", program(" ".to_owned())), ("reason", reason(String::new()))]
    {
        given::<Gateway>([registered()]).when(command).then_refused(required(field));
    }
}

#[test]
fn its_key_is_replaced_and_the_old_one_may_count_for_a_while() {
    let key = KeyInfo { expires_at: None, ..key_info(9) };
    let replace = |old_for| GatewayCommand::ReplaceKey { key: key.clone(), old_for };
    let replaced = |old_until| {
        let key = key.clone();
        GatewayEvent::KeyReplaced(GatewayKeyReplaced { key, old_until }.into())
    };
    let gateway = || given::<Gateway>([registered()]);
    gateway().when(replace(0)).then([replaced(None)]);
    gateway().when(replace(60)).then([replaced(Some(NOW.plus_seconds(60)))]);
    gateway().when(replace(OLD_KEY_SECONDS_MAX + 1)).then_refused_field("oldFor");
}

fn command_of(seed: &Seed) -> GatewayCommand {
    let expires_at = seed.yes.then_some(Timestamp(seed.time));
    let key = KeyInfo { expires_at, ..key_info(9) };
    let (position, head) = (seed.number.into(), seed.time as u64);
    match seed.which % 5 {
        0 => register(|it| it.name.clone_from(&seed.text)),
        1 => GatewayCommand::ReplaceKey { key, old_for: seed.number },
        2 => GatewayCommand::Retire,
        3 => {
            let program = seed.text.clone();
            let applied = GatewayApplied { position, program, ..gateway_applied() };
            GatewayCommand::NoteApplied { applied: Box::new(applied), head }
        }
        _ => {
            let refused = GatewayRefused { position, reason: seed.text.clone() };
            GatewayCommand::NoteRefused { refused: Box::new(refused), head }
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_gateway_never_panics(seeds in seeds()) {
        run::<Gateway>(&seeds, |seed| sample_of!(Gateway, seed), command_of);
    }
}
