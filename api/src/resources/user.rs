//! `/api/User`: rows 78 to 80, 82 to 85.

use domain::security::Rule;
use domain::user::{
    IdentityRule, USER_EMAIL_CLAIM, USER_NAME_CLAIM, USER_PHONE_CLAIM, User, UserCommand,
    UserPersonal, UserRegistered, Verifiers, check_user_name,
};
use domain::{UserId, hex, mail_address};
use projections::{Keys, Order, UserData, UserFilter, UserRow, begins_with};
use schemars::JsonSchema;
use serde::Deserialize;
use warp::http::{Method, StatusCode};

use super::user_body::AppUser;
use super::user_figures::members_of;
use super::user_identity::{rules_text, taken_claim};
use super::user_update::update;
use super::user_view::ViewUser;
use crate::access::granted::{Granted, Open};
use crate::access::placement;
use crate::access::tenant_settings::policy_of;
use crate::http::codes::{self, ApiCode, USER_CODES};
use crate::http::endpoint::{Endpoint, Outcome, QueryParameter, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::user;
use crate::http::paging::{ListQuery, PAGING, text};
use crate::http::reply::{List, Reply, Single};

const FILTERS: [QueryParameter; 8] = [
    text("q.role", "beginning of the name of a role"),
    text("q.phoneNumber", "phone number, exactly"),
    text("q.name", "part of the nickname or of the user name"),
    text("q.email", "e-mail address"),
    text("q.providerName", "beginning of the name of an external provider"),
    text("q.providerKey", "beginning of the key at an external provider"),
    text("q.claimType", "beginning of the type of a claim; with q.claimValue only"),
    text("q.claimValue", "beginning of the value of a claim; with q.claimType only"),
];

const PHONE: [QueryParameter; 1] =
    [text("PhoneNumber", "the phone number, exactly; clients that send bodies may put it there")];

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::GET, "/api/User", "UserGet", "List users")
            .row(78)
            .query(&PAGING)
            .query(&FILTERS)
            .answers::<List<ViewUser>>()
            .ordered_by::<ViewUser>()
            .needs(user("user.get"), list),
        endpoint(Method::POST, "/api/User", "UserPost", "Create a user")
            .row(79)
            .json::<AppUser>()
            .answers::<Single<i64>>()
            .needs(user("user.post"), create),
        endpoint(Method::PUT, "/api/User", "UserPut", "Update a user")
            .row(80)
            .json_update::<AppUser>()
            .answers::<Single<i64>>()
            .needs(user("user.put"), update),
        endpoint(Method::GET, "/api/User/{id}", "UserDetail", "Show a user")
            .row(82)
            .answers::<Single<AppUser>>()
            .needs(user("user.detail"), detail),
        endpoint(Method::DELETE, "/api/User/{id}", "UserDelete", "Delete a user")
            .row(83)
            .answers::<Single<i64>>()
            .needs(user("user.delete"), delete),
        endpoint(Method::GET, "/api/User/Head", "UserHead", "Find a user by phone number")
            .row(84)
            .query(&PHONE)
            .optional_json::<UserPhone>()
            .answers::<i64>()
            .or_answers::<i64>(StatusCode::NOT_FOUND, "Nobody has the number: 0.")
            .needs(user("user.head"), head),
        endpoint(
            Method::GET,
            "/api/User/Codes",
            "UserCodes",
            "The codes of business errors about users",
        )
        .row(85)
        .answers::<Vec<ApiCode>>()
        .open(codes_of_users),
    ]
}

// Row 84.
/// Whom to look for.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
struct UserPhone {
    #[serde(default)]
    #[schemars(extend("x-required" = "body"))]
    phone_number: String,
}

async fn list(granted: Granted) -> Outcome {
    let list = ListQuery::read(&granted.call, false)?;
    let filter = read_filter(&granted, &list)?;
    let tenant = granted.tenant_id();
    let paging = list.paging;
    let order = order_of(&granted, &list);
    let query = granted.ask(|tables| tables.users.fitting(tenant, filter, paging));
    let page = granted.page(|tables| &tables.users, query.ordered_by(order)).await?;
    let rows = granted.ask(|tables| {
        let seen = granted.users(tables);
        page.rows.iter().map(|it| ViewUser::from_row(it, tables, &seen)).collect()
    });
    let total = page.total;
    let reader = granted.caller.actor();
    granted.call.noticed(Rule::UsersListed, tenant, reader, page.rows.len());
    Ok(Reply::list(paging.skip, paging.take, total as u64, rows))
}

/// The members of a list of users for which nobody must be opened.
const CLEAR: [&str; 9] = [
    "parentUserID",
    "lockFlag",
    "dataAmount",
    "status",
    "typeIDs",
    "poolIDs",
    "lineage",
    "emailConfirmed",
    "phoneNumberConfirmed",
];

