//! An API resource: an API that accepts tokens, with its face at the gateway.
//!
//! The gateway has one API for the resource itself and one for each further API version. Each has
//! revisions, of which one is current. All of them share one path.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::check;
use crate::codec::COMMIT_BYTES_MAX;
use crate::event::Fact;
use crate::ids::{TenantId, Timestamp, UserId};
use crate::refusal::Refusal;
use crate::stored_events;

/// The kind of claim that makes the name of a resource unique in its tenant.
pub const RESOURCE_NAME_CLAIM: &str = "resource_name";

/// The kind of claim that makes a gateway path unique in its tenant.
pub const GATEWAY_PATH_CLAIM: &str = "gateway_path";

/// The most items in one child list of a resource.
pub const RESOURCE_CHILDREN_MAX: usize = 500;

/// The most API versions of one resource.
pub const API_VERSIONS_MAX: usize = 100;

/// The most revisions of one API version.
pub const REVISIONS_MAX: u32 = 1_000;

/// The largest policy, in bytes: with its envelope it must fit into one commit.
pub const POLICY_BYTES_MAX: usize = COMMIT_BYTES_MAX - 8 * 1024;

/// What a resource may be asked to become.
#[derive(Debug, Clone)]
pub enum ResourceCommand {
    /// Enter a new resource.
    Create(Box<ResourceCreated>, ResourceSecrets),
    /// Row 8: create or update an API at the gateway.
    Publish(Box<PublishRequest>),
    /// Row 9: add a revision that is not current yet.
    PublishRevision {
        /// Which API.
        api_id: String,
        /// The document to import.
        swagger_url: String,
        /// Why.
        note: Option<String>,
    },
    /// Row 10: add an API version from a revision.
    PublishVersion {
        /// The revision to start from: `A` or `A;rev=n`.
        revision_id: String,
        /// `v2`.
        version_name: String,
        /// The id of the new API: 32 hexadecimal digits.
        new_api_id: String,
    },
    /// Row 13: make a revision current.
    SetOnlineVersion {
        /// `A` or `A;rev=n`.
        revision_id: String,
    },
}

/// A resource entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceCreated {
    /// Its number.
    pub resource: u32,
    /// Whose it is.
    pub tenant: TenantId,
    /// The user who may see and change it.
    pub owner: UserId,
    /// Whether its scopes are granted.
    pub enabled: bool,
    /// Its name, as in the `aud` claim.
    pub name: String,
    /// What people see.
    pub display_name: Option<String>,
    /// A text about it.
    pub description: Option<String>,
    /// Comma-separated.
    pub allowed_access_token_signing_algorithms: Option<String>,
    /// Whether the discovery document names its scopes.
    pub show_in_discovery_document: bool,
    /// What is known of its secrets; the values stand in the secret part.
    pub secrets: Vec<ResourceSecretInfo>,
    /// The scopes that clients may ask for.
    pub scopes: Vec<String>,
    /// The types of claims that its tokens carry.
    pub user_claims: Vec<String>,
    /// Keys and values.
    pub properties: Vec<(String, String)>,
    /// As the caller says.
    pub created: Timestamp,
    /// Kept for compatibility.
    pub non_editable: bool,
}

/// What is known of a secret of a resource, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceSecretInfo {
    /// A text about it.
    pub description: Option<String>,
    /// After which it does not count.
    pub expiration: Option<Timestamp>,
    /// `SharedSecret`.
    pub secret_type: String,
    /// As the caller says.
    pub created: Timestamp,
}

/// The values of the secrets, in the order of the secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceSecrets {
    /// As given.
    pub values: Vec<String>,
}

/// What row 8 asks for; it is also the "last publish configuration" of row 11.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishRequest {
    /// The API at the gateway: the number of the resource, or the id of one of its versions.
    pub api_id: String,
    /// The name at the gateway.
    pub name: Option<String>,
    /// A text, only with a name.
    pub description: Option<String>,
    /// The path segment at the gateway.
    pub suffix: String,
    /// The document to import; recorded, not fetched.
    pub swagger_url: String,
    /// Products to attach to: `/products/{id}`.
    pub product_ids: Vec<String>,
    /// The OAuth server to demand.
    pub authorization_server_id: Option<String>,
    /// The scope to demand.
    pub scope: Option<String>,
    /// The OpenID provider to demand.
    pub openid: Option<String>,
    /// Raw policy XML.
    pub policy: Option<String>,
}

/// An API was created or updated at the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourcePublished {
    /// What was asked for.
    pub request: PublishRequest,
    /// Whether the API is new; then it has revision 1.
    pub created: bool,
    /// The revision that the document was imported into.
    pub revision: u32,
}

