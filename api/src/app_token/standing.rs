//! Whether a pair of app tokens still counts: its family, its app, its user.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use domain::app::AppId;
use domain::app_user::AppUserId;
use domain::{TenantId, Timestamp};
use projections::{AppRow, AppTokenRow, AppUserRow, Tables};

use super::answer::{Failed, NOT_FOUND};

/// What stands behind a pair.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) app: Arc<AppRow>,
    /// `None` for a token of the app itself.
    pub(crate) user: Option<Arc<AppUserRow>>,
}

/// Whether an app belongs to an owner of this name: to that account, if it was one's, not to a later
/// namesake.
pub(crate) fn owns(tables: &Tables, app: &AppRow, owner: &str) -> bool {
    let account = || tables.app_users.named(app.data.tenant, owner).map(|it| it.data.app_user);
    tables.apps.is_owned_by(app, owner)
        && (app.data.owner == AppUserId::NONE || account() == Some(app.data.owner))
}

/// Whether a root account of this name made a user: that account, not a later namesake.
pub(crate) fn made(tables: &Tables, user: &AppUserRow, root_name: &str) -> bool {
    let account = || tables.app_users.named(user.data.tenant, root_name);
    let account = || account().map(|it| it.data.app_user);
    tables.app_users.is_made_by(user, root_name)
        && (user.data.creator == AppUserId::NONE || account() == Some(user.data.creator))
}

/// The hash by which a token is known.
pub(crate) fn hash_of(token: &str) -> [u8; 16] {
    let hash = digest(&SHA256, token.as_bytes());
    hash.as_ref().first_chunk().copied().unwrap_or_default()
}

/// An app that may be used now.
pub(crate) fn live_app(
    tables: &Tables,
    tenant: TenantId,
    app: AppId,
    now: Timestamp,
) -> Option<Arc<AppRow>> {
    let row = tables.apps.get(tenant, app)?;
    (row.data.expires_at > now && !owner_is_gone(tables, row)).then(|| row.clone())
}

/// Whether the account that owns an app ended, or may not sign in: its apps may do nothing then.
pub(crate) fn owner_is_gone(tables: &Tables, app: &AppRow) -> bool {
    let owner = app.data.owner;
    let account = tables.app_users.get(app.data.tenant, owner);
    owner != AppUserId::NONE && !account.is_some_and(|it| it.enabled)
}

/// What stands behind a pair, whatever its age; refused where anything of it ended: the family by
/// a refresh that was used twice, the app, the user, or the password that it was issued under.
pub(crate) fn of(
    tables: &Tables,
    tenant: TenantId,
    pair: &AppTokenRow,
    now: Timestamp,
) -> Result<Standing, Failed> {
    if pair.data.tenant != tenant || tables.app_tokens.is_revoked(pair) {
        return Err(NOT_FOUND);
    }
    let app = live_app(tables, tenant, pair.data.app, now).ok_or(NOT_FOUND)?;
    if pair.data.app_user == AppUserId::NONE {
        return Ok(Standing { app, user: None });
    }
    let user = tables.app_users.get(tenant, pair.data.app_user).ok_or(NOT_FOUND)?;
    match user.enabled && pair.data.counts_from == user.tokens_from {
        true => Ok(Standing { app, user: Some(user.clone()) }),
        false => Err(NOT_FOUND),
    }
}
