//! Who the administrators of a tenant are, and the one way by which users are changed: it keeps the
//! last one.

use std::time::Duration;

use commands::{
    Administrators, ChangedRole, Done, Draft, Engine, Error, Expected, LAST_ADMINISTRATOR, Seen,
};
use domain::log::CommitHead;
use domain::role::{ROLE_ADMINISTRATOR, RoleCommand, permission_of as permission_of_role};
use domain::scope::EVERYTHING;
use domain::user::UserCommand;
use domain::{TenantId, UserId};
use projections::{Tables, Views};

use super::scopes::covers;

/// How long a change waits for the read models to know every administrator.
const ADMINISTRATORS_WAIT_MAX: Duration = Duration::from_secs(2);

/// The number of the role of a tenant's administrators.
pub(crate) fn administrator_role(tables: &Tables, tenant: TenantId) -> Option<u32> {
    let roles = tables.roles.of(tenant);
    roles.iter().find(|it| it.name == ROLE_ADMINISTRATOR).map(|it| it.role)
}

/// The administrators of a tenant, as the read models know them at every question: each takes the
/// lock for itself.
struct Known<'a> {
    views: &'a Views,
    tenant: TenantId,
}

impl Administrators for Known<'_> {
    /// None in a tenant that was deleted: all of its people may go.
    fn role(&self) -> Option<u32> {
        let tables = self.views.read();
        tables.tenants.get(self.tenant)?;
        administrator_role(&tables, self.tenant)
    }

    fn holders(&self) -> Vec<UserId> {
        let tables = self.views.read();
        let role = administrator_role(&tables, self.tenant);
        role.into_iter().flat_map(|it| tables.users.with_role(it)).collect()
    }

    fn everything_by(&self, roles: &[u32], changed: Option<ChangedRole<'_>>) -> Option<Vec<Seen>> {
        let tables = self.views.read();
        let mut seen = Vec::new();
        for role in roles {
            let row = tables.roles.get(self.tenant, *role);
            let permission = match changed {
                Some((number, given)) if number == *role => given,
                _ => {
                    seen.extend(row.map(|it| (it.role, it.version)));
                    row.and_then(|it| permission_of_role(&it.claims))
                }
            };
            if let Some(permission) = permission {
                let codes = permission.to_lowercase();
                return codes.split(',').any(|it| covers(it, EVERYTHING)).then_some(seen);
            }
        }
        None
    }
}

/// Runs a command against a role of the tenant in the head. Roles are changed only in this way: an
/// administrator may be one by a role.
///
/// # Errors
/// As [`Engine::change_role`].
pub(crate) async fn change_role(
    engine: &Engine,
    views: &Views,
    role: u32,
    command: &RoleCommand,
    head: &CommitHead,
    expected: Expected,
) -> Result<Done, Error> {
    let known = Known { views, tenant: head.tenant };
    let change = || engine.change_role(role, command, &known, head, expected);
    once_all_are_known(engine, views, change).await
}

/// Runs a command against a user of the tenant in the head. Users are changed only in this way,
/// because it protects the last administrator.
///
/// # Errors
/// As [`Engine::change_user`].
pub(crate) async fn change_user(
    engine: &Engine,
    views: &Views,
    user: UserId,
    command: &UserCommand,
    head: &CommitHead,
    expected: Expected,
) -> Result<Done, Error> {
    change_user_with(engine, views, (user, command), head, expected, |_| Ok(())).await
}

/// As [`change_user`]; `also` adds more to the same commit.
///
/// # Errors
/// As [`change_user`], and those of `also`.
pub(crate) async fn change_user_with(
    engine: &Engine,
    views: &Views,
    (user, command): (UserId, &UserCommand),
    head: &CommitHead,
    expected: Expected,
    also: impl Fn(&mut Draft<'_>) -> Result<(), Error> + Send + Sync,
) -> Result<Done, Error> {
    let known = Known { views, tenant: head.tenant };
    let change = || engine.change_user_with((user, command), &known, head, expected, &also);
    once_all_are_known(engine, views, change).await
}

/// Tries a change again if it would end the last administrator: one who was made just now may not be in
/// the read models yet.
async fn once_all_are_known<F: Future<Output = Result<Done, Error>>>(
    engine: &Engine,
    views: &Views,
    change: impl Fn() -> F,
) -> Result<Done, Error> {
    match change().await {
        Err(Error::Refused(refusal)) if refusal == LAST_ADMINISTRATOR => {
            let position = engine.log().head().position;
            if views.wait(position, ADMINISTRATORS_WAIT_MAX).await.is_err() {
                return Err(refusal.into());
            }
            change().await
        }
        result => result,
    }
}
