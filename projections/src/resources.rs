//! Answers: which API resources has a user, what is published of them, and which scopes exist?

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::ops::Range;
use std::sync::Arc;

use domain::resource::{PublishRequest, Resource, ResourceCreated, ResourceEvent, ResourceSecrets};
use domain::scope::{SCOPE_CLAIM, normalise_scope};
use domain::{
    Aggregate as _, Recorded, StreamId, SubjectId, TenantId, Timestamp, Unreadable, UserId, codec,
};

use crate::index::HashIndex;
use crate::kept::{Cut, Group, clear_event};
use crate::page::{Page, Paging};
use crate::rows::{Row, Rows, Source};
use crate::sealed::{Keys, Part, Sealed};

/// An API resource, with its face at the gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceRow {
    /// What was created.
    pub data: ResourceCreated,
    /// When it last changed; `None` if it never did.
    pub updated: Option<Timestamp>,
    /// The path at the gateway; `None` before the first publication.
    pub path: Option<String>,
    /// What was last published.
    pub last_publication: Option<Arc<PublishRequest>>,
    /// The APIs at the gateway, in the order of their making.
    pub apis: Vec<Arc<ApiRow>>,
    /// The clients that it names, by number, and the scopes that each gets; never nothing.
    pub allowed: BTreeMap<u32, Vec<String>>,
    /// The values of its secrets and properties: [`Resources::property_values`].
    secrets: Option<Sealed>,
}

/// An API at the gateway: the resource itself, or one of its further versions.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiRow {
    /// Its id.
    pub id: String,
    /// Its name at the gateway.
    pub name: Option<String>,
    /// A text about it.
    pub description: Option<String>,
    /// `v2`; `None` for the first.
    pub version: Option<String>,
    /// Groups the versions of the resource.
    pub version_set_id: Option<String>,
    /// The OAuth server and scope demanded, and the OpenID provider.
    pub authentication: Option<(String, Option<String>, Option<String>)>,
    /// The products it is attached to.
    pub product_ids: Vec<String>,
    /// Raw policy XML.
    pub policy: Option<String>,
    /// The revisions, oldest first.
    pub revisions: Vec<RevisionRow>,
    /// The current revision.
    pub current: u32,
    /// The releases, oldest first.
    pub releases: Vec<ReleaseRow>,
}

/// A revision of an API.
#[derive(Debug, Clone, PartialEq)]
pub struct RevisionRow {
    /// From 1.
    pub number: u32,
    /// Why it was made.
    pub description: Option<String>,
    /// The document imported into it.
    pub swagger_url: String,
    /// When it was made.
    pub created: Timestamp,
    /// When its document last changed.
    pub updated: Timestamp,
}

/// A release: what made a revision current.
#[derive(Debug, Clone, PartialEq)]
pub struct ReleaseRow {
    /// Ticks of 100 ns since year 1.
    pub id: String,
    /// The revision that it made current.
    pub revision: u32,
    /// When.
    pub created: Timestamp,
}

/// The API resources, by number.
#[derive(Debug)]
pub struct Resources {
    keys: Keys,
    rows: Rows<ResourceRow>,
    by_owner: HashMap<(TenantId, UserId), BTreeSet<u32>>,
    /// Which resource holds a scope, whether it is enabled or not.
    by_scope: HashIndex,
    /// The enabled resources whose scopes the discovery document names.
    discoverable: BTreeSet<(TenantId, u32)>,
}

/// Of the same resources: the keys are those of the log.
impl PartialEq for Resources {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
            && self.by_owner == other.by_owner
            && self.by_scope == other.by_scope
            && self.discoverable == other.discoverable
    }
}

/// What a resource is found by.
struct Found {
    tenant: TenantId,
    owner: UserId,
    discoverable: bool,
    /// The hashes of the scopes by which it is found.
    scopes: Vec<u128>,
}

impl Found {
    fn of(keys: &Keys, data: &ResourceCreated) -> Self {
        let scopes = data.scopes.iter().map(|it| scope_hash(keys, data.tenant, it));
        Self {
            tenant: data.tenant,
            owner: data.owner,
            discoverable: data.enabled && data.show_in_discovery_document,
            scopes: scopes.collect(),
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = self.tenant.0.to_le_bytes().to_vec();
        out.extend_from_slice(&self.owner.0.to_le_bytes());
        out.push(u8::from(self.discoverable));
        self.scopes.iter().for_each(|it| out.extend_from_slice(&it.to_le_bytes()));
        out
    }

    fn decode(found: &[u8]) -> io::Result<Self> {
        let mut from = Cut(found);
        let tenant = TenantId(u32::from_le_bytes(from.array()?));
        let owner = UserId(u32::from_le_bytes(from.array()?));
        let discoverable = from.array()? != [0];
        let mut scopes = Vec::with_capacity(from.0.len() / size_of::<u128>());
        while !from.0.is_empty() {
            scopes.push(u128::from_le_bytes(from.array()?));
        }
        Ok(Self { tenant, owner, discoverable, scopes })
    }
}

/// As the claim of a scope is made: two spellings in two letter cases have one holder.
fn scope_hash(keys: &Keys, tenant: TenantId, scope: &str) -> u128 {
    keys.0.lookup_hash(tenant, SCOPE_CLAIM.name, &normalise_scope(scope))
}

/// What a snapshot keeps to find a resource.
pub(crate) fn found(keys: &Keys, event: &ResourceEvent) -> Option<Vec<u8>> {
    let ResourceEvent::Created(fact) = event else { return None };
    Some(Found::of(keys, &fact.data).encode())
}

/// How a revision is called at the gateway: `A;rev=n`.
pub fn revision_id(api_id: &str, revision: u32) -> String {
    format!("{api_id};rev={revision}")
}

impl Resources {
    pub(crate) fn new(keys: Keys) -> Self {
        Self {
            keys,
            rows: Rows::default(),
            by_owner: HashMap::new(),
            by_scope: HashIndex::default(),
            discoverable: BTreeSet::new(),
        }
    }

