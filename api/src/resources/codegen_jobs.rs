//! `/api/CodeGen/Jobs`: SDKs that are made of an API, by any generator that is allowed.

use std::collections::BTreeMap;

use codegen::{Reason, unpacked};
use domain::sdk_job::{GENERATOR_OPTIONS_MAX, SdkJob, SdkJobCommand, SdkJobFinished, SdkWork};
use domain::{Aggregate as _, Sha256, StreamId};
use outside::ObjectKind;
use projections::{SdkJobRow, SdkJobState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warp::http::Method;
use warp::http::header::{CONTENT_DISPOSITION, ETAG};

use super::codegen::is_available;
use super::codegen_job_body::{JobBody, at, id_of, start};
use super::codegen_resource::{document_of, owned_api};
use crate::access::granted::Granted;
use crate::http::codes;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::scope;
use crate::http::paging::{number, text};
use crate::http::reply::{List, Reply, Single};

/// How many jobs are shown, where the caller does not say.
const TAKE_DEFAULT: u64 = 100;

/// The most jobs of one page.
const TAKE_MAX: u64 = 1_000;

/// The content type of artifacts.
const ZIP: &str = "application/zip";

/// After how many seconds a caller may try again while others read what was made.
const RETRY_SECONDS: u64 = 2;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    const PATH: &str = "/api/CodeGen/Jobs";
    const ONE: &str = "/api/CodeGen/Jobs/{jobId}";
    const NEEDS: crate::http::needs::Needs = scope("codegen.jobs");
    vec![
        endpoint(
            Method::GET,
            PATH,
            "CodeGenJobs",
            "List one's jobs of the last 30 days, the newest first; administrators see all",
        )
        .query(&[
            number("skip", "rows to pass over; the default is 0").between(0, i64::from(i32::MAX)),
            number("take", "rows to return; the default is 100").between(0, TAKE_MAX as i64),
        ])
        .answers::<List<JobBody>>()
        .needs(NEEDS, list),
        endpoint(
            Method::POST,
            PATH,
            "CodeGenPostJob",
            "Generate code of an API: a job; at most 5 of one user at a time",
        )
        .json::<JobInput>()
        .answers::<Single<String>>()
        .needs(NEEDS, post),
        endpoint(Method::GET, ONE, "CodeGenJob", "Show a job: its state, and why it failed")
            .answers::<Single<JobBody>>()
            .needs(NEEDS, detail),
        endpoint(Method::DELETE, ONE, "CodeGenDeleteJob", "Cancel a job that has not ended")
            .answers::<Single<bool>>()
            .needs(NEEDS, cancel),
        endpoint(
            Method::GET,
            "/api/CodeGen/Jobs/{jobId}/Artifact",
            "CodeGenJobArtifact",
            "Fetch what a job made, as a ZIP file",
        )
        .answers::<Single<bool>>()
        .answers_bytes(ZIP, "The ZIP file.")
        .needs(NEEDS, artifact),
        endpoint(
            Method::GET,
            "/api/CodeGen/Jobs/{jobId}/Files",
            "CodeGenJobFiles",
            "List the files that a job made",
        )
        .answers::<List<FileBody>>()
        .needs(NEEDS, files),
        endpoint(
            Method::GET,
            "/api/CodeGen/Jobs/{jobId}/File",
            "CodeGenJobFile",
            "Show one file that a job made",
        )
        .query(&[text("path", "the path of the file, as the list has it")])
        .answers::<Single<FileText>>()
        .needs(NEEDS, file),
        endpoint(
            Method::GET,
            "/api/CodeGen/Jobs/{jobId}/Log",
            "CodeGenJobLog",
            "Show what the tools said",
        )
        .answers::<Single<String>>()
        .needs(NEEDS, log),
    ]
}

