//! Answers: which app users did a root account make, who is this one, and what proves it?

use std::sync::Arc;

use domain::app_user::{
    AppUser, AppUserEvent, AppUserId, AppUserInfo, AppUserPersonal, AppUserRegistered,
};
use domain::user::{PasswordVerifier, normalise};
use domain::{Aggregate as _, Recorded, StoredEvent as _, StreamId, SubjectId, TenantId};
use smallvec::smallvec;

use crate::found::{Found, Group};
use crate::row::{Row, RowData};
use crate::sealed::{Keys, Part, Sealed};
use crate::table::Table;

/// An app user who is in use.
pub type AppUserRow = Row<AppUserData>;

/// The app users that are in use.
pub type AppUsers = Table<AppUserData>;

/// What the read models know of an app user.
#[derive(Debug, Clone, PartialEq)]
pub struct AppUserData {
    /// What was registered.
    pub data: AppUserRegistered,
    /// Whether it may sign in.
    pub enabled: bool,
    /// Tokens issued before this position of the log do not count any more.
    pub tokens_from: u64,
    personal: Option<Sealed>,
    /// Newer than the info in `personal`.
    info: Option<Sealed>,
    password: Option<Sealed>,
    hashes: AppUserHashes,
}

/// The keyed hashes by which an app user is found; 0 where there is no such value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AppUserHashes {
    name: u64,
    /// Of the name of a maker who was no account.
    maker: u64,
}

/// Whom an account made.
const MADE_BY: u8 = 1;

impl AppUserData {
    /// The group of those that the same maker made.
    fn made_with(&self) -> Option<Group> {
        match self.data.creator {
            AppUserId::NONE => (self.hashes.maker != 0).then(|| Group::name(self.hashes.maker)),
            creator => Some(Group::number(MADE_BY, creator.0)),
        }
    }
}

impl RowData for AppUserData {
    type Aggregate = AppUser;
    type Hashes = AppUserHashes;

    fn hashes(event: &AppUserEvent, keys: &Keys) -> AppUserHashes {
        let AppUserEvent::Registered(fact) = event else { return AppUserHashes::default() };
        let Some(personal) = &fact.personal else { return AppUserHashes::default() };
        let tenant = fact.data.tenant;
        let root = Some(personal.root_name.as_str());
        let root = root.filter(|it| !it.is_empty() && fact.data.creator == AppUserId::NONE);
        AppUserHashes {
            name: name_hash(keys, tenant, &personal.user_name),
            maker: root.map_or(0, |it| root_hash(keys, tenant, it)),
        }
    }

    fn begin(event: AppUserEvent, recorded: &Recorded, hashes: AppUserHashes) -> Option<Self> {
        let sealed = |part| Sealed::of(recorded, part, event.kind());
        let (personal, password) = (sealed(Part::Personal), sealed(Part::Secret));
        let AppUserEvent::Registered(fact) = event else { return None };
        let (data, tokens_from) = (fact.data, recorded.position);
        Some(Self { data, enabled: true, tokens_from, personal, info: None, password, hashes })
    }

    fn change(&mut self, event: AppUserEvent, recorded: &Recorded, _: AppUserHashes) {
        let sealed = |part| Sealed::of(recorded, part, event.kind());
        match &event {
            AppUserEvent::PasswordSet(_) => {
                self.password = sealed(Part::Secret);
                self.tokens_from = recorded.position;
            }
            AppUserEvent::InfoSet(_) => self.info = sealed(Part::Personal),
            AppUserEvent::EnabledSet(fact) => {
                self.enabled = fact.data.enabled;
                self.tokens_from = recorded.position;
            }
            AppUserEvent::Registered(_) | AppUserEvent::Deleted(_) | AppUserEvent::Erased(_) => (),
        }
    }

    fn tenant(&self) -> TenantId {
        self.data.tenant
    }

