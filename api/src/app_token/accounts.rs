//! Accounts: the service's own app users or, in a linked tenant, the tenant's users. The rest of
//! the service sees one type.

use std::sync::Arc;

use domain::TenantId;
use domain::account::AccountId;
use domain::app::{AppId, looks_like_app_id};
use domain::app_user::AppUserId;
use domain::user::{PasswordVerifier, normalise};
use projections::{AppRow, AppUserRow, Tables, UserRow};

use crate::access::rights::permission_of;
use crate::access::users::is_privileged;
use crate::http::needs::Code;

/// The permission that a user of a linked tenant needs to create others.
pub(crate) const ROOT_PERMISSION: Code = Code("apptoken.admin");

/// An account, as it was when it was looked up.
#[derive(Debug, Clone)]
pub(crate) enum Account {
    /// Of the service's own.
    AppUser(Arc<AppUserRow>),
    /// A user of a linked tenant.
    User(Arc<UserRow>),
}

impl Account {
    pub(crate) fn id(&self) -> AccountId {
        match self {
            Self::AppUser(row) => row.data.app_user.into(),
            Self::User(row) => AccountId::User(row.data.user),
        }
    }

    /// Whether it may sign in.
    pub(crate) fn is_enabled(&self) -> bool {
        match self {
            Self::AppUser(row) => row.enabled,
            Self::User(row) => row.enabled && !row.data.lock_flag,
        }
    }

    /// Tokens that were issued at another position have ended.
    fn tokens_from(&self) -> u64 {
        match self {
            Self::AppUser(row) => row.tokens_from,
            Self::User(row) => row.counts_from,
        }
    }

    /// The app that it signs in through; none for the tenant's default app.
    pub(crate) fn app(&self) -> AppId {
        match self {
            Self::AppUser(row) => row.data.app,
            Self::User(_) => AppId::NONE,
        }
    }

    /// Whether it may create accounts.
    pub(crate) fn is_root(&self, tables: &Tables) -> bool {
        match self {
            Self::AppUser(row) => row.data.root,
            Self::User(row) => {
                let permission = permission_of(tables, row).unwrap_or_default().to_lowercase();
                permission.split(',').any(|it| ROOT_PERMISSION.is_covered_by(it))
            }
        }
    }

    /// Whether it has more rights than others, which whoever acts for it would gain.
    pub(crate) fn is_privileged(&self, tables: &Tables) -> bool {
        match self {
            Self::AppUser(row) => row.data.root,
            Self::User(row) => is_privileged(tables, row),
        }
    }

    /// Its name, as it was registered; `None` once the person was erased.
    pub(crate) fn user_name(&self, tables: &Tables) -> Option<String> {
        match self {
            Self::AppUser(row) => tables.app_users.personal(row).map(|it| it.user_name),
            Self::User(row) => tables.users.personal(row).map(|it| it.user_name),
        }
    }

    /// Its name and what is noted about it; `None` once the person was erased.
    pub(crate) fn name_and_info(&self, tables: &Tables) -> Option<(String, String)> {
        match self {
            Self::AppUser(row) => tables.app_users.personal(row).map(|it| (it.user_name, it.info)),
            Self::User(row) => {
                let info = tables.users.app_info(row).unwrap_or_default();
                self.user_name(tables).map(|it| (it, info))
            }
        }
    }

    /// The verifier of the md5 of its password; `None` if there is none.
    pub(crate) fn verifier(&self, tables: &Tables) -> Option<PasswordVerifier> {
        match self {
            Self::AppUser(row) => tables.app_users.password(row),
            Self::User(row) => tables.users.verifiers(row).md5,
        }
    }
}

/// Whose apps or users a request means: those of an account, or those that were created under a
/// name without an account. An account never gets the latter: it may be another person with the
/// same name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NamedOwner<'a> {
    pub(crate) account: AccountId,
    pub(crate) name: Option<&'a str>,
}

/// The accounts of a tenant.
#[derive(Clone, Copy)]
pub(crate) struct Accounts<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) tenant: TenantId,
    /// Whether they are its users.
    pub(crate) linked: bool,
}

impl<'a> Accounts<'a> {
    pub(crate) fn of(tables: &'a Tables, tenant: TenantId) -> Self {
        let linked = tables.tenants.get(tenant).is_some_and(|it| it.linked);
        Self { tables, tenant, linked }
    }

