//! Answers: which users does a tenant have, who is this one, and what proves them?

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use domain::user::{PasswordVerifier, UserEvent, UserPersonal, UserRegistered, normalise};
use domain::{Recorded, TenantId, Timestamp, UserId};

use crate::page::{Page, Paging};

/// A user who is in use.
#[derive(Debug, Clone, PartialEq)]
pub struct UserRow {
    /// What was registered.
    pub data: UserRegistered,
    /// Who it is; `None` once the person was erased.
    pub personal: Option<UserPersonal>,
    /// What proves the user; `None` for a user without a password.
    pub password: Option<PasswordVerifier>,
    /// When the user was registered.
    pub created: Timestamp,
    /// When the user last changed.
    pub updated: Timestamp,
    /// Tokens issued before this time do not count any more.
    pub tokens_from: Timestamp,
}

/// Which users are wanted. Absent parts do not filter.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// The e-mail address, without regard to case.
    pub email: Option<String>,
    /// The phone number, exactly.
    pub phone_number: Option<String>,
    /// A part of the nickname or of the user name, without regard to case.
    pub name: Option<String>,
    /// The numbers of the roles of which the user must have one.
    pub roles: Option<Vec<u32>>,
    /// The beginnings of the type and the value of a claim.
    pub claim: Option<(String, String)>,
    /// Registered at this time or later.
    pub from: Option<Timestamp>,
    /// Registered before this time.
    pub before: Option<Timestamp>,
    /// At or below this point of the hierarchy: `/1/5/`.
    pub lineage: Option<String>,
}

/// The users that are in use.
#[derive(Debug, Default, PartialEq)]
pub struct Users {
    rows: BTreeMap<UserId, Arc<UserRow>>,
    by_tenant: HashMap<TenantId, BTreeSet<UserId>>,
    by_name: HashMap<(TenantId, String), UserId>,
    by_email: HashMap<(TenantId, String), BTreeSet<UserId>>,
    by_phone: HashMap<(TenantId, String), BTreeSet<UserId>>,
}

impl Users {
    /// A user of a tenant.
    pub fn get(&self, tenant: TenantId, user: UserId) -> Option<&Arc<UserRow>> {
        self.rows.get(&user).filter(|it| it.data.tenant == tenant)
    }

    /// The user of a tenant who signs in with this name.
    pub fn named(&self, tenant: TenantId, user_name: &str) -> Option<&Arc<UserRow>> {
        let user = self.by_name.get(&(tenant, normalise(user_name)))?;
        self.rows.get(user)
    }

    /// The user of a tenant with this phone number; the one registered first, if several.
    pub fn with_phone(&self, tenant: TenantId, phone_number: &str) -> Option<&Arc<UserRow>> {
        let users = self.by_phone.get(&(tenant, phone_number.to_owned()))?;
        self.rows.get(users.first()?)
    }

    /// How many users there are.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// A page of the users of a tenant, by number.
    pub fn page(&self, tenant: TenantId, filter: &UserFilter, paging: Paging) -> Page<UserRow> {
        let Some(all) = self.by_tenant.get(&tenant) else {
            return Page { total: 0, rows: Vec::new() };
        };
        if filter.is_open() {
            // Passing over numbers is cheap; looking up their rows is not.
            let users = paging.cut(all.iter());
            let rows = users.into_iter().filter_map(|it| self.rows.get(it)).cloned().collect();
            return Page { total: all.len(), rows };
        }
        let rows = self.matching(tenant, filter);
        Page::cut(rows.len(), rows.iter(), paging)
    }

    /// A page of the users of a tenant, by another key.
    pub fn page_by<K: Ord>(
        &self,
        tenant: TenantId,
        filter: &UserFilter,
        key: impl Fn(&UserRow) -> K,
        paging: Paging,
    ) -> Page<UserRow> {
        Page::sort(self.matching(tenant, filter), key, paging)
    }

    /// All that match, by number; through an index where there is one.
    fn matching(&self, tenant: TenantId, filter: &UserFilter) -> Vec<Arc<UserRow>> {
        let none = BTreeSet::new();
        let among = match (&filter.email, &filter.phone_number) {
            (Some(email), _) => self.by_email.get(&(tenant, normalise(email))),
            (None, Some(phone)) => self.by_phone.get(&(tenant, phone.clone())),
            (None, None) => self.by_tenant.get(&tenant),
        };
        let among = among.unwrap_or(&none).iter().filter_map(|it| self.rows.get(it));
        among.filter(|it| filter.fits(it)).cloned().collect()
    }

