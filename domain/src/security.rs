//! What auditors want to know besides changes: that somebody was refused, or read what is not
//! everybody's to read. A short stream of its own for each rule, account or client, and network; it
//! begins with the first time and is told again as the count grows, not every time.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::aggregate::{Aggregate, Decision};
use crate::check;
use crate::event::Fact;
use crate::ids::{SubjectId, TenantId, Timestamp};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::stored_events;

/// How long what is alike is told as one, in seconds.
pub const MERGED_SECONDS_MAX: i64 = 3_600;

/// How long a stream lasts after it began, in seconds: what is told last has time to arrive.
pub const SECURITY_STREAM_SECONDS: i64 = 2 * MERGED_SECONDS_MAX;

/// The longest text of an actor or an address, in characters.
const TEXT_CHARS_MAX: usize = 255;

/// What is told. Its place is stored: new ones go to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Rule {
    /// The password was wrong, or there is no such account.
    WrongPassword,
    /// The password was right, and its account may not sign in.
    NotLetIn,
    /// An account, a client or a network must wait after too many tries.
    TooManyTries,
    /// The secret of a client was wrong, or there is no such client.
    WrongClientSecret,
    /// The signature or the key of an app or a login was wrong.
    WrongSignature,
    /// The operator's token of the app-token service was wrong.
    WrongOperatorToken,
    /// A token was used that was revoked, or whose user, client or key counts no more.
    EndedToken,
    /// A token was used that this server did not issue.
    ForeignToken,
    /// A right was missing.
    MissingRight,
    /// The log was read as a list.
    AuditRead,
    /// The log was followed as a stream.
    AuditFollowed,
    /// Many users were listed.
    UsersListed,
    /// The history was printed by a tool.
    Replayed,
    /// The log was checked by a tool.
    Verified,
    /// Everything was copied by a tool, the keys included.
    BackedUp,
}

impl Rule {
    /// Every rule, in the order in which they are stored.
    pub const ALL: [Self; 15] = [
        Self::WrongPassword,
        Self::NotLetIn,
        Self::TooManyTries,
        Self::WrongClientSecret,
        Self::WrongSignature,
        Self::WrongOperatorToken,
        Self::EndedToken,
        Self::ForeignToken,
        Self::MissingRight,
        Self::AuditRead,
        Self::AuditFollowed,
        Self::UsersListed,
        Self::Replayed,
        Self::Verified,
        Self::BackedUp,
    ];

    /// As figures and log lines name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WrongPassword => "wrong_password",
            Self::NotLetIn => "not_let_in",
            Self::TooManyTries => "too_many_tries",
            Self::WrongClientSecret => "wrong_client_secret",
            Self::WrongSignature => "wrong_signature",
            Self::WrongOperatorToken => "wrong_operator_token",
            Self::EndedToken => "ended_token",
            Self::ForeignToken => "foreign_token",
            Self::MissingRight => "missing_right",
            Self::AuditRead => "audit_read",
            Self::AuditFollowed => "audit_followed",
            Self::UsersListed => "users_listed",
            Self::Replayed => "replayed",
            Self::Verified => "verified",
            Self::BackedUp => "backed_up",
        }
    }

    /// Whether somebody was refused; else somebody read.
    pub const fn is_refusal(self) -> bool {
        !matches!(
            self,
            Self::AuditRead
                | Self::AuditFollowed
                | Self::UsersListed
                | Self::Replayed
                | Self::Verified
                | Self::BackedUp
        )
    }

    /// From which count on it is told: whoever lists a few users lists not many.
    pub const fn told_from(self) -> u64 {
        match self {
            Self::UsersListed => 50,
            _ => 1,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something happened for the first time in a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityNoticed {
    /// Where.
    pub tenant: TenantId,
    /// What.
    pub rule: Rule,
    /// Whom it concerns, as an actor: who was refused or read, or what was tried. `None` if there is
    /// no such account or client.
    pub who: Option<String>,
    /// A keyed hash of the network that it came from; zero if there is none.
    #[serde(serialize_with = "crate::codec::hex_for_people")]
    pub address_hash: [u8; 16],
    /// When it was first.
    pub since: Timestamp,
    /// How often until now; of users, how many.
    pub count: u64,
}

/// From which address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityPersonal {
    /// The address of the first time.
    pub address: String,
}

/// It has happened twice as often, or it is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityCounted {
    /// How often until now; of users, how many.
    pub count: u64,
    /// When it was last.
    pub last_at: Timestamp,
    /// Whether nothing more is told here: the next time begins another stream.
    pub ended: bool,
}

