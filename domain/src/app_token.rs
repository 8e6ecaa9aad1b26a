//! A pair of app tokens, access and refresh: a short stream of its own. The pairs that refreshes
//! make of one another are a family.

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::aggregate::{Aggregate, Decision};
use crate::app::APP_TOKEN_SECONDS_MAX;
use crate::check;
use crate::event::{Fact, Parts, Unreadable, decode_fact};
use crate::ids::{AppId, SubjectId, TenantId, Timestamp};
use crate::kind::{ClaimKind, Ids};
use crate::log_event::REVOKED_SECONDS_AFTER_END;
use crate::refusal::Refusal;
use crate::stored_events;
use crate::token::TOKEN_STREAM_SECONDS_AFTER_EXP;

/// How many times as long as an access token its refresh token lasts (app-token spec 2.9).
pub const REFRESH_FACTOR: i64 = 2;

/// How long the end of a family is remembered after the end of the stream in which it stands, in
/// seconds: it is written to the stream of one pair, and others of the family may last longer, but
/// none longer than the longest refresh token.
const FAMILY_SECONDS_AFTER_END: i64 =
    REFRESH_FACTOR * APP_TOKEN_SECONDS_MAX + REVOKED_SECONDS_AFTER_END;

/// The longest label of a token, in characters.
pub const TOKEN_TYPE_CHARS_MAX: usize = 255;

/// The most pairs that one refresh token gives: the first, and doublets within the grace.
pub const REFRESHES_MAX: u32 = 3;

/// What a pair of tokens may be asked to become.
#[derive(Debug, Clone)]
pub enum AppTokenCommand {
    /// Enter a pair that is about to be handed out.
    Issue(Box<AppTokenIssued>, AppTokenPersonal),
    /// Use its refresh token.
    Refresh {
        /// Whether one use is the last one.
        rotates: bool,
        /// For how long after its first use it may be used again, in seconds.
        grace_seconds: i64,
    },
    /// End it and all of its family.
    RevokeFamily {
        /// Why, for the auditor.
        reason: String,
    },
}

/// A pair was issued. The tokens themselves stand nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppTokenIssued {
    /// Whose app asked for it.
    pub tenant: TenantId,
    /// The app.
    pub app: AppId,
    /// The account that it stands for; none for the app itself.
    #[serde(serialize_with = "crate::account::for_people")]
    pub account: AccountId,
    /// From which position of the log the account's tokens counted when the account was proved: if
    /// a new password came since, they count from a later one. 0 for the app itself.
    pub counts_from: u64,
    /// Shared by all pairs that refreshes made of one another.
    #[serde(serialize_with = "crate::codec::hex_for_people")]
    pub family: [u8; 16],
    /// The first 16 bytes of the SHA-256 of the access token.
    #[serde(serialize_with = "crate::codec::hex_for_people")]
    pub access_hash: [u8; 16],
    /// The first 16 bytes of the SHA-256 of the refresh token.
    #[serde(serialize_with = "crate::codec::hex_for_people")]
    pub refresh_hash: [u8; 16],
    /// When it was issued; whole seconds.
    pub issued_at: Timestamp,
    /// When the access token ends; whole seconds.
    pub access_expires_at: Timestamp,
    /// When the refresh token ends; whole seconds.
    pub refresh_expires_at: Timestamp,
    /// How many refreshes made it, one after the other: 0 for the first pair of a family. Pairs of the
    /// same number are siblings.
    pub generation: u32,
    /// When its family began; whole seconds.
    pub begun_at: Timestamp,
}

/// `app_token.issued.v1`: how a pair came to be was not stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AppTokenIssuedV1 {
    tenant: TenantId,
    app: AppId,
    #[serde(serialize_with = "crate::account::for_people")]
    account: AccountId,
    counts_from: u64,
    #[serde(serialize_with = "crate::codec::hex_for_people")]
    family: [u8; 16],
    #[serde(serialize_with = "crate::codec::hex_for_people")]
    access_hash: [u8; 16],
    #[serde(serialize_with = "crate::codec::hex_for_people")]
    refresh_hash: [u8; 16],
    issued_at: Timestamp,
    access_expires_at: Timestamp,
    refresh_expires_at: Timestamp,
}