    pub(crate) fn apply(&mut self, event: UserEvent, recorded: &Recorded) {
        let time = recorded.commit.time;
        match event {
            UserEvent::Registered(fact) => {
                self.remove(fact.data.user);
                self.insert(UserRow {
                    data: fact.data,
                    personal: fact.personal,
                    password: fact.secret,
                    created: time,
                    updated: time,
                    tokens_from: Timestamp(0),
                });
            }
            UserEvent::PasswordSet(fact) => {
                if let Some(row) = self.rows.get_mut(&fact.data.user) {
                    let row = Arc::make_mut(row);
                    row.password = fact.secret;
                    row.updated = time;
                    row.tokens_from = time;
                }
            }
            UserEvent::Deleted(fact) => self.remove(fact.data.user),
            UserEvent::Erased(fact) => self.remove(fact.data.user),
        }
    }

    fn insert(&mut self, row: UserRow) {
        let (tenant, user) = (row.data.tenant, row.data.user);
        if let Some(personal) = &row.personal {
            self.by_name.insert((tenant, normalise(&personal.user_name)), user);
            if let Some(email) = &personal.email {
                self.by_email.entry((tenant, normalise(email))).or_default().insert(user);
            }
            if let Some(phone) = &personal.phone_number {
                self.by_phone.entry((tenant, phone.clone())).or_default().insert(user);
            }
        }
        self.by_tenant.entry(tenant).or_default().insert(user);
        self.rows.insert(user, Arc::new(row));
    }

    fn remove(&mut self, user: UserId) {
        let Some(row) = self.rows.remove(&user) else { return };
        let tenant = row.data.tenant;
        if let Some(users) = self.by_tenant.get_mut(&tenant) {
            users.remove(&user);
        }
        let Some(personal) = &row.personal else { return };
        let name = (tenant, normalise(&personal.user_name));
        // The name may belong to a later user by now.
        if self.by_name.get(&name) == Some(&user) {
            self.by_name.remove(&name);
        }
        if let Some(email) = &personal.email {
            remove_from(&mut self.by_email, (tenant, normalise(email)), user);
        }
        if let Some(phone) = &personal.phone_number {
            remove_from(&mut self.by_phone, (tenant, phone.clone()), user);
        }
    }
}

fn remove_from(
    index: &mut HashMap<(TenantId, String), BTreeSet<UserId>>,
    key: (TenantId, String),
    user: UserId,
) {
    if let Some(users) = index.get_mut(&key) {
        users.remove(&user);
        if users.is_empty() {
            index.remove(&key);
        }
    }
}

impl UserFilter {
    fn is_open(&self) -> bool {
        self.email.is_none()
            && self.phone_number.is_none()
            && self.name.is_none()
            && self.roles.is_none()
            && self.claim.is_none()
            && self.from.is_none()
            && self.before.is_none()
            && self.lineage.is_none()
    }

    fn fits(&self, row: &UserRow) -> bool {
        let personal = row.personal.as_ref();
        let same =
            |wanted: &Option<String>, has: Option<&String>, equal: fn(&str, &str) -> bool| {
                wanted.as_ref().is_none_or(|wanted| has.is_some_and(|has| equal(wanted, has)))
            };
        same(&self.email, personal.and_then(|it| it.email.as_ref()), |a, b| {
            normalise(a) == normalise(b)
        }) && same(&self.phone_number, personal.and_then(|it| it.phone_number.as_ref()), |a, b| {
            a == b
        }) && self.name.as_ref().is_none_or(|it| personal.is_some_and(|who| has_name(who, it)))
            && self.roles.as_ref().is_none_or(|it| row.data.roles.iter().any(|r| it.contains(r)))
            && self.claim.as_ref().is_none_or(|(kind, value)| has_claim(row, kind, value))
            && self.from.is_none_or(|it| row.created >= it)
            && self.before.is_none_or(|it| row.created < it)
            && self.lineage.as_ref().is_none_or(|it| row.data.lineage.starts_with(it.as_str()))
    }
}

fn has_name(personal: &UserPersonal, part: &str) -> bool {
    let part = part.to_lowercase();
    let nick_name = personal.nick_name.as_ref().is_some_and(|it| it.to_lowercase().contains(&part));
    nick_name || personal.user_name.to_lowercase().contains(&part)
}

fn has_claim(row: &UserRow, kind: &str, value: &str) -> bool {
    let described = row.personal.iter().flat_map(|it| &it.claims);
    described
        .chain(&row.data.permissions)
        .any(|it| it.claim_type.starts_with(kind) && it.value.starts_with(value))
}
