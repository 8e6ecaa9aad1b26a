//! `/api/ApiResource`: rows 1 to 5 and 7.

use std::sync::Arc;

use domain::children::PropertyValue;
use domain::resource::{Resource, ResourceCommand, ResourceSecrets};
use domain::scope::SCOPE_CLAIM;
use projections::{ResourceData, ResourceRow, Resources};
use warp::http::Method;

use super::api_resource_body::ResourceBody;
use super::user_identity::taken_claim;
use crate::access::granted::{Granted, Open};
use crate::access::target::Target;
use crate::http::codes::{self, API_RESOURCE_CODES, ApiCode};
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

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
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
        endpoint(
            Method::PUT,
            "/api/ApiResource",
            "ApiResourcePut",
            "Describe an API resource anew: what the body lacks is cleared, but for its name",
        )
        .row(3)
        .json_update::<ResourceBody>()
        .answers::<Single<bool>>()
        .needs(user("apiresource.put"), update),
        endpoint(
            Method::DELETE,
            "/api/ApiResource/{id}",
            "ApiResourceDelete",
            "Delete an API resource: its scopes and its path are free",
        )
        .row(5)
        .answers::<Single<bool>>()
        .needs(user("apiresource.delete"), delete),
        endpoint(
            Method::GET,
            "/api/ApiResource/Codes",
            "ApiResourceCodes",
            "The codes of business errors about API resources",
        )
        .row(7)
        .answers::<Vec<ApiCode>>()
        .open(list_codes),
    ]
}

/// The resource with the id of the path: see [`find`].
pub(super) fn owned(granted: &Granted) -> Result<Arc<ResourceRow>, ApiError> {
    find(granted, granted.call.number(0, "id")?)
}

/// A resource, if it is the caller's or the caller is an administrator (contracts 30); 404 for
/// everybody else (H5).
fn find(granted: &Granted, resource: u32) -> Result<Arc<ResourceRow>, ApiError> {
    let row = granted.ask(|tables| {
        let row = tables.resources.get(granted.tenant_id(), resource);
        row.filter(|it| may_change(granted, it)).cloned()
    });
    row.ok_or_else(|| ApiError::not_found("API resource"))
}

/// Whether the caller may see and change a resource of the tenant.
pub(super) fn may_change(granted: &Granted, row: &ResourceRow) -> bool {
    row.is_owned_by(granted.user()) || granted.caller.is_administrator()
}

pub(super) fn target(granted: &Granted, row: &ResourceRow) -> Result<Target<Resource>, ApiError> {
    granted.target_of(row, "API resource")
}

async fn list(granted: Granted) -> Outcome {
    let list = ListQuery::read(&granted.call, true)?;
    let scopes = list.query.flag("q.expandScopes", false);
    let claims = list.query.flag("q.expandClaims", false);
    list.query.check()?;
    let name = list.query.text("q.name");
    let orders = [("name", ResourceData::BY_NAME), ("created", ResourceData::BY_CREATED)];
    let order = list.order(orders, |row, _, _| ResourceBody::bare(row));
    let owner = (!granted.caller.is_administrator()).then_some(granted.user());
    let mut query = Resources::of(granted.tenant_id(), owner, name, list.paging).ordered_by(order);
    if let (from, before) = list.days()
        && (from.is_some() || before.is_some())
    {
        query = query.filtered(move |row, _| {
            let created = row.data.created;
            from.is_none_or(|it| it <= created) && before.is_none_or(|it| created < it)
        });
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
    let (data, wishes) = body.wished(granted.tenant_id(), granted.user(), granted.call.now);
    let secrets = ResourceSecrets {
        values: set_values("secrets.value", wishes.secrets)?,
        property_values: set_values("properties.value", wishes.properties)?,
    };
    let created = granted.create::<Resource>(&bytes, |number| {
        let mut data = data.clone();
        data.resource = number as u32;
        ResourceCommand::Create(Box::new(data), secrets.clone())
    });
    let created = created.await.map_err(|err| name_taken(&granted, &data.scopes, err));
    let (number, done) = created?;
    Ok(Reply::single(number as i64).written(&done))
}

/// The values of what is new: nothing is there that could be kept.
fn set_values(field: &str, wishes: Vec<PropertyValue>) -> Result<Vec<String>, ApiError> {
    let value = |it| match it {
        PropertyValue::Set(value) => Ok(value),
        PropertyValue::Keep => {
            Err(ApiError::field(field, "*** keeps a value, but there is none yet"))
        }
    };
    wishes.into_iter().map(value).collect()
}

/// The answer names the taken scope, if the read models know it: otherwise it would be hard to find
/// among many.
pub(super) fn name_taken(granted: &Granted, scopes: &[String], err: ApiError) -> ApiError {
    if taken_claim(&err, &[SCOPE_CLAIM]).is_none() {
        return err;
    }
    let taken = granted.ask(|tables| {
        let holder = |it: &&String| tables.resources.holder_of(granted.tenant_id(), it).is_some();
        scopes.iter().filter(holder).cloned().collect::<Vec<_>>()
    });
    match taken.is_empty() {
        true => err,
        false => {
            let message = format!("{}: {}", err.detail(), taken.join(" "));
            ApiError::business(codes::EXPECTATION_FAILED, message)
        }
    }
}

async fn detail(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let property_values = granted.ask(|tables| tables.resources.property_values(&row));
    Ok(Reply::single(ResourceBody::whole(&row, property_values)).version(row.version))
}

/// Spec section 5.1.3: the whole entity, but for what only the program says.
async fn update(mut granted: Granted) -> Outcome {
    let (sent, bytes) = granted.json::<ResourceBody>().await?;
    let row = find(&granted, sent.number())?;
    let property_values = granted.ask(|tables| tables.resources.property_values(&row));
    let now = ResourceBody::whole(&row, property_values);
    let kept = |member: &str| ["id", "name"].contains(&member);
    let body: ResourceBody = granted.call.members.read_update(&bytes, &now, kept)?;
    if row.data.non_editable && !granted.caller.is_administrator() {
        let why = "the API resource is not editable: an administrator can change that";
        return Err(ApiError::business(codes::EXPECTATION_FAILED, why));
    }
    let (data, wishes) = body.wished_of(&row, granted.call.now);
    let scopes = data.scopes.clone();
    let command = ResourceCommand::Update(Box::new(data), wishes);
    let done = granted.submit(&target(&granted, &row)?, &bytes, command).await;
    let done = done.map_err(|err| name_taken(&granted, &scopes, err))?;
    Ok(Reply::single(true).written(&done))
}

async fn delete(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let target = target(&granted, &row)?;
    let done = granted.submit(&target, &[], ResourceCommand::Delete).await?;
    Ok(Reply::single(true).written(&done))
}

async fn list_codes(_open: Open) -> Outcome {
    Ok(Reply::json(&API_RESOURCE_CODES))
}
