//! `/api/ApiResource/{id}/Revisions`: what each revision is, what differs between two of them, and how to
//! go back to one.

use std::sync::Arc;

use bytes::Bytes;
use domain::hex;
use domain::notice::NoticeCause;
use domain::resource::{DocumentForm, NOTES_CHARS_MAX, ResourceCommand};
use projections::{ApiRow, ResourceRow, revision_id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warp::http::Method;
use warp::http::header::{CONTENT_DISPOSITION, ETAG};

use super::api_resource::{owned, target};
use super::api_resource_gateway_body::{ChangeBody, OnlineBody, RevisionDetail};
use crate::access::granted::Granted;
use crate::http::codes;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::user;
use crate::http::paging::{number, text};
use crate::http::reply::{ErrorData, JSON, List, Reply, Single, YAML};
use crate::http::time::WireTime;
use crate::publishing::document::not_taken;
use crate::publishing::notices::submit_telling;
use crate::publishing::reason::Reason;
use crate::publishing::revision::{Revision, read_revision, read_revisions};
use crate::state::documents::Taken;

/// The most revisions of one page.
const TAKE_MAX: u64 = 1_000;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    const ONE: &str = "/api/ApiResource/{id}/Revisions/{revisionId}";
    vec![
        endpoint(
            Method::GET,
            "/api/ApiResource/{id}/Revisions",
            "ApiResourceRevisions",
            "List the revisions of an API, newest first, without their policies",
        )
        .query(&[
            text("apiId", "an API of this resource; the default is the resource itself"),
            number("skip", "rows to pass over; the default is 0").between(0, i64::from(i32::MAX)),
            number("take", "rows to return; the default is 10").between(0, TAKE_MAX as i64),
        ])
        .answers::<List<RevisionDetail>>()
        .needs(user("apiresource.versions"), list),
        endpoint(Method::GET, ONE, "ApiResourceRevision", "Show all that a revision is")
            .answers::<Single<RevisionDetail>>()
            .needs(user("apiresource.versions"), detail),
        endpoint(
            Method::GET,
            "/api/ApiResource/{id}/Revisions/{revisionId}/Document",
            "ApiResourceRevisionDocument",
            "The OpenAPI document of a revision, as it was received",
        )
        .query(&[text("form", "json, to have YAML as JSON")])
        .answers_document("The document. A YAML one comes as application/yaml.")
        .needs(user("apiresource.versions"), document),
        endpoint(
            Method::GET,
            "/api/ApiResource/{id}/Revisions/{revisionId}/Diff",
            "ApiResourceRevisionDiff",
            "What differs between the documents of two revisions",
        )
        .query(&[text("against", "a revision of the same API; the default is the one before")])
        .answers::<Single<DiffBody>>()
        .needs(user("apiresource.versions"), diff),
        endpoint(
            Method::POST,
            "/api/ApiResource/{id}/Revisions/{revisionId}/Rollback",
            "ApiResourceRollbackToRevision",
            "Make a revision current again, with all that it is",
        )
        .optional_json::<OnlineBody>()
        .answers::<Single<bool>>()
        .needs(user("apiresource.setonlineversion"), roll_back_to),
        endpoint(
            Method::POST,
            "/api/ApiResource/{id}/Rollback",
            "ApiResourceRollback",
            "Make current again what was current at a position of the log, at a time, or before",
        )
        .json::<RollbackBody>()
        .answers::<Single<bool>>()
        .needs(user("apiresource.setonlineversion"), roll_back),
        endpoint(
            Method::PUT,
            "/api/ApiResource/{id}/Revisions/{revisionId}/Online",
            "ApiResourcePutRevisionOnline",
            "Serve a revision at its private address, or no longer; the newest 20 of an API can be",
        )
        .json::<Online>()
        .answers::<Single<bool>>()
        .needs(user("apiresource.setonlineversion"), put_online),
    ]
}

/// What differs between two documents.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ApiDiff")]
struct DiffBody {
    /// The revision that was compared.
    revision: String,
    /// The revision that it was compared with.
    against: String,
    counts: CountsBody,
    /// The worst ones first; at most 5,000.
    changes: Vec<ChangeBody>,
    /// Whether there are more.
    cut: bool,
}

/// How many changes there are of each class.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ApiDiffCounts")]
struct CountsBody {
    breaking: u32,
    risky: u32,
    compatible: u32,
    editorial: u32,
}

