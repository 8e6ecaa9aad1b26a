//! Answers: which API resources has a user, what is published of them, and which scopes exist?

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::resource::{GitSecrets, Resource, ResourceCreated, ResourceEvent, ResourceSecrets};
use domain::scope::normalise_scope;
use domain::{Aggregate as _, Recorded, StoredEvent as _, StreamId, SubjectId, TenantId, UserId};
use smallvec::smallvec;

use crate::at_gateway::AtGateway;
use crate::found::{Found, Group, Key};
use crate::page::Paging;
use crate::resource_sdk::ResourceSdk;
use crate::row::{Row, RowData};
use crate::sealed::{Keys, Part, Sealed};
use crate::search::{Order, Query};
use crate::table::Table;

/// An API resource, with its face at the gateway.
pub type ResourceRow = Row<ResourceData>;

/// The API resources, by number.
pub type Resources = Table<ResourceData>;

/// What the read models know of an API resource.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceData {
    /// What was created, with what changed since.
    pub data: ResourceCreated,
    /// The users who may see and change it, in the order in which they were added.
    pub owners: Vec<UserId>,
    /// What it has at the gateway.
    pub gateway: AtGateway,
    /// The clients that it names, by number, and the scopes that each gets; never nothing.
    pub allowed: BTreeMap<u32, Vec<String>>,
    /// Its packages and SDKs.
    pub sdk: Box<ResourceSdk>,
    /// The values of its secrets and properties: [`Resources::property_values`].
    secrets: Option<Sealed>,
}

/// The enabled resources of a tenant whose scopes the discovery document names.
const DISCOVERABLE: u8 = 1;

impl ResourceData {
    /// By `name`.
    pub const BY_NAME: Order<Self> = Order::Indexed(0);
    /// By `created`.
    pub const BY_CREATED: Order<Self> = Order::Indexed(1);
}

impl RowData for ResourceData {
    type Aggregate = Resource;
    type Hashes = ();

    fn hashes(_event: &ResourceEvent, _keys: &Keys) {}

    fn begin(event: ResourceEvent, recorded: &Recorded, (): ()) -> Option<Self> {
        let secrets = Sealed::of(recorded, Part::Secret, event.kind());
        let ResourceEvent::Created(fact) = event else { return None };
        Some(Self {
            owners: vec![fact.data.owner],
            data: fact.data,
            gateway: AtGateway::default(),
            allowed: BTreeMap::new(),
            sdk: Box::default(),
            secrets,
        })
    }

    fn change(&mut self, event: ResourceEvent, recorded: &Recorded, (): ()) {
        let has_secrets = matches!(event, ResourceEvent::Created(_) | ResourceEvent::Updated(_));
        if has_secrets && let Some(sealed) = Sealed::of(recorded, Part::Secret, event.kind()) {
            self.secrets = Some(sealed);
        }
        self.apply(event, recorded);
    }

    fn tenant(&self) -> TenantId {
        self.data.tenant
    }

    fn found(row: &Row<Self>) -> Found {
        let ResourceCreated { tenant, name, scopes, .. } = &row.data;
        let owners = row.owners.iter().map(|it| Group::owner(*tenant, *it));
        let listed = std::iter::once(Group::tenant(*tenant)).chain(owners);
        let discoverable = row.data.enabled && row.data.show_in_discovery_document;
        let discoverable = discoverable.then(|| Group::property(DISCOVERABLE, *tenant));
        Found {
            texts: scopes
                .iter()
                .map(|it| scope_text(*tenant, it))
                .chain([name_text(*tenant, name)])
                .chain(row.gateway.path.as_deref().map(|it| path_text(*tenant, it)))
                .chain(row.gateway.apis.iter().skip(1).map(|it| api_text(*tenant, &it.id)))
                .map(Into::into)
                .collect(),
            groups: listed.chain(discoverable).collect(),
            orders: smallvec![Key::from(name.as_str()), Key::from(row.data.created)],
            ..Found::default()
        }
    }
}

/// As the claim of a scope is made: two spellings in two letter cases have one holder.
fn scope_text(tenant: TenantId, scope: &str) -> String {
    format!("{tenant}/{}", normalise_scope(scope))
}

/// Neither a scope nor a name has a line break.
fn path_text(tenant: TenantId, path: &str) -> String {
    format!("{tenant}\n{}", path.to_ascii_lowercase())
}

/// Neither a scope, a name nor a path has a tab.
fn api_text(tenant: TenantId, api_id: &str) -> String {
    format!("{tenant}\t{api_id}")
}

/// No scope has a space.
fn name_text(tenant: TenantId, name: &str) -> String {
    format!("{tenant} {}", name.to_lowercase())
}

impl Table<ResourceData> {
    /// A resource of a tenant, regardless of owner.
    pub fn get(&self, tenant: TenantId, resource: u32) -> Option<&Arc<ResourceRow>> {
        self.row(resource).filter(|it| it.data.tenant == tenant)
    }

    /// The resource of a tenant that holds a scope in any letter case. There is one: the log sees
    /// to that.
    pub fn holder_of(&self, tenant: TenantId, scope: &str) -> Option<&Arc<ResourceRow>> {
        self.with_text(&scope_text(tenant, scope)).next()
    }

