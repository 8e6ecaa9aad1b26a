//! How accounts of either kind are created: by a root account, or by the operator.

use commands::password::{PasswordPool, upper_case_md5};
use commands::signing::system_head;
use commands::{Done, Engine, Error};
use domain::account::{APP_NAME_CHARS_MAX, AccountId};
use domain::app::{AppId, looks_like_app_id};
use domain::app_user::{AppUser, AppUserCommand, AppUserId, AppUserPersonal, AppUserRegistered};
use domain::context::Context;
use domain::log::CommitHead;
use domain::user::{
    PasswordVerifier, User, UserAppInfo, UserClaim, UserCommand, UserPersonal, UserRegistered,
    Verifiers,
};
use domain::{Actor, Aggregate as _, Refusal, TenantId, Timestamp, UserId};
use projections::{Tables, Views};

use super::accounts::{Account, Accounts, ROOT_PERMISSION};
use super::answer::{BUSY, Failed, INVALID, NOT_FOUND, USER_EXISTS};
use crate::access::placement;

/// The data of a new account.
pub(crate) struct NewAccount {
    pub(crate) user_name: String,
    pub(crate) info: String,
    pub(crate) reg_ip: String,
    /// Whether it may make others.
    pub(crate) root: bool,
    /// Who creates it; none for the operator, or if the creator has no account.
    pub(crate) maker: AccountId,
    /// The name of its creator, as the request gave it.
    pub(crate) root_name: String,
    /// The app that it signs in through; none for the tenant's default app.
    pub(crate) app: AppId,
}

/// A new account before it is stored: an app user or, if the tenant is linked, a user.
pub(crate) enum Registration {
    AppUser { new: NewAccount, tenant: TenantId },
    User { new: NewAccount, placed: Box<UserRegistered> },
}

impl Registration {
    /// Determines where a new account belongs in a tenant.
    pub(crate) fn new(new: NewAccount, tables: &Tables, tenant: TenantId) -> Result<Self, Failed> {
        let accounts = Accounts::of(tables, tenant);
        if !accounts.linked {
            return Ok(Self::AppUser { new, tenant });
        }
        if new.user_name.chars().count() > APP_NAME_CHARS_MAX
            || looks_like_app_id(new.user_name.trim())
        {
            return Err(INVALID);
        }
        let parent = match new.maker {
            AccountId::None => None,
            maker => Some(accounts.get(maker).ok_or(NOT_FOUND)?),
        };
        let parent = match &parent {
            Some(Account::User(row)) => Some(&**row),
            Some(Account::AppUser(_)) | None => None,
        };
        let mut placed = placement::place(tables, tenant, parent).map_err(|_| BUSY)?;
        if new.root {
            let value = ROOT_PERMISSION.to_string();
            let claim_type = "permission".to_owned();
            placed.permissions = vec![UserClaim { id: 1, claim_type, value }];
        }
        Ok(Self::User { new, placed: Box::new(placed) })
    }

    /// Whether the rules allow it: checked before its password is hashed, so that only requests
    /// that can succeed cost a hash.
    pub(crate) fn check(&self, now: Timestamp) -> Result<(), Failed> {
        let blank = Verifiers { password: None, md5: Some(BLANK) };
        let decided = match self {
            Self::AppUser { new, tenant } => {
                AppUser::default().decide(&app_user(new, *tenant, &BLANK, 1), now).map(|_| ())
            }
            Self::User { new, placed } => {
                User::default().decide(&user(new, placed, &blank, 1), now).map(|_| ())
            }
        };
        decided.map_err(|err| refused(err.into()))
    }

    /// Enters it.
    pub(crate) async fn enter(
        self,
        engine: &Engine,
        verifiers: Verifiers,
        head: &CommitHead,
    ) -> Result<(AccountId, Done), Failed> {
        match self {
            Self::AppUser { new, tenant } => {
                let password = verifiers.md5.ok_or(INVALID)?;
                let command = |number| app_user(&new, tenant, &password, number);
                let (number, done) =
                    engine.create::<AppUser>(command, head).await.map_err(refused)?;
                Ok((AccountId::AppUser(AppUserId(number as u32)), done))
            }
            Self::User { new, placed } => {
                let command = |number| user(&new, &placed, &verifiers, number);
                let (number, done) = engine.create::<User>(command, head).await.map_err(refused)?;
                Ok((AccountId::User(UserId(number as u32)), done))
            }
        }
    }
}

/// A placeholder for a verifier that is not computed yet.
const BLANK: PasswordVerifier =
    PasswordVerifier { memory_kib: 0, passes: 0, lanes: 0, salt: [0; 16], hash: [0; 32] };

fn refused(err: Error) -> Failed {
    match err {
        Error::Refused(Refusal::AlreadyExists { .. }) => USER_EXISTS,
        err => err.into(),
    }
}

fn app_user(
    new: &NewAccount,
    tenant: TenantId,
    password: &PasswordVerifier,
    number: u64,
) -> AppUserCommand {
    let creator = match new.maker {
        AccountId::AppUser(creator) => creator,
        AccountId::User(_) | AccountId::None => AppUserId::NONE,
    };
    // A creator with an account is stored by number: a name stored here would survive the person's
    // erasure.
    let root_name = if creator == AppUserId::NONE { new.root_name.clone() } else { String::new() };
    let app_user = AppUserId(number as u32);
    let (root, app) = (new.root, new.app);
    AppUserCommand::Register {
        data: Box::new(AppUserRegistered { app_user, tenant, root, app, creator }),
        personal: Box::new(AppUserPersonal {
            user_name: new.user_name.clone(),
            info: new.info.clone(),
            reg_ip: new.reg_ip.clone(),
            root_name,
        }),
        password: password.clone(),
    }
}

fn user(
    new: &NewAccount,
    placed: &UserRegistered,
    verifiers: &Verifiers,
    number: u64,
) -> UserCommand {
    let user_name = new.user_name.clone();
    let info = UserAppInfo { info: new.info.clone(), reg_ip: new.reg_ip.clone() };
    UserCommand::Register {
        data: Box::new(placed.clone().numbered(UserId(number as u32))),
        personal: Box::new(UserPersonal { user_name, ..UserPersonal::default() }),
        password: verifiers.clone(),
        app_info: Some(Box::new(info)),
    }
}

/// Creates a root account, which may create accounts and apps. Returns who it is, and the position
/// of the log.
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
    let head = system_head(tenant, Actor::Operator, now).map_err(|err| err.to_string())?;
    let head = CommitHead { context: Context::of_operation("app-token add-root"), ..head };
    let new = NewAccount {
        user_name: name.to_owned(),
        info: String::new(),
        reg_ip: String::new(),
        root: true,
        maker: AccountId::None,
        root_name: String::new(),
        app: AppId::NONE,
    };
    let registration = Registration::new(new, &views.read(), tenant).map_err(failed)?;
    registration.check(now).map_err(failed)?;
    let passwords = PasswordPool::new(1);
    let verifiers = match &registration {
        Registration::User { .. } => passwords.hash_of_user(password, true).await,
        Registration::AppUser { .. } => {
            let md5 = passwords.hash(&upper_case_md5(password)).await;
            md5.map(|it| Verifiers { password: None, md5: Some(it) })
        }
    };
    let verifiers = verifiers.map_err(|err| err.to_string())?;
    let made = registration.enter(engine, verifiers, &head).await;
    let (account, done) = made.map_err(failed)?;
    Ok((account, done.position))
}