/// Code to generate.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "SdkJobInput")]
struct JobInput {
    /// The number of an API resource, or the id of one of its API versions.
    #[schemars(extend("x-required" = "body"))]
    api_id: String,
    /// As the lists of generators have it.
    #[schemars(extend("x-required" = "body"))]
    generator: String,
    /// Options of the generator; at most 50.
    options: BTreeMap<String, String>,
    /// Where the document is; at most 2,000 characters. Absent, or if the current revision was read from
    /// there, that one's is taken.
    swagger_url: Option<String>,
}

/// A file that was made.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SdkJobFile")]
struct FileBody {
    path: String,
    bytes: i64,
}

/// What is in a file.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SdkJobFileText")]
struct FileText {
    path: String,
    /// What is no UTF-8 in it is replaced.
    text: String,
}

impl crate::http::reply::ErrorData for Single<FileText> {}

async fn list(granted: Granted) -> Outcome {
    let query = granted.call.query();
    let skip = query.number("skip", 0, i32::MAX as u64) as usize;
    let take = query.number("take", TAKE_DEFAULT, i32::MAX as u64).min(TAKE_MAX) as usize;
    query.check()?;
    let owner = (!granted.caller.is_administrator()).then_some(granted.user());
    let (total, bodies) = granted.ask(|tables| {
        let rows = tables.sdk_jobs.of(granted.tenant_id(), owner);
        let shown = rows.iter().skip(skip).take(take);
        (rows.len() as u64, shown.map(|(_, row)| JobBody::of(row)).collect())
    });
    Ok(Reply::list::<JobBody>(skip, take, total, bodies))
}

async fn post(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<JobInput>().await?;
    domain::check::required("apiId", &body.api_id, 256)?;
    domain::check::required("generator", &body.generator, 100)?;
    domain::check::optional("swaggerUrl", body.swagger_url.as_deref(), 2_000)?;
    let options = body.options.into_iter().collect::<Vec<_>>();
    domain::check::list("options", &options, GENERATOR_OPTIONS_MAX)?;
    let api_id = body.api_id.trim();
    let row = owned_api(&granted, api_id)?;
    if let Some(done) = granted.repeated(&bytes)? {
        let id = id_of(&granted, &done)?.unwrap_or_default();
        return Ok(at(&id, Reply::single(id.clone()).written(&done)));
    }
    granted.confirm()?;
    is_available(&granted).await?;
    check_generator(&granted, &body.generator, &options).await?;
    let document = document_of(&granted, &row, api_id, body.swagger_url.as_deref()).await?;
    let work = SdkWork::Generate { generator: body.generator, options };
    let (id, done) = start(&granted, &bytes, &row, work, document).await?;
    Ok(at(&id, Reply::single(id.clone()).written(&done)))
}

/// Whether a generator is allowed, and has these options.
async fn check_generator(
    granted: &Granted,
    name: &str,
    options: &[(String, String)],
) -> Result<(), ApiError> {
    let known = granted.call.app.sdks.tool.generator(name).await;
    let known = known.map_err(|err| match err.reason {
        Reason::RequestRefused => ApiError::business(codes::GENERATOR_UNKNOWN, err.detail),
        _ => ApiError::business(codes::NO_GENERATOR, err.detail),
    })?;
    match options.iter().find(|(name, _)| !known.options.contains_key(name)) {
        Some((name, _)) => {
            let why = format!("the generator has no option {}", name.escape_default());
            Err(ApiError::field("options", why))
        }
        None => Ok(()),
    }
}

async fn detail(granted: Granted) -> Outcome {
    Ok(Reply::single(JobBody::of(&found(&granted)?)))
}

/// A job of the caller; for administrators any of the tenant.
fn found(granted: &Granted) -> Result<SdkJobRow, ApiError> {
    let stream = StreamId::new(SdkJob::CATEGORY, granted.call.parameter(0));
    let row = granted.ask(|tables| tables.sdk_jobs.get(granted.tenant_id(), &stream).cloned());
    let may =
        |it: &SdkJobRow| it.wanted.owner == granted.user() || granted.caller.is_administrator();
    row.filter(may).ok_or_else(|| ApiError::not_found("job"))
}

