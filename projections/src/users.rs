//! Answers: which users does a tenant have, who is this one, and what proves them?

use std::sync::Arc;

use domain::user::{UserPersonal, Verifiers};
use domain::{TenantId, UserId};

use crate::table::Table;
use crate::user_row::{UserData, UserRow, brought_in_by, name_hash, phone_hash, with_role};

/// The users that are in use.
pub type Users = Table<UserData>;

impl Table<UserData> {
    /// A user of a tenant.
    pub fn get(&self, tenant: TenantId, user: UserId) -> Option<&Arc<UserRow>> {
        self.row(user.0).filter(|it| it.data.tenant == tenant)
    }

    /// The user of a tenant who signs in with this name.
    pub fn named(&self, tenant: TenantId, user_name: &str) -> Option<&Arc<UserRow>> {
        self.with_hash(name_hash(&self.keys, tenant, user_name)).next()
    }

    /// The users of a tenant with this phone number, by number.
    pub fn with_phone(
        &self,
        tenant: TenantId,
        phone_number: &str,
    ) -> impl Iterator<Item = &Arc<UserRow>> {
        self.with_hash(phone_hash(&self.keys, tenant, phone_number))
    }

    /// Who has a role, by number: whether they may sign in or not.
    pub fn with_role(&self, role: u32) -> impl Iterator<Item = UserId> {
        self.numbers(with_role(role)).map(|it| UserId(it as u32))
    }

    /// Who a user is; `None` once the person was erased.
    pub fn personal(&self, row: &UserRow) -> Option<UserPersonal> {
        row.personal(&self.keys)
    }

    /// What proves a user: nothing for one without a password.
    pub fn verifiers(&self, row: &UserRow) -> Verifiers {
        Verifiers { password: row.password(&self.keys), md5: row.md5(&self.keys) }
    }

    /// What the app-token service notes about a user; empty if that is nothing.
    pub fn app_info(&self, row: &UserRow) -> Option<String> {
        row.app_info(&self.keys)
    }

    /// How many users a user brought in, without a step for each.
    pub fn brought_in_count(&self, parent: UserId) -> usize {
        let group = brought_in_by(parent);
        // Who is at the top is its own parent.
        self.group_count(group) - usize::from(self.is_in_group(group, parent.0))
    }

    /// Whom a user brought in, by number.
    pub fn brought_in_by(&self, parent: UserId) -> impl Iterator<Item = UserId> {
        let users = self.numbers(brought_in_by(parent)).map(|it| UserId(it as u32));
        users.filter(move |it| *it != parent)
    }
}
