//! `/api/ApiResource/{id}/Gateways`: which gateways serve an API as it is now.

use projections::GatewayRow;
use schemars::JsonSchema;
use serde::Serialize;
use serde_with::skip_serializing_none;
use warp::http::Method;

use super::api_resource::owned;
use crate::access::granted::Granted;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::needs::user;
use crate::http::reply::{List, Reply};
use crate::http::time::WireTime;
use crate::publishing::live::serves;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            Method::GET,
            "/api/ApiResource/{id}/Gateways",
            "ApiResourceGateways",
            "List the gateways of the tenant, and whether each serves the API as it is now",
        )
        .answers::<List<ServingGateway>>()
        .needs(user("apiresource.versions"), list),
    ]
}

/// A gateway, as it serves an API.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ServingGateway {
    name: String,
    /// The position of the configuration that it serves.
    applied_position: Option<u64>,
    /// Whether it serves the API as it was before.
    behind: bool,
    /// Why it refused a later configuration.
    last_error: Option<String>,
    /// When it called last, since the server started.
    last_seen: Option<WireTime>,
}

async fn list(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let app = &granted.call.app;
    let shown = |it: &GatewayRow| ServingGateway {
        name: it.data.name.clone(),
        applied_position: it.applied.as_ref().map(|it| it.position),
        behind: !serves(it, row.gateway.position),
        last_error: it.refused.as_ref().map(|it| it.reason.clone()),
        last_seen: app.gateways_seen.last(it.number).map(WireTime),
    };
    let gateways = granted.ask(|tables| {
        tables.gateways.all_of(granted.tenant_id()).map(|it| shown(it)).collect::<Vec<_>>()
    });
    Ok(Reply::whole_list::<ServingGateway>(gateways))
}
