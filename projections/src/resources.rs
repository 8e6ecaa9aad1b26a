//! Answers: which API resources has a user, what is published of them, and which scopes exist?

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use domain::resource::{PublishRequest, ResourceCreated, ResourceEvent};
use domain::{Recorded, TenantId, Timestamp, UserId};

use crate::index::Index;
use crate::page::{Page, Paging};

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
#[derive(Debug, Default, PartialEq)]
pub struct Resources {
    rows: BTreeMap<u32, Arc<ResourceRow>>,
    by_owner: HashMap<(TenantId, UserId), BTreeSet<u32>>,
    /// Which enabled resources contain a scope.
    by_scope: Index<(TenantId, String)>,
}

/// How a revision is called at the gateway: `A;rev=n`.
pub fn revision_id(api_id: &str, revision: u32) -> String {
    format!("{api_id};rev={revision}")
}

impl Resources {
    /// A resource of a user of a tenant.
    pub fn get(&self, tenant: TenantId, owner: UserId, resource: u32) -> Option<&Arc<ResourceRow>> {
        self.rows.get(&resource).filter(|it| it.data.tenant == tenant && it.data.owner == owner)
    }

    /// The names of the enabled resources of a tenant that contain a scope: its audiences.
    ///
    /// A scope belongs to whoever declared it first: a resource of another user that declares it
    /// later must not receive tokens that were meant for the first.
    pub fn audiences(&self, tenant: TenantId, scope: &str) -> Vec<&str> {
        let resources = self.by_scope.get(&(tenant, scope.to_owned()));
        let mut rows = resources.filter_map(|it| self.rows.get(&it)).peekable();
        let owner = rows.peek().map(|it| it.data.owner);
        rows.filter(|it| Some(it.data.owner) == owner).map(|it| it.data.name.as_str()).collect()
    }

    /// The scopes of the enabled resources of a tenant that the discovery document names.
    pub fn discoverable_scopes(&self, tenant: TenantId) -> BTreeSet<String> {
        let rows = self.rows.values().filter(|it| {
            it.data.tenant == tenant && it.data.enabled && it.data.show_in_discovery_document
        });
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
        let rows = owned.iter().filter_map(|it| self.rows.get(it));
        Page::sort(rows.filter(|it| filter(it)).cloned().collect(), key, paging)
    }

    pub(crate) fn apply(&mut self, event: ResourceEvent, recorded: &Recorded) {
        let time = recorded.commit.time;
        let event = match event {
            ResourceEvent::Created(fact) => return self.insert(fact.data),
            changed => changed,
        };
        // The stream is the resource: `resource-7`.
        let number = recorded.stream.number().unwrap_or(0) as u32;
        let Some(row) = self.rows.get_mut(&number) else { return };
        let row = Arc::make_mut(row);
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
            ResourceEvent::VersionSetOnline(fact) => {
                let (revision, id) = (fact.data.revision, fact.data.release_id.clone());
                row.change(&fact.data.api_id, |api| {
                    api.current = revision;
                    api.releases.push(ReleaseRow { id, revision, created: time });
                });
            }
        }
    }

    fn insert(&mut self, data: ResourceCreated) {
        self.by_owner.entry((data.tenant, data.owner)).or_default().insert(data.resource);
        if data.enabled {
            for scope in &data.scopes {
                self.by_scope.insert((data.tenant, scope.clone()), data.resource);
            }
        }
        let number = data.resource;
        let row = ResourceRow {
            data,
            updated: None,
            path: None,
            last_publication: None,
            apis: Vec::new(),
        };
        self.rows.insert(number, Arc::new(row));
    }
}

impl ResourceRow {
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
