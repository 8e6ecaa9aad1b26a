//! `/api/CodeGen/{id}/History`: which SDKs of an API resource were released. Rows 57 and 58.

use domain::resource::{ResourceCommand, SdkRecorded};
use projections::SdkRecord;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use warp::http::Method;

use super::api_resource::{owned, target};
use crate::access::granted::Granted;
use crate::http::codes;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::scope;
use crate::http::paging::number;
use crate::http::reply::{List, Reply, Single};
use crate::http::time::WireTime;

/// The most records of one page.
const TAKE_MAX: u64 = 1_000;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            Method::GET,
            "/api/CodeGen/{id}/History",
            "CodeGenHistory",
            "List the SDKs that were released, the newest first",
        )
        .row(57)
        .query(&[
            number("skip", "rows to pass over; the default is 0").between(0, i64::from(i32::MAX)),
            number("take", "rows to return; the default is 1,000").between(0, TAKE_MAX as i64),
        ])
        .answers::<List<HistoryBody>>()
        .needs(scope("apiresource.history").or("codegen.history"), list),
        endpoint(
            Method::POST,
            "/api/CodeGen/{id}/PostHistory",
            "CodeGenPostHistory",
            "Note that an SDK was released elsewhere",
        )
        .row(58)
        .json::<HistoryInput>()
        .answers::<Single<bool>>()
        .needs(scope("codegen.releasesdk").or("codegen.posthistory"), post),
    ]
}

// Spec section 2.6.
/// An SDK that was released.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "History")]
struct HistoryBody {
    /// The number of the API resource.
    partition_key: String,
    /// Name, language and version, with `@` between them.
    row_key: String,
    timestamp: WireTime,
    e_tag: String,
    swagger_url: Option<String>,
    version: String,
    tags: Option<String>,
    release_date: Option<String>,
    language: String,
}

impl HistoryBody {
    fn of(resource: u32, row: &SdkRecord) -> Self {
        let it = &row.record;
        Self {
            partition_key: resource.to_string(),
            row_key: it.key(),
            timestamp: WireTime(row.noted),
            e_tag: row.position.to_string(),
            swagger_url: it.swagger_url.clone(),
            version: it.version.clone(),
            tags: it.tags.clone(),
            release_date: it.release_date.clone(),
            language: it.language.clone(),
        }
    }
}

// Spec section 2.6.
/// An SDK that was released elsewhere.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
struct HistoryInput {
    /// At most 214 characters.
    #[schemars(extend("x-required" = "body"))]
    sdk_name: String,
    /// At most 2,000 characters.
    swagger_url: Option<String>,
    /// At most 100 characters.
    #[schemars(extend("x-required" = "body"))]
    version: String,
    /// At most 500 characters.
    tags: Option<String>,
    /// At most 100 characters.
    release_date: Option<String>,
    /// At most 100 characters.
    #[schemars(extend("x-required" = "body"))]
    language: String,
}

async fn list(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let query = granted.call.query();
    let skip = query.number("skip", 0, i32::MAX as u64) as usize;
    let take = query.number("take", TAKE_MAX, i32::MAX as u64).min(TAKE_MAX) as usize;
    query.check()?;
    let records = row.sdk.records();
    let total = records.len() as u64;
    let shown = records.skip(skip).take(take);
    let bodies = shown.map(|it| HistoryBody::of(row.data.resource, it)).collect();
    Ok(Reply::list::<HistoryBody>(skip, take, total, bodies))
}

async fn post(mut granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let (body, bytes) = granted.json::<HistoryInput>().await?;
    let record = SdkRecorded {
        sdk_name: body.sdk_name.trim().to_owned(),
        language: body.language.trim().to_owned(),
        version: body.version.trim().to_owned(),
        swagger_url: body.swagger_url,
        tags: body.tags,
        release_date: body.release_date,
    };
    let command = ResourceCommand::RecordSdk(Box::new(record));
    let done = granted.submit(&target(&granted, &row)?, &bytes, command).await;
    let done = done.map_err(|err| match err {
        ApiError::Business { taken: Some(_), .. } => {
            let why = "this SDK was recorded already, in this language and version";
            ApiError::business(codes::HISTORY_FAILED, why)
        }
        err => err,
    });
    Ok(Reply::single(true).written(&done?))
}