impl ErrorData for Single<DiffBody> {}

/// What to go back to: a position or a time; without either, to what was current before.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "RollbackInput")]
struct RollbackBody {
    /// An API of this resource; the default is the resource itself.
    api_id: Option<String>,
    /// A position of the log.
    position: Option<u64>,
    /// A time, as in answers or in ISO 8601.
    time: Option<WireTime>,
    /// What is said of the release; at most 4,000 characters.
    notes: Option<String>,
}

/// Whether a revision is served at its private address.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "RevisionOnlineInput")]
struct Online {
    #[schemars(extend("x-required" = "body"))]
    online: Option<bool>,
}

async fn list(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let query = granted.call.query();
    let skip = query.number("skip", 0, i32::MAX as u64);
    let take = query.number("take", 10, i32::MAX as u64).min(TAKE_MAX);
    query.check()?;
    let api = find_api(&row, query.text("apiId"))?;
    let count = api.revision_count();
    let newest = count.saturating_sub(skip as u32);
    let oldest = newest.saturating_sub(take as u32) + 1;
    let mut revisions = read_revisions(&granted.call.app, api, oldest..=newest)?;
    revisions.reverse();
    let is_published = row.gateway.path.is_some();
    let shown = revisions.iter();
    let shown = shown.map(|it| RevisionDetail::of(api, is_published, it).without_policy());
    Ok(Reply::list(skip as usize, take as usize, u64::from(count), shown.collect()))
}

async fn detail(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let (api, revision) = revision_of_path(&granted, &row)?;
    let is_published = row.gateway.path.is_some();
    Ok(Reply::single(RevisionDetail::of(&api, is_published, &revision)))
}

async fn document(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let (api, revision) = revision_of_path(&granted, &row)?;
    let query = granted.call.query();
    let as_json = query.text("form").map(|it| it.eq_ignore_ascii_case("json"));
    if as_json == Some(false) {
        query.note("form", "must be json");
    }
    query.check()?;
    let described = revision.face.document.as_ref();
    let described = described.ok_or_else(|| ApiError::not_found("document of the revision"))?;
    let documents = &granted.call.app.documents;
    let failed = codes::EXPECTATION_FAILED;
    let is_yaml = described.form == DocumentForm::Yaml;
    let absent = || ApiError::business(failed, "the document is kept no longer");
    let bytes = match is_yaml && as_json == Some(true) {
        true => {
            let taken = documents.taken(described.sha256).await;
            let taken = taken.map_err(|it| not_taken(it, failed))?.ok_or_else(absent)?;
            Bytes::from(taken.document.json().to_string())
        }
        false => {
            let bytes = documents.bytes(described.sha256).await;
            bytes.map_err(|it| not_taken(it, failed))?.ok_or_else(absent)?
        }
    };
    let shows_yaml = is_yaml && as_json.is_none();
    let (kind, end) = if shows_yaml { (YAML, "yaml") } else { (JSON, "json") };
    let name = format!("attachment; filename=\"{}-{}.{end}\"", api.id, revision.number);
    let reply = Reply::body(kind, bytes).header_text(CONTENT_DISPOSITION, &name);
    Ok(match is_yaml && !shows_yaml {
        true => reply,
        false => reply.header_text(ETAG, &format!("\"{}\"", hex(&described.sha256.0))),
    })
}

async fn diff(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let (api, new) = revision_of_path(&granted, &row)?;
    let query = granted.call.query();
    query.check()?;
    let absent = || Reason::RevisionUnknown.error(codes::NOT_FOUND, "revision not found");
    let against = match query.text("against") {
        Some(said) => {
            let (of, number) = find_revision(&row, said).ok_or_else(absent)?;
            if of.id != api.id {
                return Err(ApiError::field("against", "must be a revision of the same API"));
            }
            number
        }
        None => new.number.saturating_sub(1),
    };
    let old = read_revision(&granted.call.app, &api, against)?.ok_or_else(absent)?;
    let (old_document, new_document) =
        (taken_of(&granted, &old).await?, taken_of(&granted, &new).await?);
    let report = granted.call.app.documents.compare(&old_document, &new_document).await;
    let report = report.map_err(|it| not_taken(it, codes::EXPECTATION_FAILED))?;
    let counts = report.counts;
    Ok(Reply::single(DiffBody {
        revision: revision_id(&api.id, new.number),
        against: revision_id(&api.id, old.number),
        counts: CountsBody {
            breaking: counts.breaking,
            risky: counts.risky,
            compatible: counts.compatible,
            editorial: counts.editorial,
        },
        changes: report.changes.into_iter().map(ChangeBody::from).collect(),
        cut: report.cut,
    }))
}

