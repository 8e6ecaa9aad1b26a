//! The rules of a token.

use domain::token::{ISSUED_TOKEN_SECONDS_MAX, TOKEN_SECONDS_MAX, TOKEN_STREAM_SECONDS_AFTER_EXP};
use domain::token::{Token, TokenCommand, TokenEvent, TokenIssued, TokenRevoked, token_id};
use domain::{Refusal, StreamId, Timestamp};
use tests::given::{control_character, given, too_long};
use tests::samples::token_issued;

fn issued() -> TokenEvent {
    TokenEvent::Issued(token_issued().into())
}

fn issue_for(parent: Option<&str>, seconds: i64) -> TokenCommand {
    let it = token_issued();
    let expires_at = it.issued_at.plus_seconds(seconds);
    let parent = parent.map(str::to_owned);
    TokenCommand::Issue(Box::new(TokenIssued { parent, expires_at, ..it }))
}

fn revoke(reason: &str) -> TokenCommand {
    TokenCommand::Revoke { reason: reason.to_owned() }
}

fn revoked(reason: &str) -> TokenEvent {
    TokenEvent::Revoked(TokenRevoked { reason: reason.to_owned() }.into())
}

#[test]
fn a_token_is_issued_and_holds_nothing() {
    given::<Token>([])
        .when(TokenCommand::Issue(Box::new(token_issued())))
        .then([issued()])
        .then_claims([])
        .then_releases([]);
}

#[test]
fn a_token_is_issued_once() {
    for history in [vec![issued()], vec![issued(), revoked("lost")]] {
        given::<Token>(history)
            .when(TokenCommand::Issue(Box::new(token_issued())))
            .then_refused(Refusal::AlreadyExists { what: "token" });
    }
}

#[test]
fn a_token_has_a_shortest_and_a_longest_life() {
    let lives = [(Some("a token"), ISSUED_TOKEN_SECONDS_MAX), (None, TOKEN_SECONDS_MAX)];
    for (parent, seconds_max) in lives {
        for seconds in [1, seconds_max] {
            given::<Token>([]).when(issue_for(parent, seconds)).then_accepted();
        }
        let why = format!("must be 1 to {seconds_max} seconds");
        for seconds in [-1, 0, seconds_max + 1] {
            let refused = Refusal::invalid("lifetime", why.clone());
            given::<Token>([]).when(issue_for(parent, seconds)).then_refused(refused);
        }
    }
}

#[test]
fn a_token_is_revoked_with_a_reason() {
    given::<Token>([issued()]).when(revoke("lost")).then([revoked("lost")]).then_releases([]);
    given::<Token>([issued()]).when(revoke("")).then([revoked("")]);
    given::<Token>([issued()]).when(revoke(&"é".repeat(200))).then_accepted();
    given::<Token>([issued()]).when(revoke(&"é".repeat(201))).then_refused(too_long("reason", 200));
    given::<Token>([issued()]).when(revoke("\u{1b}")).then_refused(control_character("reason"));
}

#[test]
fn revoking_again_changes_nothing() {
    given::<Token>([issued(), revoked("lost")]).when(revoke("stolen")).then_nothing();
}

#[test]
fn an_unknown_token_cannot_be_revoked() {
    given::<Token>([]).when(revoke("lost")).then_refused(Refusal::NotFound { what: "token" });
}

#[test]
fn the_id_of_a_token_says_when_its_stream_ends() {
    let expires_at = Timestamp(1_700_000_000_999_999);
    let id = token_id(expires_at, [0xAB; 12]);
    assert_eq!(id, "6553ff10abababababababababababab");
    let ends = StreamId::new("token", &id).closes_at();
    assert_eq!(ends, Some(Timestamp::from_seconds(1_700_000_000 + TOKEN_STREAM_SECONDS_AFTER_EXP)));
}

#[test]
fn ids_sort_by_the_end_of_their_stream() {
    let id = |seconds| token_id(Timestamp::from_seconds(seconds), [0; 12]);
    assert!(id(1_700_000_000) < id(1_700_000_001));
    assert!(id(i64::MIN / 1_000_000) <= id(0));
    assert_eq!(id(i64::MAX / 1_000_000), format!("{:08x}{:024}", u32::MAX, 0));
}
