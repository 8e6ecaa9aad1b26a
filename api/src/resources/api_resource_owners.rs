//! `/api/ApiResource/{id}/Owners`: the users who may see and change an API resource.

use domain::UserId;
use domain::resource::ResourceCommand;
use projections::{ResourceRow, Tables};
use schemars::JsonSchema;
use serde::Serialize;
use warp::http::Method;

use super::api_resource::{owned, target};
use crate::access::granted::Granted;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::user;
use crate::http::reply::{List, Reply, Single};

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            Method::GET,
            "/api/ApiResource/{id}/Owners",
            "ApiResourceOwners",
            "List the users who may see and change an API resource",
        )
        .answers::<List<OwnerBody>>()
        .needs(user("apiresource.owners"), list),
        endpoint(
            Method::PUT,
            "/api/ApiResource/{id}/Owners/{userId}",
            "ApiResourcePutOwner",
            "Let another user see and change an API resource; at most 50",
        )
        .answers::<Single<bool>>()
        .needs(user("apiresource.owners"), add),
        endpoint(
            Method::DELETE,
            "/api/ApiResource/{id}/Owners/{userId}",
            "ApiResourceDeleteOwner",
            "Let an owner no longer see and change an API resource; the last one stays",
        )
        .answers::<Single<bool>>()
        .needs(user("apiresource.owners"), remove),
    ]
}

/// A user who may see and change an API resource.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ApiResourceOwner")]
struct OwnerBody {
    user_id: i64,
    /// Nothing for a user who was deleted.
    user_name: Option<String>,
}

async fn list(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let owners = granted.ask(|tables| owners_of(tables, &row));
    Ok(Reply::whole_list(owners))
}

fn owners_of(tables: &Tables, row: &ResourceRow) -> Vec<OwnerBody> {
    let body = |owner: &UserId| {
        let user = tables.users.get(row.data.tenant, *owner);
        let personal = user.and_then(|it| tables.users.personal(it));
        OwnerBody { user_id: i64::from(owner.0), user_name: personal.map(|it| it.user_name) }
    };
    row.owners.iter().map(body).collect()
}

/// Whom one does not see is nobody.
async fn add(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let user = UserId(granted.call.number(1, "userId")?);
    let is_seen = granted.ask(|tables| granted.users(tables).get(user).is_some());
    if !is_seen {
        return Err(ApiError::not_found("user"));
    }
    let command = ResourceCommand::AddOwner(user);
    let done = granted.submit(&target(&granted, &row)?, &[], command).await?;
    Ok(Reply::single(true).written(&done))
}

async fn remove(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let user = UserId(granted.call.number(1, "userId")?);
    let command = ResourceCommand::RemoveOwner(user);
    let done = granted.submit(&target(&granted, &row)?, &[], command).await?;
    Ok(Reply::single(true).written(&done))
}
