//! `/api/ApiResource/{id}/Packages`: where the users of an API find ready-made clients. Rows 24 to 27.

use std::sync::Arc;

use domain::resource::{PACKAGE_NAME_CHARS_MAX, Package, ResourceCommand};
use projections::{PackageRow, ResourceRow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use warp::http::Method;

use super::api_resource::{owned, target};
use crate::access::granted::Granted;
use crate::http::codes;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::user;
use crate::http::reply::{List, Reply, Single};
use crate::http::time::WireTime;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    const PATH: &str = "/api/ApiResource/{id}/Packages";
    const ONE: &str = "/api/ApiResource/{id}/Packages/{packageId}";
    vec![
        endpoint(
            Method::GET,
            PATH,
            "ApiResourcePackages",
            "List the packages of an API resource: its own, and of what is published, everybody's",
        )
        .row(24)
        .answers::<List<PackageBody>>()
        .needs(user("apiresource.packages"), list),
        endpoint(
            Method::POST,
            PATH,
            "ApiResourcePostPackage",
            "List another package; at most 1,000",
        )
        .row(25)
        .json::<PackageInput>()
        .answers::<Single<bool>>()
        .needs(user("apiresource.postpackages"), add),
        endpoint(Method::DELETE, ONE, "ApiResourceDeletePackage", "List a package no longer")
            .row(26)
            .answers::<Single<bool>>()
            .needs(user("apiresource.deletepackage"), remove),
        endpoint(
            Method::PUT,
            ONE,
            "ApiResourcePutPackage",
            "Say something else of a package: all but its name",
        )
        .row(27)
        .json::<PackageInput>()
        .answers::<Single<bool>>()
        .needs(user("apiresource.putpackage").or("apiresource.deletepackage"), put),
    ]
}

// Spec section 2.3.
/// A package.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Package")]
struct PackageBody {
    /// The number of the API resource.
    partition_key: String,
    /// The name of the package.
    row_key: String,
    timestamp: WireTime,
    e_tag: String,
    description: Option<String>,
    publisher: String,
    link: String,
    icon: String,
    show_index: i32,
    tags: Option<String>,
    package_platform: String,
    language: String,
}

impl PackageBody {
    fn of(resource: u32, row: &PackageRow) -> Self {
        let it = &row.package;
        Self {
            partition_key: resource.to_string(),
            row_key: it.name.clone(),
            timestamp: WireTime(row.changed),
            e_tag: row.position.to_string(),
            description: it.description.clone(),
            publisher: it.publisher.clone(),
            link: it.link.clone(),
            icon: it.icon.clone(),
            show_index: it.show_index,
            tags: it.tags.clone(),
            package_platform: it.package_platform.clone(),
            language: it.language.clone(),
        }
    }
}

// Spec section 2.2.
/// A package to list.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
struct PackageInput {
    /// At most 214 characters; unique in the resource in any letter case. An update takes
    /// it from the path, and needs one here all the same.
    #[schemars(extend("x-required" = "body"))]
    name: String,
    /// At most 1,000 characters.
    description: Option<String>,
    /// At most 200 characters.
    #[schemars(extend("x-required" = "body"))]
    publisher: String,
    /// An http or https URL; at most 2,000 characters.
    #[schemars(extend("x-required" = "body"))]
    link: String,
    /// An http or https URL; at most 2,000 characters.
    #[schemars(extend("x-required" = "body"))]
    icon: String,
    /// `npm`, `nuget`, `gradle`, `spm` or another one; at most 200 characters.
    #[schemars(extend("x-required" = "body"))]
    package_platform: String,
    /// The programming language; at most 200 characters.
    #[schemars(extend("x-required" = "body"))]
    language: String,
    /// Higher ones come first.
    show_index: i32,
    /// At most 500 characters.
    tags: Option<String>,
}

impl PackageInput {
    fn named(self, name: &str) -> Box<Package> {
        Box::new(Package {
            name: name.trim().to_owned(),
            description: self.description,
            publisher: self.publisher,
            link: self.link.trim().to_owned(),
            icon: self.icon.trim().to_owned(),
            package_platform: self.package_platform,
            language: self.language,
            show_index: self.show_index,
            tags: self.tags,
        })
    }
}

async fn list(granted: Granted) -> Outcome {
    let row = seen(&granted)?;
    let rows = row.sdk.packages();
    let bodies = rows.into_iter().map(|it| PackageBody::of(row.data.resource, it)).collect();
    Ok(Reply::whole_list::<PackageBody>(bodies))
}

/// A resource that the caller may see: one's own, or any that is published in the tenant.
fn seen(granted: &Granted) -> Result<Arc<ResourceRow>, ApiError> {
    owned(granted).or_else(|err| {
        let number = granted.call.number(0, "id")?;
        let row = granted.ask(|tables| tables.resources.get(granted.tenant_id(), number).cloned());
        row.filter(|it| it.gateway.path.is_some()).ok_or(err)
    })
}

async fn add(mut granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let (body, bytes) = granted.json::<PackageInput>().await?;
    domain::check::required("icon", &body.icon, 2_000)?;
    let name = body.name.clone();
    let command = ResourceCommand::AddPackage(body.named(&name));
    let done = granted.submit(&target(&granted, &row)?, &bytes, command).await;
    let done = done.map_err(|err| match err {
        ApiError::Business { taken: Some(_), .. } => {
            let why = format!("the resource has a package {} already", name.trim());
            ApiError::business(codes::PACKAGE_NOT_ADDED, why)
        }
        err => err,
    });
    Ok(Reply::single(true).written(&done?))
}

async fn remove(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let command = ResourceCommand::RemovePackage(package_id(&granted)?.to_owned());
    let done = granted.submit(&target(&granted, &row)?, &[], command).await?;
    Ok(Reply::single(true).written(&done))
}

async fn put(mut granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let name = package_id(&granted)?.to_owned();
    let (body, bytes) = granted.json::<PackageInput>().await?;
    domain::check::required("name", &body.name, PACKAGE_NAME_CHARS_MAX)?;
    domain::check::required("icon", &body.icon, 2_000)?;
    let command = ResourceCommand::ChangePackage(body.named(&name));
    let done = granted.submit(&target(&granted, &row)?, &bytes, command).await;
    let done = done.map_err(|err| match err {
        ApiError::Business { code: codes::NOT_FOUND, .. } => {
            let why = "the resource has no such package";
            ApiError::business(codes::PACKAGE_NOT_CHANGED, why)
        }
        err => err,
    });
    Ok(Reply::single(true).written(&done?))
}

fn package_id(granted: &Granted) -> Result<&str, ApiError> {
    let id = granted.call.parameter(1).trim();
    match id.is_empty() {
        true => Err(ApiError::business(codes::INVALID, "the path must name a package")),
        false => Ok(id),
    }
}
