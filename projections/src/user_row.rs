//! A user as the read models keep it: made from its events, and opened at each reading.

use domain::user::{
    PasswordVerifier, User, UserAppInfo, UserEvent, UserPersonal, UserPersonalChange,
    UserPersonalUpdated, UserRegistered, normalise,
};
use domain::{
    Aggregate as _, Recorded, StoredEvent as _, StreamId, SubjectId, TenantId, UserId, mail_address,
};
use serde::de::DeserializeOwned;
use smallvec::{SmallVec, smallvec};

use crate::found::{Found, Group, Key};
use crate::row::{Row, RowData};
use crate::sealed::{Keys, Part, Sealed};
use crate::search::Order;

/// A user who is in use.
pub type UserRow = Row<UserData>;

/// What the read models know of a user. Who it is, and what proves it, is opened at each reading:
/// [`crate::Users::personal`] and [`crate::Users::verifiers`].
#[derive(Debug, Clone, PartialEq)]
pub struct UserData {
    /// What was registered; roles and permissions are those of now.
    pub data: UserRegistered,
    /// Whether it may sign in.
    pub enabled: bool,
    /// From which position of the log the credentials count: tokens that were given for others do
    /// not count any more.
    pub counts_from: u64,
    /// What was registered of the person, then what changed of it, in order.
    personal: Vec<Sealed>,
    password: Option<Sealed>,
    md5: Option<Sealed>,
    app_info: Option<Sealed>,
    hashes: UserHashes,
}

/// What an event says of the hashes of a user: `None` where it leaves them.
#[derive(Debug, Clone, Copy, Default)]
pub struct UserHashChange {
    name: Option<u64>,
    email: Option<u64>,
    phone: Option<u64>,
}

/// The keyed hashes by which a user is found; 0 where there is no such value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UserHashes {
    name: u64,
    email: u64,
    phone: u64,
}

impl UserHashes {
    fn changed(self, by: UserHashChange) -> Self {
        Self {
            name: by.name.unwrap_or(self.name),
            email: by.email.unwrap_or(self.email),
            phone: by.phone.unwrap_or(self.phone),
        }
    }
}

pub(crate) fn name_hash(keys: &Keys, tenant: TenantId, name: &str) -> u64 {
    keys.0.lookup_hash(tenant, "userName", &normalise(name))
}

pub(crate) fn email_hash(keys: &Keys, tenant: TenantId, email: &str) -> u64 {
    keys.0.lookup_hash(tenant, "email", &mail_address::key(email))
}

pub(crate) fn phone_hash(keys: &Keys, tenant: TenantId, phone_number: &str) -> u64 {
    keys.0.lookup_hash(tenant, "phoneNumber", phone_number)
}

/// Whom somebody brought in, and who has a role: a role belongs to one tenant.
const PARENT: u8 = 1;
const ROLE: u8 = 2;

/// Those whom a user brought in.
pub(crate) fn brought_in_by(parent: UserId) -> Group {
    Group::number(PARENT, parent.0)
}

/// Those who have a role.
pub(crate) fn with_role(role: u32) -> Group {
    Group::number(ROLE, role)
}

impl UserData {
    /// By `createDate`.
    pub const BY_CREATED: Order<Self> = Order::Indexed(0);
}

impl RowData for UserData {
    type Aggregate = User;
    type Hashes = UserHashChange;

    fn hashes(event: &UserEvent, keys: &Keys) -> UserHashChange {
        let (tenant, changes) = match event {
            UserEvent::Registered(fact) => {
                let Some(all) = &fact.personal else { return UserHashChange::default() };
                (fact.data.tenant, UserPersonalChange::between(&UserPersonal::default(), all))
            }
            UserEvent::Updated(fact) => {
                let Some(updated) = &fact.personal else { return UserHashChange::default() };
                (fact.data.tenant, updated.changes.clone())
            }
            _ => return UserHashChange::default(),
        };
        let mut hashes = UserHashChange::default();
        for change in &changes {
            match change {
                UserPersonalChange::UserName(it) => hashes.name = Some(name_hash(keys, tenant, it)),
                UserPersonalChange::Email(it) => {
                    let hash = it.as_deref().map_or(0, |it| email_hash(keys, tenant, it));
                    hashes.email = Some(hash);
                }
                UserPersonalChange::PhoneNumber(it) => {
                    let hash = it.as_deref().map_or(0, |it| phone_hash(keys, tenant, it));
                    hashes.phone = Some(hash);
                }
                _ => (),
            }
        }
        hashes
    }

