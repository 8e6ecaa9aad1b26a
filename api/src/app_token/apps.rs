//! CreateOauth, GetAppList and DeleteApp: the apps of an owner.

use std::sync::Arc;

use commands::{Done, Draft, Engine};
use domain::account::AccountId;
use domain::app::{APP_IDS, App, AppCommand, AppCreated, AppId, AppPersonal, AppPolicy, AppSecret};
use domain::app_user::AppUser;
use domain::user::User;
use domain::{Actor, Aggregate, StreamId, TenantId, Timestamp};
use projections::AppRow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::accounts::Accounts;
use super::administration::{Acting, By, authorise};
use super::answer::{Answered, BUSY, Failed, INVALID, NOT_FOUND, TOO_MANY};
use super::service::{Answer, SHOWN_WITHIN, Service, operation, random_text};
use super::standing::live_app;
use crate::access::target::Target;
use crate::http::endpoint::Endpoint;
use crate::state::app_token_settings::AppTokenSettings;

/// When apps expire: 2050-01-01 00:00 +08:00 (app-token spec section 2.5).
const APP_EXPIRES_AT: Timestamp = Timestamp(2_524_579_200_000_000);

/// How many random ids are tried if they are taken.
const ID_ATTEMPTS_MAX: usize = 5;

/// How many apps an account may have.
const APPS_OF_ACCOUNT_MAX: usize = 100;

/// The size of a page, unless asked for, and at most.
const PAGE_SIZE: usize = 10;
const PAGE_SIZE_MAX: usize = 100;

/// The most ids in one question.
const APP_IDS_MAX: usize = 1_000;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        operation(
            "/oauth2/api/v1/oauth.create_oauth",
            "AppTokenCreateOauth",
            "Create an app",
            create,
        ),
        operation(
            "/oauth2/api/v1/oauth.get_app_list",
            "AppTokenGetAppList",
            "List apps, newest first",
            list,
        ),
        operation(
            "/oauth2/api/v1/oauth.delete_app",
            "AppTokenDeleteApp",
            "Delete an app: its tokens end",
            delete,
        ),
    ]
}

/// An app to make.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
#[schemars(rename = "AppTokenAppInput")]
struct CreateOauthReq {
    /// The owner.
    #[schemars(extend("x-required" = "body"))]
    username: String,
    /// Free text, usually Base64 of JSON.
    oauth_info: String,
}

/// A new app, with its secret.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AppTokenCreatedApp")]
struct CreateOauthResp {
    /// 16 digits.
    app_id: String,
    /// 24 characters.
    app_key: String,
    /// 32 characters; shown here and nowhere else.
    app_secret: String,
}

/// Which apps to list.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
#[schemars(rename = "AppTokenAppsInput")]
struct GetAppListReq {
    /// The owner.
    username: String,
    /// These apps, whatever the owner.
    app_ids: Vec<String>,
    /// From 0.
    page_no: i32,
    /// 10 if absent, at most 100.
    page_size: i32,
}

/// A page of apps.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AppTokenApps")]
struct GetAppListResp {
    list: Option<Vec<AppInfo>>,
    total: i64,
}

/// An app.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AppTokenApp")]
struct AppInfo {
    app_id: String,
    oauth_info: String,
}

/// Which app to delete.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
#[schemars(rename = "AppTokenDeleteInput")]
struct DeleteAppReq {
    app_id: String,
    /// The owner.
    #[schemars(extend("x-required" = "body"))]
    username: String,
}

/// What was deleted.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AppTokenDeletion")]
struct DeleteAppResp {
    /// 1, or 0 if there was nothing to delete.
    rows_affected: i64,
}

