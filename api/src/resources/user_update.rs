//! Row 80: what changes of a user (contracts 32), and who may change it.

use commands::{Done, Expected};
use domain::UserId;
use domain::user::{UserCommand, UserPersonal, UserRegistered};
use projections::UserRow;

use super::stamp::stale_stamp;
use super::user_body::AppUser;
use crate::access::granted::Granted;
use crate::http::endpoint::Outcome;
use crate::http::error::ApiError;
use crate::http::reply::Reply;

/// What the body lacks stays, null clears.
pub(super) async fn update(mut granted: Granted) -> Outcome {
    let (sent, bytes) = granted.json::<AppUser>().await?;
    let user = UserId(u32::try_from(sent.id).unwrap_or(0));
    if user == UserId::NONE {
        return Err(ApiError::not_found("user"));
    }
    if !granted.caller.is_administrator() && user != granted.user() {
        let why = "only administrators change other users".to_owned();
        return Err(ApiError::Forbidden(why));
    }
    if sent.password_hash.as_deref().is_some_and(|it| !it.trim().is_empty()) {
        return Err(ApiError::field("passwordHash", "is not changed here"));
    }
    let stamp = sent.concurrency_stamp.as_deref().filter(|it| !it.is_empty());
    let mut tries = 0;
    let done = loop {
        let done = update_present(&granted, user, stamp, &bytes).await;
        if !granted.must_try_again(&done, &mut tries, stamp.is_some()).await {
            break done;
        }
    };
    let by_stamp = stamp.is_some() && granted.call.if_match()? == Expected::Any;
    let done = done.map_err(|err| stale_stamp(err, by_stamp, "UserDetail"))?;
    Ok(Reply::single(i64::from(user.0)).written(&done))
}

async fn update_present(
    granted: &Granted,
    user: UserId,
    stamp: Option<&str>,
    bytes: &[u8],
) -> Result<Done, ApiError> {
    let seen = granted.ask(|tables| {
        let row = granted.users(tables).get(user)?;
        let personal = tables.users.personal(row)?;
        Some((row.clone(), AppUser::from_row(row, tables), personal))
    });
    let (row, now, old) = seen.ok_or_else(|| ApiError::not_found("user"))?;
    if stamp.is_some_and(|it| it != row.version.to_string()) {
        return Err(stale_stamp(ApiError::Changed, true, "UserDetail"));
    }
    let body = granted.call.members.read_update(bytes, &now, |_| true)?;
    check_fixed(&body, &now)?;
    let (data, personal) = wished(granted, &body, &row, &old)?;
    let is_administrator = granted.caller.is_administrator();
    if !is_administrator && !is_description(&row.data, &data, &old, &personal) {
        let why = "other members of oneself than avatar, nickName, birthday, gender, address, \
                   stature, weight, description, files and properties are changed by administrators";
        return Err(ApiError::Forbidden(why.to_owned()));
    }
    let command = UserCommand::Update(Box::new(data), Box::new(personal));
    let target = granted.target_of(&*row, "user")?;
    granted.submit_at(&target, bytes, command, Expected::At(row.version)).await
}

/// Members that never change may be sent back as they are.
fn check_fixed(body: &AppUser, now: &AppUser) -> Result<(), ApiError> {
    let fixed = [
        ("userName", body.user_name == now.user_name),
        ("userKey", body.user_key == now.user_key),
        ("parentUserID", body.parent_user_id == now.parent_user_id),
    ];
    match fixed.into_iter().find(|it| !it.1) {
        Some((field, _)) => Err(ApiError::field(field, "does not change")),
        None => Ok(()),
    }
}

/// What is to be stored.
fn wished(
    granted: &Granted,
    body: &AppUser,
    row: &UserRow,
    old: &UserPersonal,
) -> Result<(UserRegistered, UserPersonal), ApiError> {
    let tenant = granted.tenant_id();
    let mut roles = Vec::new();
    granted.ask(|tables| {
        for link in &body.roles {
            if tables.roles.get(tenant, link.role_id).is_none() {
                return Err(ApiError::field("roles.roleId", "must be a role of this tenant"));
            }
            if !roles.contains(&link.role_id) {
                roles.push(link.role_id);
            }
        }
        Ok(())
    })?;
    let mut data = body.data(UserRegistered { roles, ..row.data.clone() })?;
    let mut personal = body.personal()?;
    // An address from before it was kept as the DNS knows it is sent back as it is shown.
    if body.email == old.email {
        personal.email.clone_from(&old.email);
    }
    // Times are sent back as they are shown: with whole seconds.
    let same = |sent: Option<domain::Timestamp>, old: Option<domain::Timestamp>| {
        let is_same = sent.zip(old).is_some_and(|(sent, old)| sent.wire() == old.wire());
        if is_same { old } else { sent }
    };
    personal.birthday = same(personal.birthday, old.birthday);
    data.lockout_end = same(data.lockout_end, row.data.lockout_end);
    // What was proved was the address and the number of before.
    data.email_confirmed &= personal.email == old.email;
    data.phone_confirmed &=
        personal.phone_number == old.phone_number && personal.country_code == old.country_code;
    Ok((data, personal))
}

/// Whether nothing changes but what people say of themselves.
fn is_description(
    old_data: &UserRegistered,
    data: &UserRegistered,
    old: &UserPersonal,
    personal: &UserPersonal,
) -> bool {
    let rest = UserPersonal {
        avatar: old.avatar.clone(),
        nick_name: old.nick_name.clone(),
        birthday: old.birthday,
        gender: old.gender.clone(),
        address: old.address.clone(),
        stature: old.stature,
        weight: old.weight,
        description: old.description.clone(),
        files: old.files.clone(),
        properties: old.properties.clone(),
        ..personal.clone()
    };
    data == old_data && rest == *old
}
