//! Commands of an operator, with or without a running server: each but a backup is an event.

use std::path::PathBuf;

use commands::Expected;
use commands::password::PasswordPool;
use domain::account::AccountId;
use domain::app::{App, AppCommand, AppId, AppPolicy};
use domain::app_user::{AppUser, AppUserCommand, AppUserId};
use domain::tenant::{Tenant, TenantCommand};
use domain::user::UserCommand;
use domain::{TenantId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::client_shots::{ClientShot, clients_on, stopped};
use super::erasures::{erase_user, forget_person, is_meant};
use super::failure::Failure;
use super::key_shots::KeyShot;
use super::new_password::{check_password, read_password};
use super::operator::{head_of, head_of_owner, wait_until_shown};
use super::running::Running;
use super::settings::{AppTokenCommand, User as UserWhat, Who, Whoever};
use super::tenant_shots::TenantShot;
use super::worker_shots::WorkerShot;
use super::{administrators, backup, new_user};
use crate::access::administrators::change_user;
use crate::app_token::accounts::Accounts;
use crate::app_token::registration::add_app_root;

/// Whose wrong passwords or secrets are forgotten.
#[derive(Debug)]
pub(crate) enum Freed {
    /// An account, by tenant and name.
    Account(u32, String),
    /// A client, by its `client_id`.
    Client(String),
}

/// One thing to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum OneShot {
    /// Of signing keys.
    Keys(KeyShot),
    /// Whether there is a user.
    FindUser { name: String, tenant: u32 },
    /// A new password for a user.
    SetPassword { name: String, tenant: u32, password: String },
    /// Whether a user may sign in.
    EnableUser { name: String, tenant: u32, enabled: bool },
    /// Forget the wrong passwords of an account, of either kind.
    Unlock { name: String, tenant: u32 },
    /// Forget a person.
    Erase { user: String, tenant: u32 },
    /// Make a user an administrator of its tenant.
    GrantAdministrator { name: String, tenant: u32 },
    /// A root account of the app-token service.
    AddRoot { name: String, tenant: u32, password: String },
    /// Whether the users of a tenant are the accounts of it.
    LinkAppTokens { tenant: u32, linked: bool },
    /// Whether an account of it may sign in: a user, in a linked tenant.
    EnableAccount { name: String, tenant: u32, enabled: bool },
    /// Forget the person of an account of it.
    EraseAppUser { id: u32 },
    /// What requests of an app must have, and for whom it may act.
    SetApp { app: String, strict: bool, acts_for_users: bool },
    /// Copy the log and the keys.
    Backup { to: PathBuf },
    /// Something with clients.
    Client(ClientShot),
    /// Something with tenants.
    Tenant(TenantShot),
    /// Something with what workers could not do.
    Workers(WorkerShot),
    /// Enter a user.
    CreateUser { name: String, tenant: u32, password: String, administrator: bool },
}

impl OneShot {
    /// Whether it may write to the log. Commands that only look leave a restored log as it is.
    pub(super) fn writes(&self) -> bool {
        let looks = matches!(
            self,
            Self::Backup { .. }
                | Self::FindUser { .. }
                | Self::Keys(KeyShot::List)
                | Self::Unlock { .. }
                | Self::Client(ClientShot::List { .. } | ClientShot::Unlock { .. })
                | Self::Tenant(TenantShot::List { .. })
                | Self::Workers(WorkerShot::List { .. })
        );
        !looks
    }

