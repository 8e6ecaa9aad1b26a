//! `/api/ApiResource/{id}/Releases`: which revision became current when, and what was said of it. Rows
//! 16 to 19.

use domain::notice::NoticeCause;
use domain::resource::ResourceCommand;
use projections::{ApiRow, ReleaseRow, revision_id};
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
use crate::http::paging::{number, text};
use crate::http::reply::{List, Reply, Single};
use crate::http::time::WireTime;
use crate::publishing::notices::{api_of, submit_telling};
use crate::publishing::revision::read_notes;

/// How many releases are shown, where the caller does not say.
const TAKE_DEFAULT: u64 = 100;

/// The most releases of one page.
const TAKE_MAX: u64 = 1_000;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            Method::GET,
            "/api/ApiResource/{id}/Releases",
            "ApiResourceReleases",
            "List the releases of an API, newest first",
        )
        .row(16)
        .query(&[
            text("apiId", "an API of this resource"),
            number("skip", "rows to pass over; the default is 0").between(0, i64::from(i32::MAX)),
            number("take", "rows to return; the default is 100").between(0, TAKE_MAX as i64),
        ])
        .answers::<List<ReleaseBody>>()
        .needs(user("apiresource.releases"), list),
        endpoint(
            Method::POST,
            "/api/ApiResource/{id}/Releases",
            "ApiResourcePostRelease",
            "Make a revision current, with notes",
        )
        .row(17)
        .json::<NewRelease>()
        .answers::<Single<bool>>()
        .needs(user("apiresource.postrelease"), post),
        endpoint(
            Method::PUT,
            "/api/ApiResource/{id}/Releases/{releaseId}",
            "ApiResourcePutRelease",
            "Change the notes of a release",
        )
        .row(18)
        .json::<Notes>()
        .answers::<Single<bool>>()
        .needs(user("apiresource.putrelease"), put),
        endpoint(
            Method::DELETE,
            "/api/ApiResource/{id}/Releases/{releaseId}",
            "ApiResourceDeleteRelease",
            "List a release no longer: its revision stays, and what is current",
        )
        .row(19)
        .answers::<Single<bool>>()
        .needs(user("apiresource.deleterelease"), delete),
    ]
}

// Spec section 2.10.
/// A release: it made a revision current.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Release")]
struct ReleaseBody {
    /// Ends in the id of the release.
    id: String,
    /// The API with the revision.
    api_id: String,
    created_date_time: WireTime,
    updated_date_time: WireTime,
    notes: Option<String>,
}

impl ReleaseBody {
    fn of(api: &ApiRow, release: &ReleaseRow, notes: Option<String>) -> Self {
        Self {
            id: format!("/apis/{}/releases/{}", api.id, release.id),
            api_id: format!("/apis/{}", revision_id(&api.id, release.revision)),
            created_date_time: WireTime(release.created),
            updated_date_time: WireTime(release.updated),
            notes,
        }
    }
}

// Spec section 2.2.
/// A release to make.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "ReleaseInput")]
struct NewRelease {
    /// An API of this resource, or a revision of it: `7` or `7;rev=3`.
    #[schemars(extend("x-required" = "body"))]
    aid: String,
    /// At most 4,000 characters.
    #[schemars(extend("x-required" = "body"))]
    notes: String,
}

/// What is said of a release.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "ReleaseNotesInput")]
struct Notes {
    /// At most 4,000 characters.
    #[schemars(extend("x-required" = "body"))]
    notes: String,
}

async fn list(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let query = granted.call.query();
    let skip = query.number("skip", 0, i32::MAX as u64) as usize;
    let take = query.number("take", TAKE_DEFAULT, i32::MAX as u64).min(TAKE_MAX) as usize;
    query.check()?;
    let api_id = query.text("apiId").map(str::trim).filter(|it| !it.is_empty());
    let api_id = api_id.ok_or_else(|| {
        ApiError::business(codes::RELEASES_NO_ID, "apiId must name an API of the resource")
    })?;
    let api_id = api_id.trim_start_matches("/apis/");
    let api = row.gateway.api(api_id).ok_or_else(|| {
        ApiError::business(codes::RELEASES_FAILED, "apiId names no API of the resource")
    })?;
    let listed = || api.releases.iter().filter(|it| it.listed);
    let total = listed().count() as u64;
    let shown = listed().rev().skip(skip).take(take).collect::<Vec<_>>();
    let positions = shown.iter().map(|it| it.noted).collect::<Vec<_>>();
    let notes = read_notes(&granted.call.app, &positions)?;
    let both = shown.into_iter().zip(notes);
    let releases = both.map(|(it, notes)| ReleaseBody::of(api, it, notes)).collect();
    Ok(Reply::list::<ReleaseBody>(skip, take, total, releases))
}

async fn post(mut granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let (body, bytes) = granted.json::<NewRelease>().await?;
    domain::check::required("aid", &body.aid, 256)?;
    domain::check::required_text("notes", &body.notes, domain::resource::NOTES_CHARS_MAX)?;
    let api_id = api_of(&row, &body.aid);
    let command =
        ResourceCommand::SetOnlineVersion { revision_id: body.aid, notes: Some(body.notes) };
    let (target, told) = (target(&granted, &row)?, (api_id.as_str(), NoticeCause::Released));
    let done = submit_telling(&granted, &row, &target, told, (&bytes, command)).await?;
    Ok(Reply::single(true).written(&done))
}

async fn put(mut granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let release_id = release_id(&granted)?;
    let (body, bytes) = granted.json::<Notes>().await?;
    let command = ResourceCommand::NoteRelease { release_id, notes: body.notes };
    let done = granted.submit(&target(&granted, &row)?, &bytes, command).await?;
    Ok(Reply::single(true).written(&done))
}

async fn delete(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let command = ResourceCommand::DeleteRelease { release_id: release_id(&granted)? };
    let done = granted.submit(&target(&granted, &row)?, &[], command).await?;
    Ok(Reply::single(true).written(&done))
}

/// The last part of the path.
fn release_id(granted: &Granted) -> Result<String, ApiError> {
    let id = granted.call.parameter(1).trim();
    match id.is_empty() {
        true => Err(ApiError::business(codes::RELEASES_NO_ID, "the path must name a release")),
        false => Ok(id.to_owned()),
    }
}
