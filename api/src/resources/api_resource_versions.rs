//! `/api/ApiResource/{id}/Versions`: API versions at the gateway, which revision of each is current, and
//! how requests choose one. Rows 12 and 13.

use domain::notice::NoticeCause;
use domain::resource::{
    NOTES_CHARS_MAX, ResourceCommand, VERSION_PARAMETER, VersionScheme, WishedVersionSet,
};
use projections::ResourceRow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use warp::http::Method;

use super::api_resource::{owned, target};
use super::api_resource_gateway_body::{ApiVersion, OnlineBody};
use super::api_resource_publish::at_gateway;
use crate::access::granted::Granted;
use crate::http::codes;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::user;
use crate::http::paging::number;
use crate::http::reply::{ErrorData, List, Reply, Single};
use crate::http::time::WireTime;
use crate::publishing::live::live;
use crate::publishing::notices::{api_of, submit_telling};
use crate::publishing::reason::Reason;
use crate::publishing::revision::{read_current, read_revisions};

/// How many revisions of each API are shown, where the caller does not say.
const REVISIONS_SHOWN: u64 = 100;

/// The most revisions of each API that are shown.
const REVISIONS_SHOWN_MAX: u64 = 1_000;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    const SET: &str = "/api/ApiResource/{id}/VersionSet";
    vec![
        endpoint(
            Method::GET,
            "/api/ApiResource/{id}/Versions",
            "ApiResourceVersions",
            "List API versions with their newest revisions",
        )
        .row(12)
        .query(&[number("revisions", "how many revisions of each API; the default is 100")
            .between(0, REVISIONS_SHOWN_MAX as i64)])
        .answers::<List<ApiVersion>>()
        .needs(user("apiresource.versions"), versions),
        endpoint(
            Method::POST,
            "/api/ApiResource/{id}/Versions/{revisionId}",
            "ApiResourceSetOnlineVersion",
            "Make a revision current: A or A;rev=n. What is current already stays, without an event",
        )
        .row(13)
        .optional_json::<OnlineBody>()
        .answers::<Single<bool>>()
        .needs(user("apiresource.setonlineversion"), set_online),
        endpoint(
            // The name of the parameter is that of the path above: OpenAPI knows no two paths that differ
            // in names of parameters only.
            Method::DELETE,
            "/api/ApiResource/{id}/Versions/{revisionId}",
            "ApiResourceRetireVersion",
            "End an API version, named by its id; not the first one",
        )
        .answers::<Single<bool>>()
        .needs(user("apiresource.publish"), retire),
        endpoint(
            Method::PUT,
            "/api/ApiResource/{id}/Versions/{apiId}/Lifecycle",
            "ApiResourcePutLifecycle",
            "Say since when an API version is deprecated, and when it ends",
        )
        .json::<Lifecycle>()
        .answers::<Single<bool>>()
        .needs(user("apiresource.publish"), set_lifecycle),
        endpoint(
            Method::GET,
            SET,
            "ApiResourceVersionSet",
            "Show how requests choose an API version",
        )
        .answers::<Single<VersionSetBody>>()
        .needs(user("apiresource.publish"), version_set),
        endpoint(
            Method::PUT,
            SET,
            "ApiResourcePutVersionSet",
            "Say how requests choose an API version",
        )
        .json::<VersionSetBody>()
        .answers::<Single<bool>>()
        .needs(user("apiresource.publish"), put_version_set),
    ]
}

/// When an API version is not to be used any more. What is absent is not said.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "LifecycleInput")]
struct Lifecycle {
    /// Answers have the header Deprecation from then on.
    deprecated_at: Option<WireTime>,
    /// Answers have the header Sunset, which names it.
    sunset_at: Option<WireTime>,
}

/// How requests choose an API version.
#[skip_serializing_none]
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "VersionSet")]
struct VersionSetBody {
    /// What people call it; at most 300 characters.
    #[schemars(extend("x-required" = "both"))]
    name: String,
    /// At most 1,000 characters.
    description: Option<String>,
    /// `Query`, `Header` or `Segment`.
    #[schemars(extend("x-required" = "both"))]
    scheme: String,
    /// The name of the query parameter or header: 1 to 64 letters, digits, `_` and `-`. The default is
    /// `api-version`.
    parameter: Option<String>,
}

impl ErrorData for Single<VersionSetBody> {}

