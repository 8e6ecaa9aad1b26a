//! How accounts enter, of either kind: made by a root account, or by the operator.

use commands::password::{PasswordPool, upper_case_md5};
use commands::signing::system_head;
use commands::{Done, Engine, Error};
use domain::account::AccountId;
use domain::app::{APP_NAME_CHARS_MAX, AppId, looks_like_app_id};
use domain::app_user::{AppUser, AppUserCommand, AppUserId, AppUserPersonal, AppUserRegistered};
use domain::log::CommitHead;
use domain::user::{User, UserAppInfo, UserClaim, UserCommand, UserPersonal, Verifiers};
use domain::{Refusal, TenantId, Timestamp, UserId};
use projections::Views;

use super::accounts::{Account, Accounts, ROOT_PERMISSION};
use super::answer::{BUSY, Failed, INVALID, NOT_FOUND, USER_EXISTS};
use crate::access::placement;

/// What an account enters with.
pub(crate) struct NewAccount {
    pub(crate) user_name: String,
    pub(crate) info: String,
    pub(crate) reg_ip: String,
    /// What proves it: of the md5 always, of the password where it is known.
    pub(crate) verifiers: Verifiers,
    /// Whether it may make others.
    pub(crate) root: bool,
    /// Who makes it; none for the operator, or where that is none of ours.
    pub(crate) maker: AccountId,
    /// Under which name its maker makes it.
    pub(crate) root_name: String,
    /// The app that it signs in through; none for the tenant's default app.
    pub(crate) app: AppId,
}

/// Enters an account in the tenant of `head`: a user where the tenant is linked.
pub(crate) async fn register(
    engine: &Engine,
    views: &Views,
    new: NewAccount,
    linked: bool,
    head: &CommitHead,
) -> Result<(AccountId, Done), Failed> {
    match linked {
        true => register_user(engine, views, new, head).await,
        false => register_app_user(engine, new, head).await,
    }
}

fn refused(err: Error) -> Failed {
    match err {
        Error::Refused(Refusal::AlreadyExists { .. }) => USER_EXISTS,
        err => err.into(),
    }
}

async fn register_app_user(
    engine: &Engine,
    new: NewAccount,
    head: &CommitHead,
) -> Result<(AccountId, Done), Failed> {
    let NewAccount { user_name, info, reg_ip, verifiers, root, maker, root_name, app } = new;
    let creator = match maker {
        AccountId::AppUser(creator) => creator,
        AccountId::User(_) | AccountId::None => AppUserId::NONE,
    };
    // A maker of ours is known by its number: its name would outlive it here.
    let root_name = if creator == AppUserId::NONE { root_name } else { String::new() };
    let personal = AppUserPersonal { user_name, info, reg_ip, root_name };
    let password = verifiers.md5.ok_or(INVALID)?;
    let tenant = head.tenant;
    let command = |number: u64| AppUserCommand::Register {
        data: Box::new(AppUserRegistered {
            app_user: AppUserId(number as u32),
            tenant,
            root,
            app,
            creator,
        }),
        personal: Box::new(personal.clone()),
        password: password.clone(),
    };
    let (number, done) = engine.create::<AppUser>(command, head).await.map_err(refused)?;
    Ok((AppUserId(number as u32).into(), done))
}

async fn register_user(
    engine: &Engine,
    views: &Views,
    new: NewAccount,
    head: &CommitHead,
) -> Result<(AccountId, Done), Failed> {
    let NewAccount { user_name, info, reg_ip, verifiers, root, maker, .. } = new;
    if user_name.chars().count() > APP_NAME_CHARS_MAX || looks_like_app_id(user_name.trim()) {
        return Err(INVALID);
    }
    let mut data = {
        let tables = views.read();
        let parent = match maker {
            AccountId::None => None,
            maker => Some(Accounts::of(&tables, head.tenant).get(maker).ok_or(NOT_FOUND)?),
        };
        let parent = match &parent {
            Some(Account::User(row)) => Some(&**row),
            Some(Account::AppUser(_)) | None => None,
        };
        placement::place(&tables, head.tenant, parent).map_err(|_| BUSY)?
    };
    if root {
        let value = ROOT_PERMISSION.to_string();
        data.permissions = vec![UserClaim { id: 1, claim_type: "permission".to_owned(), value }];
    }
    let personal = UserPersonal { user_name, ..UserPersonal::default() };
    let info = UserAppInfo { info, reg_ip };
    let command = |number: u64| UserCommand::Register {
        data: Box::new(data.clone().numbered(UserId(number as u32))),
        personal: Box::new(personal.clone()),
        password: verifiers.clone(),
        app_info: Some(Box::new(info.clone())),
    };
    let (number, done) = engine.create::<User>(command, head).await.map_err(refused)?;
    Ok((AccountId::User(UserId(number as u32)), done))
}

/// Makes a root account, which may make accounts and apps: who it is, and the position of the log.
///
/// # Errors
/// When the name is taken or cannot be a name, or the log fails.
pub async fn add_app_root(
    engine: &Engine,
    views: &Views,
    tenant: TenantId,
    name: &str,
    password: &str,
    now: Timestamp,
) -> Result<(AccountId, u64), String> {
    let failed = |err: Failed| match err {
        USER_EXISTS => "an account of this name exists".to_owned(),
        err => format!("the account cannot be made: {} (code {})", err.text, err.code),
    };
    let head = system_head(tenant, "operator", now).map_err(|err| err.to_string())?;
    let linked = Accounts::of(&views.read(), tenant).linked;
    let passwords = PasswordPool::new(1);
    let verifiers = match linked {
        true => passwords.hash_of_user(password, linked).await,
        false => {
            let md5 = passwords.hash(&upper_case_md5(password)).await;
            md5.map(|it| Verifiers { password: None, md5: Some(it) })
        }
    };
    let new = NewAccount {
        user_name: name.to_owned(),
        info: String::new(),
        reg_ip: String::new(),
        verifiers: verifiers.map_err(|err| err.to_string())?,
        root: true,
        maker: AccountId::None,
        root_name: String::new(),
        app: AppId::NONE,
    };
    let made = register(engine, views, new, linked, &head).await;
    let (account, done) = made.map_err(failed)?;
    Ok((account, done.position))
}
