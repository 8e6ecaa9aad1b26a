//! `/api/ApiResource`: rows 1, 2, 4 and 8 to 13.

use std::sync::Arc;

use commands::keys::random;
use domain::hex;
use domain::resource::{
    POLICY_BYTES_MAX, PublishRequest, Resource, ResourceCommand, ResourceCreated,
    ResourceSecretInfo, ResourceSecrets,
};
use domain::scope::SCOPE_CLAIM;
use projections::{ResourceData, ResourceRow, Resources};
use warp::http::Method;

use super::api_resource_body::{ApiVersion, PublishBody, ResourceBody, RevisionBody, VersionBody};
use crate::access::granted::Granted;
use crate::access::target::Target;
use crate::http::codes::{self, Code};
use crate::http::endpoint::{Endpoint, Outcome, QueryParameter, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::user;
use crate::http::paging::{ListQuery, PAGING, flag, text};
use crate::http::reply::{List, Reply, Single};

const FILTERS: [QueryParameter; 3] = [
    text("q.name", "the name, without regard to case"),
    flag("q.expandScopes", "with scopes"),
    flag("q.expandClaims", "with userClaims"),
];

/// The largest body of row 8, in bytes: the largest policy, each byte of it written as six (RFC 8259
/// section 7), and what stands beside it.
const PUBLISH_BODY_BYTES_MAX: usize = 6 * POLICY_BYTES_MAX + 8 * 1024;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = vec![
        endpoint(
            Method::GET,
            "/api/ApiResource",
            "ApiResourceGet",
            "List own API resources; administrators: all",
        )
        .row(1)
        .query(&PAGING)
        .query(&FILTERS)
        .answers::<List<ResourceBody>>()
        .ordered_by::<ResourceBody>()
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
    ];
    endpoints.extend(endpoints_of_gateway());
    endpoints
}

/// What is published at the gateway, with its revisions and versions.
fn endpoints_of_gateway() -> Vec<Endpoint> {
    vec![
        endpoint(
            Method::PUT,
            "/api/ApiResource/{id}/Publish",
            "ApiResourcePublish",
            "Publish at the gateway, or update what is published",
        )
        .row(8)
        .json::<PublishBody>()
        .body_up_to(PUBLISH_BODY_BYTES_MAX)
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

/// The resource with the id of the path, if it is the caller's or the caller is an administrator
/// (contracts 30); 404 for everybody else (H5).
fn owned(granted: &Granted) -> Result<Arc<ResourceRow>, ApiError> {
    let resource = granted.call.number(0, "id")?;
    let may =
        |it: &ResourceRow| it.data.owner == granted.user() || granted.caller.is_administrator();
    let row = granted.ask(|tables| {
        let row = tables.resources.get(granted.tenant_id(), resource);
        row.filter(|it| may(it)).cloned()
    });
    row.ok_or_else(|| ApiError::not_found("API resource"))
}

fn target(granted: &Granted, row: &ResourceRow) -> Result<Target<Resource>, ApiError> {
    granted.target_of(row, "API resource")
}

async fn list(granted: Granted) -> Outcome {
    let list = ListQuery::read(&granted.call, true)?;
    let scopes = list.query.flag("q.expandScopes", false);
    let claims = list.query.flag("q.expandClaims", false);
    list.query.check()?;
    let name = list.query.text("q.name").map(str::to_lowercase);
    let orders = [("name", ResourceData::BY_NAME), ("created", ResourceData::BY_CREATED)];
    let order = list.order(orders, |row, _, _| ResourceBody::bare(row));
    let owner = (!granted.caller.is_administrator()).then_some(granted.user());
    let all = Resources::of(granted.tenant_id(), owner, list.paging);
    let mut query = all.ordered_by(order);
    if let Some(wanted) = name {
        query = query.filtered(move |row, _| row.data.name.to_lowercase() == wanted);
    }
    let page = granted.page(|tables| &tables.resources, query).await?;
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
        id: 0,
        description: it.description,
        expiration: it.expiration.map(|it| it.0),
        secret_type: it.r#type,
        created: it.created.map_or(now, |it| it.0),
    });
    let properties = body.properties.unwrap_or_default().into_iter();
    let (property_keys, property_values) = properties.map(|it| (it.key, it.value)).unzip();
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
        property_keys,
        created: body.created.map_or(now, |it| it.0),
        updated: body.updated.map(|it| it.0),
        last_accessed: body.last_accessed.map(|it| it.0),
        non_editable: body.non_editable,
    };
    let secrets = ResourceSecrets { values, property_values };
    let created = granted.create::<Resource>(&bytes, |number| {
        let mut data = data.clone();
        data.resource = number as u32;
        ResourceCommand::Create(Box::new(data), secrets.clone())
    });
    let created = created.await.map_err(|err| name_taken(&granted, &data.scopes, err));
    let (number, done) = created?;
    Ok(Reply::single(number as i64).written(&done))
}

/// The answer names the taken scope, if the read models know it: otherwise it would be hard to find
/// among many.
fn name_taken(granted: &Granted, scopes: &[String], err: ApiError) -> ApiError {
    let taken = domain::Refusal::AlreadyExists { what: SCOPE_CLAIM.english }.to_string();
    let ApiError::Business { code, message } = err else { return err };
    if message != taken {
        return ApiError::Business { code, message };
    }
    let taken = granted.ask(|tables| {
        let holder = |it: &&String| tables.resources.holder_of(granted.tenant_id(), it).is_some();
        scopes.iter().filter(holder).cloned().collect::<Vec<_>>()
    });
    match taken.is_empty() {
        true => ApiError::Business { code, message },
        false => ApiError::business(code, format!("{message}: {}", taken.join(" "))),
    }
}

async fn detail(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let property_values = granted.ask(|tables| tables.resources.property_values(&row));
    Ok(Reply::single(ResourceBody::whole(&row, property_values)).version(row.version))
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
    let target = target(&granted, &row)?;
    let done = granted.submit(&target, &bytes, command).await;
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
    let target = target(&granted, &row)?;
    let done = granted.submit(&target, &bytes, command).await;
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
    let target = target(&granted, &row)?;
    let done = granted.submit(&target, &bytes, command).await?;
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
        product_ids: Some(it.product_ids.clone()).filter(|it| !it.is_empty()),
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
    let versions = row.apis.iter().map(|it| ApiVersion::from_row(it, &row)).collect();
    // The documented time; `private`, because the answer is for this caller only.
    Ok(Reply::whole_list::<ApiVersion>(versions).cache("private, max-age=60").varies_by_caller())
}

async fn set_online(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let revision_id = granted.call.parameter(1).trim().to_owned();
    if revision_id.is_empty() {
        return Err(ApiError::not_found("revision"));
    }
    let command = ResourceCommand::SetOnlineVersion { revision_id };
    let target = target(&granted, &row)?;
    let done = granted.submit(&target, &[], command).await;
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
