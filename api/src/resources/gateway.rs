//! `/api/Gateway`: the gateways of a tenant, and their keys. What gateways themselves say:
//! `gateway_reports.rs`.

use std::sync::Arc;

use domain::gateway::{GATEWAYS_MAX, Gateway, GatewayCommand, GatewayRegistered};
use projections::{GatewayRow, Tables};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use warp::http::Method;

use crate::access::granted::Granted;
use crate::access::new_key::NewKey;
use crate::http::codes;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::administrator;
use crate::http::reply::{ErrorData, List, Reply, Single};
use crate::http::time::WireTime;

/// What the key of a gateway begins with.
const KEY_PREFIX: &str = "chg_";

/// What a gateway is, if nobody says.
const KIND_DEFAULT: &str = "nginx";

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::GET, "/api/Gateway", "GatewayGet", "List gateways, and what they serve")
            .answers::<List<GatewayBody>>()
            .needs(administrator("gateway.get"), list),
        endpoint(
            Method::POST,
            "/api/Gateway",
            "GatewayPost",
            "Register a gateway, at most 100; its key is shown once",
        )
        .json::<NewGateway>()
        .answers::<Single<GatewayMade>>()
        .fails(|| vec![ApiError::OneTime])
        .needs(administrator("gateway.post"), register),
        endpoint(
            Method::DELETE,
            "/api/Gateway/{id}",
            "GatewayDelete",
            "Retire a gateway: its key ends at once",
        )
        .answers::<Single<bool>>()
        .needs(administrator("gateway.delete"), retire),
        endpoint(
            Method::POST,
            "/api/Gateway/{id}/Key",
            "GatewayPostKey",
            "Make another key for a gateway; it is shown once",
        )
        .json::<GatewayKeyInput>()
        .answers::<Single<GatewayNewKey>>()
        .fails(|| vec![ApiError::OneTime])
        .needs(administrator("gateway.key"), replace_key),
    ]
}

/// A gateway, and what it serves.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Gateway")]
struct GatewayBody {
    id: i64,
    name: String,
    /// What sort of program it is.
    kind: String,
    /// The last four characters of its key.
    key_hint: String,
    /// Until when the key before that one still counts.
    old_key_until: Option<WireTime>,
    /// The position of the configuration that it serves.
    applied_position: Option<u64>,
    /// The SHA-256 of that configuration.
    configuration: Option<String>,
    /// How long it took to serve it, in microseconds.
    reload_micros: Option<u64>,
    /// Its program and the version of that.
    program: Option<String>,
    /// How it knows what it serves, if not in the usual way.
    proof: Option<String>,
    /// When it called last, since this server began.
    last_seen: Option<WireTime>,
    /// Why it could not serve the configuration of `refusedPosition`.
    last_error: Option<String>,
    /// The position of the configuration that it could not serve since.
    refused_position: Option<u64>,
}

/// A gateway to register.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "GatewayInput")]
struct NewGateway {
    /// Letters, digits and `.`, `_`, `-`; at most 100. No other gateway has it, in any letter case.
    #[schemars(extend("x-required" = "body"))]
    name: String,
    /// What sort of program it is: as the name; absent: `nginx`.
    kind: Option<String>,
}

/// A gateway that was registered now. The key is not shown again.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RegisteredGateway")]
struct GatewayMade {
    id: i64,
    /// What it proves itself with.
    key: String,
}

/// What becomes of the present key.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "GatewayKeyInput")]
struct GatewayKeyInput {
    /// For how many seconds it still counts: at most 2,592,000, which is 30 days; absent: not at all.
    old_for: Option<u32>,
}

/// A key that was made now. It is not shown again.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "GatewayNewKey")]
struct GatewayNewKey {
    /// What the gateway proves itself with.
    key: String,
}

impl ErrorData for Single<GatewayMade> {}
impl ErrorData for Single<GatewayNewKey> {}

