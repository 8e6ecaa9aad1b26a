//! A pair of tokens: how it is made and stored, and that a signature makes only one pair.

use std::sync::Arc;

use commands::Done;
use commands::keys::random_id;
use domain::account::AccountId;
use domain::app_token::{
    AppToken, AppTokenCommand, AppTokenIssued, AppTokenPersonal, REFRESH_FACTOR, app_token_id,
};
use domain::{Actor, CommandId, Timestamp};
use projections::{AppRow, Tables};
use schemars::JsonSchema;
use serde::Serialize;

use super::accounts::{Account, Accounts};
use super::answer::{Answered, BUSY, EXPIRED, Failed, REPLAYED, TOO_MANY};
use super::service::{Answer, Service, random_text};
use super::signature::once;
use super::standing::{Standing, hash_of};
use crate::state::budgets::Writer;
use crate::state::seen::First;

/// How long an access and a refresh token are, in characters.
const TOKEN_CHARS: usize = 32;

/// The shortest life of an access token that is issued near the end of its family, in seconds, unless
/// its app's are shorter.
const LAST_SECONDS_MIN: i64 = 60;

/// A pair of tokens.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AppTokenPair")]
pub(crate) struct PairResp {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    /// Unix seconds.
    pub(crate) access_expire_time: i64,
    /// Unix seconds.
    pub(crate) refresh_expire_time: i64,
}

/// A pair that is to be issued.
pub(crate) struct NewPair {
    pub(crate) app: Arc<AppRow>,
    /// The account as it was when it was authenticated; `None` for the app itself.
    pub(crate) account: Option<Account>,
    /// The position from which tokens of the account count.
    pub(crate) counts_from: u64,
    pub(crate) token_type: String,
    /// Where it comes from; `None` for a pair that begins a family.
    pub(crate) lineage: Option<Lineage>,
}

/// What a pair is to the others of its family.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lineage {
    family: [u8; 16],
    generation: u32,
    begun_at: Timestamp,
    /// When the family ends at the latest.
    ends_at: Timestamp,
}

impl Lineage {
    /// Of a pair that a refresh makes of this one.
    pub(crate) fn after(pair: &AppTokenIssued, family_seconds: i64) -> Self {
        Self {
            family: pair.family,
            generation: pair.generation.saturating_add(1),
            begun_at: pair.begun_at,
            ends_at: pair.begun_at.plus_seconds(family_seconds),
        }
    }
}

impl NewPair {
    /// A pair that begins a family.
    pub(crate) fn new(
        service: &Service,
        app: Arc<AppRow>,
        account: Option<Account>,
        token_type: &str,
    ) -> Self {
        Self::in_family(service, Standing { app, account }, token_type, None)
    }

    /// A pair of a family.
    pub(crate) fn in_family(
        service: &Service,
        standing: Standing,
        token_type: &str,
        lineage: Option<Lineage>,
    ) -> Self {
        let Standing { app, account } = standing;
        let tenant = service.tenant();
        let counts_from = service.ask(|it| Accounts::of(it, tenant).tokens_from(account.as_ref()));
        Self { app, account, counts_from, token_type: token_type.to_owned(), lineage }
    }

    fn account_id(&self) -> AccountId {
        self.account.as_ref().map_or(AccountId::None, Account::id)
    }

    /// How long its access token lasts: as its app says, but its refresh token no longer than its family.
    fn seconds(&self, issued_at: Timestamp) -> Result<i64, Failed> {
        let usual = self.app.data.token_seconds;
        let Some(Lineage { ends_at, .. }) = self.lineage else { return Ok(usual) };
        let left = (ends_at.seconds() - issued_at.seconds()) / REFRESH_FACTOR;
        let is_worth_it = left >= usual.min(LAST_SECONDS_MIN);
        if is_worth_it { Ok(usual.min(left)) } else { Err(EXPIRED) }
    }