/// As a pair that begins its family: nothing is known of its siblings, and its time runs from itself.
fn lift_issued_v1(parts: &Parts) -> Result<AppTokenEvent, Unreadable> {
    let old: Fact<AppTokenIssuedV1, AppTokenPersonal> = decode_fact("app_token.issued.v1", parts)?;
    let Fact { data: it, personal, secret } = old;
    let data = AppTokenIssued {
        tenant: it.tenant,
        app: it.app,
        account: it.account,
        counts_from: it.counts_from,
        family: it.family,
        access_hash: it.access_hash,
        refresh_hash: it.refresh_hash,
        issued_at: it.issued_at,
        access_expires_at: it.access_expires_at,
        refresh_expires_at: it.refresh_expires_at,
        generation: 0,
        begun_at: it.issued_at,
    };
    Ok(AppTokenEvent::Issued(Fact { data, personal, secret }))
}

impl AppTokenIssued {
    /// Under whose key the personal part is: the account's, else the app's.
    fn whose(&self) -> SubjectId {
        match self.account {
            AccountId::None => self.app.into(),
            account => account.into(),
        }
    }
}

/// What an app says of a pair: it may name somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppTokenPersonal {
    /// A label that the app chose.
    pub token_type: String,
}

/// The refresh token was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppTokenRefreshed {
    /// The family.
    #[serde(serialize_with = "crate::codec::hex_for_people")]
    pub family: [u8; 16],
    /// When it was used first.
    pub used_at: Timestamp,
}

/// A family was ended before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppTokenFamilyRevoked {
    /// The family.
    #[serde(serialize_with = "crate::codec::hex_for_people")]
    pub family: [u8; 16],
    /// Why.
    pub reason: String,
}

stored_events! {
    /// What has happened to a pair of app tokens. A stored contract: see `docs/events.md`.
    pub enum AppTokenEvent {
        /// It was issued.
        Issued = "app_token.issued.v2" {
            data: AppTokenIssued, personal: AppTokenPersonal, subject: whose()
        },
        /// Its refresh token was used.
        Refreshed = "app_token.refreshed.v1" { data: AppTokenRefreshed },
        /// It ended with its whole family.
        FamilyRevoked = "app_token.family_revoked.v1" { data: AppTokenFamilyRevoked, marks: [Outlives(FAMILY_SECONDS_AFTER_END)] },
    }
    upcasts {
        "app_token.issued.v1" => lift_issued_v1 { data: AppTokenIssuedV1, personal: AppTokenPersonal },
    }
}

/// Why a refresh token is refused that was used before: the answer is to end its family.
pub const REFRESH_USED: Refusal = Refusal::NotAllowed { why: "the refresh token was used before" };

/// Why one is refused that has given as many pairs as it may: whoever waits for lost answers comes again.
pub const REFRESHED_ENOUGH: Refusal =
    Refusal::NotAllowed { why: "the refresh token has given as many pairs as it may" };

/// What the rules need to remember of a pair, and no more.
#[derive(Debug, Clone, Default)]
pub enum AppToken {
    /// Never issued, or ended long ago.
    #[default]
    Absent,
    /// Valid until its end.
    Issued {
        /// Its family.
        family: [u8; 16],
        /// When its refresh token was used first.
        used_at: Option<Timestamp>,
        /// How often it was used.
        uses: u32,
    },
    /// Ended before its time.
    Revoked,
}

impl Aggregate for AppToken {
    const CATEGORY: &'static str = "app_token";
    const IDS: Ids = Ids::ShortLived;
    const CLAIMS: &'static [ClaimKind] = &[];
    type Command = AppTokenCommand;
    type Event = AppTokenEvent;