async fn create(service: Service, asked: CreateOauthReq) -> Answer<CreateOauthResp> {
    if asked.username.is_empty() {
        return Err(INVALID);
    }
    let acting = authorise(&service, &asked.username)?;
    let tenant = service.tenant();
    let (owner, linked, count) = service.ask(|tables| {
        let accounts = Accounts::of(tables, tenant);
        let owner = acting.named_owner(accounts, &asked.username);
        (owner.account, accounts.linked, accounts.apps_of(owner).len())
    });
    if matches!(acting, Acting::Account { .. }) && count >= APPS_OF_ACCOUNT_MAX {
        return Err(TOO_MANY);
    }
    // If accounts are users, owners are users, too.
    if linked && owner == AccountId::None {
        return Err(NOT_FOUND);
    }
    // An owner with an account is stored by its id: a name stored here would survive the person's
    // erasure.
    let name = if owner == AccountId::None { asked.username } else { String::new() };
    let personal = AppPersonal { owner: name, info: asked.oauth_info };
    for _ in 0..ID_ATTEMPTS_MAX {
        let (data, secret) = new_app(tenant, service.settings(), false)?;
        let data = AppCreated { owner, ..data };
        let (app, app_key) = (data.app, data.app_key.clone());
        if is_taken(&service, app) {
            continue;
        }
        let command = AppCommand::Create {
            data: Box::new(data),
            personal: Box::new(personal.clone()),
            secret: AppSecret(secret.clone()),
        };
        let done = enter(&service, app, &command, owner, acting.actor()).await?;
        let answer = CreateOauthResp { app_id: app.to_string(), app_key, app_secret: secret };
        return Ok(Answered::written(answer, done.position));
    }
    Err(BUSY)
}

/// Enters an app whose owner is in use: now, and when the app is written. That of an owner who is erased
/// meanwhile would keep its key.
async fn enter(
    service: &Service,
    app: AppId,
    command: &AppCommand,
    owner: AccountId,
    actor: Actor,
) -> Result<Done, Failed> {
    let engine = &service.app().engine;
    let writer = service.writer(&actor);
    let head = service.head(actor)?;
    let bill = service.app().bill(writer, &head)?;
    let filled = engine.transact(&head, |draft| {
        let is_in_use = match owner {
            AccountId::None => true,
            AccountId::AppUser(user) => {
                let user = user.to_string();
                matches!(expect::<AppUser>(engine, draft, &user)?, AppUser::Active(_))
            }
            AccountId::User(user) => {
                matches!(expect::<User>(engine, draft, &user.to_string())?, User::Active(_))
            }
        };
        if !is_in_use {
            return Err(NOT_FOUND);
        }
        Ok::<_, Failed>(draft.decide::<App>(&app.to_string(), command)?)
    });
    let ((), done) = filled.await?;
    bill.pay(&done);
    service.app().settle(&done).await;
    Ok(done)
}

/// An aggregate as the log has it; the draft fails if it changes.
fn expect<A: Aggregate>(
    engine: &Engine,
    draft: &mut Draft<'_>,
    id: &str,
) -> Result<A, commands::Error> {
    // First the version: if the state is a later one, the draft fails and is filled again.
    let version = engine.log().stream_version(&StreamId::new(A::CATEGORY, id));
    let state = draft.state::<A>(id)?;
    draft.expect::<A>(id, version);
    Ok(state)
}

fn is_taken(service: &Service, app: AppId) -> bool {
    service.app().engine.log().stream_version(&StreamId::new(App::CATEGORY, app)) > 0
}

/// A new app with a key and a secret of its own.
pub(crate) fn new_app(
    tenant: TenantId,
    settings: &AppTokenSettings,
    is_default: bool,
) -> Result<(AppCreated, String), Failed> {
    let created = AppCreated {
        app: random_app_id()?,
        tenant,
        owner: AccountId::None,
        app_key: random_text(24)?,
        is_default,
        policy: AppPolicy { strict: settings.strict || is_default, acts_for_users: false },
        token_seconds: settings.access_seconds,
        expires_at: APP_EXPIRES_AT,
    };
    Ok((created, random_text(32)?))
}

/// The tenant's default app, made when it is first needed: no operation makes it.
pub(crate) async fn default_app(service: &Service) -> Result<Arc<AppRow>, Failed> {
    let (tenant, now) = (service.tenant(), service.call().now);
    let known = || {
        service.ask(|tables| {
            let row = tables.apps.default_of(tenant)?;
            live_app(tables, tenant, row.data.app, now)
        })
    };
    if let Some(row) = known() {
        return Ok(row);
    }
    let (data, secret) = new_app(tenant, service.settings(), true)?;
    let app = data.app;
    let command = AppCommand::Create {
        data: Box::new(data),
        personal: Box::new(AppPersonal::default()),
        secret: AppSecret(secret),
    };
    let engine = &service.app().engine;
    let head = service.head(Actor::System)?;
    let made = engine.handle::<App>(&app.to_string(), &command, &head).await;
    // If another request was quicker, its app is used.
    let position = made.map_or_else(|_| engine.log().head().position, |it| it.position);
    service.app().views.wait(position, SHOWN_WITHIN).await.map_err(|_| BUSY)?;
    known().ok_or(NOT_FOUND)
}

