//! `/api/ApiResource`: rows 1, 2, 4 and 8 to 13.

use commands::keys::random;
use domain::hex;
use domain::resource::{
    PublishRequest, Resource, ResourceCommand, ResourceCreated, ResourceSecretInfo, ResourceSecrets,
};
use projections::{ApiRow, ResourceRow, revision_id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use std::sync::Arc;
use warp::http::Method;

use super::MASKED;
use crate::access::{Granted, user};
use crate::http::codes::{self, Code};
use crate::http::endpoint::{Endpoint, Outcome, QueryParameter, endpoint};
use crate::http::error::ApiError;
use crate::http::paging::{ListQuery, PAGING, flag, text};
use crate::http::reply::{ErrorData, List, Reply, Single};
use crate::http::time::WireTime;

const FILTERS: [QueryParameter; 3] = [
    text("q.name", "the name, without regard to case"),
    flag("q.expandScopes", "with scopes"),
    flag("q.expandClaims", "with userClaims"),
];

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::GET, "/api/ApiResource", "ApiResourceGet", "List own API resources")
            .row(1)
            .query(&PAGING)
            .query(&FILTERS)
            .answers::<List<ResourceBody>>()
            .needs(user("apiresource.get"), list),
        endpoint(Method::POST, "/api/ApiResource", "ApiResourcePost", "Create an API resource")
            .row(2)
            .json::<ResourceBody>()
            .answers::<Single<i64>>()
            .needs(user("apiresource.post"), create),
        endpoint(Method::GET, "/api/ApiResource/{id}", "ApiResourceDetail", "Show an API resource")
            .row(4)
            .answers::<Single<ResourceBody>>()
            .needs(user("apiresource.detail"), detail),
        endpoint(
            Method::PUT,
            "/api/ApiResource/{id}/Publish",
            "ApiResourcePublish",
            "Publish at the gateway, or update what is published",
        )
        .row(8)
        .json::<PublishBody>()
        .answers::<Single<bool>>()
        .needs(user("apiresource.publish"), publish),
        endpoint(
            Method::POST,
            "/api/ApiResource/{id}/PublishRevision",
            "ApiResourcePublishRevision",
            "Add a revision that is not current yet",
        )
        .row(9)
        .json::<RevisionBody>()
        .answers::<Single<bool>>()
        .needs(user("apiresource.publishrevision"), publish_revision),
        endpoint(
            Method::POST,
            "/api/ApiResource/{id}/PublishVersion",
            "ApiResourcePublishVersion",
            "Add an API version from a revision",
        )
        .row(10)
        .json::<VersionBody>()
        .answers::<Single<bool>>()
        .needs(user("apiresource.publishversion"), publish_version),
        endpoint(
            Method::GET,
            "/api/ApiResource/{id}/PublishConfiguration",
            "ApiResourcePublishConfiguration",
            "Show what was last published",
        )
        .row(11)
        .answers::<Single<PublishBody>>()
        .needs(user("apiresource.publishconfiguration"), configuration),
        endpoint(
            Method::GET,
            "/api/ApiResource/{id}/Versions",
            "ApiResourceVersions",
            "List API versions with their revisions",
        )
        .row(12)
        .answers::<List<ApiVersion>>()
        .needs(user("apiresource.versions"), versions),
        endpoint(
            Method::POST,
            "/api/ApiResource/{id}/Versions/{revisionId}",
            "ApiResourceSetOnlineVersion",
            "Make a revision current",
        )
        .row(13)
        .answers::<Single<bool>>()
        .needs(user("apiresource.setonlineversion"), set_online),
    ]
}

/// Spec section 2.7.
#[skip_serializing_none]
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
struct ResourceBody {
    id: i64,
    enabled: bool,
    name: String,
    display_name: Option<String>,
    description: Option<String>,
    allowed_access_token_signing_algorithms: Option<String>,
    show_in_discovery_document: bool,
    secrets: Option<Vec<SecretBody>>,
    scopes: Option<Vec<ScopeBody>>,
    user_claims: Option<Vec<ClaimBody>>,
    properties: Option<Vec<PropertyBody>>,
    created: Option<WireTime>,
    updated: Option<WireTime>,
    non_editable: bool,
}

impl Default for ResourceBody {
    fn default() -> Self {
        Self {
            id: 0,
            enabled: true,
            name: String::new(),
            display_name: None,
            description: None,
            allowed_access_token_signing_algorithms: None,
            show_in_discovery_document: true,
            secrets: None,
            scopes: None,
            user_claims: None,
            properties: None,
            created: None,
            updated: None,
            non_editable: false,
        }
    }
}

