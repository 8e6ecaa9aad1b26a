//! A code that proves that somebody reads an e-mail address or a telephone number. A short stream of
//! its own; of the codes for one address only the youngest counts.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::aggregate::{Aggregate, Decision};
use crate::delivery::Channel;
use crate::event::Fact;
use crate::ids::{TenantId, Timestamp};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::stored_events;

/// How often one may be wrong about a code.
pub const ATTEMPTS_MAX: u32 = 5;

/// The digits of a code.
pub const CODE_DIGITS: u32 = 6;

/// What a code serves (contracts 20).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CodePurpose {
    /// To register or to set a new password: whichever comes first.
    Account,
    /// To register.
    Register,
    /// To set a new password.
    Reset,
    /// To sign in.
    SignIn,
}

impl CodePurpose {
    /// Reads the documented word. `None` for others.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "register" => Some(Self::Register),
            "reset" => Some(Self::Reset),
            "signin" => Some(Self::SignIn),
            _ => None,
        }
    }

    /// Whether a code for this serves that.
    pub fn serves(self, use_for: Self) -> bool {
        self == use_for || self == Self::Account && use_for != Self::SignIn
    }
}

/// How long a code counts, in seconds (spec section 5.9.11).
pub const fn code_seconds(channel: Channel) -> i64 {
    match channel {
        Channel::Mail => 1_800,
        Channel::Sms => 300,
    }
}

/// A code was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationIssued {
    /// In which tenant it counts.
    pub tenant: TenantId,
    /// How it was sent.
    pub channel: Channel,
    /// A keyed hash of the address or number.
    #[serde(serialize_with = "crate::codec::hex_for_people")]
    pub address_hash: [u8; 16],
    /// What it serves.
    pub purpose: CodePurpose,
    /// Until when it counts.
    pub expires_at: Timestamp,
}

/// What the code is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationSecret {
    /// A keyed hash of the code.
    pub code_hash: [u8; 32],
}

/// Somebody was wrong about a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationFailed {
    /// How often that happened, with this.
    pub attempts: u32,
}

/// Somebody knew a code. It does not count again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationUsed {
    /// What for.
    pub purpose: CodePurpose,
}

/// What a code may be asked.
#[derive(Debug, Clone)]
pub enum VerificationCommand {
    /// Enter a new one.
    Issue(VerificationIssued, VerificationSecret),
    /// Whether it is this one, for a purpose. Either answer is an event: each costs an attempt.
    Try {
        /// The keyed hash of what was sent.
        code_hash: [u8; 32],
        /// What for.
        purpose: CodePurpose,
    },
}

stored_events! {
    /// What has happened to a code. A stored contract: see `docs/events.md`.
    pub enum VerificationEvent {
        /// It was made.
        Issued = "verification.issued.v1" { data: VerificationIssued, secret: VerificationSecret },
        /// Somebody was wrong about it.
        Failed = "verification.failed.v1" { data: VerificationFailed, marks: [Unread] },
        /// Somebody knew it.
        Used = "verification.used.v1" { data: VerificationUsed },
    }
}

/// What the rules need to remember of a code.
#[derive(Debug, Clone, Default)]
pub enum Verification {
    /// Never made.
    #[default]
    Absent,
    /// It counts while there are attempts and time.
    Open(Box<Open>),
    /// Somebody knew it.
    Used,
}

/// A code that was not used yet.
#[derive(Debug, Clone)]
pub struct Open {
    issued: VerificationIssued,
    secret: VerificationSecret,
    attempts: u32,
}

impl Verification {
    /// Whether this is the code, and it counts. Compares in constant time.
    pub fn accepts(&self, code_hash: &[u8; 32], purpose: CodePurpose, now: Timestamp) -> bool {
        let Self::Open(open) = self else { return false };
        let is_same = open.secret.code_hash.ct_eq(code_hash).into();
        open.counts(now) && open.issued.purpose.serves(purpose) && is_same
    }
}

impl Open {
    fn counts(&self, now: Timestamp) -> bool {
        self.attempts < ATTEMPTS_MAX && now < self.issued.expires_at
    }
}

impl Aggregate for Verification {
    const CATEGORY: &'static str = "verification";
    const IDS: Ids = Ids::ShortLived;
    const CLAIMS: &'static [ClaimKind] = &[];
    type Command = VerificationCommand;
    type Event = VerificationEvent;

    fn decide(
        &self,
        command: &VerificationCommand,
        now: Timestamp,
    ) -> Result<Decision<VerificationEvent>, Refusal> {
        match (self, command) {
            (Self::Absent, VerificationCommand::Issue(issued, secret)) => {
                if issued.expires_at <= now {
                    return Err(Refusal::invalid("expiresAt", "must be later than now"));
                }
                let fact =
                    Fact { data: issued.clone(), personal: None, secret: Some(secret.clone()) };
                Ok(Decision::event(VerificationEvent::Issued(fact)))
            }
            (_, VerificationCommand::Issue(..)) => Err(Refusal::AlreadyExists { what: "code" }),
            (Self::Open(open), VerificationCommand::Try { code_hash, purpose }) => {
                if !open.counts(now) {
                    return Err(Refusal::NotFound { what: "code" });
                }
                if self.accepts(code_hash, *purpose, now) {
                    let used = VerificationUsed { purpose: *purpose };
                    return Ok(Decision::event(VerificationEvent::Used(used.into())));
                }
                let failed = VerificationFailed { attempts: open.attempts + 1 };
                Ok(Decision::event(VerificationEvent::Failed(failed.into())))
            }
            (Self::Absent | Self::Used, VerificationCommand::Try { .. }) => {
                Err(Refusal::NotFound { what: "code" })
            }
        }
    }

    fn evolve(&mut self, event: &VerificationEvent) {
        match (&mut *self, event) {
            (_, VerificationEvent::Issued(fact)) => {
                // Without its hash nobody knows it.
                let Some(secret) = fact.secret.clone() else { return };
                let issued = fact.data.clone();
                *self = Self::Open(Box::new(Open { issued, secret, attempts: 0 }));
            }
            (Self::Open(open), VerificationEvent::Failed(fact)) => {
                open.attempts = fact.data.attempts;
            }
            (Self::Open(_), VerificationEvent::Used(_)) => *self = Self::Used,
            (Self::Absent | Self::Used, _) => (),
        }
    }
}