    fn found(row: &Row<Self>) -> Found {
        let AppUserHashes { name, maker } = row.hashes;
        // Who was erased is found by number only.
        let made_with = row.made_with().filter(|_| name != 0);
        let groups = std::iter::once(Group::tenant(row.data.tenant)).chain(made_with).collect();
        Found { hashes: smallvec![name, maker], groups, ..Found::default() }
    }

    fn take_hashes(&mut self, found: &Found) {
        self.hashes = AppUserHashes { name: found.hash(0), maker: found.hash(1) };
    }

    fn person(app_user: u64) -> SubjectId {
        AppUserId(app_user as u32).into()
    }
}

impl Table<AppUserData> {
    /// An app user of a tenant.
    pub fn get(&self, tenant: TenantId, user: AppUserId) -> Option<&Arc<AppUserRow>> {
        self.row(user.0).filter(|it| it.data.tenant == tenant)
    }

    /// The app user of a tenant who signs in with this name.
    pub fn named(&self, tenant: TenantId, user_name: &str) -> Option<&Arc<AppUserRow>> {
        self.with_hash(name_hash(&self.keys, tenant, user_name)).next()
    }

    /// How many app users a tenant has.
    pub fn count_of(&self, tenant: TenantId) -> usize {
        self.group_count(Group::tenant(tenant))
    }

    /// Whom an account made, and whom a maker of this name made who was no account; by number.
    pub fn made_by(
        &self,
        tenant: TenantId,
        account: AppUserId,
        name: Option<&str>,
    ) -> Vec<AppUserId> {
        let name = name.map(|it| Group::name(root_hash(&self.keys, tenant, it)));
        let makers = [Some(Group::number(MADE_BY, account.0)), name];
        let made = makers.into_iter().flatten().flat_map(|it| self.numbers(it));
        let mut made = made.map(|it| AppUserId(it as u32)).collect::<Vec<_>>();
        made.sort_unstable();
        made
    }

    /// Whether an account made a user, or a maker of this name who was no account.
    pub fn is_made_by(&self, row: &AppUserRow, account: AppUserId, name: Option<&str>) -> bool {
        let hash = |name| root_hash(&self.keys, row.data.tenant, name);
        match row.data.creator {
            AppUserId::NONE => {
                let maker = row.hashes.maker;
                maker != 0 && name.is_some_and(|it| hash(it) == maker)
            }
            maker => maker == account,
        }
    }

    /// Who a user is, with the info as it is now; `None` once the person was erased.
    pub fn personal(&self, row: &AppUserRow) -> Option<AppUserPersonal> {
        let mut personal: AppUserPersonal =
            self.open(row, row.personal.as_ref()?, Part::Personal, |event| match event {
                AppUserEvent::Registered(fact) => fact.personal,
                _ => None,
            })?;
        if let Some(info) = &row.info {
            let info: AppUserInfo = self.open(row, info, Part::Personal, |event| match event {
                AppUserEvent::InfoSet(fact) => fact.personal,
                _ => None,
            })?;
            personal.info = info.info;
        }
        Some(personal)
    }

    /// What proves a user.
    pub fn password(&self, row: &AppUserRow) -> Option<PasswordVerifier> {
        self.open(row, row.password.as_ref()?, Part::Secret, |event| match event {
            AppUserEvent::Registered(fact) => fact.secret,
            AppUserEvent::PasswordSet(fact) => fact.secret,
            _ => None,
        })
    }

    fn open<T: serde::de::DeserializeOwned>(
        &self,
        row: &AppUserRow,
        sealed: &Sealed,
        part: Part,
        lifted: fn(AppUserEvent) -> Option<T>,
    ) -> Option<T> {
        let user = row.data.app_user;
        sealed.read(&self.keys, &StreamId::new(AppUser::CATEGORY, user), user.into(), part, lifted)
    }
}

fn name_hash(keys: &Keys, tenant: TenantId, name: &str) -> u64 {
    keys.0.lookup_hash(tenant, "appUserName", &normalise(name))
}

fn root_hash(keys: &Keys, tenant: TenantId, name: &str) -> u64 {
    keys.0.lookup_hash(tenant, "appRootName", &normalise(name))
}
