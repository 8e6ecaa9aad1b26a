//! CreateUser, UpdateUser and GetUsers: the users that a root account makes.

use commands::Done;
use domain::Actor;
use domain::account::AccountId;
use domain::app::AppId;
use domain::app_user::AppUserCommand;
use domain::security::Rule;
use domain::user::{UserCommand, Verifiers};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::accounts::Accounts;
use super::administration::{AccountTarget, Acting, authorise};
use super::answer::{Answered, FORBIDDEN, Failed, INVALID, NOT_FOUND, TOO_MANY, USER_EXISTS};
use super::apps::default_app;
use super::registration::{NewAccount, Registration};
use super::service::{Answer, Service, operation};
use super::signature::unhex_16;
use crate::http::endpoint::Endpoint;
use crate::http::error::ApiError;
use crate::http::opening::open_rows;

/// The most users of one answer.
const USERS_MAX: usize = 10_000;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        operation(
            "/oauth2/api/v1/oauth.create_user",
            "AppTokenCreateUser",
            "Create a user of the app-token service",
            create,
        ),
        operation(
            "/oauth2/api/v1/oauth.update_user",
            "AppTokenUpdateUser",
            "Change (op 1) or delete (op -1) a user",
            update,
        ),
        operation(
            "/oauth2/api/v1/oauth.get_users",
            "AppTokenGetUsers",
            "One user, or all that a root account made",
            list,
        ),
    ]
}

/// A user to make.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
#[schemars(rename = "AppTokenUserInput")]
struct CreateUserReq {
    /// The root account that makes the user.
    #[schemars(extend("x-required" = "body"))]
    root_name: String,
    /// Unique, at most 64 characters.
    #[schemars(extend("x-required" = "body"))]
    user_name: String,
    /// The md5 of the password, in hexadecimal.
    #[schemars(extend("x-required" = "body", "writeOnly" = true))]
    password: String,
    /// Free text, usually Base64 of JSON.
    #[schemars(extend("x-required" = "body"))]
    user_info: String,
    /// The address that the user registered from.
    #[serde(rename = "regIP")]
    reg_ip: String,
}

/// A change of a user.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
#[schemars(rename = "AppTokenUserChangeInput")]
struct UpdateUserReq {
    /// The root account that made the user, or the user itself.
    #[schemars(extend("x-required" = "body"))]
    root_name: String,
    #[schemars(extend("x-required" = "body"))]
    user_name: String,
    /// 1 to change, -1 to delete.
    #[schemars(extend("x-required" = "body"))]
    op: i32,
    /// The md5 of the new password, in hexadecimal; empty to leave it.
    #[schemars(extend("writeOnly" = true))]
    password: String,
    /// The new info; empty to leave it.
    user_info: String,
}

/// Which users to list.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
#[schemars(rename = "AppTokenUsersInput")]
struct GetUsersReq {
    #[schemars(extend("x-required" = "body"))]
    root_name: String,
    /// One user; empty for all that the root account made.
    user_name: String,
    /// From 0. Not in the original interface, as `pageSize`.
    page_no: i32,
    /// At most 10,000; without it all users, if they are no more than that (else 1082).
    page_size: i32,
}

/// Nothing.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AppTokenEmpty")]
struct Empty {}

/// Users.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AppTokenUsers")]
struct GetUsersResp {
    list: Option<Vec<UserInfo>>,
}

/// A user.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AppTokenUser")]
struct UserInfo {
    username: String,
    user_info: String,
}

async fn create(service: Service, asked: CreateUserReq) -> Answer<Empty> {
    let given = [&asked.root_name, &asked.user_name, &asked.password, &asked.user_info];
    if given.into_iter().any(String::is_empty) {
        return Err(INVALID);
    }
    // Cheap checks come first: only requests that can succeed cost a hash.
    let (registration, _) = register(&service, &asked)?;
    registration.check(service.call().now)?;
    let password = canonical(&asked.password)?;
    let tenant = service.tenant();
    if service.ask(|it| Accounts::of(it, tenant).named(&asked.user_name).is_some()) {
        return Err(USER_EXISTS);
    }
    if let Registration::AppUser { .. } = registration {
        default_app(&service).await?;
    }
    let verifiers = hash(&service, &password).await?;
    // The credential may have ended while the password was hashed.
    let (registration, actor) = register(&service, &asked)?;
    let writer = service.writer(&actor);
    let head = service.head(actor)?;
    let bill = service.app().bill(writer, &head)?;
    let (_, done) = registration.enter(&service.app().engine, verifiers, &head).await?;
    bill.pay(&done);
    // Wrong passwords of a former account of this name are not the new one's.
    let tenant = service.tenant();
    let tried = service.ask(|it| Accounts::of(it, tenant).tried_as(&asked.user_name));
    service.app().attempts.forget_account(tenant.0, &tried);
    service.app().settle(&done).await;
    Ok(Answered::written(Empty {}, done.position))
}

/// The registration that a request asks for, if the caller may create accounts.
fn register(service: &Service, asked: &CreateUserReq) -> Result<(Registration, Actor), Failed> {
    let acting = authorise(service, &asked.root_name)?;
    let tenant = service.tenant();
    let registration = service.ask(|tables| {
        let accounts = Accounts::of(tables, tenant);
        if let Acting::Account { own, .. } = &acting
            && !own.is_root(tables)
        {
            return Err(FORBIDDEN);
        }
        let maker = acting.named_owner(accounts, &asked.root_name).account;
        // A user must have a parent.
        if accounts.linked && maker == AccountId::None {
            return Err(NOT_FOUND);
        }
        let new = NewAccount {
            user_name: asked.user_name.trim().to_owned(),
            info: asked.user_info.clone(),
            reg_ip: asked.reg_ip.clone(),
            root: false,
            maker,
            root_name: asked.root_name.clone(),
            app: tables.apps.default_of(tenant).map_or(AppId::NONE, |it| it.data.app),
        };
        Registration::new(new, tables, tenant)
    })?;
    Ok((registration, acting.actor()))
}

