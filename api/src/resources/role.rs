//! `/api/Role`: rows 65 to 70. Whoever can change roles can grant permissions, so changes need an
//! administrator (spec section 7.3, H8).

use std::sync::Arc;

use commands::{Done, Error, Expected};
use domain::log::CommitHead;
use domain::role::{Role, RoleClaim, RoleCommand, RoleCreated, RoleFields, normalise};
use projections::{RoleRow, Tables};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use warp::http::Method;

use super::no_codes::no_codes;
use super::stamp::stale_stamp;
use crate::access::administrators::change_role;
use crate::access::granted::Granted;
use crate::access::target::Changed;
use crate::http::codes::ApiCode;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::{administrator, user};
use crate::http::reply::{ErrorData, List, Reply, Single};
use crate::state::app::App;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::GET, "/api/Role", "RoleGet", "List all roles")
            .row(65)
            .answers::<List<RoleBody>>()
            .needs(user("role.get"), list),
        endpoint(Method::POST, "/api/Role", "RolePost", "Create a role")
            .row(66)
            .json::<RoleBody>()
            .answers::<Single<i64>>()
            .needs(administrator("role.post"), create),
        endpoint(Method::PUT, "/api/Role", "RolePut", "Update a role")
            .row(67)
            .json_update::<RoleBody>()
            .update_needs(&["id", "concurrencyStamp"])
            .answers::<Single<bool>>()
            .needs(administrator("role.put"), update),
        endpoint(Method::GET, "/api/Role/{id}", "RoleDetail", "Show a role")
            .row(68)
            .answers::<Single<RoleBody>>()
            .needs(user("role.detail"), detail),
        endpoint(Method::DELETE, "/api/Role/{id}", "RoleDelete", "Delete a role")
            .row(69)
            .answers::<Single<i64>>()
            .needs(administrator("role.delete"), delete),
        endpoint(
            Method::GET,
            "/api/Role/Codes",
            "RoleCodes",
            "The codes of business errors about roles",
        )
        .row(70)
        .answers::<Vec<ApiCode>>()
        .open(no_codes),
    ]
}

/// The last administrator is protected here, too.
impl Changed for Role {
    async fn change(
        app: &App,
        id: &str,
        command: &RoleCommand,
        head: &CommitHead,
        expected: Expected,
    ) -> Result<Done, Error> {
        let role = id.parse().unwrap_or(0);
        change_role(&app.engine, &app.views, role, command, head, expected).await
    }
}

impl ErrorData for Single<RoleBody> {}

// Spec section 2.8.
/// A role.
#[skip_serializing_none]
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "Role")]
struct RoleBody {
    id: i64,
    #[schemars(extend("x-required" = "body"))]
    name: String,
    // Spec section 7.2, B17.
    /// Made of the name; ignored in a body.
    #[schemars(extend("x-required" = "answer"))]
    normalized_name: Option<String>,
    /// Changes with every change of the role. An update must have the present one; ignored in a
    /// request that creates a role.
    concurrency_stamp: Option<String>,
    /// At most 100. In an update they replace those that are there; absent, they stay.
    claims: Vec<ClaimBody>,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "RoleClaim")]
struct ClaimBody {
    /// Never used again in its role; ignored in a request.
    id: u32,
    /// Ignored in a request.
    role_id: i64,
    claim_type: String,
    claim_value: String,
}

impl RoleBody {
    fn from_row(row: &RoleRow) -> Self {
        let id = i64::from(row.role);
        let claims = row.claims.iter().map(|it| ClaimBody {
            id: it.id,
            role_id: id,
            claim_type: it.claim_type.clone(),
            claim_value: it.value.clone(),
        });
        Self {
            id,
            name: row.name.clone(),
            normalized_name: Some(normalise(&row.name)),
            concurrency_stamp: Some(row.version.to_string()),
            claims: claims.collect(),
        }
    }
}

impl RoleBody {
    /// What is to be stored. The role numbers its claims itself.
    fn into_fields(self) -> RoleFields {
        let claims = self.claims.into_iter().zip(1..).map(|(it, id)| RoleClaim {
            id,
            claim_type: it.claim_type,
            value: it.claim_value,
        });
        RoleFields { name: self.name.trim().to_owned(), claims: claims.collect() }
    }
}

async fn list(granted: Granted) -> Outcome {
    let rows = granted.ask(|tables| tables.roles.of(granted.tenant_id()));
    Ok(Reply::whole_list(rows.iter().map(|it| RoleBody::from_row(it)).collect()))
}

async fn create(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<RoleBody>().await?;
    let tenant = granted.tenant_id();
    let RoleFields { name, claims } = body.into_fields();
    let created = granted.create::<Role>(&bytes, |number| {
        let (name, claims) = (name.clone(), claims.clone());
        RoleCommand::Create(RoleCreated { role: number as u32, tenant, name, claims })
    });
    let (number, done) = created.await?;
    Ok(Reply::single(number as i64).written(&done))
}

/// A role of the caller's tenant.
fn find(granted: &Granted, tables: &Tables, id: i64) -> Result<Arc<RoleRow>, ApiError> {
    let row = tables.roles.get(granted.tenant_id(), u32::try_from(id).unwrap_or(0));
    row.cloned().ok_or_else(|| ApiError::not_found("role"))
}

/// Contracts 31.
async fn update(mut granted: Granted) -> Outcome {
    let (sent, bytes) = granted.json::<RoleBody>().await?;
    let row = granted.ask(|tables| find(&granted, tables, sent.id))?;
    if sent.concurrency_stamp.unwrap_or_default() != row.version.to_string() {
        return Err(stale_stamp(ApiError::Changed, true, "RoleDetail"));
    }
    let now = RoleBody::from_row(&row);
    let body: RoleBody = granted.call.members.read_update(&bytes, &now, |_| true)?;
    let command = RoleCommand::Update(body.into_fields());
    let target = granted.target_of(&*row, "role")?;
    let done = granted.submit_at(&target, &bytes, command, Expected::At(row.version)).await;
    let by_stamp = granted.call.if_match()? == Expected::Any;
    let done = done.map_err(|err| stale_stamp(err, by_stamp, "RoleDetail"))?;
    Ok(Reply::single(true).written(&done))
}

async fn detail(granted: Granted) -> Outcome {
    let id = granted.call.number(0, "id")?;
    granted.ask(|tables| {
        let row = find(&granted, tables, id.into())?;
        Ok(Reply::single(RoleBody::from_row(&row)).version(row.version))
    })
}

async fn delete(granted: Granted) -> Outcome {
    let id = granted.call.number(0, "id")?;
    let row = granted.ask(|tables| find(&granted, tables, id.into()))?;
    let target = granted.target_of(&*row, "role")?;
    let done = granted.submit(&target, &[], RoleCommand::Delete).await?;
    Ok(Reply::single(i64::from(id)).written(&done))
}
