//! Answers: which API resources has a user, what is published of them, and which scopes exist?

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::resource::{PublishRequest, Resource, ResourceCreated, ResourceEvent, ResourceSecrets};
use domain::scope::normalise_scope;
use domain::{
    Aggregate as _, Recorded, StoredEvent as _, StreamId, SubjectId, TenantId, Timestamp, UserId,
};
use smallvec::smallvec;

use crate::found::{Found, Group, Key};
use crate::page::Paging;
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
    /// What was created.
    pub data: ResourceCreated,
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
            data: fact.data,
            path: None,
            last_publication: None,
            apis: Vec::new(),
            allowed: BTreeMap::new(),
            secrets,
        })
    }

    fn change(&mut self, event: ResourceEvent, recorded: &Recorded, (): ()) {
        self.apply(event, recorded.commit.time);
    }

    fn tenant(&self) -> TenantId {
        self.data.tenant
    }

    fn found(row: &Row<Self>) -> Found {
        let ResourceCreated { tenant, owner, name, scopes, .. } = &row.data;
        let listed = [Group::tenant(*tenant), Group::owner(*tenant, *owner)];
        let discoverable = row.data.enabled && row.data.show_in_discovery_document;
        let discoverable = discoverable.then(|| Group::property(DISCOVERABLE, *tenant));
        Found {
            texts: scopes.iter().map(|it| scope_text(*tenant, it).into()).collect(),
            groups: listed.into_iter().chain(discoverable).collect(),
            orders: smallvec![Key::from(name.as_str()), Key::from(row.data.created)],
            ..Found::default()
        }
    }
}

/// As the claim of a scope is made: two spellings in two letter cases have one holder.
fn scope_text(tenant: TenantId, scope: &str) -> String {
    format!("{tenant}/{}", normalise_scope(scope))
}

/// How a revision is called at the gateway: `A;rev=n`.
pub fn revision_id(api_id: &str, revision: u32) -> String {
    format!("{api_id};rev={revision}")
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

    /// The resources of a tenant; only those of a user, if one is given.
    pub fn of(tenant: TenantId, owner: Option<UserId>, paging: Paging) -> Query<ResourceData> {
        let group = owner.map_or(Group::tenant(tenant), |it| Group::owner(tenant, it));
        Query::of(group, paging)
    }

    /// The values of a resource's properties, in the order of their keys.
    pub fn property_values(&self, row: &ResourceRow) -> Vec<String> {
        let stream = StreamId::new(Resource::CATEGORY, row.data.resource);
        let lifted = |event| match event {
            ResourceEvent::Created(fact) => fact.secret,
            _ => None,
        };
        let sealed = row.secrets.as_ref();
        let read: Option<ResourceSecrets> = sealed
            .and_then(|it| it.read(&self.keys, &stream, SubjectId::NONE, Part::Secret, lifted));
        read.map(|it| it.property_values).unwrap_or_default()
    }
}

impl ResourceData {
    /// Whether it names a client for one of its scopes.
    pub fn allows(&self, client: u32, scope: &str) -> bool {
        self.allowed.get(&client).is_some_and(|it| it.iter().any(|it| it == scope))
    }

    fn apply(&mut self, event: ResourceEvent, time: Timestamp) {
        let row = self;
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
                // The set is shared: the first version of a resource makes it, also for its source.
                row.change(&fact.data.source_api_id, |api| {
                    api.version_set_id.get_or_insert(fact.data.version_set_id.clone());
                });
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
