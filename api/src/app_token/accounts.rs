//! What operators and requests do alike: the default app, and accounts.

use std::sync::Arc;
use std::time::Duration;

use commands::password::PasswordPool;
use commands::signing::system_head;
use commands::{Done, Engine, Error};
use domain::app::{App, AppCommand, AppId, AppPersonal, AppSecret};
use domain::app_user::{AppUser, AppUserCommand, AppUserId, AppUserPersonal, AppUserRegistered};
use domain::hex;
use domain::log::CommitHead;
use domain::user::PasswordVerifier;
use domain::{TenantId, Timestamp};
use md5::{Digest as _, Md5};
use projections::{AppRow, Views};

use super::answer::{BUSY, Failed, NOT_FOUND, USER_EXISTS};
use super::apps::new_app;
use super::settings::AppTokenSettings;
use super::standing::live_app;

/// How long to wait until the read models show a new app.
const SHOWN_WITHIN: Duration = Duration::from_secs(2);

/// The tenant's default app, made when it is first needed: no operation makes it.
pub(crate) async fn default_app(
    engine: &Engine,
    views: &Views,
    settings: &AppTokenSettings,
    head: CommitHead,
) -> Result<Arc<AppRow>, Failed> {
    let (tenant, now) = (head.tenant, head.time);
    let known = || {
        let tables = views.read();
        let row = tables.apps.default_of(tenant)?;
        live_app(&tables, tenant, row.data.app, now)
    };
    if let Some(row) = known() {
        return Ok(row);
    }
    let (data, secret) = new_app(tenant, settings, true)?;
    let app = data.app;
    let command = AppCommand::Create {
        data: Box::new(data),
        personal: Box::new(AppPersonal::default()),
        secret: AppSecret(secret),
    };
    let made = engine.handle::<App>(&app.to_string(), &command, &head).await;
    // If somebody else was quicker, theirs is as good.
    let position = made.map_or_else(|_| engine.log().head().position, |it| it.position);
    views.wait(position, SHOWN_WITHIN).await.map_err(|_| BUSY)?;
    known().ok_or(NOT_FOUND)
}

/// Enters an account of the tenant of `head`.
pub(crate) async fn register(
    engine: &Engine,
    app: AppId,
    personal: AppUserPersonal,
    password: PasswordVerifier,
    (root, creator): (bool, AppUserId),
    head: &CommitHead,
) -> Result<(u64, Done), Failed> {
    let tenant = head.tenant;
    let command = |number: u64| {
        let app_user = AppUserId(number as u32);
        AppUserCommand::Register {
            data: Box::new(AppUserRegistered { app_user, tenant, root, app, creator }),
            personal: Box::new(personal.clone()),
            password: password.clone(),
        }
    };
    engine.create::<AppUser>(command, head).await.map_err(|err| match err {
        Error::Refused(domain::Refusal::AlreadyExists { .. }) => USER_EXISTS,
        err => err.into(),
    })
}

/// Makes a root account, which may make users and apps: its number, and the position of the log.
///
/// # Errors
/// When the name is taken or cannot be a name, or the log fails.
pub async fn add_app_root(
    engine: &Engine,
    tenant: TenantId,
    name: &str,
    password: &str,
    now: Timestamp,
) -> Result<(u32, u64), String> {
    let failed = |err: Failed| match err {
        USER_EXISTS => "an app user of this name exists".to_owned(),
        err => format!("the account cannot be made: {} (code {})", err.text, err.code),
    };
    let head = system_head(tenant, "operator", now).map_err(|err| err.to_string())?;
    // What clients send is the md5 of the password: that is what proves it.
    let sent = hex(&Md5::digest(password.as_bytes())).to_uppercase();
    let verifier = PasswordPool::new(1).hash(&sent).await.map_err(|err| err.to_string())?;
    let personal = AppUserPersonal { user_name: name.to_owned(), ..AppUserPersonal::default() };
    let (root, app) = ((true, AppUserId::NONE), AppId::NONE);
    let made = register(engine, app, personal, verifier, root, &head).await;
    let (number, done) = made.map_err(failed)?;
    Ok((number as u32, done.position))
}