#[skip_serializing_none]
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
struct SecretBody {
    id: u32,
    api_resource_id: i64,
    description: Option<String>,
    /// Out: masked.
    value: String,
    expiration: Option<WireTime>,
    r#type: String,
    created: Option<WireTime>,
}

impl Default for SecretBody {
    fn default() -> Self {
        Self {
            id: 0,
            api_resource_id: 0,
            description: None,
            value: String::new(),
            expiration: None,
            r#type: "SharedSecret".to_owned(),
            created: None,
        }
    }
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
struct ScopeBody {
    id: u32,
    api_resource_id: i64,
    scope: String,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
struct ClaimBody {
    id: u32,
    api_resource_id: i64,
    r#type: String,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
struct PropertyBody {
    id: u32,
    api_resource_id: i64,
    key: String,
    value: String,
}

/// Rows 8 and 11.
#[skip_serializing_none]
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
struct PublishBody {
    name: Option<String>,
    description: Option<String>,
    api_id: String,
    suffix: Option<String>,
    swagger_url: Option<String>,
    product_ids: Option<Vec<String>>,
    authorization_server_id: Option<String>,
    scope: Option<String>,
    openid: Option<String>,
    policy: Option<String>,
}

/// Row 9.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
struct RevisionBody {
    api_id: String,
    swagger_url: Option<String>,
    release_note: Option<String>,
}

/// Row 10.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
struct VersionBody {
    revision_id: Option<String>,
    api_version_name: Option<String>,
}

/// Spec sections 2.3 and 2.10.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ApiVersion {
    id: String,
    name: Option<String>,
    api_revision: String,
    description: Option<String>,
    api_version: Option<String>,
    is_current: bool,
    path: Option<String>,
    protocols: [&'static str; 1],
    api_version_set_id: Option<String>,
    authentication_settings: Option<serde_json::Value>,
    revisions: Vec<Revision>,
}

#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Revision {
    api_id: String,
    api_revision: String,
    created_date_time: WireTime,
    updated_date_time: WireTime,
    description: Option<String>,
    private_url: String,
    is_online: bool,
    is_current: bool,
}

impl ErrorData for List<ResourceBody> {}
impl ErrorData for Single<ResourceBody> {}
impl ErrorData for Single<PublishBody> {}
impl ErrorData for List<ApiVersion> {}

impl ResourceBody {
    /// Without any child list, as the list shows it.
    fn bare(row: &ResourceRow) -> Self {
        let it = &row.data;
        Self {
            id: i64::from(it.resource),
            enabled: it.enabled,
            name: it.name.clone(),
            display_name: it.display_name.clone(),
            description: it.description.clone(),
            allowed_access_token_signing_algorithms: it
                .allowed_access_token_signing_algorithms
                .clone(),
            show_in_discovery_document: it.show_in_discovery_document,
            created: Some(WireTime(it.created)),
            updated: row.updated.map(WireTime),
            non_editable: it.non_editable,
            ..Self::default()
        }
    }

    fn with_scopes(mut self, row: &ResourceRow) -> Self {
        let api_resource_id = self.id;
        let scopes = row.data.scopes.iter().zip(1..);
        let scopes = scopes.map(|(it, id)| ScopeBody { id, api_resource_id, scope: it.clone() });
        self.scopes = Some(scopes.collect());
        self
    }