/// A revision was added; it is not current.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionPublished {
    /// Which API.
    pub api_id: String,
    /// The new revision.
    pub revision: u32,
    /// The revision it was copied from.
    pub source_revision: u32,
    /// The document imported into it.
    pub swagger_url: String,
    /// Why.
    pub note: Option<String>,
}

/// An API version was added; it has revision 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionPublished {
    /// The id of the new API.
    pub api_id: String,
    /// Its version, lower-cased.
    pub version_name: String,
    /// The API it was copied from.
    pub source_api_id: String,
    /// The revision it was copied from.
    pub source_revision: u32,
    /// Groups the versions of this resource.
    pub version_set_id: String,
}

/// A revision became current, through a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionSetOnline {
    /// Which API.
    pub api_id: String,
    /// The revision that is current now.
    pub revision: u32,
    /// The release: ticks of 100 ns since year 1.
    pub release_id: String,
}

stored_events! {
    /// What has happened to a resource. A stored contract: see `docs/events.md`.
    pub enum ResourceEvent {
        /// A resource entered.
        Created = "resource.created.v1" { data: ResourceCreated, secret: ResourceSecrets },
        /// An API was created or updated at the gateway.
        Published = "resource.published.v1" { data: ResourcePublished },
        /// A revision was added.
        RevisionPublished = "resource.revision_published.v1" { data: RevisionPublished },
        /// An API version was added.
        VersionPublished = "resource.version_published.v1" { data: VersionPublished },
        /// A revision became current.
        VersionSetOnline = "resource.version_set_online.v1" { data: VersionSetOnline },
    }
}

/// What the rules need to remember of a resource, and no more.
#[derive(Debug, Clone, Default)]
pub enum Resource {
    /// Never created.
    #[default]
    Absent,
    /// In use.
    Active(Gateway),
}

/// The face of a resource at the gateway.
#[derive(Debug, Clone)]
pub struct Gateway {
    resource: u32,
    tenant: TenantId,
    /// Shared by all APIs of the resource; `None` before the first publication.
    path: Option<String>,
    apis: BTreeMap<String, Api>,
}

#[derive(Debug, Clone)]
struct Api {
    version_name: Option<String>,
    revisions: u32,
    current: u32,
    last_release_id: Option<String>,
}

impl Aggregate for Resource {
    const CATEGORY: &'static str = "resource";
    type Command = ResourceCommand;
    type Event = ResourceEvent;

    fn decide(
        &self,
        command: &ResourceCommand,
        now: Timestamp,
    ) -> Result<Decision<ResourceEvent>, Refusal> {
        match command {
            ResourceCommand::Create(data, secrets) => self.create(data, secrets),
            ResourceCommand::Publish(request) => self.active()?.publish(request),
            ResourceCommand::PublishRevision { api_id, swagger_url, note } => {
                self.active()?.publish_revision(api_id, swagger_url, note.as_deref())
            }
            ResourceCommand::PublishVersion { revision_id, version_name, new_api_id } => {
                self.active()?.publish_version(revision_id, version_name, new_api_id)
            }
            ResourceCommand::SetOnlineVersion { revision_id } => {
                self.active()?.set_online(revision_id, now)
            }
        }
    }

    fn evolve(&mut self, event: &ResourceEvent) {
        match (self, event) {
            (it, ResourceEvent::Created(fact)) => {
                *it = Resource::Active(Gateway {
                    resource: fact.data.resource,
                    tenant: fact.data.tenant,
                    path: None,
                    apis: BTreeMap::new(),
                });
            }
            // Nothing happens to a resource before it is created.
            (Resource::Absent, _) => (),
            (Resource::Active(gateway), ResourceEvent::Published(fact)) => {
                gateway.path = Some(normalise_path(&fact.data.request.suffix));
                if fact.data.created {
                    gateway.apis.insert(fact.data.request.api_id.clone(), Api::new(None));
                }
            }
            (Resource::Active(gateway), ResourceEvent::RevisionPublished(fact)) => {
                if let Some(api) = gateway.apis.get_mut(&fact.data.api_id) {
                    api.revisions = fact.data.revision;
                }
            }
            (Resource::Active(gateway), ResourceEvent::VersionPublished(fact)) => {
                let api = Api::new(Some(fact.data.version_name.clone()));
                gateway.apis.insert(fact.data.api_id.clone(), api);
            }
            (Resource::Active(gateway), ResourceEvent::VersionSetOnline(fact)) => {
                if let Some(api) = gateway.apis.get_mut(&fact.data.api_id) {
                    api.current = fact.data.revision;
                    api.last_release_id = Some(fact.data.release_id.clone());
                }
            }
        }
    }
}

impl Resource {
    fn active(&self) -> Result<&Gateway, Refusal> {
        match self {
            Resource::Active(gateway) => Ok(gateway),
            Resource::Absent => Err(Refusal::NotFound { what: "API resource" }),
        }
    }

