//! Who may see and change which users. The rule is applied where users are looked up, for both
//! faces.

use std::sync::Arc;

use domain::role::ROLE_USER;
use domain::user::User;
use domain::{TenantId, UserId};
use projections::{Tables, UserRow};

use super::granted::Granted;
use super::target::Target;
use crate::http::error::ApiError;

/// The users whom a caller may see: for administrators all of the tenant, for everybody else
/// themselves and the users below them. All others are treated as if they did not exist.
pub(crate) struct SeenUsers<'a> {
    tables: &'a Tables,
    tenant: TenantId,
    reach: Reach<'a>,
}

enum Reach<'a> {
    /// Every user of the tenant.
    All,
    /// Users at or below this point of the hierarchy: `/1/5/`.
    Below(&'a str),
    /// A token without a user has no place in the hierarchy.
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

    /// The point of the hierarchy at or below which all of them are: for a list. For a caller
    /// without a user, a text with which no lineage begins.
    pub(crate) fn lineage(&self) -> Option<String> {
        match self.reach {
            Reach::All => None,
            Reach::Below(lineage) => Some(lineage.to_owned()),
            Reach::Nobody => Some("nobody".to_owned()),
        }
    }

    /// Whether the caller may see this user.
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

    /// A user whom an administrator may forget: in use, or deleted before.
    ///
    /// # Errors
    /// Not found for whom the caller may not see, and for whom is forgotten already.
    pub(crate) fn user_to_forget(&self, user: UserId) -> Result<Target<User>, ApiError> {
        let deleted = Target::deleted(&self.call.app, self.tenant_id(), user);
        match deleted.map_err(commands::Error::from)? {
            Some(target) => Ok(target),
            None => self.user_target(user),
        }
    }

    /// A user whom the caller may change: users with more rights than others are left to
    /// administrators.
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

/// Whether a user has more rights than others, which somebody who takes over the user would gain: a
/// role beside `user`, or a permission of its own.
pub(crate) fn is_privileged(tables: &Tables, row: &UserRow) -> bool {
    let is_more = |role: &u32| {
        let role = tables.roles.get(row.data.tenant, *role);
        role.is_some_and(|it| it.name != ROLE_USER)
    };
    !row.data.permissions.is_empty() || row.data.roles.iter().any(is_more)
}
