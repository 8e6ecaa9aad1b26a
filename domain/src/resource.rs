//! An API resource: an API that accepts tokens, with its face at the gateway.
//!
//! The gateway has one API for the resource itself and one for each further API version. Each has
//! revisions, of which one is current. All of them share one path.

mod allowed;
mod gateway;

use serde::{Deserialize, Serialize};

pub use self::allowed::{ALLOWED_CLIENTS_MAX, AllowedClients, AllowedScopes};
pub use self::gateway::Gateway;
use crate::aggregate::{Aggregate, Decision};
use crate::check;
use crate::codec::COMMIT_BYTES_MAX;
use crate::event::Fact;
use crate::ids::{TenantId, Timestamp, UserId};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::scope::{SCOPE_CLAIM, change_scopes, check_not_reserved, check_scope};
use crate::stored_events;

/// The kind of claim that makes the name of a resource unique in its tenant.
pub const RESOURCE_NAME_CLAIM: ClaimKind =
    ClaimKind { name: "resource_name", english: "API resource name" };

/// The kind of claim that makes a gateway path unique in its tenant.
pub const GATEWAY_PATH_CLAIM: ClaimKind =
    ClaimKind { name: "gateway_path", english: "gateway path (suffix)" };

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
    /// Say which scopes a client gets.
    AllowClient {
        /// The number of the client.
        client: u32,
        /// Which of the scopes of the resource.
        scopes: AllowedScopes,
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
    /// The keys of its properties; the values stand in the secret part.
    pub property_keys: Vec<String>,
    /// As the caller says.
    pub created: Timestamp,
    /// Kept for compatibility.
    pub non_editable: bool,
}

/// What is known of a secret of a resource, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceSecretInfo {
    /// Counted inside the resource, from 1, and never used again.
    pub id: u32,
    /// A text about it.
    pub description: Option<String>,
    /// After which it does not count.
    pub expiration: Option<Timestamp>,
    /// `SharedSecret`.
    pub secret_type: String,
    /// As the caller says.
    pub created: Timestamp,
}

/// What opens something, or may: sealed in the log, and never published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceSecrets {
    /// The values of the secrets as given, in the order of the secrets.
    pub values: Vec<String>,
    /// The values of the properties, in the order of their keys.
    pub property_values: Vec<String>,
}

impl ResourceSecrets {
    /// Nothing is sealed where there is nothing.
    fn part(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
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

/// The resource names a client that gets scopes of it, or names it no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceClientAllowed {
    /// The number of the client. Not its `client_id`, which another may have some day.
    pub client: u32,
    /// The scopes that it gets from now on, in the order of those of the resource; none if it is
    /// named no longer.
    pub scopes: Vec<String>,
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
        /// A client gets scopes of it, or no longer.
        ClientAllowed = "resource.client_allowed.v1" { data: ResourceClientAllowed },
    }
}

/// What the rules need to remember of a resource, and no more.
#[derive(Debug, Clone, Default)]
pub enum Resource {
    /// Never created.
    #[default]
    Absent,
    /// In use.
    Active {
        /// Its face at the gateway.
        gateway: Gateway,
        /// The clients that it names.
        allowed: AllowedClients,
        /// The highest id that one of its secrets has or had.
        last_secret: u32,
    },
}

const ABSENT: Refusal = Refusal::NotFound { what: "API resource" };

impl Aggregate for Resource {
    const CATEGORY: &'static str = "resource";
    const IDS: Ids = Ids::Counted;
    const CLAIMS: &'static [ClaimKind] = &[RESOURCE_NAME_CLAIM, SCOPE_CLAIM, GATEWAY_PATH_CLAIM];
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
            ResourceCommand::AllowClient { client, scopes } => match self {
                Resource::Active { allowed, .. } => allowed.allow(*client, scopes),
                Resource::Absent => Err(ABSENT),
            },
        }
    }

    fn evolve(&mut self, event: &ResourceEvent) {
        match (self, event) {
            (it, ResourceEvent::Created(fact)) => {
                let Fact { data, .. } = fact;
                *it = Resource::Active {
                    gateway: Gateway::new(data.resource, data.tenant),
                    allowed: AllowedClients::new(data.scopes.clone()),
                    last_secret: data.secrets.iter().map(|it| it.id).max().unwrap_or(0),
                };
            }
            // Nothing happens to a resource before it is created.
            (Resource::Absent, _) => (),
            (Resource::Active { allowed, .. }, ResourceEvent::ClientAllowed(fact)) => {
                allowed.evolve(&fact.data);
            }
            (Resource::Active { gateway, .. }, event) => gateway.evolve(event),
        }
    }
}

impl Resource {
    fn active(&self) -> Result<&Gateway, Refusal> {
        match self {
            Resource::Active { gateway, .. } => Ok(gateway),
            Resource::Absent => Err(ABSENT),
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
        let mut created = data.clone();
        (1..).zip(&mut created.secrets).for_each(|(id, secret)| secret.id = id);
        let decision = Decision::event(ResourceEvent::Created(Fact {
            data: created,
            personal: None,
            secret: secrets.clone().part(),
        }))
        .claim(data.tenant, RESOURCE_NAME_CLAIM, data.name.to_lowercase());
        // Also those of a resource that is not enabled: it may be, some day.
        Ok(change_scopes(decision, data.tenant, &[], &data.scopes))
    }
}

fn check_created(data: &ResourceCreated, secrets: &ResourceSecrets) -> Result<(), Refusal> {
    check::required("name", &data.name, 200)?;
    // It is an audience: two that look alike must not be two.
    if !data.name.bytes().all(|it| it.is_ascii_graphic()) {
        return Err(Refusal::invalid("name", "must be visible ASCII without spaces"));
    }
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
    for scope in &data.scopes {
        check_scope("scopes.scope", scope)?;
        check_not_reserved("scopes.scope", scope)?;
    }
    if data.name.eq_ignore_ascii_case("oauthapp") {
        return Err(Refusal::invalid("name", "must not be oauthapp: this audience is built in"));
    }
    check::list("properties", &data.property_keys, RESOURCE_CHILDREN_MAX)?;
    if data.property_keys.len() != secrets.property_values.len() {
        return Err(Refusal::invalid("properties", "every key needs a value"));
    }
    for (key, value) in data.property_keys.iter().zip(&secrets.property_values) {
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
