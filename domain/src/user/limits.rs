//! How much may be said about a user.

use super::events::{UserClaim, UserLogin, UserPersonal, UserRegistered};
use crate::check;
use crate::credentials::check_user_name;
use crate::refusal::Refusal;

/// The most roles, claims, files or properties of one user.
pub const USER_CHILDREN_MAX: usize = 100;

/// What a user enters with, as far as it stands in the clear part.
pub(super) fn check_registered(data: &UserRegistered) -> Result<(), Refusal> {
    check_rights(&data.roles, &data.permissions)?;
    check::ids("typeIDs", data.type_ids.as_deref(), 1000)?;
    check::ids("poolIDs", data.pool_ids.as_deref(), 1000)?;
    check::at_most("parentUserID", &data.lineage, 2000)
}

/// Roles, and the claims that grant something.
pub(super) fn check_rights(roles: &[u32], permissions: &[UserClaim]) -> Result<(), Refusal> {
    check::list("roles", roles, USER_CHILDREN_MAX)?;
    check::list("claims", permissions, USER_CHILDREN_MAX)?;
    for claim in permissions {
        check::permission("claims.claimValue", &claim.value, 4000)?;
    }
    Ok(())
}

/// What names the human. An e-mail address and an avatar that stand
/// since before their rules may stay.
pub(super) fn check_personal(
    personal: &UserPersonal,
    old: Option<&UserPersonal>,
) -> Result<(), Refusal> {
    check::required("userName", &personal.user_name, 256)?;
    if !check_user_name(&personal.user_name).is_empty() {
        return Err(Refusal::invalid("userName", "may have a-z, A-Z, 0-9 and -._@+ only"));
    }
    check::optional("email", personal.email.as_deref(), 256)?;
    let old_email = old.and_then(|it| it.email.as_ref());
    if let Some(email) = personal.email.as_ref().filter(|it| Some(*it) != old_email) {
        check::email("email", email)?;
    }
    check::optional("phoneNumber", personal.phone_number.as_deref(), 50)?;
    if let Some(phone) = &personal.phone_number {
        check::phone("phoneNumber", phone)?;
    }
    check::optional("countryCode", personal.country_code.as_deref(), 10)?;
    check::optional("nickName", personal.nick_name.as_deref(), 256)?;
    if old.is_none_or(|old| old.avatar != personal.avatar) {
        check::optional_web("avatar", personal.avatar.as_deref())?;
    }
    check::optional("gender", personal.gender.as_deref(), 50)?;
    check::optional_text("address", personal.address.as_deref(), 500)?;
    check::optional_text("description", personal.description.as_deref(), 2000)?;
    check::optional_text("remark", personal.remark.as_deref(), 2000)?;
    check::list("claims", &personal.claims, USER_CHILDREN_MAX)?;
    for claim in &personal.claims {
        check::name("claims.claimType", &claim.claim_type, 250)?;
        check::at_most("claims.claimValue", &claim.value, 2000)?;
    }
    check::list("files", &personal.files, USER_CHILDREN_MAX)?;
    for file in &personal.files {
        check::at_most("files.files", &file.files, 4000)?;
    }
    check::optional_text("permission", personal.permission.as_deref(), 4000)?;
    check::list("logins", &personal.logins, USER_CHILDREN_MAX)?;
    for (n, login) in personal.logins.iter().enumerate() {
        check::required("logins.loginProvider", &login.provider, 128)?;
        check::required("logins.providerKey", &login.key, 128)?;
        check::optional("logins.providerDisplayName", login.display_name.as_deref(), 250)?;
        let same = |it: &UserLogin| it.provider == login.provider && it.key == login.key;
        if personal.logins.iter().take(n).any(same) {
            return Err(Refusal::invalid("logins", "must not have an item twice"));
        }
    }
    check::list("properties", &personal.properties, USER_CHILDREN_MAX)?;
    for property in &personal.properties {
        check::required("properties.key", &property.key, 250)?;
        check::at_most("properties.value", &property.value, 2000)?;
    }
    Ok(())
}
