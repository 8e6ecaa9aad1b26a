//! What the log has of API resources from earlier versions of the program, and what it means now.
//!
//! Until then documents were not fetched, publishing again changed the current revision in place, and a
//! roll-back brought back the address of the document only. Such revisions have no upstream, so the
//! gateway does not serve them: whoever wants it publishes again.

use serde::{Deserialize, Serialize};

use super::face::{Authentication, Difference, Face};
use super::facts;

/// `resource.version_set_online.v1`: releases had no notes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VersionSetOnline {
    api_id: String,
    revision: u32,
    release_id: String,
}

impl From<VersionSetOnline> for facts::VersionSetOnline {
    fn from(old: VersionSetOnline) -> Self {
        let VersionSetOnline { api_id, revision, release_id } = old;
        Self { api_id, revision, release_id, notes: None }
    }
}

/// `resource.published.v1`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Published {
    request: PublishRequest,
    created: bool,
    revision: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PublishRequest {
    api_id: String,
    name: Option<String>,
    description: Option<String>,
    suffix: String,
    swagger_url: String,
    product_ids: Vec<String>,
    authorization_server_id: Option<String>,
    scope: Option<String>,
    openid: Option<String>,
    policy: Option<String>,
}

impl From<Published> for facts::ResourcePublished {
    fn from(old: Published) -> Self {
        let Published { request, created, revision } = old;
        let (scope, openid) = (request.scope, request.openid);
        let authentication = match request.authorization_server_id {
            Some(server) => Authentication::Token { server, scope, openid },
            None => Authentication::None,
        };
        let face = Face {
            name: request.name,
            description: request.description,
            path: request.suffix,
            products: request.product_ids,
            authentication,
            policy: request.policy,
            ..Face::unknown(request.swagger_url)
        };
        Self {
            api_id: request.api_id,
            created,
            revision,
            face,
            difference: Difference::default(),
            release_id: None,
            notes: None,
        }
    }
}

/// `resource.revision_published.v1`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RevisionPublished {
    api_id: String,
    revision: u32,
    source_revision: u32,
    swagger_url: String,
    note: Option<String>,
}

impl From<RevisionPublished> for facts::RevisionPublished {
    fn from(old: RevisionPublished) -> Self {
        Self {
            api_id: old.api_id,
            revision: old.revision,
            source_revision: old.source_revision,
            note: old.note,
            face: Face::unknown(old.swagger_url),
            difference: Difference::default(),
        }
    }
}

/// `resource.version_published.v1`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VersionPublished {
    api_id: String,
    version_name: String,
    source_api_id: String,
    source_revision: u32,
    version_set_id: String,
}

impl From<VersionPublished> for facts::VersionPublished {
    fn from(old: VersionPublished) -> Self {
        Self {
            api_id: old.api_id,
            version_name: old.version_name,
            source_api_id: old.source_api_id,
            source_revision: old.source_revision,
            version_set_id: old.version_set_id,
            face: Face::default(),
        }
    }
}
