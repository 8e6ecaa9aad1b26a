//! Answers: which users does a tenant have, who is this one, and what proves them?

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use domain::user::{UserPersonal, Verifiers};
use domain::{TenantId, UserId};
use roaring::RoaringBitmap;

use crate::index::HashIndex;
use crate::kept::{Group, malformed};
use crate::page::Paging;
use crate::rows::{Rows, Source};
use crate::sealed::Keys;
use crate::user_row::{Found, Lookups, UserChange, UserRow, email_hash, name_hash, phone_hash};
use crate::user_search::{Search, UserFilter, UserOrder};

/// The users that are in use.
#[derive(Debug)]
pub struct Users {
    pub(crate) keys: Keys,
    rows: Rows<UserRow>,
    by_tenant: HashMap<TenantId, RoaringBitmap>,
    /// Whom each user brought in.
    by_parent: HashMap<UserId, RoaringBitmap>,
    /// Who has each role: a role belongs to one tenant.
    by_role: HashMap<u32, RoaringBitmap>,
    by_name: HashIndex,
    by_email: HashIndex,
    by_phone: HashIndex,
}

/// Of the same users: the keys are those of the log.
impl PartialEq for Users {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
            && self.by_tenant == other.by_tenant
            && self.by_parent == other.by_parent
            && self.by_role == other.by_role
            && self.by_name == other.by_name
            && self.by_email == other.by_email
            && self.by_phone == other.by_phone
    }
}

impl Users {
    pub(crate) fn new(keys: Keys) -> Self {
        Self {
            keys,
            rows: Rows::default(),
            by_tenant: HashMap::new(),
            by_parent: HashMap::new(),
            by_role: HashMap::new(),
            by_name: HashIndex::default(),
            by_email: HashIndex::default(),
            by_phone: HashIndex::default(),
        }
    }

    /// Users who lie in a section of a snapshot.
    pub(crate) fn read(
        keys: Keys,
        source: Source,
        section: Range<usize>,
        count: usize,
    ) -> io::Result<Self> {
        let mut users = Self::new(keys);
        for index in [&mut users.by_name, &mut users.by_email, &mut users.by_phone] {
            index.reserve(count.min(section.len() / Group::BYTES_MIN));
        }
        let mut tenants: HashMap<TenantId, RoaringBitmap> = HashMap::new();
        let mut parents: HashMap<UserId, RoaringBitmap> = HashMap::new();
        let mut holders: HashMap<u32, RoaringBitmap> = HashMap::new();
        let mut people = Vec::with_capacity(count.min(section.len() / Group::BYTES_MIN));
        users.rows = Rows::read(source, section, count, |user, found| {
            let Found { tenant, parent, lookups, roles } = Found::decode(found)?;
            users.indexes(lookups).for_each(|(index, hash)| index.insert(hash, user));
            tenants.entry(tenant).or_default().insert(user);
            parents.entry(parent).or_default().insert(user);
            for role in roles {
                holders.entry(role).or_default().insert(user);
            }
            if lookups != Lookups::default() {
                people.push(UserId(user).into());
            }
            Ok(())
        })?;
        // Nobody is opened now, so a key that was lost would show late.
        if !users.keys.0.has_keys(&people) {
            return Err(malformed("the key of a person is missing"));
        }
        users.by_tenant = tenants;
        users.by_parent = parents;
        users.by_role = holders;
        Ok(users)
    }

    /// A user of a tenant.
    pub fn get(&self, tenant: TenantId, user: UserId) -> Option<&Arc<UserRow>> {
        self.rows.get(user.0).filter(|it| it.data.tenant == tenant)
    }

    /// The user of a tenant who signs in with this name.
    pub fn named(&self, tenant: TenantId, user_name: &str) -> Option<&Arc<UserRow>> {
        let user = self.by_name.get(&name_hash(&self.keys, tenant, user_name)).next()?;
        self.rows.get(user)
    }

    /// The users of a tenant with this phone number, by number.
    pub fn with_phone(
        &self,
        tenant: TenantId,
        phone_number: &str,
    ) -> impl Iterator<Item = &Arc<UserRow>> {
        let users = self.by_phone.get(&phone_hash(&self.keys, tenant, phone_number));
        users.filter_map(|it| self.rows.get(it))
    }