/// The form of a password that is hashed: the md5 in upper-case digits (app-token spec section
/// 5.2).
pub(crate) fn canonical(password: &str) -> Result<String, Failed> {
    unhex_16(password).ok_or(INVALID)?;
    Ok(password.to_ascii_uppercase())
}

/// The password itself is never sent here, only its md5.
async fn hash(service: &Service, password: &str) -> Result<Verifiers, Failed> {
    let hashed = service.app().passwords_at(service.call().peer).hash(password).await;
    let md5 = hashed.map_err(|err| Failed::from(ApiError::from(err)))?;
    Ok(Verifiers { password: None, md5: Some(md5) })
}

async fn update(service: Service, asked: UpdateUserReq) -> Answer<Empty> {
    if asked.root_name.is_empty() || asked.user_name.is_empty() {
        return Err(INVALID);
    }
    may_change(&service, &asked)?;
    let change = match asked.op {
        1 => {
            let password = match asked.password.is_empty() {
                true => None,
                false => Some(hash(&service, &canonical(&asked.password)?).await?),
            };
            let info = (!asked.user_info.is_empty()).then(|| asked.user_info.clone());
            Change::Update { password, info }
        }
        -1 => Change::Delete,
        _ => return Err(INVALID),
    };
    // The credential may have ended while the password was hashed.
    let (acting, target) = may_change(&service, &asked)?;
    let done = apply(&service, &target, change, acting.actor()).await?;
    Ok(Answered::written(Empty {}, done.position))
}

/// Who changes which account, if that is allowed.
fn may_change(service: &Service, asked: &UpdateUserReq) -> Result<(Acting, AccountTarget), Failed> {
    let acting = authorise(service, &asked.root_name)?;
    let now = service.app().clock.now();
    let target = service.ask(|tables| {
        let accounts = Accounts::of(tables, service.tenant());
        // Whether other accounts' users exist is not revealed.
        let account = accounts.named(&asked.user_name).ok_or(NOT_FOUND)?;
        let target = acting.target(&account, accounts).ok_or(NOT_FOUND)?;
        let sets_password = asked.op == 1 && !asked.password.is_empty();
        let deletes = asked.op == -1;
        if (sets_password || deletes) && !acting.may_take_over(&account, tables)
            || deletes && acting.is_user(&account)
            || sets_password && acting.is_user(&account) && !acting.proved_lately(now)
        {
            return Err(FORBIDDEN);
        }
        Ok(target)
    })?;
    Ok((acting, target))
}

/// What UpdateUser comes to.
enum Change {
    Update { password: Option<Verifiers>, info: Option<String> },
    Delete,
}

/// Runs a change on an account of either kind.
async fn apply(
    service: &Service,
    target: &AccountTarget,
    change: Change,
    actor: Actor,
) -> Result<Done, Failed> {
    match target {
        AccountTarget::AppUser(user) => {
            let command = match change {
                Change::Update { password, info } => {
                    AppUserCommand::Update { password: password.and_then(|it| it.md5), info }
                }
                Change::Delete => AppUserCommand::Delete,
            };
            service.submit(user, &command, actor).await
        }
        AccountTarget::User(user) => {
            let command = match change {
                Change::Update { password, info } => UserCommand::UpdateByApp { password, info },
                Change::Delete => UserCommand::Delete,
            };
            service.submit(user, &command, actor).await
        }
    }
}

async fn list(service: Service, asked: GetUsersReq) -> Answer<GetUsersResp> {
    if asked.root_name.is_empty() {
        return Err(INVALID);
    }
    let acting = authorise(&service, &asked.root_name)?;
    let page = usize::try_from(asked.page_no).map_err(|_| INVALID)?;
    let size = usize::try_from(asked.page_size).map_err(|_| INVALID)?;
    let tenant = service.tenant();
    let found = service.ask(|tables| {
        let accounts = Accounts::of(tables, tenant);
        if !asked.user_name.is_empty() {
            let account = accounts.named(&asked.user_name);
            let account = account.filter(|it| acting.may_see(it, accounts));
            return account.map(|it| it.id()).into_iter().collect::<Vec<_>>();
        }
        match &acting {
            Acting::Account { own, .. } if !own.is_root(tables) => Vec::new(),
            _ => accounts.made_by(acting.named_owner(accounts, &asked.root_name)),
        }
    });
    // A caller that does not know of pages must not mistake a part for the whole.
    if size == 0 && found.len() > USERS_MAX {
        return Err(TOO_MANY);
    }
    let page = if asked.user_name.is_empty() { page } else { 0 };
    let size = if size == 0 { USERS_MAX } else { size.min(USERS_MAX) };
    let page = found.into_iter().skip(page.saturating_mul(size)).take(size).collect::<Vec<_>>();
    let app = service.app().clone();
    let caller = (tenant, acting.actor());
    let list = open_rows(service.app(), caller, page.len(), move || {
        // The tables are locked for one at a time.
        let shown = page.into_iter().filter_map(|account| {
            let tables = app.views.read();
            let account = Accounts::of(&tables, tenant).get(account)?;
            let (username, user_info) = account.name_and_info(&tables)?;
            Some(UserInfo { username, user_info })
        });
        shown.collect()
    });
    let list: Vec<UserInfo> = list.await.map_err(Failed::from)?;
    service.call().noticed(Rule::UsersListed, tenant, acting.actor(), list.len());
    Ok(Answered::read(GetUsersResp { list: service.list(list) }))
}
