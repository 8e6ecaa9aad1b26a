//! `/api/Tenant`: rows 71 to 77. Who may see and change what: `access/tenants.rs`.

use std::collections::BTreeMap;

use commands::{Done, Expected};
use domain::children::Properties;
use domain::tenant::{TenantCommand, TenantCreated};
use projections::{Tables, TenantData, TenantRow, Tenants};
use schemars::JsonSchema;
use serde::Serialize;
use serde_with::skip_serializing_none;
use warp::http::Method;

use super::no_codes::no_codes;
use super::tenant_body::{TenantBody, is_kept};
use crate::access::granted::{Granted, Open};
use crate::http::codes::{self, ApiCode};
use crate::http::endpoint::{Endpoint, Outcome, QueryParameter, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::{administrator, user};
use crate::http::paging::{ListQuery, PAGING, flag, text};
use crate::http::reply::{ErrorData, List, Reply, Single};

const FILTERS: [QueryParameter; 1] = [text("q.Host", "host name, exactly")];
const MOVE_HOSTS: [QueryParameter; 1] =
    [flag("moveHosts", "take hosts from the tenants that have them; the default is false")];
const HOST: [QueryParameter; 1] = [text("host", "host[:port]")];

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            Method::GET,
            "/api/Tenant",
            "TenantGet",
            "List own tenants; administrators of the first tenant: all",
        )
        .row(71)
        .query(&PAGING)
        .query(&FILTERS)
        .answers::<List<TenantBody>>()
        .ordered_by::<TenantBody>()
        .needs(user("tenant.get"), list),
        endpoint(Method::POST, "/api/Tenant", "TenantPost", "Create a tenant")
            .row(72)
            .json::<TenantBody>()
            .answers::<Single<i64>>()
            .needs(administrator("tenant.post"), create),
        endpoint(Method::PUT, "/api/Tenant", "TenantPut", "Update a tenant")
            .row(73)
            .query(&MOVE_HOSTS)
            .json_update::<TenantBody>()
            .answers::<Single<bool>>()
            .needs(user("tenant.put"), update),
        endpoint(Method::GET, "/api/Tenant/{id}", "TenantDetail", "Show a tenant")
            .row(74)
            .answers::<Single<TenantBody>>()
            .needs(user("tenant.detail"), detail),
        endpoint(Method::DELETE, "/api/Tenant/{id}", "TenantDelete", "Delete a tenant")
            .row(75)
            .answers::<Single<bool>>()
            .needs(user("tenant.delete"), delete),
        endpoint(Method::GET, "/api/Tenant/Info", "TenantInfo", "The public face of a tenant")
            .row(76)
            .query(&HOST)
            .answers::<Single<TenantPublic>>()
            .open(info),
        endpoint(
            Method::GET,
            "/api/Tenant/Codes",
            "TenantCodes",
            "The codes of business errors about tenants",
        )
        .row(77)
        .answers::<Vec<ApiCode>>()
        .open(no_codes),
    ]
}

// Spec section 2.9.
/// What strangers may know of a tenant.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TenantPublic {
    id: i64,
    name: String,
    claims: BTreeMap<String, String>,
    description: Option<String>,
    logo_uri: Option<String>,
}

impl ErrorData for Single<TenantPublic> {}

impl ErrorData for Single<TenantBody> {}

fn body_of(tables: &Tables, row: &TenantRow) -> TenantBody {
    TenantBody::from_row(row, &tables.tenants.property_values(row))
}

async fn list(granted: Granted) -> Outcome {
    let list = ListQuery::read(&granted.call, true)?;
    let host = list.query.text("q.Host");
    let orders = [("name", TenantData::BY_NAME), ("createDate", TenantData::BY_CREATED)];
    let order = list.order(orders, |row, _, _| TenantBody::from_row(row, &[]));
    let query = Tenants::of(granted.owner_of_tenants(), host, list.paging).ordered_by(order);
    let page = granted.page(|tables| &tables.tenants, query).await?;
    let rows = granted.ask(|tables| page.rows.iter().map(|it| body_of(tables, it)).collect());
    Ok(Reply::list(list.paging.skip, list.paging.take, page.total as u64, rows))
}