    fn create(
        &self,
        data: &ResourceCreated,
        secrets: &ResourceSecrets,
    ) -> Result<Decision<ResourceEvent>, Refusal> {
        if !matches!(self, Resource::Absent) {
            return Err(Refusal::AlreadyExists { what: "API resource" });
        }
        check_created(data, secrets)?;
        Ok(Decision::event(ResourceEvent::Created(Fact {
            data: data.clone(),
            personal: None,
            secret: (!secrets.values.is_empty()).then(|| secrets.clone()),
        }))
        .claim(data.tenant, RESOURCE_NAME_CLAIM, data.name.to_lowercase()))
    }
}

impl Gateway {
    fn publish(&self, request: &PublishRequest) -> Result<Decision<ResourceEvent>, Refusal> {
        check_publish(request)?;
        let known = self.apis.get(&request.api_id);
        // Spec section 7.2, B22: the gateway id of a resource is its number, so that the rows
        // which take the one and those which take the other agree.
        if known.is_none() && request.api_id != self.resource.to_string() {
            return Err(Refusal::NotAllowed {
                why: "apiId must be the id of the API resource, or of one of its API versions",
            });
        }
        let path = normalise_path(&request.suffix);
        let mut decision = Decision::event(ResourceEvent::Published(
            ResourcePublished {
                request: request.clone(),
                created: known.is_none(),
                revision: known.map_or(1, |api| api.current),
            }
            .into(),
        ));
        if self.path.as_ref() != Some(&path) {
            if let Some(old) = &self.path {
                decision = decision.release(self.tenant, GATEWAY_PATH_CLAIM, old.clone());
            }
            decision = decision.claim(self.tenant, GATEWAY_PATH_CLAIM, path);
        }
        Ok(decision)
    }

    fn publish_revision(
        &self,
        api_id: &str,
        swagger_url: &str,
        note: Option<&str>,
    ) -> Result<Decision<ResourceEvent>, Refusal> {
        check::required("apiId", api_id, 256)?;
        check::required("swaggerUrl", swagger_url, 2000)?;
        check::url("swaggerUrl", swagger_url)?;
        check::optional("releaseNote", note, 4000)?;
        let api = self.apis.get(api_id).ok_or(Refusal::NotFound { what: "gateway API" })?;
        if api.revisions >= REVISIONS_MAX {
            return Err(Refusal::NotAllowed {
                why: "the API has as many revisions as it may have",
            });
        }
        let published = RevisionPublished {
            api_id: api_id.to_owned(),
            revision: api.revisions + 1,
            source_revision: api.current,
            swagger_url: swagger_url.to_owned(),
            note: note.map(str::to_owned),
        };
        Ok(Decision::event(ResourceEvent::RevisionPublished(published.into())))
    }

    fn publish_version(
        &self,
        revision_id: &str,
        version_name: &str,
        new_api_id: &str,
    ) -> Result<Decision<ResourceEvent>, Refusal> {
        check::required("apiVersionName", version_name, 100)?;
        let (source_api_id, source_revision) = self.find_revision(revision_id)?;
        let version_name = version_name.trim().to_lowercase();
        let taken = |api: &Api| api.version_name.as_ref() == Some(&version_name);
        if self.apis.values().any(taken) || self.apis.contains_key(new_api_id) {
            return Err(Refusal::AlreadyExists { what: "API version" });
        }
        if self.apis.len() >= API_VERSIONS_MAX {
            return Err(Refusal::NotAllowed {
                why: "the API resource has as many versions as it may have",
            });
        }
        let published = VersionPublished {
            api_id: new_api_id.to_owned(),
            version_name,
            source_api_id: source_api_id.to_owned(),
            source_revision,
            version_set_id: format!("versions-{}", self.resource),
        };
        Ok(Decision::event(ResourceEvent::VersionPublished(published.into())))
    }

    fn set_online(
        &self,
        revision_id: &str,
        now: Timestamp,
    ) -> Result<Decision<ResourceEvent>, Refusal> {
        let (api_id, revision) = self.find_revision(revision_id)?;
        let last = self.apis.get(api_id).and_then(|it| it.last_release_id.as_deref());
        let set = VersionSetOnline {
            api_id: api_id.to_owned(),
            revision,
            release_id: next_release_id(now, last),
        };
        Ok(Decision::event(ResourceEvent::VersionSetOnline(set.into())))
    }

