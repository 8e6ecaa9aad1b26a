//! What has happened to API resources, as it is stored.

use serde::{Deserialize, Serialize};

use crate::ids::{TenantId, Timestamp, UserId};
use crate::stored_events;

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
    /// As the caller says; a later change counts instead.
    pub updated: Option<Timestamp>,
    /// As the caller says.
    pub last_accessed: Option<Timestamp>,
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
    pub(super) fn part(self) -> Option<Self> {
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
