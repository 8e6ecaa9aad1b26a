//! Answers: which app users did a root account make, who is this one, and what proves it?

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use domain::app_user::{
    AppUser, AppUserEvent, AppUserId, AppUserInfo, AppUserPersonal, AppUserRegistered,
};
use domain::user::{PasswordVerifier, normalise};
use domain::{Aggregate as _, Parts, Recorded, StreamId, TenantId, codec};

use crate::sealed::{Keys, Part, Sealed};

/// An app user who is in use.
#[derive(Debug, Clone, PartialEq)]
pub struct AppUserRow {
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
    name: u128,
    maker: Maker,
}

/// By what the maker of an app user is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Maker {
    /// An account of ours.
    Account(AppUserId),
    /// A name, of which this is the hash; 0 for nobody.
    Name(u128),
}

/// The app users that are in use.
#[derive(Debug)]
pub struct AppUsers {
    keys: Keys,
    rows: BTreeMap<AppUserId, Arc<AppUserRow>>,
    by_name: HashMap<u128, AppUserId>,
    by_maker: HashMap<Maker, BTreeSet<AppUserId>>,
}

/// Of the same users: the keys are those of the log.
impl PartialEq for AppUsers {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows && self.by_name == other.by_name && self.by_maker == other.by_maker
    }
}

impl AppUsers {
    pub(crate) fn new(keys: Keys) -> Self {
        let (by_name, by_maker) = (HashMap::new(), HashMap::new());
        Self { keys, rows: BTreeMap::new(), by_name, by_maker }
    }

    /// An app user of a tenant.
    pub fn get(&self, tenant: TenantId, user: AppUserId) -> Option<&Arc<AppUserRow>> {
        self.rows.get(&user).filter(|it| it.data.tenant == tenant)
    }

    /// The app user of a tenant who signs in with this name.
    pub fn named(&self, tenant: TenantId, user_name: &str) -> Option<&Arc<AppUserRow>> {
        self.rows.get(self.by_name.get(&name_hash(&self.keys, tenant, user_name))?)
    }

    /// How many app users a tenant has.
    pub fn count_of(&self, tenant: TenantId) -> usize {
        self.rows.values().filter(|it| it.data.tenant == tenant).count()
    }

    /// Whom an account made, and whom a maker of this name made who was no account; by number.
    pub fn made_by(
        &self,
        tenant: TenantId,
        account: AppUserId,
        name: Option<&str>,
    ) -> Vec<AppUserId> {
        let name = name.map(|it| Maker::Name(root_hash(&self.keys, tenant, it)));
        let makers = [Some(Maker::Account(account)), name];
        let made = makers.iter().flatten().filter_map(|it| self.by_maker.get(it)).flatten();
        let mut made = made.copied().collect::<Vec<_>>();
        made.sort_unstable();
        made
    }

    /// Whether an account made a user, or a maker of this name who was no account.
    pub fn is_made_by(&self, row: &AppUserRow, account: AppUserId, name: Option<&str>) -> bool {
        let hash = |name| root_hash(&self.keys, row.data.tenant, name);
        match row.maker {
            Maker::Account(maker) => maker == account,
            Maker::Name(maker) => maker != 0 && name.is_some_and(|it| hash(it) == maker),
        }
    }

    /// Who a user is, with the info as it is now; `None` once the person was erased.
    pub fn personal(&self, row: &AppUserRow) -> Option<AppUserPersonal> {
        let parts = self.open(row, row.personal.as_ref()?, Part::Personal)?;
        let mut personal: AppUserPersonal = codec::decode(&parts.personal?).ok()?;
        if let Some(info) = &row.info {
            let parts = self.open(row, info, Part::Personal)?;
            personal.info = codec::decode::<AppUserInfo>(&parts.personal?).ok()?.info;
        }
        Some(personal)
    }

    /// What proves a user.
    pub fn password(&self, row: &AppUserRow) -> Option<PasswordVerifier> {
        let parts = self.open(row, row.password.as_ref()?, Part::Secret)?;
        codec::decode(&parts.secret?).ok()
    }

    fn open(&self, row: &AppUserRow, sealed: &Sealed, part: Part) -> Option<Parts> {
        let user = row.data.app_user;
        let stream = StreamId::new(AppUser::CATEGORY, user);
        match sealed.open(&self.keys, stream, user.into(), part) {
            Ok((_, parts)) => Some(parts),
            Err(err) => {
                tracing::error!(error = %err, %user, "a part of an app user cannot be opened");
                None
            }
        }
    }

    pub(crate) fn apply(&mut self, event: &AppUserEvent, recorded: &Recorded) {
        let sealed = |part| Sealed::of(recorded, part, &recorded.kind);
        match event {
            AppUserEvent::Registered(fact) => {
                let data = fact.data.clone();
                let (tenant, user) = (data.tenant, data.app_user);
                let personal = fact.personal.as_ref();
                let name = personal.map_or(0, |it| name_hash(&self.keys, tenant, &it.user_name));
                let root_name =
                    personal.map(|it| it.root_name.as_str()).filter(|it| !it.is_empty());
                let maker = match data.creator {
                    AppUserId::NONE => {
                        Maker::Name(root_name.map_or(0, |it| root_hash(&self.keys, tenant, it)))
                    }
                    creator => Maker::Account(creator),
                };
                if personal.is_some() {
                    self.by_name.insert(name, user);
                    self.by_maker.entry(maker).or_default().insert(user);
                }
                let row = AppUserRow {
                    data,
                    enabled: true,
                    tokens_from: recorded.position,
                    personal: sealed(Part::Personal),
                    info: None,
                    password: sealed(Part::Secret),
                    name,
                    maker,
                };
                self.rows.insert(user, Arc::new(row));
            }
            AppUserEvent::PasswordSet(fact) => self.change(fact.data.app_user, |row| {
                row.password = sealed(Part::Secret);
                row.tokens_from = recorded.position;
            }),
            AppUserEvent::InfoSet(fact) => self.change(fact.data.app_user, |row| {
                row.info = sealed(Part::Personal);
            }),
            AppUserEvent::EnabledSet(fact) => self.change(fact.data.app_user, |row| {
                row.enabled = fact.data.enabled;
                row.tokens_from = recorded.position;
            }),
            AppUserEvent::Deleted(fact) => self.remove(fact.data.app_user),
            AppUserEvent::Erased(fact) => self.remove(fact.data.app_user),
        }
    }

    fn change(&mut self, user: AppUserId, change: impl FnOnce(&mut AppUserRow)) {
        if let Some(row) = self.rows.get_mut(&user) {
            change(Arc::make_mut(row));
        }
    }

    fn remove(&mut self, user: AppUserId) {
        let Some(row) = self.rows.remove(&user) else { return };
        if self.by_name.get(&row.name) == Some(&user) {
            self.by_name.remove(&row.name);
        }
        if let Some(made) = self.by_maker.get_mut(&row.maker) {
            made.remove(&user);
            if made.is_empty() {
                self.by_maker.remove(&row.maker);
            }
        }
    }
}

fn name_hash(keys: &Keys, tenant: TenantId, name: &str) -> u128 {
    keys.0.lookup_hash(tenant, "appUserName", &normalise(name))
}

fn root_hash(keys: &Keys, tenant: TenantId, name: &str) -> u128 {
    keys.0.lookup_hash(tenant, "appRootName", &normalise(name))
}