    /// Makes the pair, and the command that stores it under an id.
    pub(crate) fn make(
        &self,
        now: Timestamp,
    ) -> Result<(PairResp, String, AppTokenCommand), Failed> {
        let (access_token, refresh_token) = (random_text(TOKEN_CHARS)?, random_text(TOKEN_CHARS)?);
        let issued_at = Timestamp::from_seconds(now.seconds());
        let seconds = self.seconds(issued_at)?;
        let access_expires_at = issued_at.plus_seconds(seconds);
        let refresh_expires_at = issued_at.plus_seconds(seconds * REFRESH_FACTOR);
        let id = app_token_id(refresh_expires_at, random_id().map_err(|_| BUSY)?);
        let access_hash = hash_of(&access_token);
        let issued = Box::new(AppTokenIssued {
            tenant: self.app.data.tenant,
            app: self.app.data.app,
            account: self.account_id(),
            counts_from: self.counts_from,
            // The family has the id of its first pair: so a login can be told from a refresh.
            family: self.lineage.map_or(access_hash, |it| it.family),
            access_hash,
            refresh_hash: hash_of(&refresh_token),
            issued_at,
            access_expires_at,
            refresh_expires_at,
            generation: self.lineage.map_or(0, |it| it.generation),
            begun_at: self.lineage.map_or(issued_at, |it| it.begun_at),
        });
        let personal = AppTokenPersonal { token_type: self.token_type.clone() };
        let command = AppTokenCommand::Issue(issued, personal);
        let pair = PairResp {
            access_token,
            refresh_token,
            access_expire_time: access_expires_at.seconds(),
            refresh_expire_time: refresh_expires_at.seconds(),
        };
        Ok((pair, id, command))
    }
}

/// Issues a pair, which `writer` pays for. `command_id` is that of a signed request, which counts once.
pub(crate) async fn issue(
    service: &Service,
    new_pair: NewPair,
    (actor, writer): (Actor, Writer),
    command_id: Option<CommandId>,
) -> Answer<PairResp> {
    let holder = (new_pair.app.data.app, new_pair.account_id(), new_pair.counts_from);
    let (sessions_max, now) = (service.settings().sessions_max, service.call().now);
    let is_full = |it: &Tables| it.app_tokens.holds(holder, sessions_max, now);
    if sessions_max > 0 && service.ask(is_full) {
        return Err(TOO_MANY);
    }
    let (pair, id, command) = new_pair.make(service.call().now)?;
    let mut head = service.token_head(actor)?;
    if let Some(command_id) = command_id {
        head.command_id = command_id;
        // Not 0: the same signature with other members is another request.
        head.fingerprint = u64::from_le_bytes(random_id().map_err(|_| BUSY)?) | 1;
    }
    let bill = service.app().bill(writer, &head)?;
    match service.app().engine.handle::<AppToken>(&id, &command, &head).await {
        Ok(Done { repeated: true, .. }) | Err(commands::Error::CommandReused) => Err(REPLAYED),
        Ok(done) => {
            bill.pay(&done);
            service.app().settle(&done).await;
            Ok(Answered::written(pair, done.position))
        }
        Err(err) => Err(err.into()),
    }
}

/// The command id of a signed request, which the log accepts once; an error if it was used.
pub(crate) fn unused(
    service: &Service,
    operation: &'static str,
    who: &str,
    timestamp: i64,
    token: &str,
) -> Result<Option<CommandId>, Failed> {
    if !service.settings().replay_refused {
        return Ok(None);
    }
    let engine = &service.app().engine;
    let id = once(engine.keys(), service.tenant(), operation, who, timestamp, token);
    match engine.log().find_command(id) {
        Some(_) => Err(REPLAYED),
        None => Ok(Some(id)),
    }
}

/// Records that a signature was seen, whatever the outcome; an error if it was seen before. Only
/// for valid signatures: others can be made by anybody, to fill the memory.
pub(crate) fn note(service: &Service, id: Option<CommandId>) -> Result<(), Failed> {
    let Some(id) = id else { return Ok(()) };
    let window = service.settings().window_seconds;
    match service.app().seen.first(id, service.app().clock.monotonic(), window) {
        First::Yes => Ok(()),
        First::No => Err(REPLAYED),
        First::Full => Err(BUSY.retry_after(1)),
    }
}