impl GatewayBody {
    fn of(granted: &Granted, row: &GatewayRow) -> Self {
        let (applied, refused) = (row.applied.as_ref(), row.refused.as_ref());
        let old = row.key.old.map(|it| it.until).filter(|it| granted.call.now < *it);
        Self {
            id: i64::from(row.data.gateway),
            name: row.data.name.clone(),
            kind: row.data.kind.clone(),
            key_hint: row.key.key.hint.clone(),
            old_key_until: old.map(WireTime),
            applied_position: applied.map(|it| it.position),
            configuration: applied.map(|it| domain::hex(&it.configuration)),
            reload_micros: applied.map(|it| it.reload_micros),
            program: applied.map(|it| it.program.clone()),
            proof: applied.and_then(|it| it.proof.clone()),
            last_seen: granted.call.app.gateways_seen.last(row.number).map(WireTime),
            last_error: refused.map(|it| it.reason.clone()),
            refused_position: refused.map(|it| it.position),
        }
    }
}

async fn list(granted: Granted) -> Outcome {
    let rows = granted.ask(|tables| {
        let rows = tables.gateways.all_of(granted.tenant_id());
        rows.map(|it| GatewayBody::of(&granted, it)).collect::<Vec<_>>()
    });
    Ok(Reply::whole_list(rows))
}

async fn register(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<NewGateway>().await?;
    if granted.call.find_repeated(&granted.head(&bytes)?)?.is_some() {
        return Err(ApiError::OneTime);
    }
    let tenant = granted.tenant_id();
    if granted.ask(|tables| tables.gateways.all_of(tenant).count()) >= GATEWAYS_MAX {
        let why = format!("the tenant may have {GATEWAYS_MAX} gateways");
        return Err(ApiError::business(codes::EXPECTATION_FAILED, why));
    }
    let NewKey { text, info } = NewKey::make(KEY_PREFIX, None)?;
    let name = body.name.trim().to_owned();
    let kind = body.kind.as_deref().map(str::trim).filter(|it| !it.is_empty());
    let kind = kind.unwrap_or(KIND_DEFAULT).to_owned();
    let register = |number: u64| {
        let (name, kind, key) = (name.clone(), kind.clone(), info.clone());
        let gateway = number as u32;
        GatewayCommand::Register(Box::new(GatewayRegistered { gateway, tenant, name, kind, key }))
    };
    let (number, done) = granted.create::<Gateway>(&bytes, register).await?;
    if done.repeated {
        return Err(ApiError::OneTime);
    }
    Ok(Reply::single(GatewayMade { id: number as i64, key: text }).no_store().written(&done))
}

/// A gateway of the caller's tenant.
fn find(granted: &Granted, tables: &Tables, id: u32) -> Result<Arc<GatewayRow>, ApiError> {
    let row = tables.gateways.get(granted.tenant_id(), id);
    row.cloned().ok_or_else(|| ApiError::not_found("gateway"))
}

async fn retire(granted: Granted) -> Outcome {
    let id = granted.call.number(0, "id")?;
    let row = granted.ask(|tables| find(&granted, tables, id))?;
    let target = granted.target_of(&*row, "gateway")?;
    let done = granted.submit(&target, &[], GatewayCommand::Retire).await?;
    granted.call.app.gateways_seen.forget(row.number);
    Ok(Reply::single(true).written(&done))
}

async fn replace_key(mut granted: Granted) -> Outcome {
    let id = granted.call.number(0, "id")?;
    let (body, bytes) = granted.json::<GatewayKeyInput>().await?;
    let row = granted.ask(|tables| find(&granted, tables, id))?;
    if granted.call.find_repeated(&granted.head(&bytes)?)?.is_some() {
        return Err(ApiError::OneTime);
    }
    let NewKey { text, info } = NewKey::make(KEY_PREFIX, None)?;
    let old_for = body.old_for.unwrap_or(0);
    let command = GatewayCommand::ReplaceKey { key: info, old_for };
    let done = granted.submit(&granted.target_of(&*row, "gateway")?, &bytes, command).await?;
    if done.repeated {
        return Err(ApiError::OneTime);
    }
    Ok(Reply::single(GatewayNewKey { key: text }).no_store().written(&done))
}
