//! `/api/Tenant`: rows 71, 76 and 77.

use std::collections::BTreeMap;

use projections::{TenantData, TenantRow, Tenants};
use schemars::JsonSchema;
use serde::Serialize;
use serde_with::skip_serializing_none;
use warp::http::Method;

use super::children::MASKED;
use super::no_codes::no_codes;
use crate::access::granted::{Granted, Open};
use crate::http::codes::ApiCode;
use crate::http::endpoint::{Endpoint, Outcome, QueryParameter, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::user;
use crate::http::paging::{ListQuery, PAGING, text};
use crate::http::reply::{ErrorData, List, Reply, Single};
use crate::http::time::WireTime;

const FILTERS: [QueryParameter; 1] = [text("q.Host", "host name, exactly")];
const HOST: [QueryParameter; 1] = [text("host", "host[:port]")];

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::GET, "/api/Tenant", "TenantGet", "List own tenants")
            .row(71)
            .query(&PAGING)
            .query(&FILTERS)
            .answers::<List<TenantBody>>()
            .ordered_by::<TenantBody>()
            .needs(user("tenant.get"), list),
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
/// A tenant.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Tenant")]
struct TenantBody {
    id: i64,
    name: String,
    theme: Option<String>,
    status: u8,
    identity_server_issuer_uri: Option<String>,
    hosts: Vec<HostBody>,
    create_date: WireTime,
    last_update_time: WireTime,
    claims: Vec<ClaimBody>,
    cache_duration: i64,
    owner_user_id: i64,
    properties: Vec<PropertyBody>,
    logo_uri: Option<String>,
    description: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TenantHost")]
struct HostBody {
    id: u32,
    app_tenant_id: i64,
    host_name: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TenantClaim")]
struct ClaimBody {
    id: u32,
    app_tenant_id: i64,
    claim_type: String,
    claim_value: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TenantProperty")]
struct PropertyBody {
    id: u32,
    app_tenant_id: i64,
    key: String,
    // Spec section 7.3, H15: it may be a secret.
    /// Always `***`.
    value: &'static str,
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

impl TenantBody {
    fn from_row(row: &TenantRow) -> Self {
        let it = &row.data;
        let id = i64::from(it.tenant.0);
        let hosts = it.hosts.iter();
        let claims = it.claims.iter();
        let properties = it.property_keys.iter().zip(1..);
        Self {
            id,
            name: it.name.clone(),
            theme: it.theme.clone(),
            status: it.status,
            identity_server_issuer_uri: it.issuer_host.clone(),
            hosts: hosts
                .map(|it| HostBody { id: it.id, app_tenant_id: id, host_name: it.name.clone() })
                .collect(),
            create_date: WireTime(row.created),
            last_update_time: WireTime(row.updated),
            claims: claims
                .map(|it| ClaimBody {
                    id: it.id,
                    app_tenant_id: id,
                    claim_type: it.claim_type.clone(),
                    claim_value: it.value.clone(),
                })
                .collect(),
            cache_duration: it.cache_seconds,
            owner_user_id: i64::from(it.owner.0),
            properties: properties
                .map(|(key, n)| PropertyBody {
                    id: n,
                    app_tenant_id: id,
                    key: key.clone(),
                    value: MASKED,
                })
                .collect(),
            logo_uri: it.logo_uri.clone(),
            description: it.description.clone(),
        }
    }
}

async fn list(granted: Granted) -> Outcome {
    let list = ListQuery::read(&granted.call, true)?;
    let host = list.query.text("q.Host");
    let order = list.order([("name", TenantData::BY_NAME)], |row, _, _| TenantBody::from_row(row));
    let query = Tenants::owned(granted.user(), host, list.paging).ordered_by(order);
    let page = granted.page(|tables| &tables.tenants, query).await?;
    let rows = page.rows.iter().map(|it| TenantBody::from_row(it)).collect();
    Ok(Reply::list(list.paging.skip, list.paging.take, page.total as u64, rows))
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