async fn cancel(granted: Granted) -> Outcome {
    let target = granted.target_of(&found(&granted)?, "job")?;
    let command = SdkJobCommand::Cancel(granted.user());
    let done = granted.submit(&target, &[], command).await?;
    Ok(Reply::single(true).written(&done))
}

async fn artifact(granted: Granted) -> Outcome {
    let row = found(&granted)?;
    let (name, _) = made(&row)?;
    let bytes = read(&granted, ObjectKind::Artifact, name).await?;
    let named = format!("attachment; filename=\"{}.zip\"", row.id);
    let tag = format!("\"{}\"", domain::hex(&name.0));
    let reply = Reply::body(ZIP, bytes).header_text(CONTENT_DISPOSITION, &named);
    Ok(reply.header_text(ETAG, &tag))
}

/// What a job made, if it has.
fn made(row: &SdkJobRow) -> Result<(Sha256, &SdkJobFinished), ApiError> {
    let finished = match &row.state {
        SdkJobState::Finished(it) => it.artifact.map(|name| (name, it)),
        _ => None,
    };
    let why = match &row.state {
        SdkJobState::Waiting | SdkJobState::Running => "the job has not finished yet",
        SdkJobState::Finished(_) => "the job made nothing that is kept",
        SdkJobState::Failed(_) => "the job failed: it made nothing",
        SdkJobState::Cancelled => "the job was cancelled: it made nothing",
    };
    finished.ok_or_else(|| ApiError::business(codes::JOB_NOT_FINISHED, why))
}

async fn read(granted: &Granted, kind: ObjectKind, name: Sha256) -> Result<bytes::Bytes, ApiError> {
    let sdks = &granted.call.app.sdks;
    let _place = sdks.readers.try_acquire().map_err(|_| ApiError::TooMany {
        retry_seconds: RETRY_SECONDS,
        why: "others read what was made; try again",
    })?;
    let failed = |why: String| ApiError::business(codes::EXPECTATION_FAILED, why);
    let bytes = sdks.read(kind, name).await.map_err(|err| failed(err.to_string()))?;
    bytes.ok_or_else(|| failed("it is kept no longer".to_owned()))
}

async fn files(granted: Granted) -> Outcome {
    let row = found(&granted)?;
    let bytes = read(&granted, ObjectKind::Artifact, made(&row)?.0).await?;
    let entries = unpacked::list(&bytes).map_err(|err| ApiError::Internal(err.to_string()))?;
    let body = |it: unpacked::Entry| FileBody {
        path: it.path,
        bytes: i64::try_from(it.bytes).unwrap_or(i64::MAX),
    };
    Ok(Reply::whole_list::<FileBody>(entries.into_iter().map(body).collect()))
}

async fn file(granted: Granted) -> Outcome {
    let row = found(&granted)?;
    let query = granted.call.query();
    let path = query.text("path").unwrap_or_default().to_owned();
    query.check()?;
    domain::check::required("path", &path, 1_000)?;
    let bytes = read(&granted, ObjectKind::Artifact, made(&row)?.0).await?;
    let found = unpacked::file(&bytes, &path);
    let found = found.map_err(|err| ApiError::Internal(err.to_string()))?;
    let found = found.ok_or_else(|| ApiError::not_found("file"))?;
    let text = String::from_utf8_lossy(&found).into_owned();
    Ok(Reply::single(FileText { path, text }))
}

async fn log(granted: Granted) -> Outcome {
    let row = found(&granted)?;
    let name = match &row.state {
        SdkJobState::Finished(it) => it.log,
        SdkJobState::Failed(it) => it.log,
        SdkJobState::Waiting | SdkJobState::Running | SdkJobState::Cancelled => {
            let why = "the job has not ended by itself";
            return Err(ApiError::business(codes::JOB_NOT_FINISHED, why));
        }
    };
    let text = match name {
        Some(name) => {
            let bytes = read(&granted, ObjectKind::JobLog, name).await?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
        None => String::new(),
    };
    Ok(Reply::single(text))
}
