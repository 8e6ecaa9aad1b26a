//! Row 6: a service registers its API with one request, for itself or for its owner.

use std::collections::BTreeSet;
use std::sync::Arc;

use commands::{Done, Draft, Expected};
use domain::children::PropertyValue;
use domain::client::{Client, ClientCommand};
use domain::resource::{
    Resource, ResourceCommand, ResourceCreated, ResourceSecrets, ResourceWishes,
};
use domain::scope::{check_not_reserved, check_scope};
use domain::uri::{self, Redirects};
use domain::{TenantId, Timestamp, UserId, check};
use projections::{ClientRow, ResourceRow, Tables};
use schemars::JsonSchema;
use serde::Deserialize;
use warp::http::Method;

use super::api_resource::{name_taken, target};
use crate::access::granted::Granted;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::user;
use crate::http::reply::{Reply, Single};

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            Method::POST,
            "/api/ApiResource/Import",
            "ApiResourceImport",
            "Register an API by the policies of its controllers, or update it; a client does so for \
             its owner",
        )
        .row(6)
        .json::<ImportBody>()
        .answers::<Single<bool>>()
        .needs(user("apiresource.import").or("apiresource.post").or_machine(), import),
    ]
}

// Spec section 2.2.
/// An API as its service describes it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "ApiImport")]
struct ImportBody {
    /// The name of the API resource, with which its scopes begin.
    #[schemars(extend("x-required" = "body"))]
    micro_service_name: String,
    micro_service_display_name: Option<String>,
    micro_service_description: Option<String>,
    micro_service_policies: Vec<PolicyBody>,
    /// The names (`clientName`) of clients of the same owner: they get the scope for everything.
    #[serde(rename = "microServiceClientIDs")]
    micro_service_client_ids: Vec<String>,
    /// Added to those clients: https, or http on this machine, without a fragment.
    micro_service_redirect_urls: Vec<String>,
}

/// A controller of an API.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "ApiImportPolicy")]
struct PolicyBody {
    controller_name: String,
    scopes: Vec<String>,
    /// Ignored.
    permissions: Vec<String>,
}

/// What was found of the import's rows.
struct Found {
    tenant: TenantId,
    owner: UserId,
    resource: Option<Arc<ResourceRow>>,
    clients: Vec<Arc<ClientRow>>,
}

async fn import(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<ImportBody>().await?;
    check::required("microServiceName", &body.micro_service_name, 200)?;
    let (name, text) = (&body.micro_service_display_name, &body.micro_service_description);
    check::optional("microServiceDisplayName", name.as_deref(), 200)?;
    check::optional_text("microServiceDescription", text.as_deref(), 1000)?;
    check_not_reserved("microServiceName", &everything_of(&body.micro_service_name))?;
    scopes_of(&body).iter().try_for_each(|it| check_scope("microServicePolicies", it))?;
    for policy in &body.micro_service_policies {
        check::at_most("microServicePolicies.permissions", &policy.permissions.join(""), 200)?;
    }
    body.micro_service_redirect_urls.iter().try_for_each(|it| check_redirect(it))?;
    let mut tries = 0;
    let done = loop {
        let done = import_once(&granted, &body, &bytes).await;
        if !granted.must_try_again(&done, &mut tries, false).await {
            break done;
        }
    };
    let done = done.map_err(|err| name_taken(&granted, &scopes_of(&body), err))?;
    Ok(Reply::single(true).written(&done))
}

async fn import_once(granted: &Granted, body: &ImportBody, bytes: &[u8]) -> Result<Done, ApiError> {
    let owner = owner_of(granted)?;
    let found = granted.ask(|tables| find(tables, granted.tenant_id(), owner, body))?;
    let now = granted.call.now;
    let Some(row) = &found.resource else {
        let data = new_resource(body, &found, now);
        let created = granted.create_with::<Resource>(
            bytes,
            |number| {
                let data = ResourceCreated { resource: number as u32, ..data.clone() };
                ResourceCommand::Create(Box::new(data), ResourceSecrets::default())
            },
            |draft, _| found.clients.iter().try_for_each(|it| link(draft, it, body)),
        );
        return created.await.map(|it| it.1);
    };
    let also =
        |draft: &mut Draft<'_>| found.clients.iter().try_for_each(|it| link(draft, it, body));
    let (target, version) = (target(granted, row)?, Expected::At(row.version));
    granted.submit_with(&target, bytes, described_anew(row, body), version, also).await
}