fn order_of(granted: &Granted, list: &ListQuery) -> Order<UserData> {
    let app = granted.call.app.clone();
    let tenant = granted.tenant_id();
    let reach = granted.ask(|tables| granted.users(tables).lineage());
    // Each row asks for its parent or its members: the read models are locked for no longer than that.
    let of_members = app.clone();
    let parent_name = move |row: &UserRow, keys: &Keys| {
        let parent = app.views.read().users.get(tenant, row.data.parent).cloned()?;
        let is_seen = reach.as_ref().is_none_or(|it| parent.data.lineage.starts_with(it.as_str()));
        parent.personal(keys).filter(|_| is_seen).map(|it| it.user_name)
    };
    let indexed = [("createDate", UserData::BY_CREATED), ("userID", Order::Number)];
    list.order(indexed, move |row, keys, member| {
        if CLEAR.contains(&member) {
            return ViewUser::alone(row, UserPersonal::default());
        }
        if member == "members" {
            let mut shown = ViewUser::alone(row, UserPersonal::default());
            shown.figures.members = members_of(&of_members.views.read(), row.data.user);
            return shown;
        }
        if member == "parentUserName" {
            let mut shown = ViewUser::alone(row, UserPersonal::default());
            shown.parent_user_name = parent_name(row, keys);
            return shown;
        }
        ViewUser::alone(row, row.personal(keys).unwrap_or_default())
    })
}

fn read_filter(granted: &Granted, list: &ListQuery) -> Result<UserFilter, ApiError> {
    let query = &list.query;
    let email = query.text("q.email");
    if email.is_some_and(|it| mail_address::of(it).is_none()) {
        query.note("q.email", "must be an e-mail address");
    }
    let phone_number = query.text("q.phoneNumber");
    if phone_number.is_some_and(|it| domain::check::phone("q.phoneNumber", it).is_err()) {
        query.note("q.phoneNumber", "must be a phone number");
    }
    let (from, before) = list.days();
    query.check()?;
    let tenant = granted.tenant_id();
    let roles = query.text("q.role").map(|wanted| {
        let roles = granted.ask(|tables| tables.roles.of(tenant));
        let fits = roles.iter().filter(|it| begins_with(&it.name, wanted));
        fits.map(|it| it.role).collect()
    });
    let claim = query.text("q.claimType").zip(query.text("q.claimValue"));
    // Spec section 5.9.1: other callers than administrators see the users below them, as the rule
    // was intended.
    let lineage = granted.ask(|tables| granted.users(tables).lineage());
    let login = [query.text("q.providerName"), query.text("q.providerKey")];
    let login = login.iter().any(Option::is_some).then_some(login.map(Option::unwrap_or_default));
    Ok(UserFilter {
        email: email.map(str::to_owned),
        phone_number: phone_number.map(str::to_owned),
        name: query.text("q.name").map(str::to_owned),
        roles,
        claim: claim.map(|(kind, value)| (kind.to_owned(), value.to_owned())),
        login: login.map(|[provider, key]| (provider.to_owned(), key.to_owned())),
        from,
        before,
        lineage,
    })
}

async fn create(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<AppUser>().await?;
    if let Some(member) = body.for_administrators()
        && !granted.caller.is_administrator()
    {
        return Err(ApiError::Forbidden(format!("only administrators may set {member}")));
    }
    if let Some((number, done)) = granted.earlier_answer(&bytes)? {
        return Ok(Reply::single(number as i64).written(&done));
    }
    let data = body.data(place(&granted, &body)?)?;
    let mut personal = body.personal()?;
    // Spec section 5.9.10: who has no address gets one that nobody reads.
    personal.email.get_or_insert_with(|| format!("{}@unknow.com", hex(&data.user_key)));
    let password = body.password_hash.as_deref().filter(|it| !it.trim().is_empty());
    let mut broken = check_user_name(&personal.user_name);
    let about = [Some(&personal.user_name), personal.email.as_ref(), personal.nick_name.as_ref()];
    let about = about.into_iter().flatten().map(String::as_str).collect::<Vec<_>>();
    let policy = policy_of(&granted.call.app, &granted.tenant);
    broken.extend(password.map(|it| policy.broken(it, &about)).unwrap_or_default());
    if !broken.is_empty() && !personal.user_name.trim().is_empty() {
        return Err(identity_error(&broken));
    }
    // Cheap checks come first: only bodies that can succeed cost a hash.
    let draft = |password| UserCommand::Register {
        data: Box::new(data.clone()),
        personal: Box::new(personal.clone()),
        password,
        app_info: None,
    };
    domain::Aggregate::decide(&User::default(), &draft(Verifiers::default()), granted.call.now)?;
    let passwords = &granted.call.app.passwords;
    let verifiers = match password {
        Some(password) => passwords.hash_of_user(password, granted.tenant.linked).await?,
        None => Verifiers::default(),
    };
    let created = granted.create::<User>(&bytes, |number| UserCommand::Register {
        data: Box::new(data.clone().numbered(UserId(number as u32))),
        personal: Box::new(personal.clone()),
        password: verifiers.clone(),
        app_info: None,
    });
    match created.await {
        Ok((number, done)) => {
            // Wrong passwords of a former user of this name are not the new one's.
            let attempts = &granted.call.app.attempts;
            attempts.forget_account(granted.tenant_id().0, &personal.user_name);
            Ok(Reply::single(number as i64).written(&done))
        }
        Err(err) => Err(taken(&err).unwrap_or(err)),
    }
}