impl SecurityNoticed {
    /// Whose key seals the address: a user's or an app user's.
    pub fn subject(&self) -> SubjectId {
        match self.who.as_deref().map(str::parse) {
            Some(Ok(Actor::User(user))) => user.into(),
            Some(Ok(Actor::AppUser(user))) => user.into(),
            _ => SubjectId::NONE,
        }
    }
}

/// What is known by now.
#[derive(Debug, Clone)]
pub struct Told {
    /// What, and how often until now.
    pub noticed: SecurityNoticed,
    /// Where the address may be told.
    pub personal: Option<SecurityPersonal>,
    /// When it was last.
    pub last_at: Timestamp,
    /// Whether it is over.
    pub ended: bool,
}

/// What may be told.
#[derive(Debug, Clone)]
pub enum SecurityCommand {
    /// How often something happened until now. What was told before is told again with more.
    Tell(Box<Told>),
}

stored_events! {
    /// What was noticed. A stored contract: see `docs/events.md`.
    pub enum SecurityEvent {
        /// Something happened for the first time in a while.
        Noticed = "security.noticed.v1" {
            data: SecurityNoticed,
            personal: SecurityPersonal,
            subject: subject(),
            marks: [Unread]
        },
        /// It has happened twice as often, or it is over.
        Counted = "security.counted.v1" { data: SecurityCounted, marks: [Unread] },
    }
}

/// What the rules need to remember.
#[derive(Debug, Clone, Default)]
pub enum Security {
    /// Nothing was told.
    #[default]
    Absent,
    /// So much was told, and more may come.
    Open {
        /// How often.
        count: u64,
    },
    /// It is over.
    Ended,
}

impl Aggregate for Security {
    const CATEGORY: &'static str = "security";
    const IDS: Ids = Ids::ShortLived;
    const CLAIMS: &'static [ClaimKind] = &[];
    type Command = SecurityCommand;
    type Event = SecurityEvent;

    fn decide(
        &self,
        command: &SecurityCommand,
        _now: Timestamp,
    ) -> Result<Decision<SecurityEvent>, Refusal> {
        let SecurityCommand::Tell(told) = command;
        let Told { noticed, personal, last_at, ended } = &**told;
        if noticed.count == 0 {
            return Err(Refusal::invalid("count", "must be at least 1"));
        }
        if let Some(who) = &noticed.who {
            check::at_most("who", who, TEXT_CHARS_MAX)?;
        }
        if let Some(personal) = personal {
            check::at_most("address", &personal.address, TEXT_CHARS_MAX)?;
        }
        let mut events = Vec::new();
        let before = match self {
            Self::Absent => {
                let personal = personal.clone().filter(|_| noticed.subject() != SubjectId::NONE);
                let fact = Fact { data: noticed.clone(), personal, secret: None };
                events.push(SecurityEvent::Noticed(fact));
                noticed.count
            }
            Self::Open { count } => *count,
            Self::Ended => return Ok(Decision::none()),
        };
        if *ended || noticed.count > before {
            let counted =
                SecurityCounted { count: noticed.count, last_at: *last_at, ended: *ended };
            events.push(SecurityEvent::Counted(counted.into()));
        }
        Ok(Decision { events, ..Decision::none() })
    }

    fn evolve(&mut self, event: &SecurityEvent) {
        *self = match event {
            SecurityEvent::Noticed(fact) => Self::Open { count: fact.data.count },
            SecurityEvent::Counted(fact) if fact.data.ended => Self::Ended,
            SecurityEvent::Counted(fact) => Self::Open { count: fact.data.count },
        };
    }
}

/// The id of a stream that begins then.
pub fn security_id(since: Timestamp, random: [u8; 12]) -> String {
    let closes_at = since.plus_seconds(SECURITY_STREAM_SECONDS).seconds();
    format!("{:08x}{}", closes_at.clamp(0, i64::from(u32::MAX)), crate::ids::hex(&random))
}
