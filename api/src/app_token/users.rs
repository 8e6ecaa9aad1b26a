//! CreateUser, UpdateUser and GetUsers: the users that a root account makes.

use domain::app_user::{AppUser, AppUserCommand, AppUserId, AppUserPersonal};
use domain::user::PasswordVerifier;
use projections::{AppUserRow, Tables};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::administration::{Acting, authorise};
use super::answer::{Answered, FORBIDDEN, Failed, INVALID, NOT_FOUND, USER_EXISTS};
use super::signature::unhex_16;
use super::standing::made;
use super::{Answer, Service, accounts, operation, tokens};
use crate::http::endpoint::Endpoint;
use crate::http::error::ApiError;

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

#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
struct CreateUserReq {
    /// The root account that makes the user.
    root_name: String,
    /// Unique, at most 64 characters.
    user_name: String,
    /// The md5 of the password, in hexadecimal.
    password: String,
    /// Free text, usually Base64 of JSON.
    user_info: String,
    /// The address that the user registered from.
    #[serde(rename = "regIP")]
    reg_ip: String,
}

#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
struct UpdateUserReq {
    /// The root account that made the user, or the user itself.
    root_name: String,
    user_name: String,
    /// 1 to change, -1 to delete.
    op: i32,
    /// The md5 of the new password, in hexadecimal; empty to leave it.
    password: String,
    /// The new info; empty to leave it.
    user_info: String,
}

#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
struct GetUsersReq {
    root_name: String,
    /// One user; empty for all that the root account made.
    user_name: String,
}

/// Nothing.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AppTokenEmpty")]
struct Empty {}

#[derive(Serialize, JsonSchema)]
struct GetUsersResp {
    list: Option<Vec<UserInfo>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct UserInfo {
    username: String,
    user_info: String,
}

async fn create(service: Service, asked: CreateUserReq) -> Answer<Empty> {
    let given = [&asked.root_name, &asked.user_name, &asked.password, &asked.user_info];
    if given.into_iter().any(String::is_empty) {
        return Err(INVALID);
    }
    let acting = authorise(&service, &asked.root_name)?;
    let creator = match &acting {
        Acting::Account { row, .. } if !row.data.root => return Err(FORBIDDEN),
        Acting::Account { row, .. } => row.data.app_user,
        Acting::AsAny { .. } => {
            let tenant = service.tenant();
            let root = service.ask(|it| it.app_users.named(tenant, &asked.root_name).cloned());
            root.map_or(AppUserId::NONE, |it| it.data.app_user)
        }
    };
    // Everything cheap first: hashing is for requests that can succeed.
    let password = canonical(&asked.password)?;
    let tenant = service.tenant();
    if service.ask(|it| it.app_users.named(tenant, &asked.user_name).is_some()) {
        return Err(USER_EXISTS);
    }
    let personal = AppUserPersonal {
        user_name: asked.user_name.trim().to_owned(),
        info: asked.user_info,
        reg_ip: asked.reg_ip,
        root_name: asked.root_name,
    };
    let app = tokens::default_app(&service).await?;
    let verifier = hash(&service, &password).await?;
    let head = service.head(acting.actor())?;
    let engine = &service.app().engine;
    let (_, done) =
        accounts::register(engine, app.data.app, personal, verifier, (false, creator), &head)
            .await?;
    service.settle(&done).await;
    Ok(Answered::written(Empty {}, done.position))
}

/// The form of a password that is kept: the md5 in upper-case digits (app-token spec section 5.2).
pub(crate) fn canonical(password: &str) -> Result<String, Failed> {
    unhex_16(password).ok_or(INVALID)?;
    Ok(password.to_ascii_uppercase())
}

async fn hash(service: &Service, password: &str) -> Result<PasswordVerifier, Failed> {
    let hashed = service.app().passwords.hash(password).await;
    hashed.map_err(|err| ApiError::from(err).into())
}

async fn update(service: Service, asked: UpdateUserReq) -> Answer<Empty> {
    if asked.root_name.is_empty() || asked.user_name.is_empty() {
        return Err(INVALID);
    }
    let acting = authorise(&service, &asked.root_name)?;
    let tenant = service.tenant();
    let row = service.ask(|tables| {
        let row = tables.app_users.named(tenant, &asked.user_name).ok_or(NOT_FOUND)?;
        // Somebody else's users are nobody's business, not even that they exist.
        match may_touch(&acting, row, tables) {
            true => Ok(row.clone()),
            false => Err(NOT_FOUND),
        }
    })?;
    let command = match asked.op {
        1 => {
            let password = match asked.password.is_empty() {
                true => None,
                false => Some(hash(&service, &canonical(&asked.password)?).await?),
            };
            let info = (!asked.user_info.is_empty()).then_some(asked.user_info);
            AppUserCommand::Update { password, info }
        }
        -1 => AppUserCommand::Delete,
        _ => return Err(INVALID),
    };
    let id = row.data.app_user.to_string();
    let done = service.submit::<AppUser>(&id, &command, acting.actor()).await?;
    Ok(Answered::written(Empty {}, done.position))
}

/// A root account may change whom it made, and everybody themselves.
fn may_touch(acting: &Acting, row: &AppUserRow, tables: &Tables) -> bool {
    match acting {
        Acting::AsAny { .. } => true,
        Acting::Account { row: own, user_name } => {
            own.data.app_user == row.data.app_user || own.data.root && made(tables, row, user_name)
        }
    }
}

async fn list(service: Service, asked: GetUsersReq) -> Answer<GetUsersResp> {
    if asked.root_name.is_empty() {
        return Err(INVALID);
    }
    let acting = authorise(&service, &asked.root_name)?;
    let tenant = service.tenant();
    let rows = service.ask(|tables| {
        let mut rows = match asked.user_name.is_empty() {
            true => {
                let mut rows = tables.app_users.made_by(tenant, &asked.root_name);
                rows.retain(|it| made(tables, it, &asked.root_name));
                rows
            }
            false => {
                tables.app_users.named(tenant, &asked.user_name).cloned().into_iter().collect()
            }
        };
        rows.retain(|it| may_touch(&acting, it, tables));
        rows
    });
    // There may be many: the tables are locked for one at a time.
    let shown = rows.iter().filter_map(|row| {
        let personal = service.ask(|tables| tables.app_users.personal(row))?;
        Some(UserInfo { username: personal.user_name, user_info: personal.info })
    });
    let list = shown.collect();
    Ok(Answered::read(GetUsersResp { list: service.list(list) }))
}