    /// Resources that lie in a section of a snapshot.
    pub(crate) fn read(
        keys: Keys,
        source: Source,
        section: Range<usize>,
        count: usize,
    ) -> io::Result<Self> {
        let mut resources = Self::new(keys);
        resources.by_scope.reserve(count.min(section.len() / Group::BYTES_MIN));
        resources.rows = Rows::read(source, section, count, |resource, found| {
            resources.index(resource, &Found::decode(found)?);
            Ok(())
        })?;
        Ok(resources)
    }

    /// A resource of a user of a tenant.
    pub fn get(&self, tenant: TenantId, owner: UserId, resource: u32) -> Option<&Arc<ResourceRow>> {
        self.find(tenant, resource).filter(|it| it.data.owner == owner)
    }

    /// A resource of a tenant, whosever it is.
    pub fn find(&self, tenant: TenantId, resource: u32) -> Option<&Arc<ResourceRow>> {
        self.rows.get(resource).filter(|it| it.data.tenant == tenant)
    }

    /// The resource of a tenant that holds a scope in any letter case. There is one: the log sees
    /// to that.
    pub fn holder_of(&self, tenant: TenantId, scope: &str) -> Option<&Arc<ResourceRow>> {
        let mut holders = self.by_scope.get(&scope_hash(&self.keys, tenant, scope));
        self.find(tenant, holders.next()?)
    }

    /// The scopes of the enabled resources of a tenant that the discovery document names.
    pub fn discoverable_scopes(&self, tenant: TenantId) -> BTreeSet<String> {
        let resources = self.discoverable.range((tenant, 0)..=(tenant, u32::MAX));
        let rows = resources.filter_map(|(_, it)| self.rows.get(*it));
        rows.flat_map(|it| it.data.scopes.clone()).collect()
    }

    /// A page of the resources of a user, by number or by another key.
    pub fn page<K: Ord>(
        &self,
        tenant: TenantId,
        owner: UserId,
        filter: impl Fn(&ResourceRow) -> bool,
        key: impl Fn(&ResourceRow) -> K,
        paging: Paging,
    ) -> Page<ResourceRow> {
        let none = BTreeSet::new();
        let owned = self.by_owner.get(&(tenant, owner)).unwrap_or(&none);
        let rows = owned.iter().filter_map(|it| self.rows.get(*it));
        Page::sort(rows.filter(|it| filter(it)).cloned().collect(), key, paging)
    }

    /// The values of a resource's properties, in the order of their keys.
    pub fn property_values(&self, row: &ResourceRow) -> Vec<String> {
        let Some(sealed) = &row.secrets else { return Vec::new() };
        let stream = StreamId::new(Resource::CATEGORY, row.data.resource);
        let parts = sealed.open(&self.keys, stream, SubjectId::NONE, Part::Secret);
        let secrets = parts.and_then(|(kind, parts)| {
            let part = parts.secret.unwrap_or_default();
            codec::decode::<ResourceSecrets>(&part)
                .map_err(|err| Unreadable { kind: kind.to_owned(), why: err.to_string() })
        });
        match secrets {
            Ok(secrets) => secrets.property_values,
            Err(err) => {
                let resource = row.data.resource;
                tracing::error!(error = %err, resource, "a part of a resource cannot be opened");
                Vec::new()
            }
        }
    }

    pub(crate) fn apply(&mut self, event: ResourceEvent, recorded: &Recorded) {
        // The stream is the resource: `resource-7`.
        let number = recorded.stream.number().unwrap_or(0) as u32;
        match event {
            ResourceEvent::Created(fact) => {
                self.index(fact.data.resource, &Found::of(&self.keys, &fact.data));
                let row = ResourceRow::new(fact.data, recorded);
                self.rows.insert(row.data.resource, Arc::new(row));
            }
            changed => {
                if let Some(row) = self.rows.get_mut(number) {
                    row.apply(changed, recorded.commit.time);
                }
            }
        }
    }

