//! Codes that prove an address: made, sent in the same commit, and tried.

use commands::keys::random;
use commands::{Done, Draft};
use domain::delivery::{
    CODE_TEXT, Channel, DeliveryCommand, DeliverySecret, DeliveryTo, DeliveryWanted, Mail,
    PASSWORD_CHANGED_TEXT, Sms,
};
use domain::log::CommitHead;
use domain::tenant::settings::{CODES_A_NETWORK, CODES_A_NUMBER, CODES_A_TENANT, CODES_AN_ADDRESS};
use domain::user::normalise_phone;
use domain::verification::{
    CODE_DIGITS, CodePurpose, Verification, VerificationCommand, VerificationIssued,
    VerificationSecret, code_seconds,
};
use domain::{Actor, Aggregate as _, StreamId, TenantId, Timestamp, UserId, mail_address};

use super::granted::Open;
use super::short_id::short_id;
use super::tenant_settings::setting;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::state::app::App;
use crate::state::hash::hash_16;
use crate::state::network::network_of;
use crate::state::send_limits::{NotSent, Wish};

/// How long a letter that tells of a new password is tried, in seconds.
const CHANGED_SECONDS: i64 = 3 * 86_400;

/// An address that a code proves.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) channel: Channel,
    /// As it is compared.
    text: String,
}

impl Address {
    pub(crate) fn mail(address: &str) -> Self {
        Self { channel: Channel::Mail, text: mail_address::key(address) }
    }

    /// By its digits: other signs make no other number.
    pub(crate) fn phone(number: &str) -> Self {
        Self { channel: Channel::Sms, text: normalise_phone(None, number) }
    }

    fn hash(&self, app: &App, tenant: TenantId) -> [u8; 16] {
        let kind = ["verification.", self.channel.category()].concat();
        let hash = app.engine.keys().claim_hash(tenant, &kind, &self.text);
        hash.first_chunk().copied().unwrap_or_default()
    }

    /// Of a code for this address in this tenant, and of no other.
    fn code_hash(&self, app: &App, tenant: TenantId, code: &str) -> [u8; 32] {
        let text = [self.channel.category(), &self.text, code.trim()].join("\n");
        app.engine.keys().claim_hash(tenant, "verification.code", &text)
    }
}

/// `en` or `zh-CN`, as the caller prefers.
pub(crate) fn language_of(call: &Call) -> &'static str {
    let wanted = call.header("accept-language").unwrap_or_default().trim().to_lowercase();
    if wanted.starts_with("zh") { "zh-CN" } else { "en" }
}

/// Makes a code, and sends it. Nobody learns whether the address is known.
pub(crate) async fn send_code(
    open: &Open,
    to: &str,
    address: &Address,
    purpose: CodePurpose,
    body: &[u8],
) -> Result<Result<Done, NotSent>, ApiError> {
    let (call, app) = (&open.call, &open.call.app);
    let tenant = open.tenant.data.tenant;
    let head = call.head(tenant, Actor::Anybody, body)?;
    if let Some(done) = call.find_repeated(&head)? {
        return Ok(Ok(done));
    }
    let address_hash = address.hash(app, tenant);
    if let Err(refused) = count(open, address.channel, address_hash) {
        return Ok(Err(refused));
    }
    let internal = |err: commands::keys::NotOpened| ApiError::Internal(err.to_string());
    let number = u64::from_le_bytes(random().map_err(internal)?) % 10_u64.pow(CODE_DIGITS);
    let code = format!("{number:0width$}", width = CODE_DIGITS as usize);
    let expires_at = head.time.plus_seconds(code_seconds(address.channel));
    let issued =
        VerificationIssued { tenant, channel: address.channel, address_hash, purpose, expires_at };
    let secret = VerificationSecret { code_hash: address.code_hash(app, tenant, &code) };
    let issue = VerificationCommand::Issue(issued, secret);
    let wanted = DeliveryWanted {
        channel: address.channel,
        tenant,
        user: UserId::NONE,
        template: CODE_TEXT.to_owned(),
        language: language_of(call).to_owned(),
        wanted_at: head.time,
        until: expires_at,
    };
    let to = DeliveryTo { to: to.trim().to_owned() };
    let want = DeliveryCommand::Want(Box::new(wanted), to, Some(DeliverySecret { code }));
    let (code_id, delivery_id) = (short_id(expires_at)?, short_id(expires_at)?);
    let filled = app.engine.transact(&head, |draft| {
        draft.decide::<Verification>(&code_id, &issue)?;
        deliver(draft, address.channel, &delivery_id, &want)
    });
    let ((), done) = filled.await?;
    app.settle(&done).await;
    Ok(Ok(done))
}