    fn begin(event: UserEvent, recorded: &Recorded, hashes: UserHashChange) -> Option<Self> {
        let sealed = |part| Sealed::of(recorded, part, event.kind());
        let (personal, password) = (sealed(Part::Personal), sealed(Part::Secret));
        let UserEvent::Registered(fact) = event else { return None };
        Some(Self {
            data: fact.data,
            enabled: true,
            counts_from: recorded.position,
            personal: personal.into_iter().collect(),
            password,
            md5: None,
            app_info: None,
            hashes: UserHashes::default().changed(hashes),
        })
    }

    fn change(&mut self, event: UserEvent, recorded: &Recorded, hashes: UserHashChange) {
        let sealed = |part| Sealed::of(recorded, part, event.kind());
        match &event {
            UserEvent::PasswordSet(_) => {
                (self.password, self.md5) = (sealed(Part::Secret), None);
                self.counts_from = recorded.position;
            }
            UserEvent::AppPasswordSet(_) => self.md5 = sealed(Part::Secret),
            UserEvent::AppInfoSet(_) => self.app_info = sealed(Part::Personal),
            UserEvent::EnabledSet(fact) => {
                self.enabled = fact.data.enabled;
                self.counts_from = recorded.position;
            }
            UserEvent::RightsSet(fact) => {
                self.data.roles.clone_from(&fact.data.roles);
                self.data.permissions.clone_from(&fact.data.permissions);
            }
            UserEvent::Updated(fact) => {
                self.data.apply(&fact.data.changes);
                self.personal.extend(sealed(Part::Personal));
                self.hashes = self.hashes.changed(hashes);
            }
            UserEvent::Registered(_) | UserEvent::Deleted(_) | UserEvent::Erased(_) => (),
        }
    }

    fn tenant(&self) -> TenantId {
        self.data.tenant
    }

    fn found(row: &Row<Self>) -> Found {
        let UserHashes { name, email, phone } = row.hashes;
        let UserRegistered { tenant, parent, roles, .. } = &row.data;
        let mut groups: SmallVec<[Group; 4]> =
            smallvec![Group::tenant(*tenant), brought_in_by(*parent)];
        groups.extend(roles.iter().map(|it| with_role(*it)));
        groups.sort_unstable();
        groups.dedup();
        let orders = smallvec![Key::from(row.created)];
        Found { hashes: smallvec![name, email, phone], groups, orders, ..Found::default() }
    }

    fn take_hashes(&mut self, found: &Found) {
        let (name, email, phone) = (found.hash(0), found.hash(1), found.hash(2));
        self.hashes = UserHashes { name, email, phone };
    }

    fn person(user: u64) -> SubjectId {
        UserId(user as u32).into()
    }
}

impl UserData {
    /// Who the user is; `None` once the person was erased. Opened at each reading.
    pub fn personal(&self, keys: &Keys) -> Option<UserPersonal> {
        let (first, later) = self.personal.split_first()?;
        let mut personal: UserPersonal =
            self.opened(first, Part::Personal, keys, |event| match event {
                UserEvent::Registered(fact) => fact.personal,
                _ => None,
            })?;
        for sealed in later {
            let updated: UserPersonalUpdated =
                self.opened(sealed, Part::Personal, keys, |event| match event {
                    UserEvent::Updated(fact) => fact.personal,
                    _ => None,
                })?;
            personal.apply(&updated.changes);
        }
        Some(personal)
    }

    pub(crate) fn app_info(&self, keys: &Keys) -> Option<String> {
        let info =
            self.opened(self.app_info.as_ref()?, Part::Personal, keys, |event| match event {
                UserEvent::AppInfoSet(fact) => fact.personal,
                _ => None,
            });
        info.map(|it: UserAppInfo| it.info)
    }

    pub(crate) fn md5(&self, keys: &Keys) -> Option<PasswordVerifier> {
        self.opened(self.md5.as_ref()?, Part::Secret, keys, |event| match event {
            UserEvent::AppPasswordSet(fact) => fact.secret,
            _ => None,
        })
    }

    pub(crate) fn password(&self, keys: &Keys) -> Option<PasswordVerifier> {
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
        sealed.read(keys, &StreamId::new(User::CATEGORY, user), user.into(), part, lifted)
    }
}
