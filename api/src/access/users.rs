//! Who may see and change which users: asked where users are found, at both faces of the program.

use std::sync::Arc;
use std::time::Duration;

use commands::{Administrators, Done, Engine, Error, LAST_ADMINISTRATOR};
use domain::log::CommitHead;
use domain::user::{User, UserCommand};
use domain::{TenantId, UserId};
use projections::{Tables, UserRow, Views};

use super::rights::permission_of;
use super::scopes::{EVERYTHING, covers};
use super::target::Target;
use super::{Granted, ROLE_ADMINISTRATOR, ROLE_USER};
use crate::http::error::ApiError;

/// How long a change waits until the read models know every administrator.
const ADMINISTRATORS_WAIT_MAX: Duration = Duration::from_secs(2);

/// The users whom somebody may see: administrators those of their tenant, everybody else themselves
/// and whoever stands below them. All others are as if they did not exist.
pub(crate) struct SeenUsers<'a> {
    tables: &'a Tables,
    tenant: TenantId,
    reach: Reach<'a>,
}

enum Reach<'a> {
    /// Every user of the tenant.
    All,
    /// At or below this point of the hierarchy: `/1/5/`.
    Below(&'a str),
    /// A token without a user is nobody's child.
    Nobody,
}

impl<'a> SeenUsers<'a> {
    /// One of them.
    pub(crate) fn get(&self, user: UserId) -> Option<&'a Arc<UserRow>> {
        self.tables.users.get(self.tenant, user).filter(|it| self.sees(it))
    }

    /// The first of them with this phone number.
    pub(crate) fn with_phone(&self, phone_number: &str) -> Option<&'a Arc<UserRow>> {
        self.tables.users.with_phone(self.tenant, phone_number).find(|it| self.sees(it))
    }

    /// The point of the hierarchy at or below which they all stand: for a list. No lineage begins as
    /// the one of nobody.
    pub(crate) fn lineage(&self) -> Option<String> {
        match self.reach {
            Reach::All => None,
            Reach::Below(lineage) => Some(lineage.to_owned()),
            Reach::Nobody => Some("nobody".to_owned()),
        }
    }

    /// Whether a user is one of them.
    pub(crate) fn sees(&self, row: &UserRow) -> bool {
        row.data.tenant == self.tenant
            && match self.reach {
                Reach::All => true,
                Reach::Below(lineage) => row.data.lineage.starts_with(lineage),
                Reach::Nobody => false,
            }
    }
}

impl Granted {
    /// The users whom the caller may see.
    pub(crate) fn users<'a>(&self, tables: &'a Tables) -> SeenUsers<'a> {
        let tenant = self.tenant_id();
        let own = || tables.users.get(tenant, self.user());
        let reach = match self.caller.is_administrator() {
            true => Reach::All,
            false => own().map_or(Reach::Nobody, |it| Reach::Below(&it.data.lineage)),
        };
        SeenUsers { tables, tenant, reach }
    }

    /// A user whom the caller may change, if the caller may take over users at all: those who may do
    /// more than others are left to administrators.
    ///
    /// # Errors
    /// Not found for whom the caller may not see, forbidden for whom only administrators change.
    pub(crate) fn user_target(&self, user: UserId) -> Result<Target<User>, ApiError> {
        self.ask(|tables| {
            let seen = self.users(tables);
            let row = seen.get(user).ok_or_else(|| ApiError::not_found("user"))?;
            if !self.caller.is_administrator() && is_privileged(tables, row) {
                let why = "only administrators may change a user who may do more than others: \
                           who has a permission, or a role beside `user`";
                return Err(ApiError::Forbidden(why.to_owned()));
            }
            let target = Target::of(&**row, self.tenant_id(), |it| seen.sees(it));
            target.ok_or_else(|| ApiError::not_found("user"))
        })
    }
}

/// Whether a user may do more than others, so that whoever takes it over could, too: it has a role
/// beside `user`, or a permission of its own.
pub(crate) fn is_privileged(tables: &Tables, row: &UserRow) -> bool {
    let is_more = |role: &u32| {
        let role = tables.roles.get(row.data.tenant, *role);
        role.is_some_and(|it| it.name != ROLE_USER)
    };
    !row.data.permissions.is_empty() || row.data.roles.iter().any(is_more)
}

/// The number of the role of a tenant's administrators.
pub(crate) fn administrator_role(tables: &Tables, tenant: TenantId) -> Option<u32> {
    let roles = tables.roles.of(tenant);
    roles.iter().find(|it| it.name == ROLE_ADMINISTRATOR).map(|it| it.role)
}

/// Who has the role of administrators in a tenant, and a permission for everything.
fn administrators(tables: &Tables, tenant: TenantId) -> Administrators {
    let role = administrator_role(tables, tenant);
    let users = role.into_iter().flat_map(|it| tables.users.with_role(it));
    let may_all = |user: &UserId| {
        let row = tables.users.get(tenant, *user);
        let permission = row.and_then(|it| permission_of(tables, it));
        permission.is_some_and(|it| it.to_lowercase().split(',').any(|it| covers(it, EVERYTHING)))
    };
    Administrators { role, users: users.filter(may_all).collect() }
}

/// Runs a command against a user of the tenant in the head: the one way by which users are changed,
/// because it keeps the last administrator.
///
/// # Errors
/// As [`Engine::change_user`].
pub(crate) async fn change_user(
    engine: &Engine,
    views: &Views,
    user: UserId,
    command: &UserCommand,
    head: &CommitHead,
) -> Result<Done, Error> {
    let known = administrators(&views.read(), head.tenant);
    match engine.change_user(user, command, &known, head).await {
        Err(Error::Refused(refusal)) if refusal == LAST_ADMINISTRATOR => {
            // One who was made just now may not show yet.
            let position = engine.log().head().position;
            if views.wait(position, ADMINISTRATORS_WAIT_MAX).await.is_err() {
                return Err(refusal.into());
            }
            let known = administrators(&views.read(), head.tenant);
            engine.change_user(user, command, &known, head).await
        }
        result => result,
    }
}