    fn index(&mut self, resource: u32, found: &Found) {
        self.by_owner.entry((found.tenant, found.owner)).or_default().insert(resource);
        found.scopes.iter().for_each(|it| self.by_scope.insert(*it, resource));
        if found.discoverable {
            self.discoverable.insert((found.tenant, resource));
        }
    }
}

impl Row for ResourceRow {
    fn make(_found: &[u8], events: &[Recorded]) -> io::Result<Option<Arc<Self>>> {
        let mut row: Option<Self> = None;
        for recorded in events {
            match (clear_event(recorded)?, &mut row) {
                (ResourceEvent::Created(fact), _) => row = Some(Self::new(fact.data, recorded)),
                (event, Some(row)) => row.apply(event, recorded.commit.time),
                (_, None) => (),
            }
        }
        Ok(row.map(Arc::new))
    }
}

impl ResourceRow {
    /// Whether it names a client for one of its scopes.
    pub fn allows(&self, client: u32, scope: &str) -> bool {
        self.allowed.get(&client).is_some_and(|it| it.iter().any(|it| it == scope))
    }

    fn new(data: ResourceCreated, recorded: &Recorded) -> Self {
        Self {
            data,
            updated: None,
            path: None,
            last_publication: None,
            apis: Vec::new(),
            allowed: BTreeMap::new(),
            secrets: Sealed::of(recorded, Part::Secret, &recorded.kind),
        }
    }

    fn apply(&mut self, event: ResourceEvent, time: Timestamp) {
        let row = self;
        row.updated = Some(time);
        match event {
            ResourceEvent::Created(_) => (),
            ResourceEvent::Published(fact) => {
                row.publish(&fact.data.request, fact.data.created, fact.data.revision, time);
            }
            ResourceEvent::RevisionPublished(fact) => {
                let revision = RevisionRow {
                    number: fact.data.revision,
                    description: fact.data.note.clone(),
                    swagger_url: fact.data.swagger_url.clone(),
                    created: time,
                    updated: time,
                };
                row.change(&fact.data.api_id, |api| api.revisions.push(revision));
            }
            ResourceEvent::VersionPublished(fact) => {
                let Some(source) = row.apis.iter().find(|it| it.id == fact.data.source_api_id)
                else {
                    return;
                };
                let copied =
                    source.revisions.iter().find(|it| it.number == fact.data.source_revision);
                let api = ApiRow {
                    id: fact.data.api_id.clone(),
                    version: Some(fact.data.version_name.clone()),
                    version_set_id: Some(fact.data.version_set_id.clone()),
                    revisions: vec![RevisionRow {
                        number: 1,
                        description: None,
                        swagger_url: copied.map(|it| it.swagger_url.clone()).unwrap_or_default(),
                        created: time,
                        updated: time,
                    }],
                    current: 1,
                    releases: Vec::new(),
                    ..(**source).clone()
                };
                row.apis.push(Arc::new(api));
            }
            ResourceEvent::ClientAllowed(fact) => match fact.data.scopes.is_empty() {
                true => drop(row.allowed.remove(&fact.data.client)),
                false => drop(row.allowed.insert(fact.data.client, fact.data.scopes)),
            },
            ResourceEvent::VersionSetOnline(fact) => {
                let (revision, id) = (fact.data.revision, fact.data.release_id.clone());
                row.change(&fact.data.api_id, |api| {
                    api.current = revision;
                    api.releases.push(ReleaseRow { id, revision, created: time });
                });
            }
        }
    }

    fn publish(&mut self, request: &PublishRequest, created: bool, revision: u32, time: Timestamp) {
        self.path = Some(request.suffix.clone());
        self.last_publication = Some(Arc::new(request.clone()));
        if created {
            self.apis.push(Arc::new(ApiRow {
                id: request.api_id.clone(),
                name: None,
                description: None,
                version: None,
                version_set_id: None,
                authentication: None,
                product_ids: Vec::new(),
                policy: None,
                revisions: vec![RevisionRow {
                    number: 1,
                    description: None,
                    swagger_url: request.swagger_url.clone(),
                    created: time,
                    updated: time,
                }],
                current: 1,
                releases: Vec::new(),
            }));
        }
        self.change(&request.api_id, |api| {
            if let Some(it) = api.revisions.iter_mut().find(|it| it.number == revision) {
                it.swagger_url = request.swagger_url.clone();
                it.updated = time;
            }
            if request.name.is_some() {
                api.name = request.name.clone();
                api.description = request.description.clone().or(api.description.take());
            }
            if request.policy.is_some() {
                api.policy = request.policy.clone();
            }
            // Row 8 (d): without a server the OAuth settings are cleared.
            api.authentication = request
                .authorization_server_id
                .clone()
                .map(|server| (server, request.scope.clone(), request.openid.clone()));
            for product in &request.product_ids {
                if !api.product_ids.contains(product) {
                    api.product_ids.push(product.clone());
                }
            }
        });
    }

    fn change(&mut self, api_id: &str, change: impl FnOnce(&mut ApiRow)) {
        if let Some(api) = self.apis.iter_mut().find(|it| it.id == api_id) {
            change(Arc::make_mut(api));
        }
    }
}