    /// The name of the command for the log, never its arguments.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Keys(what) => what.name(),
            Self::FindUser { .. } => "user find",
            Self::SetPassword { .. } => "user set-password",
            Self::EnableUser { enabled: true, .. } => "user enable",
            Self::EnableUser { .. } => "user disable",
            Self::Unlock { .. } => "user unlock",
            Self::Erase { .. } => "user erase",
            Self::GrantAdministrator { .. } => "user grant-administrator",
            Self::AddRoot { .. } => "app-token add-root",
            Self::LinkAppTokens { linked: true, .. } => "app-token link",
            Self::LinkAppTokens { .. } => "app-token unlink",
            Self::EnableAccount { enabled: true, .. } => "app-token enable",
            Self::EnableAccount { .. } => "app-token disable",
            Self::EraseAppUser { .. } => "app-token erase",
            Self::SetApp { .. } => "app-token set-app",
            Self::Backup { .. } => "backup",
            Self::Client(what) => what.name(),
            Self::Tenant(what) => what.name(),
            Self::Workers(what) => what.name(),
            Self::CreateUser { .. } => "user create",
        }
    }

    /// What is looked for before anybody is asked for a password.
    pub(super) fn needs(&self) -> Option<Self> {
        match self {
            Self::SetPassword { name, tenant, .. } => {
                Some(Self::FindUser { name: name.clone(), tenant: *tenant })
            }
            _ => None,
        }
    }

    /// Asks for the password that it sets, if it sets one.
    pub(super) fn ask_password(&mut self) -> Result<(), Failure> {
        match self {
            Self::SetPassword { name, password, .. }
            | Self::CreateUser { name, password, .. }
            | Self::AddRoot { name, password, .. }
            | Self::Tenant(TenantShot::Create { administrator: name, password, .. }) => {
                *password = read_password(name)?;
            }
            _ => (),
        }
        Ok(())
    }

    /// Whether it copies the log and the keys: that reads everything.
    pub(crate) fn copies_all(&self) -> bool {
        matches!(self, Self::Backup { .. })
    }

    /// Whose failures are forgotten when this is done.
    pub(crate) fn frees(&self) -> Option<Freed> {
        match self {
            Self::SetPassword { name, tenant, .. }
            | Self::CreateUser { name, tenant, .. }
            | Self::AddRoot { name, tenant, .. }
            | Self::Unlock { name, tenant } => Some(Freed::Account(*tenant, name.clone())),
            Self::Client(ClientShot::Unlock { id }) => Some(Freed::Client(id.clone())),
            _ => None,
        }
    }

    /// Of the app-token service.
    pub(crate) fn app_token(what: AppTokenCommand) -> Result<Self, Failure> {
        Ok(match what {
            AppTokenCommand::AddRoot(Who { name, tenant }) => {
                let password = String::new();
                Self::AddRoot { name, tenant, password }
            }
            AppTokenCommand::Enable(Who { name, tenant }) => {
                Self::EnableAccount { name, tenant, enabled: true }
            }
            AppTokenCommand::Disable(Who { name, tenant }) => {
                Self::EnableAccount { name, tenant, enabled: false }
            }
            AppTokenCommand::Link { tenant } => Self::LinkAppTokens { tenant, linked: true },
            AppTokenCommand::Unlink { tenant } => Self::LinkAppTokens { tenant, linked: false },
            AppTokenCommand::Erase { account, yes } => {
                let what = match AccountId::parse(&account) {
                    Some(AccountId::AppUser(AppUserId(id))) => Self::EraseAppUser { id },
                    Some(AccountId::User(_)) => Self::Erase { user: account.clone(), tenant: 1 },
                    _ => return Err("say which account: app_user-7, or user-7".into()),
                };
                is_meant(&account, yes)?;
                what
            }
            AppTokenCommand::SetApp { app, lenient, acts_for_users } => {
                Self::SetApp { app, strict: !lenient, acts_for_users }
            }
        })
    }

    /// Of users.
    pub(crate) fn user(what: UserWhat) -> Result<Self, Failure> {
        Ok(match what {
            UserWhat::SetPassword(Who { name, tenant }) => {
                let password = String::new();
                Self::SetPassword { name, tenant, password }
            }
            UserWhat::Create { who: Who { name, tenant }, administrator } => {
                let password = String::new();
                Self::CreateUser { name, tenant, password, administrator }
            }
            UserWhat::Enable(Who { name, tenant }) => {
                Self::EnableUser { name, tenant, enabled: true }
            }
            UserWhat::Disable(Who { name, tenant }) => {
                Self::EnableUser { name, tenant, enabled: false }
            }
            UserWhat::Unlock(Who { name, tenant }) => Self::Unlock { name, tenant },
            UserWhat::Erase { who: Whoever { user, tenant }, yes } => {
                is_meant(&user, yes)?;
                Self::Erase { user, tenant }
            }
            UserWhat::GrantAdministrator(Who { name, tenant }) => {
                Self::GrantAdministrator { name, tenant }
            }
        })
    }

    /// Runs it, and prints what was done.
    pub(crate) async fn run(self, on: &Running) -> Result<String, Failure> {
        let (what, now) = (self.name(), on.clock.now());
        match self {
            Self::Keys(shot) => shot.run(on).await,
            Self::FindUser { name, tenant } => {
                let user = find_user(on, TenantId(tenant), &name)?;
                Ok(format!("user {user}"))
            }
            Self::SetPassword { name, tenant, password } => {
                set_password(on, what, &name, TenantId(tenant), &password).await
            }
            Self::EnableUser { name, tenant, enabled } => {
                let tenant = TenantId(tenant);
                let user = on.views.read().users.named(tenant, &name).map(|it| it.data.user);
                let account = user.map_or(AccountId::None, AccountId::User);
                enable(on, what, tenant, account, enabled).await
            }
            Self::Unlock { name, tenant } => unlock(on, &name, TenantId(tenant)),
            Self::Erase { user, tenant } => erase_user(on, what, &user, TenantId(tenant)).await,
            Self::GrantAdministrator { name, tenant } => {
                administrators::grant(on, what, &name, TenantId(tenant), now).await
            }
            Self::EraseAppUser { id: user } => {
                let (id, subject) = (user.to_string(), AppUserId(user).into());
                let head = head_of_owner::<AppUser>(on, what, &id, now)?;
                let done = on.engine.handle::<AppUser>(&id, &AppUserCommand::Erase, &head).await;
                forget_person::<AppUser>(on, &id, &head, subject, done, "").await
            }
            Self::AddRoot { name, tenant, password } => {
                let tenant = TenantId(tenant);
                check_password(on, tenant, &name, &password)?;
                let made =
                    add_app_root(&on.engine, &on.views, tenant, &name, &password, now).await?;
                wait_until_shown(on, made.1).await?;
                Ok(format!("{} is a root account of tenant {tenant}", made.0))
            }
            Self::EnableAccount { name, tenant, enabled } => {
                let tenant = TenantId(tenant);
                let account = Accounts::of(&on.views.read(), tenant).id_of(&name);
                enable(on, what, tenant, account, enabled).await
            }
            Self::LinkAppTokens { tenant, linked } => {
                link(on, what, TenantId(tenant), linked, now).await
            }
            Self::SetApp { app, strict, acts_for_users } => {
                set_app(on, what, &app, AppPolicy { strict, acts_for_users }, now).await
            }
            Self::Backup { to } => {
                let on = on.clone();
                let copied = tokio::task::spawn_blocking(move || backup::copy(&on, &to));
                copied.await.map_err(|err| err.to_string())?
            }
            Self::Client(what) => what.run(on).await,
            Self::Tenant(what) => what.run(on).await,
            Self::Workers(what) => what.run(on).await,
            Self::CreateUser { name, tenant, password, administrator } => {
                let who = (&*name, TenantId(tenant));
                new_user::create(on, what, who, &password, administrator).await
            }
        }
    }
}

