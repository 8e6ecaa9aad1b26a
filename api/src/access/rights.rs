//! What a caller may do now: what the token says *and* the row of the user still has. A right that
//! was removed is gone with the next request; one that was added needs a new token.

use domain::role::permission_of as permission_of_role;
use domain::{TenantId, Timestamp, UserId};
use projections::{Tables, TenantRow, UserRow};

use super::scopes::covers;
use super::verify::{Caller, verify};
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::needs::{Code, Needs};

/// The caller with a valid token, with the rights that both the token and the user's row have.
pub(crate) fn caller_of_now(
    call: &Call,
    tenant: &TenantRow,
    now: Timestamp,
) -> Result<Caller, ApiError> {
    let mut caller = verify(call, tenant, now)?;
    narrow(&mut caller, &call.app.views.read(), tenant.data.tenant);
    Ok(caller)
}

/// Whether a caller has what an endpoint needs.
///
/// # Errors
/// Forbidden, with the first thing that is missing.
pub(crate) fn check_needs(needs: Needs, caller: &Caller) -> Result<(), ApiError> {
    let covers = |given: &str, code: Code| {
        code.is_covered_by(given)
            || needs.or.is_some_and(|it| it.is_covered_by(given))
            || needs.or_section && code.has_section_of(given)
    };
    let names = |code: Code| caller.claims.scope.iter().any(|it| code.is_named_by(it));
    if caller.user == UserId::NONE && needs.machine.is_some_and(names) {
        return Ok(());
    }
    if !caller.claims.scope.iter().any(|it| covers(it, needs.scope)) {
        return Err(ApiError::Forbidden(format!("the token lacks the scope {}", needs.scope)));
    }
    if needs.or_machine && caller.user == UserId::NONE {
        return Ok(());
    }
    if let Some(permission) = needs.permission
        && !caller.permissions().any(|it| covers(&it, permission))
    {
        return Err(ApiError::Forbidden(format!("the user lacks the permission {permission}")));
    }
    if let Some(role) = needs.role
        && !caller.has_role(role)
    {
        return Err(ApiError::Forbidden(format!("the user lacks the role {role}")));
    }
    Ok(())
}

/// Removes from a caller the rights that the present row does not have. A token without a user has
/// only the rights of its client, and no row.
fn narrow(caller: &mut Caller, tables: &Tables, tenant: TenantId) {
    if caller.user == UserId::NONE {
        return;
    }
    let Some(row) = tables.users.get(tenant, caller.user) else {
        caller.roles.clear();
        caller.permission = None;
        return;
    };
    let has = |name: &str| {
        let mut roles = row.data.roles.iter().filter_map(|it| tables.roles.get(tenant, *it));
        roles.any(|it| it.name == name)
    };
    caller.roles.retain(|it| has(it));
    let now = permission_of(tables, row);
    // Nearly always: nothing changed since the token was issued.
    if caller.permission.as_deref() != now {
        caller.permission = caller.permission.take().zip(now).map(|(said, now)| both(&said, now));
    }
}

/// The one permission string of a user: its own, else that of the first role which has one (spec
/// section 5.7).
pub(crate) fn permission_of<'a>(tables: &'a Tables, user: &'a UserRow) -> Option<&'a str> {
    let of_roles = || {
        let roles = user.data.roles.iter();
        let mut roles = roles.filter_map(|it| tables.roles.get(user.data.tenant, *it));
        roles.find_map(|it| permission_of_role(&it.claims))
    };
    let own = user.data.permissions.first().map(|it| it.value.as_str());
    own.or_else(of_roles)
}

/// The permissions that two permission strings both grant: of each pair the narrower one.
fn both(said: &str, now: &str) -> String {
    let (said, now) = (said.to_lowercase(), now.to_lowercase());
    let mut granted = Vec::new();
    for said in said.split(',') {
        for now in now.split(',') {
            if covers(now, said) {
                granted.push(said);
            } else if covers(said, now) {
                granted.push(now);
            }
        }
    }
    granted.dedup();
    granted.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_permissions_the_narrower_one_is_left() {
        for (said, now, left) in [
            ("oauthapp.all", "oauthapp.user.get", "oauthapp.user.get"),
            ("oauthapp.user.get", "oauthapp.all", "oauthapp.user.get"),
            ("OAuthApp.User.All", "isms.user.get,oauthapp.role.get", "isms.user.get"),
            ("oauthapp.user.all,orders.read", "orders.read", "orders.read"),
            ("oauthapp.user.all", "oauthapp.users.get", ""),
            ("oauthapp.user.all", "oauthapp.role.all", ""),
            ("orders.all", "orders.read", ""),
            ("isms.all", "oauthapp.all", "isms.all"),
            ("", "oauthapp.all", ""),
        ] {
            assert_eq!(both(said, now), left, "{said} and {now}");
        }
    }
}