    /// The scopes of the enabled resources of a tenant that the discovery document names.
    pub fn discoverable_scopes(&self, tenant: TenantId) -> BTreeSet<String> {
        let rows = self.group(Group::property(DISCOVERABLE, tenant));
        rows.flat_map(|it| it.data.scopes.clone()).collect()
    }

    /// The resources of a tenant, by number.
    pub fn all_of(&self, tenant: TenantId) -> impl Iterator<Item = &Arc<ResourceRow>> {
        self.group(Group::tenant(tenant))
    }

    /// The resources that a user of a tenant owns, by number.
    pub fn owned_by(
        &self,
        tenant: TenantId,
        owner: UserId,
    ) -> impl Iterator<Item = &Arc<ResourceRow>> {
        self.group(Group::owner(tenant, owner))
    }

    /// The resource of a tenant that has this API: its number, or the id of one of its versions.
    pub fn with_api(&self, tenant: TenantId, api_id: &str) -> Option<&Arc<ResourceRow>> {
        match api_id.parse::<u32>() {
            Ok(number) if api_id.len() < 32 => self.get(tenant, number),
            _ => self.with_text(&api_text(tenant, api_id)).next(),
        }
    }

    /// The resource of a tenant that is published at this path, in any letter case.
    pub fn at_path(&self, tenant: TenantId, path: &str) -> Option<&Arc<ResourceRow>> {
        self.with_text(&path_text(tenant, path)).next()
    }

    /// The resource of a tenant with this name, in any letter case.
    pub fn named(&self, tenant: TenantId, name: &str) -> Option<&Arc<ResourceRow>> {
        self.with_text(&name_text(tenant, name)).next()
    }

    /// The resources of a tenant, or of one of its users; one of them only, if a name is given.
    pub fn of(
        tenant: TenantId,
        owner: Option<UserId>,
        name: Option<&str>,
        paging: Paging,
    ) -> Query<ResourceData> {
        let group = owner.map_or(Group::tenant(tenant), |it| Group::owner(tenant, it));
        let text = name.map(|it| name_text(tenant, it));
        Query { text, ..Query::of(group, paging) }
    }

    /// The values of a resource's properties, in the order of their keys.
    pub fn property_values(&self, row: &ResourceRow) -> Vec<String> {
        let stream = StreamId::new(Resource::CATEGORY, row.data.resource);
        let lifted = |event| match event {
            ResourceEvent::Created(fact) => fact.secret,
            ResourceEvent::Updated(fact) => fact.secret,
            _ => None,
        };
        let sealed = row.secrets.as_ref();
        let read: Option<ResourceSecrets> = sealed
            .and_then(|it| it.read(&self.keys, &stream, SubjectId::NONE, Part::Secret, lifted));
        read.map(|it| it.property_values).unwrap_or_default()
    }

    /// What opens the git remote of a resource.
    pub fn git_secrets(&self, row: &ResourceRow) -> GitSecrets {
        let stream = StreamId::new(Resource::CATEGORY, row.data.resource);
        let lifted = |event| match event {
            ResourceEvent::GitOptionsSet(fact) => fact.secret,
            _ => None,
        };
        let sealed = row.sdk.git_secrets();
        let read: Option<GitSecrets> = sealed
            .and_then(|it| it.read(&self.keys, &stream, SubjectId::NONE, Part::Secret, lifted));
        read.unwrap_or_default()
    }
}

impl ResourceData {
    /// Whether a user may see and change it, as one of its owners.
    pub fn is_owned_by(&self, user: UserId) -> bool {
        user != UserId::NONE && self.owners.contains(&user)
    }

    /// Whether it names a client for one of its scopes.
    pub fn allows(&self, client: u32, scope: &str) -> bool {
        self.allowed.get(&client).is_some_and(|it| it.iter().any(|it| it == scope))
    }

    fn apply(&mut self, event: ResourceEvent, recorded: &Recorded) {
        let row = self;
        match event {
            ResourceEvent::Created(_) | ResourceEvent::Deleted(_) => (),
            ResourceEvent::Updated(fact) => {
                row.data.apply(&fact.data.changes);
                let scopes = &row.data.scopes;
                // Nobody keeps a scope that is gone.
                row.allowed.retain(|_, its| {
                    its.retain(|it| scopes.contains(it));
                    !its.is_empty()
                });
            }
            ResourceEvent::OwnerAdded(fact) => row.owners.push(fact.data.user),
            ResourceEvent::OwnerRemoved(fact) => row.owners.retain(|it| *it != fact.data.user),
            ResourceEvent::ClientAllowed(fact) => match fact.data.scopes.is_empty() {
                true => drop(row.allowed.remove(&fact.data.client)),
                false => drop(row.allowed.insert(fact.data.client, fact.data.scopes)),
            },
            ResourceEvent::PackageAdded(_)
            | ResourceEvent::PackageChanged(_)
            | ResourceEvent::PackageRemoved(_)
            | ResourceEvent::NpmOptionsSet(_)
            | ResourceEvent::SdkVersionTaken(_)
            | ResourceEvent::GitOptionsSet(_)
            | ResourceEvent::CommonOptionsSet(_)
            | ResourceEvent::SdkRecorded(_) => row.sdk.apply(event, recorded),
            event => row.gateway.apply(event, recorded),
        }
    }
}
