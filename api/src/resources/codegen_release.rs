//! `/api/CodeGen/ReleaseSDK` and `SyncGithub`: jobs that release and push. Rows 52 and 55.

use domain::resource::{NpmLanguage, Resource, ResourceCommand, next_version};
use domain::sdk_job::{SdkJob, SdkJobCommand, SdkJobRequested, SdkWork};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use warp::http::Method;

use super::api_resource::{owned, target};
use super::codegen::is_available;
use super::codegen_job_body::{asked_again, at, start};
use super::codegen_options::{no_git_options, no_npm_options};
use super::codegen_resource::{document_of, owned_api};
use crate::access::granted::Granted;
use crate::access::sdk_jobs::new_job;
use crate::http::codes;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::scope;
use crate::http::reply::{Reply, Single};

/// The platforms of the interface; of these one has releases.
const PLATFORMS: [&str; 4] = ["npm", "nuget", "gradle", "spm"];

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            Method::PUT,
            "/api/CodeGen/{id}/SyncGithub",
            "CodeGenSyncGithub",
            "Push generated code and documentation to the git remote: a job",
        )
        .row(52)
        .answers::<Single<bool>>()
        .needs(scope("codegen.syncgithub").or("codegen.putgithuboptions"), sync),
        endpoint(
            Method::POST,
            "/api/CodeGen/ReleaseSDK",
            "CodeGenReleaseSDK",
            "Release the next version of an SDK: a job",
        )
        .row(55)
        .json::<ReleaseInput>()
        .answers::<Single<bool>>()
        .needs(scope("codegen.releasesdk"), release),
    ]
}

// Spec section 2.6.
/// An SDK to release.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "GenerateClientInput")]
struct ReleaseInput {
    /// 0 npm, 1 nuget, 2 gradle, 3 spm, or its name. Only npm has releases.
    #[serde(deserialize_with = "read_platform")]
    platform: i64,
    /// 0 angular2, 1 jQuery, 2 typescript-fetch, 3 typescript-axios, or its name.
    #[serde(deserialize_with = "read_language")]
    language: i64,
    /// The number of an API resource, or the id of one of its API versions.
    #[schemars(extend("x-required" = "body"))]
    api_id: String,
    /// Where the document is. If the current revision was read from there, that is taken; `upload` means
    /// that it was sent.
    #[schemars(extend("x-required" = "body"))]
    swagger_url: String,
    /// Words to find it by; at most 500 characters.
    tags: Option<String>,
}

/// Enums travel as numbers; names are accepted too (spec section 2.1).
fn read_platform<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    read_index(from, &PLATFORMS)
}

fn read_language<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    read_index(from, &NpmLanguage::ALL.map(NpmLanguage::as_str))
}

fn read_index<'de, D: Deserializer<'de>>(from: D, words: &[&str]) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum NumberOrName {
        Number(i64),
        Name(String),
    }
    let found = match NumberOrName::deserialize(from)? {
        NumberOrName::Number(number) => Some(number),
        NumberOrName::Name(name) => {
            let mut numbered = (0..).zip(words);
            numbered.find(|(_, it)| it.eq_ignore_ascii_case(&name)).map(|it| it.0)
        }
    };
    let count = i64::try_from(words.len()).unwrap_or(i64::MAX);
    found.filter(|it| (0..count).contains(it)).ok_or_else(|| {
        serde::de::Error::custom(format!("expected one of {}, or its number", words.join(", ")))
    })
}

async fn release(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<ReleaseInput>().await?;
    domain::check::required("apiId", &body.api_id, 256)?;
    domain::check::required("swaggerUrl", &body.swagger_url, 2_000)?;
    domain::check::optional("tags", body.tags.as_deref(), 500)?;
    let language = usize::try_from(body.language).ok().and_then(|it| NpmLanguage::ALL.get(it));
    let language = language.copied().unwrap_or(NpmLanguage::Angular2);
    if body.platform != 0 {
        let why = "only the platform npm has releases";
        return Err(ApiError::business(codes::EXPECTATION_FAILED, why));
    }
    let api_id = body.api_id.trim();
    let row = owned_api(&granted, api_id)?;
    if let Some(done) = granted.repeated(&bytes)? {
        return asked_again(&granted, &done);
    }
    granted.confirm()?;
    let options = row.sdk.npm(language).ok_or_else(no_npm_options)?;
    is_available(&granted).await?;
    let (document, source) = document_of(&granted, &row, api_id, Some(&body.swagger_url)).await?;
    let id = new_job(&granted)?;
    let version = next_version(&options.version);
    let version = version.ok_or_else(|| {
        ApiError::field("version", "of the npm options has no next one: set another")
    })?;
    let wanted = SdkJobCommand::Request(Box::new(SdkJobRequested {
        tenant: granted.tenant_id(),
        resource: row.data.resource,
        owner: granted.user(),
        work: SdkWork::ReleaseNpm {
            language,
            package: options.name.clone(),
            version: version.clone(),
            tags: body.tags,
        },
        document,
        source,
    }));
    // Two releases at once never have one version: the second one is refused.
    let take = ResourceCommand::TakeSdkVersion { language, version };
    let target = target(&granted, &row)?;
    let also = |draft: &mut commands::Draft<'_>| draft.decide::<SdkJob>(&id, &wanted);
    let any = commands::Expected::Any;
    let done = granted.submit_with::<Resource>(&target, &bytes, take, any, also).await?;
    Ok(at(&id, Reply::single(true).written(&done)))
}

async fn sync(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    if let Some(done) = granted.repeated(&[])? {
        return asked_again(&granted, &done);
    }
    granted.confirm()?;
    let options = row.sdk.git().ok_or_else(no_git_options)?;
    if !options.generators.is_empty() {
        is_available(&granted).await?;
    }
    if !options.sync_docs && options.generators.is_empty() {
        let why = "of the git options says that nothing is written: set it, or generators";
        return Err(ApiError::field("syncDocs", why));
    }
    let api_id = granted.call.parameter(0).to_owned();
    let url = options.swagger_url.as_deref();
    let (document, source) = document_of(&granted, &row, &api_id, url).await?;
    let work = SdkWork::SyncGit { docs: options.sync_docs, generators: options.generators.clone() };
    let (id, done) = start(&granted, &[], &row, work, (document, source)).await?;
    Ok(at(&id, Reply::single(true).written(&done)))
}
