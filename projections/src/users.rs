//! Answers: which users does a tenant have, who is this one, and what proves them?

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use domain::user::{PasswordVerifier, User, UserEvent, UserPersonal, UserRegistered, normalise};
use domain::{
    Aggregate as _, Recorded, StoredEvent as _, StreamId, TenantId, Timestamp, Unreadable, UserId,
    codec,
};
use roaring::RoaringBitmap;
use serde::de::DeserializeOwned;

use crate::index::HashIndex;
use crate::kept::{Cut, Group, clear_event, malformed};
use crate::page::Paging;
use crate::rows::{Row, Rows, Source};
use crate::sealed::{Keys, Part, Sealed};
use crate::user_search::{Search, UserFilter, UserOrder};

/// A user who is in use. Who it is, and what proves it, is opened at each reading:
/// [`Users::personal`] and [`Users::password`].
#[derive(Debug, Clone, PartialEq)]
pub struct UserRow {
    /// What was registered.
    pub data: UserRegistered,
    /// When the user was registered.
    pub created: Timestamp,
    /// When the user last changed.
    pub updated: Timestamp,
    /// Tokens issued before this time do not count any more.
    pub tokens_from: Timestamp,
    personal: Option<Sealed>,
    password: Option<Sealed>,
    lookups: Lookups,
}

/// The keyed hashes by which a user is found; 0 where there is no such value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Lookups {
    pub(crate) name: u128,
    pub(crate) email: u128,
    pub(crate) phone: u128,
}

impl Lookups {
    /// As a snapshot has them.
    fn encode(self, out: &mut Vec<u8>) {
        let Self { name, email, phone } = self;
        [name, email, phone].iter().for_each(|it| out.extend_from_slice(&it.to_le_bytes()));
    }

    fn decode(from: &mut Cut<'_>) -> io::Result<Self> {
        let mut next = || from.array().map(u128::from_le_bytes);
        Ok(Self { name: next()?, email: next()?, phone: next()? })
    }

    /// Of an event that was opened.
    pub(crate) fn of(keys: &Keys, event: &UserEvent) -> Self {
        let UserEvent::Registered(fact) = event else { return Self::default() };
        let Some(personal) = &fact.personal else { return Self::default() };
        let tenant = fact.data.tenant;
        let (email, phone) = (personal.email.as_deref(), personal.phone_number.as_deref());
        Self {
            name: name_hash(keys, tenant, &personal.user_name),
            email: email.map_or(0, |it| email_hash(keys, tenant, it)),
            phone: phone.map_or(0, |it| phone_hash(keys, tenant, it)),
        }
    }
}

fn name_hash(keys: &Keys, tenant: TenantId, name: &str) -> u128 {
    keys.0.lookup_hash(tenant, "userName", &normalise(name))
}

fn email_hash(keys: &Keys, tenant: TenantId, email: &str) -> u128 {
    keys.0.lookup_hash(tenant, "email", &normalise(email))
}

fn phone_hash(keys: &Keys, tenant: TenantId, phone_number: &str) -> u128 {
    keys.0.lookup_hash(tenant, "phoneNumber", phone_number)
}

/// What an event changes about users.
#[derive(Debug)]
pub(crate) enum UserChange {
    Registered(Arc<UserRow>),
    PasswordSet { user: UserId, password: Option<Sealed>, time: Timestamp },
    Ended(UserId),
}

impl UserChange {
    /// From an event as it was recorded, sealed, and as it was read.
    pub(crate) fn new(recorded: &Recorded, event: UserEvent, lookups: Lookups) -> Self {
        let time = recorded.commit.time;
        let sealed = |part| Sealed::of(recorded, part, event.kind());
        match &event {
            UserEvent::PasswordSet(fact) => {
                let password = sealed(Part::Secret);
                Self::PasswordSet { user: fact.data.user, password, time }
            }
            UserEvent::Deleted(fact) => Self::Ended(fact.data.user),
            UserEvent::Erased(fact) => Self::Ended(fact.data.user),
            UserEvent::Registered(_) => {
                let (personal, password) = (sealed(Part::Personal), sealed(Part::Secret));
                let UserEvent::Registered(fact) = event else { return Self::Ended(UserId::NONE) };
                Self::Registered(Arc::new(UserRow {
                    data: fact.data,
                    created: time,
                    updated: time,
                    tokens_from: Timestamp(0),
                    personal,
                    password,
                    lookups,
                }))
            }
        }
    }
}

/// From when tokens count after a new password. A token bears whole seconds, and one from under the
/// last password at least the second that came after it: this one begins later than both.
fn after_tokens_of(last: Timestamp, time: Timestamp) -> Timestamp {
    let second = Timestamp(last.0.saturating_add(999_999)).seconds();
    Timestamp(time.0.max(Timestamp::from_seconds(second).0).saturating_add(1))
}

/// The users that are in use.
#[derive(Debug)]
pub struct Users {
    pub(crate) keys: Keys,
    rows: Rows<UserRow>,
    by_tenant: HashMap<TenantId, RoaringBitmap>,
    by_name: HashIndex,
    by_email: HashIndex,
    by_phone: HashIndex,
}