/// Contracts 18: whoever makes tenants looks after the installation.
async fn create(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<TenantBody>().await?;
    if !granted.looks_after_all() {
        let why = "only administrators of the first tenant create tenants";
        return Err(ApiError::Forbidden(why.to_owned()));
    }
    let (data, values) = body.wished();
    let none = Properties::default();
    let properties = none.wished(&[], &data.property_keys, &values)?.unwrap_or_default();
    let (number, done) = granted.create_tenant(&bytes, data, properties).await?;
    Ok(Reply::single(i64::from(number)).written(&done))
}

/// Spec section 5.8.3, contracts 33.
async fn update(mut granted: Granted) -> Outcome {
    let (sent, bytes) = granted.json::<TenantBody>().await?;
    let moves_hosts = granted.call.query().flag("moveHosts", false);
    if moves_hosts && !granted.looks_after_all() {
        let why = "only administrators of the first tenant move hosts between tenants";
        return Err(ApiError::Forbidden(why.to_owned()));
    }
    let mut tries = 0;
    loop {
        let done = update_present(&granted, sent.id, &bytes, moves_hosts).await;
        if !granted.must_try_again(&done, &mut tries, false).await {
            return Ok(Reply::single(true).written(&done?));
        }
    }
}

async fn update_present(
    granted: &Granted,
    id: i64,
    bytes: &[u8],
    moves_hosts: bool,
) -> Result<Done, ApiError> {
    let (own, now) = granted.ask(|tables| {
        let own = granted.own_tenant(tables, id)?;
        let now = body_of(tables, &own.row);
        Ok::<_, ApiError>((own, now))
    })?;
    let body: TenantBody = granted.call.members.read_update(bytes, &now, is_kept)?;
    let (data, values) = body.wished();
    let names = |of: &TenantCreated| of.hosts.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    let is_other = data.status != own.row.data.status || names(&data) != names(&own.row.data);
    if is_other && !granted.looks_after_all() {
        let why = "only administrators of the first tenant change hosts and status";
        return Err(ApiError::Forbidden(why.to_owned()));
    }
    let moved = if moves_hosts { names(&data) } else { Vec::new() };
    let (command, at) = (TenantCommand::Update(Box::new(data), values), own.row.version);
    granted.submit_tenant(&own, bytes, command, Expected::At(at), &moved).await
}

async fn detail(granted: Granted) -> Outcome {
    let id = granted.call.number(0, "id")?;
    granted.ask(|tables| {
        let own = granted.own_tenant(tables, id.into())?;
        Ok(Reply::single(body_of(tables, &own.row)).version(own.row.version))
    })
}

/// Contracts 33.
async fn delete(granted: Granted) -> Outcome {
    let id = granted.call.number(0, "id")?;
    let own = granted.ask(|tables| granted.own_tenant(tables, id.into()))?;
    if own.row.data.tenant == granted.tenant_id() {
        let why = "the tenant of this host is in use: delete it at a host of the first tenant";
        return Err(ApiError::business(codes::EXPECTATION_FAILED, why));
    }
    let done = granted.submit_tenant(&own, &[], TenantCommand::Delete, Expected::Any, &[]).await?;
    Ok(Reply::single(true).written(&done))
}

/// Spec section 5.8.5; an unknown host is 404, as was intended (section 7.2, B12).
async fn info(open: Open) -> Outcome {
    let query = open.call.query();
    let row = query.text("host").and_then(|it| open.call.app.tenant_at(it));
    let row = row.ok_or_else(|| ApiError::not_found("tenant"))?;
    let claims = row.data.claims.iter().map(|it| (it.claim_type.clone(), it.value.clone()));
    Ok(Reply::single(TenantPublic {
        id: i64::from(row.data.tenant.0),
        name: row.data.name.clone(),
        claims: claims.collect(),
        description: row.data.description.clone(),
        logo_uri: row.data.logo_uri.clone(),
    }))
}
