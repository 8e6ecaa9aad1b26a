//! A user as the read models keep it: made from its events, and opened at each reading.

use std::io;
use std::sync::Arc;

use domain::user::{
    PasswordVerifier, User, UserAppInfo, UserEvent, UserPersonal, UserRegistered, UserRightsSet,
    normalise,
};
use domain::{
    Aggregate as _, Recorded, StoredEvent as _, StreamId, TenantId, Timestamp, Unreadable, UserId,
    codec,
};
use serde::de::DeserializeOwned;

use crate::kept::{Cut, clear_event};
use crate::rows::Row;
use crate::sealed::{Keys, Part, Sealed};

/// A user who is in use. Who it is, and what proves it, is opened at each reading:
/// [`crate::Users::personal`] and [`crate::Users::verifiers`].
#[derive(Debug, Clone, PartialEq)]
pub struct UserRow {
    /// What was registered; roles and permissions are those of now.
    pub data: UserRegistered,
    /// Whether it may sign in.
    pub enabled: bool,
    /// When the user was registered.
    pub created: Timestamp,
    /// When the user last changed.
    pub updated: Timestamp,
    /// From which position of the log the credentials count: tokens that were given for others do
    /// not count any more.
    pub counts_from: u64,
    personal: Option<Sealed>,
    password: Option<Sealed>,
    md5: Option<Sealed>,
    app_info: Option<Sealed>,
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

pub(crate) fn name_hash(keys: &Keys, tenant: TenantId, name: &str) -> u128 {
    keys.0.lookup_hash(tenant, "userName", &normalise(name))
}

pub(crate) fn email_hash(keys: &Keys, tenant: TenantId, email: &str) -> u128 {
    keys.0.lookup_hash(tenant, "email", &normalise(email))
}

pub(crate) fn phone_hash(keys: &Keys, tenant: TenantId, phone_number: &str) -> u128 {
    keys.0.lookup_hash(tenant, "phoneNumber", phone_number)
}

/// What an event changes about users.
#[derive(Debug)]
pub(crate) enum UserChange {
    Registered(Arc<UserRow>),
    Changed(UserId, RowChange),
    Ended(UserId),
}

/// What an event changes about one user.
#[derive(Debug)]
pub(crate) struct RowChange {
    what: What,
    position: u64,
    time: Timestamp,
}

#[derive(Debug)]
enum What {
    Password(Option<Sealed>),
    Md5(Option<Sealed>),
    AppInfo(Option<Sealed>),
    Enabled(bool),
    Rights(Box<UserRightsSet>),
}

impl UserChange {
    /// From an event as it was recorded, sealed, and as it was read.
    pub(crate) fn new(recorded: &Recorded, event: UserEvent, lookups: Lookups) -> Self {
        let (position, time) = (recorded.position, recorded.commit.time);
        let sealed = |part| Sealed::of(recorded, part, event.kind());
        let changed = |user, what| Self::Changed(user, RowChange { what, position, time });
        match &event {
            UserEvent::PasswordSet(fact) => {
                changed(fact.data.user, What::Password(sealed(Part::Secret)))
            }
            UserEvent::AppPasswordSet(fact) => {
                changed(fact.data.user, What::Md5(sealed(Part::Secret)))
            }
            UserEvent::AppInfoSet(fact) => {
                changed(fact.data.user, What::AppInfo(sealed(Part::Personal)))
            }
            UserEvent::EnabledSet(fact) => {
                changed(fact.data.user, What::Enabled(fact.data.enabled))
            }
            UserEvent::RightsSet(fact) => {
                changed(fact.data.user, What::Rights(Box::new(fact.data.clone())))
            }
            UserEvent::Deleted(fact) => Self::Ended(fact.data.user),
            UserEvent::Erased(fact) => Self::Ended(fact.data.user),
            UserEvent::Registered(_) => {
                let (personal, password) = (sealed(Part::Personal), sealed(Part::Secret));
                let UserEvent::Registered(fact) = event else { return Self::Ended(UserId::NONE) };
                Self::Registered(Arc::new(UserRow {
                    data: fact.data,
                    enabled: true,
                    created: time,
                    updated: time,
                    counts_from: position,
                    personal,
                    password,
                    md5: None,
                    app_info: None,
                    lookups,
                }))
            }
        }
    }
}

impl Row for UserRow {
    fn make(found: &[u8], events: &[Recorded]) -> io::Result<Option<Arc<Self>>> {
        let lookups = Found::decode(found)?.lookups;
        let mut row: Option<Arc<Self>> = None;
        for recorded in events {
            match UserChange::new(recorded, clear_event(recorded)?, lookups) {
                UserChange::Registered(registered) => row = Some(registered),
                UserChange::Changed(_, change) => {
                    if let Some(row) = &mut row {
                        Arc::make_mut(row).change(change);
                    }
                }
                UserChange::Ended(_) => row = None,
            }
        }
        Ok(row)
    }
}

/// What a snapshot keeps to find a user.
pub(crate) struct Found {
    pub(crate) tenant: TenantId,
    pub(crate) parent: UserId,
    pub(crate) lookups: Lookups,
    pub(crate) roles: Vec<u32>,
}

/// How many bytes stand before the roles: tenant, parent, lookups.
const FOUND_FIXED_BYTES: usize = 4 + 4 + 3 * 16;

impl Found {
    pub(crate) fn decode(found: &[u8]) -> io::Result<Self> {
        let mut from = Cut(found);
        let tenant = TenantId(u32::from_le_bytes(from.array()?));
        let parent = UserId(u32::from_le_bytes(from.array()?));
        let lookups = Lookups::decode(&mut from)?;
        let mut roles = Vec::with_capacity(from.0.len() / 4);
        while !from.0.is_empty() {
            roles.push(u32::from_le_bytes(from.array()?));
        }
        Ok(Self { tenant, parent, lookups, roles })
    }
}

/// What a snapshot keeps to find the user of an event that was opened, if it begins there.
pub(crate) fn found(keys: &Keys, event: &UserEvent) -> Option<Vec<u8>> {
    let UserEvent::Registered(fact) = event else { return None };
    let mut out = fact.data.tenant.0.to_le_bytes().to_vec();
    out.extend_from_slice(&fact.data.parent.0.to_le_bytes());
    Lookups::of(keys, event).encode(&mut out);
    encode_roles(&fact.data.roles, &mut out);
    Some(out)
}

/// The same with the roles that a later event gave.
pub(crate) fn found_with_roles(found: &[u8], roles: &[u32]) -> Vec<u8> {
    let mut out = found.get(..FOUND_FIXED_BYTES).unwrap_or(found).to_vec();
    encode_roles(roles, &mut out);
    out
}

fn encode_roles(roles: &[u32], out: &mut Vec<u8>) {
    roles.iter().for_each(|it| out.extend_from_slice(&it.to_le_bytes()));
}

impl RowChange {
    /// The roles that the user has from then on, if that is what changes.
    pub(crate) fn roles(&self) -> Option<&[u32]> {
        match &self.what {
            What::Rights(set) => Some(&set.roles),
            _ => None,
        }
    }
}

impl UserRow {
    pub(crate) fn change(&mut self, change: RowChange) {
        let RowChange { what, position, time } = change;
        self.updated = time;
        match what {
            What::Password(password) => {
                (self.password, self.md5) = (password, None);
                self.counts_from = position;
            }
            What::Md5(md5) => self.md5 = md5,
            What::AppInfo(info) => self.app_info = info,
            What::Enabled(enabled) => {
                self.enabled = enabled;
                self.counts_from = position;
            }
            What::Rights(set) => {
                (self.data.roles, self.data.permissions) = (set.roles, set.permissions);
            }
        }
    }

    pub(crate) fn lookups(&self) -> Lookups {
        self.lookups
    }

    pub(crate) fn personal(&self, keys: &Keys) -> Option<UserPersonal> {
        self.opened(self.personal.as_ref()?, Part::Personal, keys, |event| match event {
            UserEvent::Registered(fact) => fact.personal,
            _ => None,
        })
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