    /// Who has a role, by number: whether they may sign in or not.
    pub fn with_role(&self, role: u32) -> impl Iterator<Item = UserId> {
        self.by_role.get(&role).into_iter().flatten().map(UserId)
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

    /// Whom a user brought in, by number.
    pub fn brought_in_by(&self, parent: UserId) -> impl Iterator<Item = UserId> {
        let users = self.by_parent.get(&parent).into_iter().flatten();
        users.map(UserId).filter(move |it| *it != parent)
    }

    /// How many users there are.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// Finds users of a tenant. What must be opened for that is opened later, by
    /// [`Search::finish`]: not while the tables are locked.
    pub fn search(
        &self,
        tenant: TenantId,
        filter: UserFilter,
        order: UserOrder,
        paging: Paging,
    ) -> Search {
        let rows_of = |users: &mut dyn Iterator<Item = u32>| {
            users.filter_map(|it| self.rows.get(it)).cloned().collect::<Vec<_>>()
        };
        let none = RoaringBitmap::new();
        let all = self.by_tenant.get(&tenant).unwrap_or(&none);
        if filter.is_open() && order == UserOrder::Number {
            let users = paging.cut_set(all);
            return Search::found(all.len() as usize, rows_of(&mut users.into_iter()));
        }
        let fits = |it: &Arc<UserRow>| filter.fits_data(it);
        let rows = match (&filter.email, &filter.phone_number) {
            (Some(email), _) => {
                rows_of(&mut self.by_email.get(&email_hash(&self.keys, tenant, email)))
            }
            (None, Some(phone)) => {
                rows_of(&mut self.by_phone.get(&phone_hash(&self.keys, tenant, phone)))
            }
            (None, None) => {
                let rows = all.iter().filter_map(|it| self.rows.get(it));
                rows.filter(|it| fits(it)).cloned().collect()
            }
        };
        let rows = rows.into_iter().filter(fits).collect();
        Search::among(rows, self.keys.clone(), filter, order, paging)
    }

    pub(crate) fn apply(&mut self, change: UserChange) {
        match change {
            UserChange::Registered(row) => {
                self.remove(row.data.user);
                self.insert(row);
            }
            UserChange::Changed(user, change) => {
                let Some(row) = self.rows.get_mut(user.0) else { return };
                if let Some(roles) = change.roles() {
                    row.data.roles.iter().for_each(|it| forget(&mut self.by_role, *it, user));
                    roles.iter().for_each(|it| note(&mut self.by_role, *it, user));
                }
                row.change(change);
            }
            UserChange::Ended(user) => self.remove(user),
        }
    }

    fn insert(&mut self, row: Arc<UserRow>) {
        let (tenant, user) = (row.data.tenant, row.data.user);
        self.indexes(row.lookups()).for_each(|(index, hash)| index.insert(hash, user.0));
        note(&mut self.by_tenant, tenant, user);
        note(&mut self.by_parent, row.data.parent, user);
        row.data.roles.iter().for_each(|it| note(&mut self.by_role, *it, user));
        self.rows.insert(user.0, row);
    }

    fn remove(&mut self, user: UserId) {
        let Some(row) = self.rows.remove(user.0) else { return };
        forget(&mut self.by_tenant, row.data.tenant, user);
        forget(&mut self.by_parent, row.data.parent, user);
        row.data.roles.iter().for_each(|it| forget(&mut self.by_role, *it, user));
        self.indexes(row.lookups()).for_each(|(index, hash)| index.remove(&hash, user.0));
    }

    /// The indexes in which a user stands.
    fn indexes(&mut self, lookups: Lookups) -> impl Iterator<Item = (&mut HashIndex, u128)> {
        let Lookups { name, email, phone } = lookups;
        let Self { by_name, by_email, by_phone, .. } = self;
        [(by_name, name), (by_email, email), (by_phone, phone)]
            .into_iter()
            .filter(|(_, hash)| *hash != 0)
    }
}

fn note<K: Eq + Hash>(sets: &mut HashMap<K, RoaringBitmap>, key: K, user: UserId) {
    sets.entry(key).or_default().insert(user.0);
}

/// A set without users is none: read models are equal however they were made.
fn forget<K: Eq + Hash>(sets: &mut HashMap<K, RoaringBitmap>, key: K, user: UserId) {
    if let Entry::Occupied(mut users) = sets.entry(key) {
        users.get_mut().remove(user.0);
        if users.get().is_empty() {
            users.remove();
        }
    }
}
