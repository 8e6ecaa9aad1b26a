//! `/api/Role`: rows 65 and 66.

use domain::role::{Role, RoleClaim, RoleCommand, RoleCreated, normalise};
use projections::RoleRow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use warp::http::Method;

use crate::access::granted::Granted;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::needs::{administrator, user};
use crate::http::reply::{List, Reply, Single};

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::GET, "/api/Role", "RoleGet", "List all roles")
            .row(65)
            .answers::<List<RoleBody>>()
            .needs(user("role.get"), list),
        // Whoever can create roles can grant permissions: spec section 7.3, H8.
        endpoint(Method::POST, "/api/Role", "RolePost", "Create a role")
            .row(66)
            .json::<RoleBody>()
            .answers::<Single<i64>>()
            .needs(administrator("role.post"), create),
    ]
}

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
    /// Changes with every change of the role; ignored in a request.
    concurrency_stamp: Option<String>,
    claims: Vec<ClaimBody>,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "RoleClaim")]
struct ClaimBody {
    id: u32,
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

async fn list(granted: Granted) -> Outcome {
    let rows = granted.ask(|tables| tables.roles.of(granted.tenant_id()));
    Ok(Reply::whole_list(rows.iter().map(|it| RoleBody::from_row(it)).collect()))
}

async fn create(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<RoleBody>().await?;
    let tenant = granted.tenant_id();
    let claims = body.claims.into_iter().zip(1..).map(|(it, id)| RoleClaim {
        id,
        claim_type: it.claim_type,
        value: it.claim_value,
    });
    let claims = claims.collect::<Vec<_>>();
    let name = body.name.trim().to_owned();
    let created = granted.create::<Role>(&bytes, |number| {
        let (name, claims) = (name.clone(), claims.clone());
        RoleCommand::Create(RoleCreated { role: number as u32, tenant, name, claims })
    });
    let (number, done) = created.await?;
    Ok(Reply::single(number as i64).written(&done))
}