    fn decide(
        &self,
        command: &AppTokenCommand,
        now: Timestamp,
    ) -> Result<Decision<AppTokenEvent>, Refusal> {
        match (self, command) {
            (AppToken::Absent, AppTokenCommand::Issue(issued, personal)) => issue(issued, personal),
            (_, AppTokenCommand::Issue(..)) => Err(Refusal::AlreadyExists { what: "app token" }),
            (AppToken::Absent | AppToken::Revoked, AppTokenCommand::Refresh { .. })
            | (AppToken::Absent, AppTokenCommand::RevokeFamily { .. }) => {
                Err(Refusal::NotFound { what: "app token" })
            }
            (AppToken::Revoked, AppTokenCommand::RevokeFamily { .. }) => Ok(Decision::none()),
            (
                AppToken::Issued { family, used_at, uses },
                AppTokenCommand::Refresh { rotates, grace_seconds },
            ) => {
                let late = used_at
                    .is_some_and(|it| now >= it.plus_seconds(*grace_seconds) || !it.has_begun(now));
                if *rotates && late {
                    return Err(REFRESH_USED);
                }
                if *rotates && *uses >= REFRESHES_MAX {
                    return Err(REFRESHED_ENOUGH);
                }
                let refreshed =
                    AppTokenRefreshed { family: *family, used_at: used_at.unwrap_or(now) };
                Ok(Decision::event(AppTokenEvent::Refreshed(refreshed.into())))
            }
            (AppToken::Issued { family, .. }, AppTokenCommand::RevokeFamily { reason }) => {
                check::at_most("reason", reason, 200)?;
                let revoked = AppTokenFamilyRevoked { family: *family, reason: reason.clone() };
                Ok(Decision::event(AppTokenEvent::FamilyRevoked(revoked.into())))
            }
        }
    }

    fn evolve(&mut self, event: &AppTokenEvent) {
        match (event, &mut *self) {
            (AppTokenEvent::Issued(fact), _) => {
                *self = AppToken::Issued { family: fact.data.family, used_at: None, uses: 0 };
            }
            (AppTokenEvent::Refreshed(fact), AppToken::Issued { used_at, uses, .. }) => {
                *used_at = Some(fact.data.used_at);
                *uses = uses.saturating_add(1);
            }
            (AppTokenEvent::Refreshed(_), _) => (),
            (AppTokenEvent::FamilyRevoked(_), _) => *self = AppToken::Revoked,
        }
    }
}

fn issue(
    issued: &AppTokenIssued,
    personal: &AppTokenPersonal,
) -> Result<Decision<AppTokenEvent>, Refusal> {
    check::at_most("tokenType", &personal.token_type, TOKEN_TYPE_CHARS_MAX)?;
    let access = issued.access_expires_at.seconds() - issued.issued_at.seconds();
    let refresh = issued.refresh_expires_at.seconds() - issued.issued_at.seconds();
    if !(1..=APP_TOKEN_SECONDS_MAX).contains(&access) || refresh != REFRESH_FACTOR * access {
        let why = format!("must be 1 to {APP_TOKEN_SECONDS_MAX} seconds");
        return Err(Refusal::invalid("lifetime", why));
    }
    let (data, personal) = (issued.clone(), Some(personal.clone()));
    Ok(Decision::event(AppTokenEvent::Issued(Fact { data, personal, secret: None })))
}

/// The id of a pair's stream: when the stream ends, then chance.
pub fn app_token_id(refresh_expires_at: Timestamp, random: [u8; 12]) -> String {
    let closes_at = refresh_expires_at.plus_seconds(TOKEN_STREAM_SECONDS_AFTER_EXP).seconds();
    format!("{:08x}{}", closes_at.clamp(0, i64::from(u32::MAX)), crate::ids::hex(&random))
}
