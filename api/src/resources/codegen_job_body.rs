//! A job that makes an SDK, as an answer; and how jobs are begun.

use std::collections::BTreeMap;

use commands::Done;
use domain::resource::Document;
use domain::sdk_job::{SdkJob, SdkJobRequested, SdkStep, SdkWork};
use domain::{Aggregate as _, hex};
use projections::{ResourceRow, SdkJobRow, SdkJobState};
use schemars::JsonSchema;
use serde::Serialize;
use serde_with::skip_serializing_none;
use warp::http::header::LOCATION;

use crate::access::granted::Granted;
use crate::access::sdk_jobs::{new_job, request_job};
use crate::http::endpoint::Outcome;
use crate::http::error::ApiError;
use crate::http::reply::{ErrorData, Reply, Single};
use crate::http::time::WireTime;

/// A job that makes an SDK.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SdkJob")]
pub(super) struct JobBody {
    id: String,
    /// The number of the API resource.
    resource: i64,
    /// The number of the user who asked for it.
    owner: i64,
    /// `generate`, `releaseNpm` or `syncGit`.
    work: &'static str,
    /// What generates.
    generators: Vec<String>,
    /// As they were set.
    options: Option<BTreeMap<String, String>>,
    /// The name of the package that is released.
    package: Option<String>,
    /// Its version, as it was wished: the registry may have had it already.
    version: Option<String>,
    /// The SHA-256 of the document.
    document_id: String,
    /// What the document is called.
    title: String,
    /// Where it was read from; nothing for one that was sent.
    swagger_url: Option<String>,
    /// `waiting`, `running`, `finished`, `failed` or `cancelled`.
    state: &'static str,
    /// How often it was begun.
    attempts: i32,
    /// What is done.
    steps: Vec<StepBody>,
    requested: WireTime,
    updated: WireTime,
    /// What there is now: the generator, a package with its version, or the id of a commit.
    result: Option<String>,
    /// How many files were made.
    files: Option<i64>,
    /// The length of the artifact.
    bytes: Option<i64>,
    /// Why it failed, in a fixed word.
    reason: Option<String>,
    /// Why it failed, for people.
    detail: Option<String>,
}

/// A part of the work that is done.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SdkJobStep")]
struct StepBody {
    /// `checked`, `generated`, `compiled`, `packed`, `published` or `pushed`.
    step: &'static str,
    milliseconds: i64,
}

impl ErrorData for Single<JobBody> {}

impl JobBody {
    pub(super) fn of(row: &SdkJobRow) -> Self {
        let wanted = &row.wanted;
        let (work, generators) = work_of(&wanted.work);
        let (options, package, version) = match &wanted.work {
            SdkWork::Generate { options, .. } => {
                (Some(options.iter().cloned().collect()), None, None)
            }
            SdkWork::ReleaseNpm { package, version, .. } => {
                (None, Some(package.clone()), Some(version.clone()))
            }
            SdkWork::SyncGit { .. } => (None, None, None),
        };
        let steps = row
            .steps
            .iter()
            .map(|it| StepBody { step: step_word(it.step), milliseconds: i64::from(it.millis) });
        let (finished, failed) = match &row.state {
            SdkJobState::Finished(it) => (Some(it), None),
            SdkJobState::Failed(it) => (None, Some(it)),
            _ => (None, None),
        };
        let artifact = finished.filter(|it| it.artifact.is_some());
        Self {
            id: row.id.to_string(),
            resource: i64::from(wanted.resource),
            owner: i64::from(wanted.owner.0),
            work,
            generators,
            options,
            package,
            version,
            document_id: hex(&wanted.document.sha256.0),
            title: wanted.document.title.clone(),
            swagger_url: wanted.source.clone(),
            state: state_word(&row.state),
            attempts: i32::try_from(row.attempts).unwrap_or(i32::MAX),
            steps: steps.collect(),
            requested: WireTime(row.requested),
            updated: WireTime(row.updated),
            result: finished.map(|it| it.result.clone()),
            files: artifact.map(|it| i64::from(it.files)),
            bytes: artifact.map(|it| i64::try_from(it.bytes).unwrap_or(i64::MAX)),
            reason: failed.map(|it| it.reason.clone()),
            detail: failed.map(|it| it.detail.clone()),
        }
    }
}

fn work_of(work: &SdkWork) -> (&'static str, Vec<String>) {
    match work {
        SdkWork::Generate { generator, .. } => ("generate", vec![generator.clone()]),
        SdkWork::ReleaseNpm { language, .. } => {
            ("releaseNpm", vec![language.generator().to_owned()])
        }
        SdkWork::SyncGit { generators, .. } => ("syncGit", generators.clone()),
    }
}

fn step_word(step: SdkStep) -> &'static str {
    match step {
        SdkStep::Checked => "checked",
        SdkStep::Generated => "generated",
        SdkStep::Compiled => "compiled",
        SdkStep::Packed => "packed",
        SdkStep::Published => "published",
        SdkStep::Pushed => "pushed",
    }
}

fn state_word(state: &SdkJobState) -> &'static str {
    match state {
        SdkJobState::Waiting => "waiting",
        SdkJobState::Running => "running",
        SdkJobState::Finished(_) => "finished",
        SdkJobState::Failed(_) => "failed",
        SdkJobState::Cancelled => "cancelled",
    }
}

/// Asks for a job, and says where it is.
pub(super) async fn start(
    granted: &Granted,
    body: &[u8],
    row: &ResourceRow,
    work: SdkWork,
    (document, source): (Document, Option<String>),
) -> Result<(String, Done), ApiError> {
    let id = new_job(granted)?;
    let (tenant, owner) = (granted.tenant_id(), granted.user());
    let resource = row.data.resource;
    let wanted = SdkJobRequested { tenant, resource, owner, work, document, source };
    let done = request_job(granted, body, &id, wanted).await?;
    Ok((id, done))
}

/// The answer to a request that was answered before, with the same `Idempotency-Key`.
pub(super) fn asked_again(granted: &Granted, done: &Done) -> Outcome {
    let reply = Reply::single(true).written(done);
    Ok(match id_of(granted, done)? {
        Some(id) => at(&id, reply),
        None => reply,
    })
}

/// The job that a commit asked for.
pub(super) fn id_of(granted: &Granted, done: &Done) -> Result<Option<String>, ApiError> {
    let positions = (done.first..=done.position).collect::<Vec<_>>();
    let events = granted.call.app.engine.log().read_at(&positions)?;
    let job = events.iter().find(|it| it.stream.category() == SdkJob::CATEGORY);
    Ok(job.map(|it| it.stream.id().to_owned()))
}

/// Where a job is.
pub(super) fn at(id: &str, reply: Reply) -> Reply {
    reply.header_text(LOCATION, &format!("/api/CodeGen/Jobs/{id}"))
}