fn deliver(
    draft: &mut Draft<'_>,
    channel: Channel,
    id: &str,
    want: &DeliveryCommand,
) -> Result<(), commands::Error> {
    match channel {
        Channel::Mail => draft.decide::<Mail>(id, want),
        Channel::Sms => draft.decide::<Sms>(id, want),
    }
}

fn count(open: &Open, channel: Channel, address_hash: [u8; 16]) -> Result<(), NotSent> {
    let (call, app) = (&open.call, &open.call.app);
    let tenant = &open.tenant;
    let (of_address, of_network, of_tenant) = {
        let tables = app.views.read();
        let of_address = match channel {
            Channel::Mail => CODES_AN_ADDRESS,
            Channel::Sms => CODES_A_NUMBER,
        };
        (
            setting(&tables, tenant, of_address),
            setting(&tables, tenant, CODES_A_NETWORK),
            setting(&tables, tenant, CODES_A_TENANT),
        )
    };
    let number = tenant.data.tenant.0.to_le_bytes();
    // Callers whose address is not known are one network.
    let network = call.peer.map(network_of).unwrap_or_default();
    let wish = Wish {
        address: (address_hash, of_address),
        others: [
            (hash_16(&[b"network", &number, &network]), of_network),
            (hash_16(&[b"tenant", &number]), of_tenant),
        ],
    };
    app.send_limits.count(&wish, app.clock.monotonic())
}

/// A code that somebody sent for an address.
pub(crate) struct Tried<'a> {
    pub(crate) address: &'a Address,
    pub(crate) code: &'a str,
}

/// Tries codes, for a purpose: whether each is right, in their order. If all are, all are used; if not,
/// each wrong one costs an attempt, and the others stay.
pub(crate) async fn use_codes(
    open: &Open,
    tried: &[Tried<'_>],
    purpose: CodePurpose,
    head: &CommitHead,
) -> Result<Vec<bool>, ApiError> {
    let app = &open.call.app;
    let tenant = open.tenant.data.tenant;
    // What was sent a moment ago must be found.
    app.show_all().await;
    let known = {
        let tables = app.views.read();
        let id = |it: &Tried<'_>| {
            let id = tables.codes.youngest(it.address.hash(app, tenant)).map(str::to_owned);
            (id, it.address.code_hash(app, tenant, it.code))
        };
        tried.iter().map(id).collect::<Vec<_>>()
    };
    let filled = app.engine.transact(head, |draft| {
        let mut right = Vec::new();
        for (id, code_hash) in &known {
            right.push(match id {
                Some(id) => {
                    let stream = StreamId::new(Verification::CATEGORY, id);
                    let (state, _) = app.engine.load::<Verification>(&stream)?;
                    state.accepts(code_hash, purpose, head.time)
                }
                None => false,
            });
        }
        let all = right.iter().all(|it| *it);
        for ((id, code_hash), is_right) in known.iter().zip(&right) {
            let Some(id) = id.as_ref().filter(|_| all || !is_right) else { continue };
            let command = VerificationCommand::Try { code_hash: *code_hash, purpose };
            match draft.decide::<Verification>(id, &command) {
                // It has ended: nothing is left to count.
                Err(commands::Error::Refused(_)) => (),
                decided => decided?,
            }
        }
        Ok::<_, commands::Error>(right)
    });
    match filled.await {
        Ok((right, done)) => {
            app.settle(&done).await;
            Ok(right)
        }
        // It ended between the look and the commit.
        Err(commands::Error::Late(_)) => Ok(vec![false; tried.len()]),
        Err(err) => Err(err.into()),
    }
}

/// A letter that tells somebody of a new password.
pub(crate) fn tell_of_password(
    draft: &mut Draft<'_>,
    tenant: TenantId,
    (user, address): (UserId, &str),
    language: &str,
    (id, now): (&str, Timestamp),
) -> Result<(), commands::Error> {
    let wanted = DeliveryWanted {
        channel: Channel::Mail,
        tenant,
        user,
        template: PASSWORD_CHANGED_TEXT.to_owned(),
        language: language.to_owned(),
        wanted_at: now,
        until: now.plus_seconds(CHANGED_SECONDS),
    };
    let to = DeliveryTo { to: address.to_owned() };
    draft.decide::<Mail>(id, &DeliveryCommand::Want(Box::new(wanted), to, None))
}

/// The id of such a letter.
pub(crate) fn letter_id(now: Timestamp) -> Result<String, ApiError> {
    short_id(now.plus_seconds(CHANGED_SECONDS))
}