    fn with_claims(mut self, row: &ResourceRow) -> Self {
        let api_resource_id = self.id;
        let claims = row.data.user_claims.iter().zip(1..);
        let claims = claims.map(|(it, id)| ClaimBody { id, api_resource_id, r#type: it.clone() });
        self.user_claims = Some(claims.collect());
        self
    }

    /// With all four child lists, as the detail shows it.
    fn whole(row: &ResourceRow) -> Self {
        let mut body = Self::bare(row).with_scopes(row).with_claims(row);
        let api_resource_id = body.id;
        let secrets = row.data.secrets.iter().zip(1..).map(|(it, id)| SecretBody {
            id,
            api_resource_id,
            description: it.description.clone(),
            value: MASKED.to_owned(),
            expiration: it.expiration.map(WireTime),
            r#type: it.secret_type.clone(),
            created: Some(WireTime(it.created)),
        });
        body.secrets = Some(secrets.collect());
        let properties = row.data.properties.iter().zip(1..).map(|((key, value), id)| {
            PropertyBody { id, api_resource_id, key: key.clone(), value: value.clone() }
        });
        body.properties = Some(properties.collect());
        body
    }
}

/// The caller's resource with the id of the path; 404 for everybody else (H5).
fn owned(granted: &Granted) -> Result<Arc<ResourceRow>, ApiError> {
    let resource = granted.call.number(0, "id")?;
    let (tenant, owner) = (granted.tenant_id(), granted.user());
    let row = granted.ask(|tables| tables.resources.get(tenant, owner, resource).cloned());
    row.ok_or_else(|| ApiError::not_found("API resource"))
}

async fn list(granted: Granted) -> Outcome {
    let list = ListQuery::read(&granted.call, true)?;
    let scopes = list.query.flag("q.expandScopes", false);
    let claims = list.query.flag("q.expandClaims", false);
    list.query.check()?;
    let name = list.query.text("q.name").map(str::to_lowercase);
    let filter = |it: &ResourceRow| {
        name.as_ref().is_none_or(|wanted| it.data.name.to_lowercase() == *wanted)
    };
    let (tenant, owner) = (granted.tenant_id(), granted.user());
    let page = granted.ask(|tables| {
        let rows = &tables.resources;
        if list.orders_by("name") {
            rows.page(tenant, owner, filter, |it| it.data.name.clone(), list.paging)
        } else if list.orders_by("displayName") {
            rows.page(tenant, owner, filter, |it| it.data.display_name.clone(), list.paging)
        } else if list.orders_by("created") {
            rows.page(tenant, owner, filter, |it| it.data.created, list.paging)
        } else if list.orders_by("updated") {
            rows.page(tenant, owner, filter, |it| it.updated, list.paging)
        } else {
            rows.page(tenant, owner, filter, |it| it.data.resource, list.paging)
        }
    });
    let rows = page.rows.iter().map(|row| {
        let body = ResourceBody::bare(row);
        let body = if scopes { body.with_scopes(row) } else { body };
        if claims { body.with_claims(row) } else { body }
    });
    Ok(Reply::list(list.paging.skip, list.paging.take, page.total as u64, rows.collect()))
}

async fn create(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<ResourceBody>().await?;
    let now = granted.call.now;
    let secrets = body.secrets.unwrap_or_default();
    let values = secrets.iter().map(|it| it.value.clone()).collect();
    let secrets = secrets.into_iter().map(|it| ResourceSecretInfo {
        description: it.description,
        expiration: it.expiration.map(|it| it.0),
        secret_type: it.r#type,
        created: it.created.map_or(now, |it| it.0),
    });
    let properties = body.properties.unwrap_or_default().into_iter();
    let data = ResourceCreated {
        resource: 0,
        tenant: granted.tenant_id(),
        owner: granted.user(),
        enabled: body.enabled,
        name: body.name,
        display_name: body.display_name,
        description: body.description,
        allowed_access_token_signing_algorithms: body.allowed_access_token_signing_algorithms,
        show_in_discovery_document: body.show_in_discovery_document,
        secrets: secrets.collect(),
        scopes: body.scopes.unwrap_or_default().into_iter().map(|it| it.scope).collect(),
        user_claims: body.user_claims.unwrap_or_default().into_iter().map(|it| it.r#type).collect(),
        properties: properties.map(|it| (it.key, it.value)).collect(),
        created: body.created.map_or(now, |it| it.0),
        non_editable: body.non_editable,
    };
    let secrets = ResourceSecrets { values };
    let created = granted.create::<Resource>(&bytes, |number| {
        let mut data = data.clone();
        data.resource = number as u32;
        ResourceCommand::Create(Box::new(data), secrets.clone())
    });
    let (number, done) = created.await?;
    Ok(Reply::single(number as i64).written(&done))
}

async fn detail(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    Ok(Reply::single(ResourceBody::whole(&row)))
}

async fn publish(mut granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let (body, bytes) = granted.json::<PublishBody>().await?;
    domain::check::required("apiId", &body.api_id, 256)?;
    // Spec section 5.2, row 8 (b): blank counts as a failure of the gateway.
    let blank = |it: &Option<String>| it.as_deref().is_none_or(|it| it.trim().is_empty());
    for (field, value) in [("suffix", &body.suffix), ("swaggerUrl", &body.swagger_url)] {
        if blank(value) {
            let why = format!("{field} is required");
            return Err(ApiError::business(codes::PUBLISH_FAILED, why));
        }
    }
    let filled = |it: Option<String>| it.filter(|it| !it.trim().is_empty());
    let command = ResourceCommand::Publish(Box::new(PublishRequest {
        api_id: body.api_id,
        name: filled(body.name),
        description: filled(body.description),
        suffix: body.suffix.unwrap_or_default(),
        swagger_url: body.swagger_url.unwrap_or_default(),
        product_ids: body.product_ids.unwrap_or_default(),
        authorization_server_id: filled(body.authorization_server_id),
        scope: filled(body.scope),
        openid: filled(body.openid),
        policy: filled(body.policy),
    }));
    let number = row.data.resource.to_string();
    let done = granted.submit::<Resource>(&number, &bytes, command).await;
    let done = done.map_err(|err| at_gateway(err, None, codes::PUBLISH_FAILED))?;
    Ok(Reply::single(true).written(&done))
}

async fn publish_revision(mut granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let (body, bytes) = granted.json::<RevisionBody>().await?;
    domain::check::required("apiId", &body.api_id, 256)?;
    let swagger_url = body.swagger_url.filter(|it| !it.trim().is_empty());
    let swagger_url = swagger_url
        .ok_or_else(|| ApiError::business(codes::REVISION_FAILED, "swaggerUrl is required"))?;
    let command = ResourceCommand::PublishRevision {
        api_id: body.api_id,
        swagger_url,
        note: body.release_note,
    };
    let number = row.data.resource.to_string();
    let done = granted.submit::<Resource>(&number, &bytes, command).await;
    let absent = Some(codes::REVISION_NO_DETAIL);
    let done = done.map_err(|err| at_gateway(err, absent, codes::REVISION_FAILED))?;
    Ok(Reply::single(true).written(&done))
}

async fn publish_version(mut granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let (body, bytes) = granted.json::<VersionBody>().await?;
    let new_api_id = random::<16>().map_err(|err| ApiError::Internal(err.to_string()))?;
    let command = ResourceCommand::PublishVersion {
        revision_id: body.revision_id.unwrap_or_default(),
        version_name: body.api_version_name.unwrap_or_default(),
        new_api_id: hex(&new_api_id),
    };
    let number = row.data.resource.to_string();
    let done = granted.submit::<Resource>(&number, &bytes, command).await?;
    Ok(Reply::single(true).written(&done))
}

async fn configuration(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let body = row.last_publication.as_ref().map(|it| PublishBody {
        name: it.name.clone(),
        description: it.description.clone(),
        api_id: it.api_id.clone(),
        suffix: Some(it.suffix.clone()),
        swagger_url: Some(it.swagger_url.clone()),
        product_ids: Some(it.product_ids.clone()),
        authorization_server_id: it.authorization_server_id.clone(),
        scope: it.scope.clone(),
        openid: it.openid.clone(),
        policy: it.policy.clone(),
    });
    Ok(Reply::single::<PublishBody>(body))
}

async fn versions(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    if row.apis.is_empty() {
        let why = "the API resource has not been published";
        return Err(ApiError::business(codes::VERSIONS_NO_DETAIL, why));
    }
    let versions = row.apis.iter().map(|it| api_version(it, &row)).collect();
    // Documented; private, because the answer is the caller's own.
    Ok(Reply::whole_list::<ApiVersion>(versions).cache("private, max-age=60"))
}

async fn set_online(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let revision_id = granted.call.parameter(1).trim().to_owned();
    if revision_id.is_empty() {
        return Err(ApiError::not_found("revision"));
    }
    let command = ResourceCommand::SetOnlineVersion { revision_id };
    let number = row.data.resource.to_string();
    let done = granted.submit::<Resource>(&number, &[], command).await;
    let failed = codes::SET_ONLINE_FAILED;
    let done = done.map_err(|err| at_gateway(err, Some(failed), failed))?;
    Ok(Reply::single(true).written(&done))
}

/// A refusal of the gateway, under the code of its row.
fn at_gateway(err: ApiError, absent: Option<Code>, otherwise: Code) -> ApiError {
    match err {
        ApiError::Business { code, message } if code == codes::NOT_FOUND => {
            ApiError::business(absent.unwrap_or(code), message)
        }
        ApiError::Business { message, .. } => ApiError::business(otherwise, message),
        err => err,
    }
}

fn api_version(api: &ApiRow, row: &ResourceRow) -> ApiVersion {
    let path = row.path.clone();
    let authentication = api.authentication.as_ref().map(|(server, scope, openid)| {
        serde_json::json!({
            "oAuth2": { "authorizationServerId": server, "scope": scope },
            "openid": openid,
        })
    });
    let revisions = api.revisions.iter().map(|it| Revision {
        api_id: format!("/apis/{}", revision_id(&api.id, it.number)),
        api_revision: it.number.to_string(),
        created_date_time: WireTime(it.created),
        updated_date_time: WireTime(it.updated),
        description: it.description.clone(),
        private_url: format!("/{}", revision_id(path.as_deref().unwrap_or_default(), it.number)),
        is_online: true,
        is_current: it.number == api.current,
    });
    ApiVersion {
        id: format!("/apis/{}", api.id),
        name: api.name.clone().or_else(|| row.data.display_name.clone()),
        api_revision: api.current.to_string(),
        description: api.description.clone(),
        api_version: api.version.clone(),
        is_current: true,
        protocols: ["https"],
        api_version_set_id: api.version_set_id.clone(),
        authentication_settings: authentication,
        revisions: revisions.collect(),
        path,
    }
}