/// What another user of the tenant has already, in the words of spec section 6.5.
fn taken(err: &ApiError) -> Option<ApiError> {
    let rules = [
        (USER_NAME_CLAIM, "DuplicateUserName", "userName: is taken"),
        (USER_EMAIL_CLAIM, "DuplicateEmail", "email: is taken"),
        (USER_PHONE_CLAIM, "DuplicatePhoneNumber", "phoneNumber: is taken"),
    ];
    let kind = taken_claim(err, &rules.map(|it| it.0))?;
    let (_, code, why) = rules.into_iter().find(|it| it.0 == kind)?;
    Some(identity_error(&[IdentityRule { code, why }]))
}

/// Parent, roles and tenant of a new user.
fn place(granted: &Granted, body: &AppUser) -> Result<UserRegistered, ApiError> {
    let tenant = granted.tenant_id();
    granted.ask(|tables| {
        // If the request names no parent, the caller is the parent.
        let wanted = match body.parent_user_id {
            0 => Some(granted.user()),
            wanted => u32::try_from(wanted).ok().map(UserId),
        };
        let parent = wanted.and_then(|it| granted.users(tables).get(it));
        if parent.is_none() {
            let why = "must be a user of this tenant whom you may see";
            return Err(ApiError::field("parentUserID", why));
        }
        let mut placed = placement::place(tables, tenant, parent.map(|it| &**it))?;
        for link in &body.roles {
            if tables.roles.get(tenant, link.role_id).is_none() {
                return Err(ApiError::field("roles.roleId", "must be a role of this tenant"));
            }
            if !placed.roles.contains(&link.role_id) {
                placed.roles.push(link.role_id);
            }
        }
        Ok(placed)
    })
}

/// Spec section 5.9.2: the broken rules as JSON text.
fn identity_error(broken: &[IdentityRule]) -> ApiError {
    ApiError::business(codes::CREATE_USER_FAIL, rules_text(broken))
}

async fn detail(granted: Granted) -> Outcome {
    let user = UserId(granted.call.number(0, "id")?);
    let shown = granted.ask(|tables| {
        let row = granted.users(tables).get(user);
        row.map(|it| (AppUser::from_row(it, tables), it.version))
    });
    let (body, version) = shown.ok_or_else(|| ApiError::not_found("user"))?;
    Ok(Reply::single(body).version(version))
}

async fn delete(granted: Granted) -> Outcome {
    let user = UserId(granted.call.number(0, "id")?);
    let answer = Reply::single(i64::from(user.0));
    if let Some((_, done)) = granted.earlier_answer(&[])? {
        return Ok(answer.written(&done));
    }
    let target = granted.user_target(user)?;
    if user == granted.user() {
        return Err(ApiError::Forbidden("nobody may delete themselves".to_owned()));
    }
    let done = granted.submit(&target, &[], UserCommand::Delete).await?;
    Ok(answer.written(&done))
}

/// Row 84: no envelope, and real statuses.
async fn head(mut granted: Granted) -> Outcome {
    let in_query = granted.call.query().text("PhoneNumber").map(str::to_owned);
    let phone_number = match in_query {
        Some(phone_number) => phone_number,
        None => granted.optional_json::<UserPhone>().await?.0.phone_number,
    };
    domain::check::required("phoneNumber", &phone_number, 50)?;
    domain::check::phone("phoneNumber", &phone_number)?;
    let found = granted.ask(|tables| {
        let found = granted.users(tables).with_phone(&phone_number);
        found.map(|it| i64::from(it.data.user.0))
    });
    Ok(match found {
        Some(user) => Reply::json(&user),
        None => Reply::json(&0).status(StatusCode::NOT_FOUND),
    })
}

async fn codes_of_users(_open: Open) -> Outcome {
    Ok(Reply::json(&USER_CODES))
}
