//! Answers: which apps does an owner have, what is this app, and what signs its requests?

use std::cmp::Reverse;
use std::sync::Arc;

use domain::account::AccountId;
use domain::app::{App, AppCreated, AppEvent, AppId, AppPersonal, AppSecret};
use domain::user::normalise;
use domain::{Aggregate as _, Recorded, StoredEvent as _, StreamId, SubjectId, TenantId};
use smallvec::smallvec;
use zeroize::Zeroizing;

use crate::found::{Found, Group};
use crate::row::{Row, RowData};
use crate::sealed::{Keys, Part, Sealed};
use crate::table::Table;

/// An app that is in use.
pub type AppRow = Row<AppData>;

/// The apps that are in use.
pub type Apps = Table<AppData>;

/// What the read models know of an app.
#[derive(Debug, Clone, PartialEq)]
pub struct AppData {
    /// What was created, with the policy as it is now.
    pub data: AppCreated,
    /// Where in the log its policy was set.
    pub policy_position: u64,
    personal: Option<Sealed>,
    secret: Option<Sealed>,
    owner: Owner,
}

/// By what an owner is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Owner {
    /// An account of ours.
    Account(AccountId),
    /// A name, of which this is the hash; 0 for nobody.
    Name(u64),
}

/// The groups of accounts that own apps, and the property of being the default.
const APP_USER: u8 = 1;
const USER: u8 = 2;
const DEFAULT: u8 = 1;

impl Owner {
    fn group(self) -> Option<Group> {
        match self {
            Self::Account(AccountId::None) | Self::Name(0) => None,
            Self::Account(AccountId::AppUser(user)) => Some(Group::number(APP_USER, user.0)),
            Self::Account(AccountId::User(user)) => Some(Group::number(USER, user.0)),
            Self::Name(hash) => Some(Group::name(hash)),
        }
    }
}

impl RowData for AppData {
    type Aggregate = App;
    /// Of the name of an owner who is no account.
    type Hashes = u64;

    fn hashes(event: &AppEvent, keys: &Keys) -> u64 {
        let AppEvent::Created(fact) = event else { return 0 };
        let name = fact.personal.as_ref().map(|it| it.owner.as_str());
        let name = name.filter(|it| !it.is_empty() && fact.data.owner == AccountId::None);
        name.map_or(0, |it| owner_hash(keys, fact.data.tenant, it))
    }

    fn begin(event: AppEvent, recorded: &Recorded, hash: u64) -> Option<Self> {
        let sealed = |part| Sealed::of(recorded, part, event.kind());
        let (personal, secret) = (sealed(Part::Personal), sealed(Part::Secret));
        let AppEvent::Created(fact) = event else { return None };
        let owner = match fact.data.owner {
            AccountId::None => Owner::Name(hash),
            account => Owner::Account(account),
        };
        let policy_position = recorded.position;
        Some(Self { data: fact.data, policy_position, personal, secret, owner })
    }

    fn change(&mut self, event: AppEvent, recorded: &Recorded, _hash: u64) {
        if let AppEvent::PolicySet(fact) = event {
            self.data.policy = fact.data.policy;
            self.policy_position = recorded.position;
        }
    }

    fn tenant(&self) -> TenantId {
        self.data.tenant
    }

    fn found(row: &Row<Self>) -> Found {
        let hash = match row.owner {
            Owner::Name(hash) => hash,
            Owner::Account(_) => 0,
        };
        let default = row.data.is_default.then(|| Group::property(DEFAULT, row.data.tenant));
        let groups = row.owner.group().into_iter().chain(default).collect();
        Found { hashes: smallvec![hash], groups, ..Found::default() }
    }

    fn take_hashes(&mut self, found: &Found) {
        if let Owner::Name(hash) = &mut self.owner {
            *hash = found.hash(0);
        }
    }

    fn person(app: u64) -> SubjectId {
        AppId(app).into()
    }
}

impl Table<AppData> {
    /// An app of a tenant.
    pub fn get(&self, tenant: TenantId, app: AppId) -> Option<&Arc<AppRow>> {
        self.row(app.0).filter(|it| it.data.tenant == tenant)
    }

    /// The app that users of a tenant sign in through, unless they have another one.
    pub fn default_of(&self, tenant: TenantId) -> Option<&Arc<AppRow>> {
        self.group(Group::property(DEFAULT, tenant)).next()
    }

    /// The apps of an account, and those of an owner of this name who was no account; newest first.
    pub fn owned_by(
        &self,
        tenant: TenantId,
        account: AccountId,
        name: Option<&str>,
    ) -> Vec<Arc<AppRow>> {
        let name = name.map(|it| Owner::Name(owner_hash(&self.keys, tenant, it)));
        let owners = [Some(Owner::Account(account)), name];
        let groups = owners.into_iter().flatten().filter_map(Owner::group);
        let mut rows = groups.flat_map(|it| self.group(it)).cloned().collect::<Vec<_>>();
        rows.sort_unstable_by_key(|it| Reverse(it.first_position));
        rows
    }

    /// Whether an app belongs to an account, or to an owner of this name who was no account.
    pub fn is_owned_by(&self, row: &AppRow, account: AccountId, name: Option<&str>) -> bool {
        let hash = |name| owner_hash(&self.keys, row.data.tenant, name);
        match row.owner {
            Owner::Account(owner) => owner == account,
            Owner::Name(owner) => owner != 0 && name.is_some_and(|it| hash(it) == owner),
        }
    }

    /// Who an app belongs to, and what its owner noted.
    pub fn personal(&self, row: &AppRow) -> Option<AppPersonal> {
        self.open(row, row.personal.as_ref()?, Part::Personal, |event| match event {
            AppEvent::Created(fact) => fact.personal,
            _ => None,
        })
    }

    /// What signs an app's requests, for as long as it is looked at.
    pub fn secret(&self, row: &AppRow) -> Option<Zeroizing<String>> {
        let secret: AppSecret =
            self.open(row, row.secret.as_ref()?, Part::Secret, |event| match event {
                AppEvent::Created(fact) => fact.secret,
                _ => None,
            })?;
        Some(Zeroizing::new(secret.0))
    }

    fn open<T: serde::de::DeserializeOwned>(
        &self,
        row: &AppRow,
        sealed: &Sealed,
        part: Part,
        lifted: fn(AppEvent) -> Option<T>,
    ) -> Option<T> {
        let stream = StreamId::new(App::CATEGORY, row.data.app);
        sealed.read(&self.keys, &stream, row.data.app.into(), part, lifted)
    }
}

fn owner_hash(keys: &Keys, tenant: TenantId, owner: &str) -> u64 {
    keys.0.lookup_hash(tenant, "appOwner", &normalise(owner))
}
