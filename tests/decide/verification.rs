//! The rules of codes.

use domain::Refusal;
use domain::verification::{
    ATTEMPTS_MAX, CodePurpose, Verification, VerificationCommand, VerificationEvent,
    VerificationFailed, VerificationIssued, VerificationSecret, VerificationUsed,
};
use domain::{Fact, Timestamp};
use tests::given::{NOW, given};
use tests::samples::{verification_issued, verification_secret};

fn issued(purpose: CodePurpose, expires_at: Timestamp) -> VerificationEvent {
    let data = VerificationIssued { purpose, expires_at, ..verification_issued() };
    let secret = Some(verification_secret());
    VerificationEvent::Issued(Fact { data, personal: None, secret })
}

fn failed(attempts: u32) -> VerificationEvent {
    VerificationEvent::Failed(VerificationFailed { attempts }.into())
}

fn used(purpose: CodePurpose) -> VerificationEvent {
    VerificationEvent::Used(VerificationUsed { purpose }.into())
}

fn right(purpose: CodePurpose) -> VerificationCommand {
    let VerificationSecret { code_hash } = verification_secret();
    VerificationCommand::Try { code_hash, purpose }
}

fn wrong() -> VerificationCommand {
    VerificationCommand::Try { code_hash: [7; 32], purpose: CodePurpose::Reset }
}

fn absent() -> Refusal {
    Refusal::NotFound { what: "code" }
}

#[test]
fn a_code_counts_once_for_what_it_was_made_for() {
    use CodePurpose::{Account, Register, Reset, SignIn};
    let later = NOW.plus_seconds(300);
    for (of, serves) in [
        (Account, [true, true, false]),
        (Register, [true, false, false]),
        (Reset, [false, true, false]),
        (SignIn, [false, false, true]),
    ] {
        for (purpose, serves) in [Register, Reset, SignIn].into_iter().zip(serves) {
            let tried = given::<Verification>([issued(of, later)]).when(right(purpose));
            tried.then([if serves { used(purpose) } else { failed(1) }]);
        }
    }
    given::<Verification>([issued(Reset, later), used(Reset)])
        .when(right(Reset))
        .then_refused(absent());
    given::<Verification>([]).when(right(Reset)).then_refused(absent());
}

#[test]
fn after_five_wrong_tries_the_right_one_does_not_count() {
    let later = NOW.plus_seconds(300);
    let mut events = vec![issued(CodePurpose::Reset, later)];
    for attempts in 1..=ATTEMPTS_MAX {
        given::<Verification>(events.clone()).when(right(CodePurpose::Reset)).then_accepted();
        given::<Verification>(events.clone()).when(wrong()).then([failed(attempts)]);
        events.push(failed(attempts));
    }
    for command in [right(CodePurpose::Reset), wrong()] {
        given::<Verification>(events.clone()).when(command).then_refused(absent());
    }
}

#[test]
fn a_code_ends() {
    let begun = |seconds| [issued(CodePurpose::Reset, NOW.plus_seconds(seconds))];
    given::<Verification>(begun(1)).when(right(CodePurpose::Reset)).then_accepted();
    given::<Verification>(begun(0)).when(right(CodePurpose::Reset)).then_refused(absent());
    let issue = |seconds| {
        let expires_at = NOW.plus_seconds(seconds);
        let data = VerificationIssued { expires_at, ..verification_issued() };
        VerificationCommand::Issue(data, verification_secret())
    };
    given::<Verification>([]).when(issue(1)).then_accepted();
    given::<Verification>([]).when(issue(0)).then_refused_field("expiresAt");
}
