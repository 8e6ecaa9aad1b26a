//! The samples of API resources.

use domain::resource::{
    PublishRequest, ResourceClientAllowed, ResourceCreated, ResourceEvent, ResourcePublished,
    ResourceSecretInfo, ResourceSecrets, RevisionPublished, VersionPublished, VersionSetOnline,
};
use domain::{Fact, TenantId, UserId};

use super::{at, keys, list, some};

pub(super) fn with_secret(data: ResourceCreated, secrets: ResourceSecrets) -> ResourceEvent {
    ResourceEvent::Created(Fact { data, personal: None, secret: Some(secrets) })
}

/// A resource that every rule accepts.
pub fn resource_created() -> ResourceCreated {
    ResourceCreated {
        resource: 21,
        tenant: TenantId(12),
        owner: UserId(13),
        enabled: true,
        name: "Orders".to_owned(),
        display_name: some("display name"),
        description: some("description"),
        allowed_access_token_signing_algorithms: Some("ES256".to_owned()),
        show_in_discovery_document: false,
        secrets: vec![ResourceSecretInfo {
            id: 1,
            description: some("secret description"),
            expiration: Some(at(22)),
            secret_type: "SharedSecret".to_owned(),
            created: at(23),
        }],
        scopes: list(&["orders.read", "orders.write"]),
        user_claims: list(&["email"]),
        property_keys: keys("property"),
        created: at(24),
        updated: Some(at(25)),
        last_accessed: Some(at(26)),
        non_editable: true,
    }
}

/// The value that stands for the secret of a resource; no reader ever sees it.
pub const RESOURCE_SECRET: &str = "resource-secret-value";

pub fn resource_secrets() -> ResourceSecrets {
    let property_values = list(&["resource property 1", "resource property 2"]);
    ResourceSecrets { values: list(&[RESOURCE_SECRET]), property_values }
}

pub(super) fn resource_sparse() -> ResourceCreated {
    ResourceCreated {
        enabled: false,
        display_name: None,
        description: None,
        allowed_access_token_signing_algorithms: None,
        show_in_discovery_document: true,
        secrets: Vec::new(),
        scopes: Vec::new(),
        user_claims: Vec::new(),
        property_keys: Vec::new(),
        ..resource_created()
    }
}

/// A publication that every rule accepts, of the resource above.
pub fn publish_request() -> PublishRequest {
    PublishRequest {
        api_id: "21".to_owned(),
        name: some("gateway name"),
        description: some("description"),
        suffix: "Orders".to_owned(),
        swagger_url: "https://orders.example/swagger.json".to_owned(),
        product_ids: list(&["/products/starter", "/products/unlimited"]),
        authorization_server_id: some("authorization server"),
        scope: Some("orders.read".to_owned()),
        openid: some("openid"),
        policy: Some("<policies><inbound /></policies>".to_owned()),
    }
}

pub(super) fn publish_sparse() -> PublishRequest {
    PublishRequest {
        name: None,
        description: None,
        product_ids: Vec::new(),
        authorization_server_id: None,
        scope: None,
        openid: None,
        policy: None,
        ..publish_request()
    }
}

pub(super) fn published(request: PublishRequest, created: bool, revision: u32) -> ResourceEvent {
    ResourceEvent::Published(ResourcePublished { request, created, revision }.into())
}

pub(super) fn revision_published() -> RevisionPublished {
    RevisionPublished {
        api_id: "21".to_owned(),
        revision: 25,
        source_revision: 24,
        swagger_url: "https://orders.example/swagger.json".to_owned(),
        note: some("note"),
    }
}

/// The id of a further version of the resource above.
pub const VERSION_API_ID: &str = "0123456789abcdef0123456789abcdef";

pub(super) fn version_published() -> VersionPublished {
    VersionPublished {
        api_id: VERSION_API_ID.to_owned(),
        version_name: "v2".to_owned(),
        source_api_id: "21".to_owned(),
        source_revision: 26,
        version_set_id: "versions-21".to_owned(),
    }
}

pub(super) fn version_set_online() -> VersionSetOnline {
    VersionSetOnline {
        api_id: "21".to_owned(),
        revision: 27,
        release_id: "638355968001234560".to_owned(),
    }
}

pub(super) fn client_allowed() -> ResourceClientAllowed {
    ResourceClientAllowed { client: 28, scopes: list(&["orders.read", "orders.write"]) }
}