async fn versions(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let query = granted.call.query();
    let shown = query.number("revisions", REVISIONS_SHOWN, REVISIONS_SHOWN_MAX) as u32;
    query.check()?;
    if row.gateway.apis.is_empty() {
        let why = "the API resource has not been published";
        return Err(ApiError::business(codes::VERSIONS_NO_DETAIL, why));
    }
    let app = &granted.call.app;
    let mut are_all_live = true;
    let versions = row.gateway.apis.iter().map(|api| {
        let count = api.revision_count();
        let newest = read_revisions(app, api, count.saturating_sub(shown) + 1..=count)?;
        let current = read_current(app, &row.gateway, api)?;
        let current = current.ok_or_else(|| ApiError::Internal(format!("no {}", api.id)))?;
        let live = live(app, granted.tenant_id(), api.position, granted.call.now);
        are_all_live &= live.behind.is_empty();
        Ok(ApiVersion::of(&row, api, &current, &newest, live))
    });
    let versions = versions.collect::<Result<Vec<_>, ApiError>>()?;
    // The documented time; `private`, because the answer is for this caller only.
    let cache = if are_all_live { "private, max-age=60" } else { "no-cache" };
    Ok(Reply::whole_list::<ApiVersion>(versions).cache(cache).varies_by_caller())
}

async fn set_online(mut granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let revision_id = granted.call.parameter(1).trim().to_owned();
    if revision_id.is_empty() {
        return Err(ApiError::not_found("revision"));
    }
    let (body, bytes) = granted.optional_json::<OnlineBody>().await?;
    let notes = body.notes.filter(|it| !it.trim().is_empty());
    domain::check::optional_text("notes", notes.as_deref(), NOTES_CHARS_MAX)?;
    if row.gateway.find_revision(&revision_id).is_none() {
        let why = "the API resource has no such revision";
        return Err(Reason::RevisionUnknown.error(codes::SET_ONLINE_FAILED, why));
    }
    let api_id = api_of(&row, &revision_id);
    let command = ResourceCommand::SetOnlineVersion { revision_id, notes };
    let (target, told) = (target(&granted, &row)?, (api_id.as_str(), NoticeCause::Released));
    let done = submit_telling(&granted, &row, &target, told, (&bytes, command)).await;
    let failed = codes::SET_ONLINE_FAILED;
    let done = done.map_err(|err| at_gateway(err, Some(failed), failed))?;
    Ok(Reply::single(true).written(&done))
}

async fn retire(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let api_id = granted.call.parameter(1).to_owned();
    let command = ResourceCommand::RetireVersion { api_id };
    let done = granted.submit(&target(&granted, &row)?, &[], command).await?;
    Ok(Reply::single(true).written(&done))
}

async fn set_lifecycle(mut granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let api_id = granted.call.parameter(1).to_owned();
    let (body, bytes) = granted.json::<Lifecycle>().await?;
    let time = |it: Option<WireTime>| it.map(|it| it.0);
    let (deprecated_at, sunset_at) = (time(body.deprecated_at), time(body.sunset_at));
    let command = ResourceCommand::SetLifecycle { api_id, deprecated_at, sunset_at };
    let done = granted.submit(&target(&granted, &row)?, &bytes, command).await?;
    Ok(Reply::single(true).written(&done))
}

async fn version_set(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    Ok(Reply::single(VersionSetBody::of(&row)))
}

impl VersionSetBody {
    /// What was said, or what counts without it.
    fn of(row: &ResourceRow) -> Self {
        match row.gateway.version_set.clone() {
            Some(it) => Self {
                name: it.name,
                description: it.description,
                scheme: scheme_word(it.scheme).to_owned(),
                parameter: Some(it.parameter),
            },
            None => Self {
                name: row.data.display_name.clone().unwrap_or_else(|| row.data.name.clone()),
                description: None,
                scheme: scheme_word(VersionScheme::Query).to_owned(),
                parameter: Some(VERSION_PARAMETER.to_owned()),
            },
        }
    }
}

fn scheme_word(scheme: VersionScheme) -> &'static str {
    match scheme {
        VersionScheme::Query => "Query",
        VersionScheme::Header => "Header",
        VersionScheme::Segment => "Segment",
    }
}

async fn put_version_set(mut granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let (body, bytes) = granted.json::<VersionSetBody>().await?;
    let all = [VersionScheme::Query, VersionScheme::Header, VersionScheme::Segment];
    let scheme = all.into_iter().find(|it| body.scheme.eq_ignore_ascii_case(scheme_word(*it)));
    let scheme =
        scheme.ok_or_else(|| ApiError::field("scheme", "must be Query, Header or Segment"))?;
    let command = ResourceCommand::ChangeVersionSet(WishedVersionSet {
        name: body.name,
        description: body.description,
        scheme,
        parameter: body.parameter.unwrap_or_else(|| VERSION_PARAMETER.to_owned()),
    });
    let done = granted.submit(&target(&granted, &row)?, &bytes, command).await?;
    Ok(Reply::single(true).written(&done))
}