/// The server forgets the failures once this is said (`admin_server.rs`): nothing else remembers them.
fn unlock(on: &Running, name: &str, tenant: TenantId) -> Result<String, Failure> {
    let tables = on.views.read();
    let is_account = Accounts::of(&tables, tenant).id_of(name) != AccountId::None;
    match is_account || tables.users.named(tenant, name).is_some() {
        true => Ok(format!("{name} may try again at once")),
        false => Err(format!("tenant {tenant} has nobody of this name").into()),
    }
}

/// Enables or disables an account, at whichever face.
async fn enable(
    on: &Running,
    what: &str,
    tenant: TenantId,
    account: AccountId,
    enabled: bool,
) -> Result<String, Failure> {
    // The present time, not the time of the request: what was issued meanwhile must end, too.
    let head = head_of(on, what, tenant, on.clock.now())?;
    let stopping = match account {
        AccountId::User(user) if !enabled => clients_on(&on.views.read(), user),
        _ => 0,
    };
    let done = match account {
        AccountId::None => return Err(format!("tenant {tenant} has nobody of this name").into()),
        AccountId::AppUser(user) => {
            let command = AppUserCommand::SetEnabled(enabled);
            on.engine.handle::<AppUser>(&user.to_string(), &command, &head).await?
        }
        AccountId::User(user) => {
            let command = UserCommand::SetEnabled(enabled);
            change_user(&on.engine, &on.views, user, &command, &head, Expected::Any).await?
        }
    };
    wait_until_shown(on, done.position).await?;
    let may = if enabled { "may sign in" } else { "may not sign in; its tokens have ended" };
    Ok(format!("{account} {may}{}", stopped(stopping)))
}