    /// Reads `A` or `A;rev=n`; without a revision, the current one is meant.
    fn find_revision<'a>(&self, revision_id: &'a str) -> Result<(&'a str, u32), Refusal> {
        let not_found = Refusal::NotFound { what: "gateway revision" };
        let revision_id = revision_id.trim_start_matches("/apis/");
        let (api_id, revision) = match revision_id.split_once(";rev=") {
            Some((api_id, revision)) => {
                (api_id, Some(revision.parse::<u32>().map_err(|_| not_found.clone())?))
            }
            None => (revision_id, None),
        };
        let api = self.apis.get(api_id).ok_or(not_found.clone())?;
        let revision = revision.unwrap_or(api.current);
        if !(1..=api.revisions).contains(&revision) {
            return Err(not_found);
        }
        Ok((api_id, revision))
    }
}

impl Api {
    fn new(version_name: Option<String>) -> Self {
        Self { version_name, revisions: 1, current: 1, last_release_id: None }
    }
}

/// The id of a release: 100-ns ticks since year 1 (spec section 5.2, row 13), later than `last`.
fn next_release_id(now: Timestamp, last: Option<&str>) -> String {
    /// Ticks between year 1 and the Unix epoch.
    const UNIX_EPOCH_TICKS: i64 = 621_355_968_000_000_000;
    let ticks = UNIX_EPOCH_TICKS.saturating_add(now.0.saturating_mul(10));
    let last = last.and_then(|it| it.parse::<i64>().ok()).unwrap_or(0);
    // Saturating: a stored id at the end of the range must not stop the program.
    ticks.max(last.saturating_add(1)).to_string()
}

fn normalise_path(suffix: &str) -> String {
    suffix.to_ascii_lowercase()
}

fn check_created(data: &ResourceCreated, secrets: &ResourceSecrets) -> Result<(), Refusal> {
    check::required("name", &data.name, 200)?;
    check::optional("displayName", data.display_name.as_deref(), 200)?;
    check::optional("description", data.description.as_deref(), 1000)?;
    check::optional(
        "allowedAccessTokenSigningAlgorithms",
        data.allowed_access_token_signing_algorithms.as_deref(),
        100,
    )?;
    for (field, items) in [("scopes.scope", &data.scopes), ("userClaims.type", &data.user_claims)] {
        check::list(field, items, RESOURCE_CHILDREN_MAX)?;
        for item in items {
            check::required(field, item, 200)?;
        }
    }
    // RFC 6749 section 3.3. The built-in prefixes stay with the program.
    for scope in &data.scopes {
        if !scope.bytes().all(|it| it.is_ascii_graphic() && it != b'"' && it != b'\\') {
            return Err(Refusal::invalid("scopes.scope", "must be visible ASCII without \" or \\"));
        }
        if scope.starts_with("oauthapp.") || scope.starts_with("isms.") {
            return Err(Refusal::invalid(
                "scopes.scope",
                "must not begin with oauthapp. or isms.: these scopes are built in",
            ));
        }
    }
    if data.name.eq_ignore_ascii_case("oauthapp") {
        return Err(Refusal::invalid("name", "must not be oauthapp: this audience is built in"));
    }
    check::list("properties", &data.properties, RESOURCE_CHILDREN_MAX)?;
    for (key, value) in &data.properties {
        check::required("properties.key", key, 250)?;
        check::at_most("properties.value", value, 2000)?;
    }
    check::list("secrets", &data.secrets, RESOURCE_CHILDREN_MAX)?;
    if data.secrets.len() != secrets.values.len() {
        return Err(Refusal::invalid("secrets", "every secret needs a value"));
    }
    for (secret, value) in data.secrets.iter().zip(&secrets.values) {
        check::required("secrets.value", value, 4000)?;
        check::required("secrets.type", &secret.secret_type, 250)?;
        check::optional("secrets.description", secret.description.as_deref(), 1000)?;
    }
    Ok(())
}

fn check_publish(request: &PublishRequest) -> Result<(), Refusal> {
    check::required("apiId", &request.api_id, 256)?;
    check::required("suffix", &request.suffix, 32)?;
    if !request.suffix.bytes().all(|it| it.is_ascii_alphanumeric()) {
        return Err(Refusal::invalid("suffix", "must be 1 to 32 of [a-zA-Z0-9]"));
    }
    check::required("swaggerUrl", &request.swagger_url, 2000)?;
    check::url("swaggerUrl", &request.swagger_url)?;
    check::optional("name", request.name.as_deref(), 300)?;
    check::optional("description", request.description.as_deref(), 4000)?;
    check::optional("authorizationServerId", request.authorization_server_id.as_deref(), 256)?;
    check::optional("scope", request.scope.as_deref(), 500)?;
    check::optional("openid", request.openid.as_deref(), 256)?;
    check::list("productIds", &request.product_ids, 20)?;
    for product in &request.product_ids {
        check::required("productIds", product, 100)?;
    }
    match &request.policy {
        Some(policy) if policy.len() > POLICY_BYTES_MAX => {
            Err(Refusal::TooLarge { field: "policy", bytes_max: POLICY_BYTES_MAX })
        }
        _ => Ok(()),
    }
}
