//! How an operator makes an administrator, also if no administrator is left.

use commands::Expected;
use domain::scope::EVERYTHING;
use domain::user::{UserClaim, UserCommand};
use domain::{TenantId, Timestamp};
use projections::{Tables, UserRow};

use super::failure::Failure;
use super::operator::{head_of, wait_until_shown};
use super::running::Running;
use crate::access::administrators::{administrator_role, change_user};
use crate::access::rights::permission_of;
use crate::access::scopes::covers;

/// Gives a user the role of administrators and the permission for everything.
pub(super) async fn grant(
    on: &Running,
    what: &str,
    name: &str,
    tenant: TenantId,
    now: Timestamp,
) -> Result<String, Failure> {
    let (user, is_ready, command) = {
        let tables = on.views.read();
        let role = administrator_role(&tables, tenant)
            .ok_or_else(|| format!("tenant {tenant} has no role of administrators"))?;
        let row = tables.users.named(tenant, name);
        let row = row.ok_or_else(|| format!("tenant {tenant} has no user of this name"))?;
        let (roles, permissions) = rights_with(&tables, row, role);
        let is_same = roles == row.data.roles && permissions == row.data.permissions;
        let command = (!is_same).then_some(UserCommand::SetRights { roles, permissions });
        (row.data.user, row.enabled && !row.data.lock_flag, command)
    };
    let Some(command) = command else {
        return Ok(format!("user {user} is an administrator of tenant {tenant} already"));
    };
    let head = head_of(on, what, tenant, now)?;
    let done = change_user(&on.engine, &on.views, user, &command, &head, Expected::Any).await?;
    wait_until_shown(on, done.position).await?;
    let mut said =
        format!("user {user} is an administrator of tenant {tenant} from its next sign-in");
    if !is_ready {
        said.push_str("; it may not sign in yet: `chancery user enable NAME`");
    }
    Ok(said)
}

/// The user's present rights, the role, and the permission for everything.
fn rights_with(tables: &Tables, row: &UserRow, role: u32) -> (Vec<u32>, Vec<UserClaim>) {
    let mut roles = row.data.roles.clone();
    if !roles.contains(&role) {
        roles.push(role);
    }
    let mut permissions = row.data.permissions.clone();
    let said = permission_of(tables, row).unwrap_or_default();
    if !said.to_lowercase().split(',').any(|it| covers(it, EVERYTHING)) {
        // Tokens have one permission claim: the user's first one, else that of a role. Its other
        // values are kept.
        let value =
            if said.is_empty() { EVERYTHING.into() } else { format!("{said},{EVERYTHING}") };
        match permissions.first_mut() {
            Some(first) => first.value = value,
            None => {
                let described = tables.users.personal(row).unwrap_or_default().claims;
                let id = described.iter().map(|it| it.id).max().unwrap_or(0) + 1;
                permissions.push(UserClaim { id, claim_type: "permission".to_owned(), value });
            }
        }
    }
    (roles, permissions)
}