/// For whom a service imports: whoever calls, or the owner of the client.
fn owner_of(granted: &Granted) -> Result<UserId, ApiError> {
    if granted.user() != UserId::NONE {
        return Ok(granted.user());
    }
    let client_id = &granted.caller.claims.client_id;
    let owner = granted.ask(|tables| tables.clients.identified(client_id).map(|it| it.data.owner));
    owner.filter(|it| *it != UserId::NONE).ok_or_else(|| {
        ApiError::Forbidden("the client has no owner, who would own the API resource".to_owned())
    })
}

fn find(
    tables: &Tables,
    tenant: TenantId,
    owner: UserId,
    body: &ImportBody,
) -> Result<Found, ApiError> {
    let resource = tables.resources.named(tenant, &body.micro_service_name).cloned();
    if resource.as_ref().is_some_and(|it| !it.is_owned_by(owner)) {
        return Err(ApiError::not_found("API resource"));
    }
    let names = body.micro_service_client_ids.iter().collect::<BTreeSet<_>>();
    let one = |name: &String| {
        let field = "microServiceClientIDs";
        let mut those = tables.clients.owned_by(tenant, owner);
        let found = those.by_ref().find(|it| it.data.name.as_ref() == Some(name)).cloned();
        let unknown = || ApiError::field(field, format!("names no client of yours: {name}"));
        let found = found.ok_or_else(unknown)?;
        match those.any(|it| it.data.name.as_ref() == Some(name)) {
            true => Err(ApiError::field(field, format!("names more than one client: {name}"))),
            false => Ok(found),
        }
    };
    let clients = names.into_iter().map(one).collect::<Result<Vec<_>, _>>()?;
    Ok(Found { tenant, owner, resource, clients })
}

/// `name.scope` for every scope of every policy, `name.controller.all` for every policy, `name.all`.
fn scopes_of(body: &ImportBody) -> Vec<String> {
    let name = &body.micro_service_name;
    let mut scopes = Vec::new();
    let mut add = |scope: String| {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    };
    for policy in &body.micro_service_policies {
        policy.scopes.iter().for_each(|it| add(format!("{name}.{it}")));
    }
    for policy in &body.micro_service_policies {
        add(format!("{name}.{}.all", policy.controller_name));
    }
    add(everything_of(name));
    scopes
}

fn everything_of(name: &str) -> String {
    format!("{name}.all")
}

fn new_resource(body: &ImportBody, found: &Found, now: Timestamp) -> ResourceCreated {
    ResourceCreated {
        resource: 0,
        tenant: found.tenant,
        owner: found.owner,
        enabled: true,
        name: body.micro_service_name.clone(),
        display_name: body.micro_service_display_name.clone(),
        description: body.micro_service_description.clone(),
        allowed_access_token_signing_algorithms: None,
        show_in_discovery_document: true,
        secrets: Vec::new(),
        scopes: scopes_of(body),
        user_claims: vec!["role".to_owned(), "permission".to_owned()],
        property_keys: Vec::new(),
        created: now,
        updated: None,
        last_accessed: None,
        non_editable: false,
    }
}

fn described_anew(row: &ResourceRow, body: &ImportBody) -> ResourceCommand {
    let data = ResourceCreated {
        display_name: body.micro_service_display_name.clone(),
        description: body.micro_service_description.clone(),
        scopes: scopes_of(body),
        ..row.data.clone()
    };
    let keep = |count: usize| vec![PropertyValue::Keep; count];
    let wishes = ResourceWishes {
        secrets: keep(data.secrets.len()),
        properties: keep(data.property_keys.len()),
    };
    ResourceCommand::Update(Box::new(data), wishes)
}

/// Gives a client the scope for everything, and the redirect URIs that it lacks.
fn link(draft: &mut Draft<'_>, row: &ClientRow, body: &ImportBody) -> Result<(), commands::Error> {
    let command = ClientCommand::Extend {
        scopes: vec![everything_of(&body.micro_service_name)],
        redirect_uris: body.micro_service_redirect_urls.clone(),
    };
    draft.decide::<Client>(&row.data.client.to_string(), &command)
}

/// A code of an authorization must not cross a network in clear (RFC 9700 section 2.1).
fn check_redirect(uri: &str) -> Result<(), ApiError> {
    let field = "microServiceRedirectUrls";
    check::line(field, uri, 2000)?;
    uri::check_redirect(uri, Redirects::Web).map_err(|why| ApiError::field(field, why))
}
