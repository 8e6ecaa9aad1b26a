//! Whether a pair of app tokens still counts: its family, its app, its account.

use std::sync::Arc;

use domain::account::AccountId;
use domain::app::AppId;
use domain::security::Rule;
use domain::{Actor, TenantId, Timestamp};
use projections::{AppRow, AppTokenRow, Tables};

use super::accounts::{Account, Accounts};
use super::answer::{Failed, NOT_FOUND, UNKNOWN_APP};
use super::service::Service;
pub(crate) use crate::access::token_id::token_hash as hash_of;

/// What stands behind a pair.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) app: Arc<AppRow>,
    /// `None` for a token of the app itself.
    pub(crate) account: Option<Account>,
}

/// An app that may be used at this time.
pub(crate) fn live_app(
    tables: &Tables,
    tenant: TenantId,
    app: AppId,
    now: Timestamp,
) -> Option<Arc<AppRow>> {
    let row = tables.apps.get(tenant, app)?;
    let is_live = row.data.expires_at > now && !Accounts::of(tables, tenant).owner_is_gone(row);
    is_live.then(|| row.clone())
}

/// Notes that somebody used a token of a pair that does not count any more.
pub(crate) fn ended_pair_used(service: &Service, pair: &AppTokenRow) {
    let who = match pair.data.account {
        AccountId::None => Actor::App(pair.data.app),
        account => account.into(),
    };
    service.call().refused(Rule::EndedToken, service.tenant(), Some(who));
}

/// What a pair depends on, however old it is. An error if the pair begins in the future, or if
/// anything of it has ended: the family (a refresh token was used twice), the app, the account, the
/// password under which it was issued, or the kind of accounts that the tenant had.
pub(crate) fn check(
    tables: &Tables,
    tenant: TenantId,
    pair: &AppTokenRow,
    now: Timestamp,
) -> Result<Standing, Failed> {
    let accounts = Accounts::of(tables, tenant);
    let ended = tables.app_tokens.is_revoked(pair) || pair.position < accounts.tokens_from(None);
    let ahead = !pair.data.issued_at.has_begun(now);
    if pair.data.tenant != tenant || ended || ahead {
        return Err(NOT_FOUND);
    }
    let app = live_app(tables, tenant, pair.data.app, now).ok_or(UNKNOWN_APP)?;
    if pair.data.account == AccountId::None {
        return Ok(Standing { app, account: None });
    }
    let account = accounts.get(pair.data.account).ok_or(NOT_FOUND)?;
    match account.is_enabled() && pair.data.counts_from == accounts.tokens_from(Some(&account)) {
        true => Ok(Standing { app, account: Some(account) }),
        false => Err(NOT_FOUND),
    }
}