async fn taken_of(granted: &Granted, revision: &Revision) -> Result<Taken, ApiError> {
    let failed = codes::EXPECTATION_FAILED;
    let described = revision.face.document.as_ref();
    let described = described.ok_or_else(|| ApiError::not_found("document of the revision"))?;
    let taken = granted.call.app.documents.taken(described.sha256).await;
    let taken = taken.map_err(|it| not_taken(it, failed))?;
    taken.ok_or_else(|| ApiError::business(failed, "the document is kept no longer"))
}

async fn roll_back_to(mut granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let (body, bytes) = granted.optional_json::<OnlineBody>().await?;
    domain::check::optional_text("notes", body.notes.as_deref(), NOTES_CHARS_MAX)?;
    let (api, revision) = revision_of_path(&granted, &row)?;
    release(&granted, &row, (&api, revision.number), body.notes, &bytes).await
}

async fn roll_back(mut granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let (body, bytes) = granted.json::<RollbackBody>().await?;
    domain::check::optional_text("notes", body.notes.as_deref(), NOTES_CHARS_MAX)?;
    domain::check::optional("apiId", body.api_id.as_deref(), 256)?;
    let api = find_api(&row, body.api_id.as_deref())?.clone();
    let then = match (body.position, body.time) {
        (Some(position), None) => api.released_by(position),
        (None, Some(time)) => api.released_at(time.0),
        (None, None) => api.released_before(),
        _ => return Err(ApiError::field("position", "and time cannot both be given")),
    };
    let then = then.ok_or_else(|| {
        Reason::RevisionUnknown.error(codes::NOT_FOUND, "nothing was published by then")
    })?;
    let revision = then.revision;
    release(&granted, &row, (&api, revision), body.notes, &bytes).await
}

async fn release(
    granted: &Granted,
    row: &ResourceRow,
    (api, revision): (&ApiRow, u32),
    notes: Option<String>,
    bytes: &[u8],
) -> Outcome {
    let notes = notes.filter(|it| !it.trim().is_empty());
    let revision_id = revision_id(&api.id, revision);
    let command = ResourceCommand::SetOnlineVersion { revision_id, notes };
    let (target, told) = (target(granted, row)?, (api.id.as_str(), NoticeCause::Released));
    let done = submit_telling(granted, row, &target, told, (bytes, command)).await?;
    Ok(Reply::single(true).written(&done))
}

async fn put_online(mut granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let (body, bytes) = granted.json::<Online>().await?;
    let online = body.online.ok_or_else(|| ApiError::field("online", "is required"))?;
    let (api, revision) = revision_of_path(&granted, &row)?;
    let revision_id = revision_id(&api.id, revision.number);
    let command = ResourceCommand::SetRevisionOnline { revision_id, online };
    let done = granted.submit(&target(&granted, &row)?, &bytes, command).await?;
    Ok(Reply::single(true).written(&done))
}

/// An API of a resource; the resource itself, where none is named.
fn find_api<'a>(row: &'a ResourceRow, api_id: Option<&str>) -> Result<&'a Arc<ApiRow>, ApiError> {
    let own = row.data.resource.to_string();
    let id = api_id.map(str::trim).filter(|it| !it.is_empty()).unwrap_or(&own);
    let api = row.gateway.api(id.trim_start_matches("/apis/"));
    api.ok_or_else(|| ApiError::not_found("gateway API"))
}

/// `A;rev=n`, or `A` for the current one.
fn find_revision<'a>(row: &'a ResourceRow, said: &str) -> Option<(&'a Arc<ApiRow>, u32)> {
    row.gateway.find_revision(said.trim())
}

fn revision_of_path(
    granted: &Granted,
    row: &ResourceRow,
) -> Result<(Arc<ApiRow>, Revision), ApiError> {
    let absent = || Reason::RevisionUnknown.error(codes::NOT_FOUND, "revision not found");
    let (api, number) = find_revision(row, granted.call.parameter(1)).ok_or_else(absent)?;
    let revision = read_revision(&granted.call.app, api, number)?.ok_or_else(absent)?;
    Ok((api.clone(), revision))
}
