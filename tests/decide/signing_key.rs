//! The rules of a signing key.

use domain::Refusal;
use domain::signing_key::{SigningAlgorithm, SigningKey, SigningKeyAdded, SigningKeyCommand};
use domain::signing_key::{SigningKeyEnded, SigningKeyEvent, SigningKeyRetired};
use tests::given::{NOW, given};
use tests::samples::signing_key_added;

fn added() -> SigningKeyEvent {
    SigningKeyEvent::Added(signing_key_added().into())
}

fn retired() -> SigningKeyEvent {
    SigningKeyEvent::Retired(SigningKeyRetired { until: NOW }.into())
}

#[test]
fn a_key_of_each_algorithm_is_added() {
    for algorithm in SigningAlgorithm::ALL {
        let key = SigningKeyAdded { algorithm, ..signing_key_added() };
        given::<SigningKey>([])
            .when(SigningKeyCommand::Add(key.clone()))
            .then([SigningKeyEvent::Added(key.into())])
            .then_claims([])
            .then_releases([]);
    }
}

#[test]
fn a_key_is_added_once_also_after_it_retired() {
    for history in [vec![added()], vec![added(), retired()]] {
        given::<SigningKey>(history)
            .when(SigningKeyCommand::Add(signing_key_added()))
            .then_refused(Refusal::AlreadyExists { what: "signing key" });
    }
}

#[test]
fn a_key_retires() {
    given::<SigningKey>([added()]).when(SigningKeyCommand::Retire { until: NOW }).then([retired()]);
}

#[test]
fn retiring_again_changes_nothing() {
    given::<SigningKey>([added(), retired()])
        .when(SigningKeyCommand::Retire { until: NOW.plus_seconds(1) })
        .then_nothing();
}

#[test]
fn an_unknown_key_cannot_retire() {
    given::<SigningKey>([])
        .when(SigningKeyCommand::Retire { until: NOW })
        .then_refused(Refusal::NotFound { what: "signing key" });
}

fn ended(reason: &str) -> SigningKeyEvent {
    SigningKeyEvent::Ended(SigningKeyEnded { reason: reason.to_owned() }.into())
}

fn end(reason: &str) -> SigningKeyCommand {
    SigningKeyCommand::End { reason: reason.to_owned() }
}

#[test]
fn a_key_ends_whether_it_retired_or_not_and_once() {
    given::<SigningKey>([added()]).when(end("leaked")).then([ended("leaked")]);
    given::<SigningKey>([added(), retired()]).when(end("leaked")).then([ended("leaked")]);
    given::<SigningKey>([added(), ended("leaked")]).when(end("again")).then_nothing();
    let retire = SigningKeyCommand::Retire { until: NOW };
    given::<SigningKey>([added(), ended("leaked")]).when(retire).then_nothing();
    let unknown = Refusal::NotFound { what: "signing key" };
    given::<SigningKey>([]).when(end("leaked")).then_refused(unknown);
    given::<SigningKey>([added()])
        .when(end(""))
        .then_refused(Refusal::invalid("reason", "is required"));
}

#[test]
fn algorithms_have_the_names_of_their_rfc() {
    assert_eq!(SigningAlgorithm::ALL.map(SigningAlgorithm::name), ["ES256", "EdDSA", "RS256"]);
}
