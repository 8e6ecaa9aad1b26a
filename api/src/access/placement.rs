//! Where a new user stands: in which tenant, below whom, and with which role.

use domain::role::ROLE_USER;
use domain::user::UserRegistered;
use domain::{TenantId, UserId};
use projections::{Tables, UserRow};

use crate::http::error::ApiError;

/// A user without a number yet, below a parent or at the top of the tenant, with the role that
/// every user gets.
pub(crate) fn place(
    tables: &Tables,
    tenant: TenantId,
    parent: Option<&UserRow>,
) -> Result<UserRegistered, ApiError> {
    let user_key = commands::keys::random();
    let user_key = user_key.map_err(|err| ApiError::Internal(err.to_string()))?;
    let mut roles = tables.roles.of(tenant);
    roles.retain(|it| it.name == ROLE_USER);
    Ok(UserRegistered {
        user_key,
        parent: parent.map_or(UserId::NONE, |it| it.data.user),
        lineage: parent.map_or_else(|| "/".to_owned(), |it| it.data.lineage.clone()),
        roles: roles.iter().map(|it| it.role).collect(),
        ..UserRegistered::with_defaults(UserId::NONE, tenant, UserId::NONE)
    })
}
