//! What events of API resources say, as it is stored.

use serde::{Deserialize, Serialize};

use super::face::{Difference, Face};
use crate::changes;
use crate::ids::{TenantId, Timestamp, UserId};

/// A resource entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceCreated {
    /// Its number.
    pub resource: u32,
    /// Whose it is.
    pub tenant: TenantId,
    /// Its first owner: the user who may see and change it.
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

/// An API was published: it has another revision, which is current, through a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourcePublished {
    /// The API at the gateway: the number of the resource, or the id of one of its versions.
    pub api_id: String,
    /// Whether the API is new; then it has revision 1.
    pub created: bool,
    /// The revision that was made, and is current now.
    pub revision: u32,
    /// What it is.
    pub face: Face,
    /// How its document differs from the one that was current before.
    pub difference: Difference,
    /// The release: ticks of 100 ns since year 1. `None` before publishing made a release.
    pub release_id: Option<String>,
    /// What is said of the release.
    pub notes: Option<String>,
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
    /// Why.
    pub note: Option<String>,
    /// What it is.
    pub face: Face,
    /// How its document differs from the one that is current.
    pub difference: Difference,
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
    /// What it is.
    pub face: Face,
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
    /// What is said of the release.
    pub notes: Option<String>,
}

/// What is said of a release changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseNoted {
    /// Of which API.
    pub api_id: String,
    /// Which release.
    pub release_id: String,
    /// What is said of it now.
    pub notes: String,
}

/// A release is not listed any more. Its revision stays, and what is current.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseDeleted {
    /// Of which API.
    pub api_id: String,
    /// Which release.
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

/// A revision is served at its private address, or no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionOnlineSet {
    /// Of which API.
    pub api_id: String,
    /// Which revision.
    pub revision: u32,
    /// Whether it is.
    pub online: bool,
}

/// How a request says which version of the API it wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionSet {
    /// Groups the versions of the resource.
    pub version_set_id: String,
    /// What people call it.
    pub name: String,
    /// A text about it.
    pub description: Option<String>,
    /// Where the version stands.
    pub scheme: VersionScheme,
    /// The name of the query parameter or header; of no use in the path.
    pub parameter: String,
}

/// Where a request says which version it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum VersionScheme {
    /// In a query parameter.
    Query,
    /// In a header.
    Header,
    /// In the segment after the path.
    Segment,
}

/// When a version is not to be used any more, and when it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionLifecycle {
    /// Which API.
    pub api_id: String,
    /// Since when it is deprecated (RFC 9745).
    pub deprecated_at: Option<Timestamp>,
    /// When it ends (RFC 8594).
    pub sunset_at: Option<Timestamp>,
}

/// An API version ended. The revisions that it had stay in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionRetired {
    /// Which API.
    pub api_id: String,
}

/// It is served no longer, and its path is free. Its APIs and their revisions stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceUnpublished {
    /// Its number.
    pub resource: u32,
}

changes! {
    /// What may change of an API resource, in clear.
    pub enum ResourceChange of ResourceCreated except (resource, tenant, owner) {
        Enabled(bool) = enabled,
        Name(String) = name,
        DisplayName(Option<String>) = display_name,
        Description(Option<String>) = description,
        AllowedAccessTokenSigningAlgorithms(Option<String>)
            = allowed_access_token_signing_algorithms,
        ShowInDiscoveryDocument(bool) = show_in_discovery_document,
        Secrets(Vec<ResourceSecretInfo>) = secrets,
        Scopes(Vec<String>) = scopes,
        UserClaims(Vec<String>) = user_claims,
        PropertyKeys(Vec<String>) = property_keys,
        Created(Timestamp) = created,
        Updated(Option<Timestamp>) = updated,
        LastAccessed(Option<Timestamp>) = last_accessed,
        NonEditable(bool) = non_editable,
    }
}

/// Some of its fields changed, or what opens something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceUpdated {
    /// Its number.
    pub resource: u32,
    /// The fields that have other values now.
    pub changes: Vec<ResourceChange>,
}

/// It ended: its name, its scopes and its path are free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceDeleted {
    /// Its number, which is never used again.
    pub resource: u32,
}

/// A user may see and change it from now on, or no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceOwner {
    /// Its number.
    pub resource: u32,
    /// The user.
    pub user: UserId,
}