    /// The position of the log from which the tokens of an account, or of an app itself, count:
    /// since its password was set, and since the tenant was linked or unlinked.
    pub(crate) fn tokens_from(self, account: Option<&Account>) -> u64 {
        let tenant = self.tables.tenants.get(self.tenant).map_or(0, |it| it.app_tokens_from);
        account.map_or(0, Account::tokens_from).max(tenant)
    }

    /// An account by its id. An id of the other kind finds nothing: it is from before the tenant
    /// was linked or unlinked.
    pub(crate) fn get(self, account: AccountId) -> Option<Account> {
        let Self { tables, tenant, linked } = self;
        match account {
            AccountId::AppUser(user) if !linked => {
                tables.app_users.get(tenant, user).cloned().map(Account::AppUser)
            }
            AccountId::User(user) if linked => {
                tables.users.get(tenant, user).cloned().map(Account::User)
            }
            _ => None,
        }
    }

    /// The account with this name.
    pub(crate) fn named(self, user_name: &str) -> Option<Account> {
        let Self { tables, tenant, linked } = self;
        match linked {
            false => tables.app_users.named(tenant, user_name).cloned().map(Account::AppUser),
            // A token of an app itself has the id of the app as its user name.
            true if looks_like_app_id(user_name.trim()) => None,
            true => tables.users.named(tenant, user_name).cloned().map(Account::User),
        }
    }

    /// The id of the account with this name; none if there is no such account.
    pub(crate) fn id_of(self, user_name: &str) -> AccountId {
        self.named(user_name).map_or(AccountId::None, |it| it.id())
    }

    /// The accounts that an account created, by number.
    pub(crate) fn made_by(self, maker: NamedOwner<'_>) -> Vec<AccountId> {
        let Self { tables, tenant, linked } = self;
        match maker.account {
            AccountId::User(user) => {
                tables.users.brought_in_by(user).map(AccountId::User).collect()
            }
            AccountId::None if linked => Vec::new(),
            account => {
                let made = tables.app_users.made_by(tenant, number_of(account), maker.name);
                made.into_iter().map(AccountId::AppUser).collect()
            }
        }
    }

    /// Whether an account was created by somebody.
    pub(crate) fn made(self, account: &Account, maker: NamedOwner<'_>) -> bool {
        match account {
            Account::User(row) => AccountId::User(row.data.parent) == maker.account,
            Account::AppUser(row) => {
                self.tables.app_users.is_made_by(row, number_of(maker.account), maker.name)
            }
        }
    }

    /// The apps of an owner, newest first.
    pub(crate) fn apps_of(self, owner: NamedOwner<'_>) -> Vec<Arc<AppRow>> {
        self.tables.apps.owned_by(self.tenant, owner.account, owner.name)
    }

    /// Whether an app belongs to an owner.
    pub(crate) fn owns(self, app: &AppRow, owner: NamedOwner<'_>) -> bool {
        self.tables.apps.is_owned_by(app, owner.account, owner.name)
    }

    /// Whether an app belongs to an account of the other kind: one from before the tenant was linked,
    /// or from before that ended.
    pub(crate) fn is_set_aside(self, app: &AppRow) -> bool {
        match app.data.owner {
            AccountId::None => false,
            AccountId::AppUser(_) => self.linked,
            AccountId::User(_) => !self.linked,
        }
    }

    /// The name under which the tries of a password are counted. Those of one person count
    /// together; another person with the same name is counted apart.
    pub(crate) fn tried_as(self, user_name: &str) -> String {
        match self.linked {
            true => user_name.to_owned(),
            false => format!("app-token {}", normalise(user_name)),
        }
    }

    /// Whether the account that owns an app was deleted or may not sign in: its apps may do nothing
    /// then.
    pub(crate) fn owner_is_gone(self, app: &AppRow) -> bool {
        let owner = app.data.owner;
        owner != AccountId::None && !self.get(owner).is_some_and(|it| it.is_enabled())
    }
}

fn number_of(account: AccountId) -> AppUserId {
    match account {
        AccountId::AppUser(user) => user,
        AccountId::User(_) | AccountId::None => AppUserId::NONE,
    }
}