fn random_app_id() -> Result<AppId, Failed> {
    loop {
        let bytes: [u8; 8] = commands::keys::random().map_err(|_| BUSY)?;
        // 54 random bits cover every id; numbers outside the range are drawn again, so each id is
        // equally likely.
        let number = u64::from_le_bytes(bytes) >> 10;
        if APP_IDS.contains(&number) {
            return Ok(AppId(number));
        }
    }
}

async fn list(service: Service, asked: GetAppListReq) -> Answer<GetAppListResp> {
    if asked.username.is_empty() && asked.app_ids.is_empty() || asked.app_ids.len() > APP_IDS_MAX {
        return Err(INVALID);
    }
    let acting = authorise(&service, &asked.username)?;
    let page = usize::try_from(asked.page_no).map_err(|_| INVALID)?;
    let size = match usize::try_from(asked.page_size).map_err(|_| INVALID)? {
        0 => PAGE_SIZE,
        size => size.min(PAGE_SIZE_MAX),
    };
    let tenant = service.tenant();
    let (list, total) = service.ask(|tables| {
        let accounts = Accounts::of(tables, tenant);
        let rows = match asked.app_ids.is_empty() {
            true => accounts.apps_of(acting.named_owner(accounts, &asked.username)),
            false => {
                let ids = asked.app_ids.iter().filter_map(|it| AppId::parse(it));
                let mut rows =
                    ids.filter_map(|it| tables.apps.get(tenant, it)).cloned().collect::<Vec<_>>();
                // An account sees its own apps, whatever name it sends.
                if let Acting::Account { .. } = &acting {
                    rows.retain(|it| accounts.owns(it, acting.named_owner(accounts, "")));
                }
                rows.sort_by_key(|it| std::cmp::Reverse(it.position));
                rows.dedup_by_key(|it| it.position);
                rows
            }
        };
        let rows = rows.iter().filter(|it| !accounts.is_set_aside(it)).collect::<Vec<_>>();
        let shown = rows.iter().skip(page.saturating_mul(size)).take(size).map(|row| AppInfo {
            app_id: row.data.app.to_string(),
            oauth_info: tables.apps.personal(row).unwrap_or_default().info,
        });
        (shown.collect::<Vec<_>>(), rows.len() as i64)
    });
    let list = service.list(list);
    Ok(Answered::read(GetAppListResp { list, total }))
}

async fn delete(service: Service, asked: DeleteAppReq) -> Answer<DeleteAppResp> {
    if asked.username.is_empty() {
        return Err(INVALID);
    }
    let acting = authorise(&service, &asked.username)?;
    let nothing = Answered::read(DeleteAppResp { rows_affected: 0 });
    let Some(app) = AppId::parse(&asked.app_id) else { return Ok(nothing) };
    let target = service.ask(|tables| {
        let accounts = Accounts::of(tables, service.tenant());
        let row = tables.apps.get(service.tenant(), app)?;
        let may = |it: &AppRow| match &acting {
            Acting::AsAny(By::Anybody) => true,
            // Nobody else can delete the apps of an account that was deleted.
            Acting::AsAny(_) if accounts.owner_is_gone(it) => true,
            _ => accounts.owns(it, acting.named_owner(accounts, &asked.username)),
        };
        Target::of(&**row, service.tenant(), |it| !accounts.is_set_aside(it) && may(it))
    });
    let Some(target) = target else { return Ok(nothing) };
    match service.submit(&target, &AppCommand::Delete, acting.actor()).await {
        Ok(done) => {
            forget(&service, app).await;
            Ok(Answered::written(DeleteAppResp { rows_affected: 1 }, done.position))
        }
        // Somebody else was quicker.
        Err(super::answer::NOT_FOUND) => Ok(nothing),
        Err(err) => Err(err),
    }
}

/// Destroys the key of an app that was deleted, so that its owner's notes become unreadable. The
/// event is written already, so if this fails, the next start does it.
async fn forget(service: &Service, app: AppId) {
    let keys = service.app().engine.keys().clone();
    let erased = tokio::task::spawn_blocking(move || keys.erase_subject(app.into())).await;
    if let Ok(Err(err)) = erased {
        tracing::error!(error = %err, app = %app, "the key of an app that ended is not destroyed");
    }
}

impl Service {
    /// A list, in the form that the operator wants for empty ones.
    pub(crate) fn list<T>(&self, list: Vec<T>) -> Option<Vec<T>> {
        (!list.is_empty() || !self.settings().null_lists).then_some(list)
    }
}