/// Links a tenant (its users become the accounts of the app-token service), or unlinks it.
async fn link(
    on: &Running,
    what: &str,
    tenant: TenantId,
    linked: bool,
    now: Timestamp,
) -> Result<String, Failure> {
    let head = head_of(on, what, tenant, now)?;
    let command = TenantCommand::SetAppTokenLink(linked);
    let done = on.engine.handle::<Tenant>(&tenant.to_string(), &command, &head).await?;
    if done.first == 0 {
        let is = if linked { "is linked" } else { "is not linked" };
        return Ok(format!("tenant {tenant} {is} already"));
    }
    wait_until_shown(on, done.position).await?;
    let app_users = on.views.read().app_users.count_of(tenant);
    Ok(match linked {
        true => format!(
            "the accounts of the app-token service are the users of tenant {tenant} now; users set \
             their password once to sign in there; {app_users} app users from before may not, and \
             all app tokens have ended"
        ),
        false => format!(
            "the app-token service of tenant {tenant} has its own {app_users} app users again; all \
             app tokens have ended"
        ),
    })
}

async fn set_app(
    on: &Running,
    what: &str,
    app: &str,
    policy: AppPolicy,
    now: Timestamp,
) -> Result<String, Failure> {
    let app = AppId::parse(app).ok_or("the id of an app has 16 digits")?;
    let head = head_of_owner::<App>(on, what, &app.to_string(), now)?;
    let command = AppCommand::SetPolicy(policy);
    let done = on.engine.handle::<App>(&app.to_string(), &command, &head).await?;
    wait_until_shown(on, done.position).await?;
    let AppPolicy { strict, acts_for_users } = policy;
    Ok(format!("app {app}: strict {strict}, acts for users {acts_for_users}"))
}

fn find_user(on: &Running, tenant: TenantId, name: &str) -> Result<UserId, Failure> {
    let user = on.views.read().users.named(tenant, name).map(|it| it.data.user);
    user.ok_or_else(|| format!("tenant {tenant} has no user of this name").into())
}

async fn set_password(
    on: &Running,
    what: &str,
    name: &str,
    tenant: TenantId,
    password: &str,
) -> Result<String, Failure> {
    let user = find_user(on, tenant, name)?;
    check_password(on, tenant, name, password)?;
    let linked = Accounts::of(&on.views.read(), tenant).linked;
    let verifiers = PasswordPool::new(1).hash_of_user(password, linked).await?;
    // The present time, not the time of the request: a login that began while the hash was computed
    // must end with the others.
    let head = head_of(on, what, tenant, on.clock.now())?;
    let command = UserCommand::SetPassword(verifiers);
    let done = change_user(&on.engine, &on.views, user, &command, &head, Expected::Any).await?;
    wait_until_shown(on, done.position).await?;
    Ok(format!("user {user} has a new password; tokens issued before have ended"))
}