/// Of the same users: the keys are those of the log.
impl PartialEq for Users {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
            && self.by_tenant == other.by_tenant
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
        let mut people = Vec::with_capacity(count.min(section.len() / Group::BYTES_MIN));
        users.rows = Rows::read(source, section, count, |user, found| {
            let (tenant, lookups) = read_found(found)?;
            users.indexes(lookups).for_each(|(index, hash)| index.insert(hash, user));
            tenants.entry(tenant).or_default().insert(user);
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

    /// The user of a tenant with this phone number; the one registered first, if several.
    pub fn with_phone(&self, tenant: TenantId, phone_number: &str) -> Option<&Arc<UserRow>> {
        let user = self.by_phone.get(&phone_hash(&self.keys, tenant, phone_number)).next()?;
        self.rows.get(user)
    }

    /// Who a user is; `None` once the person was erased.
    pub fn personal(&self, row: &UserRow) -> Option<UserPersonal> {
        row.personal(&self.keys)
    }

    /// What proves a user; `None` for a user without a password.
    pub fn password(&self, row: &UserRow) -> Option<PasswordVerifier> {
        row.password(&self.keys)
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
            UserChange::PasswordSet { user, password, time } => {
                if let Some(row) = self.rows.get_mut(user.0) {
                    row.set_password(password, time);
                }
            }
            UserChange::Ended(user) => self.remove(user),
        }
    }

    fn insert(&mut self, row: Arc<UserRow>) {
        let (tenant, user) = (row.data.tenant, row.data.user);
        self.indexes(row.lookups).for_each(|(index, hash)| index.insert(hash, user.0));
        self.by_tenant.entry(tenant).or_default().insert(user.0);
        self.rows.insert(user.0, row);
    }

    fn remove(&mut self, user: UserId) {
        let Some(row) = self.rows.remove(user.0) else { return };
        if let Some(users) = self.by_tenant.get_mut(&row.data.tenant) {
            users.remove(user.0);
        }
        self.indexes(row.lookups).for_each(|(index, hash)| index.remove(&hash, user.0));
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

impl Row for UserRow {
    fn make(found: &[u8], events: &[Recorded]) -> io::Result<Option<Arc<Self>>> {
        let (_, lookups) = read_found(found)?;
        let mut row: Option<Arc<Self>> = None;
        for recorded in events {
            match UserChange::new(recorded, clear_event(recorded)?, lookups) {
                UserChange::Registered(registered) => row = Some(registered),
                UserChange::PasswordSet { password, time, .. } => {
                    row.iter_mut().for_each(|it| {
                        Arc::make_mut(it).set_password(password.clone(), time);
                    });
                }
                UserChange::Ended(_) => row = None,
            }
        }
        Ok(row)
    }
}

/// What a snapshot keeps to find a user, of an event that was opened.
pub(crate) fn found(keys: &Keys, event: &UserEvent) -> Option<Vec<u8>> {
    let UserEvent::Registered(fact) = event else { return None };
    let mut out = fact.data.tenant.0.to_le_bytes().to_vec();
    Lookups::of(keys, event).encode(&mut out);
    Some(out)
}

fn read_found(found: &[u8]) -> io::Result<(TenantId, Lookups)> {
    let mut from = Cut(found);
    Ok((TenantId(u32::from_le_bytes(from.array()?)), Lookups::decode(&mut from)?))
}

impl UserRow {
    fn set_password(&mut self, password: Option<Sealed>, time: Timestamp) {
        self.password = password;
        self.updated = time;
        self.tokens_from = after_tokens_of(self.tokens_from, time);
    }

    pub(crate) fn personal(&self, keys: &Keys) -> Option<UserPersonal> {
        self.opened(self.personal.as_ref()?, Part::Personal, keys, |event| match event {
            UserEvent::Registered(fact) => fact.personal,
            _ => None,
        })
    }

    fn password(&self, keys: &Keys) -> Option<PasswordVerifier> {
        self.opened(self.password.as_ref()?, Part::Secret, keys, |event| match event {
            UserEvent::Registered(fact) => fact.secret,
            UserEvent::PasswordSet(fact) => fact.secret,
            _ => None,
        })
    }

    fn opened<T: DeserializeOwned>(
        &self,
        sealed: &Sealed,
        part: Part,
        keys: &Keys,
        lifted: fn(UserEvent) -> Option<T>,
    ) -> Option<T> {
        let user = self.data.user;
        let opened = sealed.open(keys, StreamId::new(User::CATEGORY, user), user.into(), part);
        let read = opened.and_then(|(kind, parts)| {
            if sealed.is_old() {
                return UserEvent::decode(kind, &parts).map(lifted);
            }
            let bytes = match part {
                Part::Personal => parts.personal,
                Part::Secret => parts.secret,
            };
            let read = bytes.map(|it| codec::decode(&it)).transpose();
            read.map_err(|err| Unreadable { kind: kind.to_owned(), why: err.to_string() })
        });
        // It could be read when it was taken in.
        let told = |err: &Unreadable| tracing::error!(%user, error = %err, "run `chancery verify`");
        read.inspect_err(told).ok().flatten()
    }
}
