//! Answers: which apps does an owner have, what is this app, and what signs its requests?

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use domain::account::AccountId;
use domain::app::{App, AppCreated, AppEvent, AppId, AppPersonal, AppSecret};
use domain::user::normalise;
use domain::{Aggregate as _, Recorded, StreamId, TenantId, codec};
use zeroize::Zeroizing;

use crate::sealed::{Keys, Part, Sealed};

/// An app that is in use.
#[derive(Debug, Clone, PartialEq)]
pub struct AppRow {
    /// What was created, with the policy as it is now.
    pub data: AppCreated,
    /// Where in the log it was created: newer apps have higher ones.
    pub position: u64,
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
    Name(u128),
}

/// The apps that are in use.
#[derive(Debug)]
pub struct Apps {
    keys: Keys,
    rows: HashMap<AppId, Arc<AppRow>>,
    /// By owner, then by position.
    by_owner: HashMap<Owner, BTreeSet<(u64, AppId)>>,
    defaults: HashMap<TenantId, AppId>,
}

/// Of the same apps: the keys are those of the log.
impl PartialEq for Apps {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
            && self.by_owner == other.by_owner
            && self.defaults == other.defaults
    }
}

impl Apps {
    pub(crate) fn new(keys: Keys) -> Self {
        let (rows, by_owner) = (HashMap::new(), HashMap::new());
        Self { keys, rows, by_owner, defaults: HashMap::new() }
    }

    /// An app of a tenant.
    pub fn get(&self, tenant: TenantId, app: AppId) -> Option<&Arc<AppRow>> {
        self.rows.get(&app).filter(|it| it.data.tenant == tenant)
    }

    /// The app that users of a tenant sign in through, unless they have another one.
    pub fn default_of(&self, tenant: TenantId) -> Option<&Arc<AppRow>> {
        self.rows.get(self.defaults.get(&tenant)?)
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
        let owned = owners.iter().flatten().filter_map(|it| self.by_owner.get(it)).flatten();
        let mut rows = owned.filter_map(|(_, app)| self.rows.get(app)).cloned().collect::<Vec<_>>();
        rows.sort_unstable_by_key(|it| Reverse(it.position));
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
        let parts = self.open(row, row.personal.as_ref()?, Part::Personal)?;
        codec::decode(&parts.personal?).ok()
    }

    /// What signs an app's requests, for as long as it is looked at.
    pub fn secret(&self, row: &AppRow) -> Option<Zeroizing<String>> {
        let parts = self.open(row, row.secret.as_ref()?, Part::Secret)?;
        codec::decode::<AppSecret>(&parts.secret?).ok().map(|it| Zeroizing::new(it.0))
    }

    fn open(&self, row: &AppRow, sealed: &Sealed, part: Part) -> Option<domain::Parts> {
        let app = row.data.app;
        let stream = StreamId::new(App::CATEGORY, app);
        match sealed.open(&self.keys, stream, app.into(), part) {
            Ok((_, parts)) => Some(parts),
            Err(err) => {
                tracing::error!(error = %err, app = %app, "a part of an app cannot be opened");
                None
            }
        }
    }

    pub(crate) fn apply(&mut self, event: &AppEvent, recorded: &Recorded) {
        match event {
            AppEvent::Created(fact) => {
                let data = fact.data.clone();
                let name = fact.personal.as_ref().map(|it| it.owner.as_str());
                let name = name.filter(|it| !it.is_empty());
                let owner = match data.owner {
                    AccountId::None => {
                        Owner::Name(name.map_or(0, |it| owner_hash(&self.keys, data.tenant, it)))
                    }
                    account => Owner::Account(account),
                };
                self.by_owner.entry(owner).or_default().insert((recorded.position, data.app));
                if data.is_default {
                    self.defaults.insert(data.tenant, data.app);
                }
                let sealed = |part| Sealed::of(recorded, part, &recorded.kind);
                let (personal, secret) = (sealed(Part::Personal), sealed(Part::Secret));
                let (app, position) = (data.app, recorded.position);
                let policy_position = position;
                let row = AppRow { data, position, policy_position, personal, secret, owner };
                self.rows.insert(app, Arc::new(row));
            }
            AppEvent::PolicySet(fact) => {
                if let Some(row) = self.rows.get_mut(&fact.data.app) {
                    let row = Arc::make_mut(row);
                    row.data.policy = fact.data.policy;
                    row.policy_position = recorded.position;
                }
            }
            AppEvent::Deleted(fact) => self.remove(fact.data.app),
        }
    }

    fn remove(&mut self, app: AppId) {
        let Some(row) = self.rows.remove(&app) else { return };
        if let Some(owned) = self.by_owner.get_mut(&row.owner) {
            owned.remove(&(row.position, app));
            if owned.is_empty() {
                self.by_owner.remove(&row.owner);
            }
        }
        if self.defaults.get(&row.data.tenant) == Some(&app) {
            self.defaults.remove(&row.data.tenant);
        }
    }
}

fn owner_hash(keys: &Keys, tenant: TenantId, owner: &str) -> u128 {
    keys.0.lookup_hash(tenant, "appOwner", &normalise(owner))
}
