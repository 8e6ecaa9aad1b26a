//! `/api/ApiResource/{id}/Clients/{clientId}`: which scopes of an API a client of somebody else gets.

use domain::resource::{AllowedScopes, Resource, ResourceCommand};
use projections::ResourceRow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warp::http::Method;

use crate::access::granted::Granted;
use crate::access::target::Target;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::user;
use crate::http::reply::{ErrorData, Reply, Single};

const PATH: &str = "/api/ApiResource/{id}/Clients/{clientId}";

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            Method::PUT,
            PATH,
            "ApiResourcePutClient",
            "Say which scopes of an API resource a client gets",
        )
        .json::<AllowClientBody>()
        .answers::<Single<AllowedClient>>()
        .needs(user("apiresource.clients"), allow),
        endpoint(
            Method::DELETE,
            PATH,
            "ApiResourceDeleteClient",
            "Let a client get no scope of an API resource any more",
        )
        .answers::<Single<AllowedClient>>()
        .needs(user("apiresource.clients"), close),
    ]
}

/// What a client is to get.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AllowedScopesInput")]
struct AllowClientBody {
    /// Scopes of the API resource; absent means all that it has now.
    scopes: Option<Vec<String>>,
}

/// What a client gets now.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AllowedClient")]
struct AllowedClient {
    client_id: String,
    scopes: Vec<String>,
}

impl ErrorData for Single<AllowedClient> {}

/// The resource of the path, for its owner and for administrators, and the number of the client of
/// the path.
struct Named {
    target: Target<Resource>,
    resource: u32,
    client: u32,
}

impl Named {
    fn of(granted: &Granted) -> Result<Self, ApiError> {
        let resource = granted.call.number(0, "id")?;
        let (tenant, client_id) = (granted.tenant_id(), granted.call.parameter(1));
        granted.ask(|tables| {
            let may = |it: &ResourceRow| {
                it.is_owned_by(granted.user()) || granted.caller.is_administrator()
            };
            let row = tables.resources.get(tenant, resource);
            let target = row.and_then(|it| Target::of(&**it, tenant, may));
            let target = target.ok_or_else(|| ApiError::not_found("API resource"))?;
            let client = tables.clients.identified(client_id);
            let client = client.filter(|it| it.data.tenant == tenant);
            let client = client.ok_or_else(|| ApiError::not_found("client"))?;
            Ok(Self { target, resource, client: client.data.client })
        })
    }
}

async fn allow(mut granted: Granted) -> Outcome {
    let named = Named::of(&granted)?;
    let (body, bytes) = granted.json::<AllowClientBody>().await?;
    let scopes = body.scopes.map_or(AllowedScopes::All, AllowedScopes::Only);
    set(&granted, &named, &bytes, scopes).await
}

async fn close(granted: Granted) -> Outcome {
    let named = Named::of(&granted)?;
    set(&granted, &named, &[], AllowedScopes::Only(Vec::new())).await
}

/// Setting the same scopes again writes nothing.
async fn set(granted: &Granted, named: &Named, body: &[u8], scopes: AllowedScopes) -> Outcome {
    let command = ResourceCommand::AllowClient { client: named.client, scopes };
    let done = granted.submit(&named.target, body, command).await?;
    let scopes = granted.ask(|tables| {
        let row = tables.resources.get(granted.tenant_id(), named.resource);
        row.and_then(|it| it.allowed.get(&named.client).cloned()).unwrap_or_default()
    });
    let client_id = granted.call.parameter(1).to_owned();
    Ok(Reply::single(AllowedClient { client_id, scopes }).written(&done))
}
