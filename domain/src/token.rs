//! An access token that was issued: a short stream of its own, which ends soon after `exp`.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::check;
use crate::ids::{ClientName, TenantId, Timestamp, UserId};
use crate::kind::{ClaimKind, Ids};
use crate::log_event::REVOKED_SECONDS_AFTER_END;
use crate::refusal::Refusal;
use crate::stored_events;

/// The longest life of an access token, in seconds: what a client may be set to.
pub const TOKEN_SECONDS_MAX: i64 = 30 * 86_400;

/// The longest life of a token of row 43, in seconds (closing hole H9).
pub const ISSUED_TOKEN_SECONDS_MAX: i64 = 86_400;

/// How long a token's stream outlives its `exp`, in seconds.
pub const TOKEN_STREAM_SECONDS_AFTER_EXP: i64 = 3_600;

/// What a token may be asked to become.
#[derive(Debug, Clone)]
pub enum TokenCommand {
    /// Enter a token that is about to be handed out.
    Issue(Box<TokenIssued>),
    /// End it before its time.
    Revoke {
        /// Why, for the auditor.
        reason: String,
    },
}

/// How a token came to be (RFC 6749 section 1.3, and spec row 43).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// `client_credentials`.
    ClientCredentials,
    /// `password`, for the first-party client only.
    Password,
    /// Row 43: from another token of the same caller.
    IssueToken,
}

impl Grant {
    /// As the event has it; a text, so that later ways need no new revision.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::Password => "password",
            Self::IssueToken => "issue_token",
        }
    }
}

/// A token was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenIssued {
    /// The `jti` of the token that it was made from: if that is revoked, so is this.
    pub parent: Option<String>,
    /// From which position of the log the user's credentials counted when they were proved: if
    /// others are set later, the token counts no more. 0 without a user.
    pub counts_from: u64,
    /// Whose issuer signed it.
    pub tenant: TenantId,
    /// The client that it was issued to.
    pub client_id: ClientName,
    /// The user whom it stands for; 0 if there is none.
    pub user: UserId,
    /// How it came to be: [`Grant::name`].
    pub grant_type: String,
    /// The grant that it belongs to; zero for none.
    #[serde(serialize_with = "crate::codec::hex_for_people")]
    pub grant: [u8; 16],
    /// What it may be used for.
    pub scope: Vec<String>,
    /// Which resources should accept it.
    pub audience: Vec<String>,
    /// Who acts for whom (RFC 8693 section 4.1); empty if nobody does.
    pub actors: Vec<String>,
    /// 0 JWT, 1 reference.
    pub format: u8,
    /// The key that it is bound to (RFC 9449 section 6.1).
    pub jkt: Option<String>,
    /// The key that signed it.
    pub kid: String,
    /// The key that signed the ID token given with it.
    pub id_token_kid: Option<String>,
    /// Its `iat` and `nbf`.
    pub issued_at: Timestamp,
    /// Its `exp`.
    pub expires_at: Timestamp,
}

/// A token was ended before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenRevoked {
    /// Why.
    pub reason: String,
}

stored_events! {
    /// What has happened to a token. A stored contract: see `docs/events.md`.
    pub enum TokenEvent {
        /// It was issued.
        Issued = "token.issued.v1" { data: TokenIssued, subject: user, marks: [Unread] },
        /// It was ended before its time.
        Revoked = "token.revoked.v1" { data: TokenRevoked, marks: [Outlives(REVOKED_SECONDS_AFTER_END)] },
    }
}

/// What the rules need to remember of a token, and no more.
#[derive(Debug, Clone, Default)]
pub enum Token {
    /// Never issued, or ended long ago.
    #[default]
    Absent,
    /// Valid until its `exp`.
    Issued,
    /// Ended before its time.
    Revoked,
}

impl Aggregate for Token {
    const CATEGORY: &'static str = "token";
    const IDS: Ids = Ids::ShortLived;
    const CLAIMS: &'static [ClaimKind] = &[];
    type Command = TokenCommand;
    type Event = TokenEvent;

    fn decide(
        &self,
        command: &TokenCommand,
        _now: Timestamp,
    ) -> Result<Decision<TokenEvent>, Refusal> {
        match (self, command) {
            (Token::Absent, TokenCommand::Issue(issued)) => {
                let seconds = issued.expires_at.seconds() - issued.issued_at.seconds();
                let seconds_max = match issued.parent {
                    Some(_) => ISSUED_TOKEN_SECONDS_MAX,
                    None => TOKEN_SECONDS_MAX,
                };
                if !(1..=seconds_max).contains(&seconds) {
                    let why = format!("must be 1 to {seconds_max} seconds");
                    return Err(Refusal::invalid("lifetime", why));
                }
                Ok(Decision::event(TokenEvent::Issued((**issued).clone().into())))
            }
            (_, TokenCommand::Issue(_)) => Err(Refusal::AlreadyExists { what: "token" }),
            (Token::Absent, TokenCommand::Revoke { .. }) => {
                Err(Refusal::NotFound { what: "token" })
            }
            (Token::Revoked, TokenCommand::Revoke { .. }) => Ok(Decision::none()),
            (Token::Issued, TokenCommand::Revoke { reason }) => {
                check::at_most("reason", reason, 200)?;
                let revoked = TokenRevoked { reason: reason.clone() };
                Ok(Decision::event(TokenEvent::Revoked(revoked.into())))
            }
        }
    }

    fn evolve(&mut self, event: &TokenEvent) {
        match event {
            TokenEvent::Issued(_) => *self = Token::Issued,
            TokenEvent::Revoked(_) => *self = Token::Revoked,
        }
    }
}

/// The `jti` of a token, which is also the id of its stream: when the stream ends, then what binds it
/// to the claims of the token: the first 12 bytes of a SHA-256 over them. So a stream stands for one
/// set of claims only, and nobody makes others for it.
pub fn token_id(expires_at: Timestamp, claims_hash: [u8; 12]) -> String {
    let closes_at = expires_at.plus_seconds(TOKEN_STREAM_SECONDS_AFTER_EXP).seconds();
    format!("{:08x}{}", closes_at.clamp(0, i64::from(u32::MAX)), crate::ids::hex(&claims_hash))
}
