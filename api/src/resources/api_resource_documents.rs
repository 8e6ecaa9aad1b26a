//! `/api/ApiResource/{id}/Documents`: documents that the program cannot fetch, sent by those who have
//! them.

use domain::hex;
use schemars::JsonSchema;
use serde::Serialize;
use serde_with::skip_serializing_none;
use warp::http::Method;

use super::api_resource::owned;
use super::api_resource_gateway_body::form_word;
use crate::access::granted::Granted;
use crate::http::codes;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::user;
use crate::http::reply::{ErrorData, Reply, Single};
use crate::publishing::document::{busy, not_taken};
use crate::state::documents::Taken;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            Method::POST,
            "/api/ApiResource/{id}/Documents",
            "ApiResourcePostDocument",
            "Read an OpenAPI document, JSON or YAML, and keep it",
        )
        .document(openapi::BYTES_MAX)
        .answers::<Single<DocumentBody>>()
        .needs(user("apiresource.publish"), post),
    ]
}

/// An OpenAPI document that is kept.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ApiDocument")]
struct DocumentBody {
    /// The SHA-256 of its bytes: the same document has the same id.
    document_id: String,
    /// Its length.
    bytes: i64,
    /// `json` or `yaml`.
    form: &'static str,
    /// The version of OpenAPI that it is written in.
    openapi: String,
    title: String,
    info_version: String,
    /// How many operations it has.
    operations: i32,
    /// Where it says that requests go.
    server_url: Option<String>,
}

impl ErrorData for Single<DocumentBody> {}

impl DocumentBody {
    fn of(taken: &Taken) -> Self {
        let (described, summary) = (taken.described(), taken.summary());
        Self {
            document_id: hex(&taken.name.0),
            bytes: i64::try_from(described.bytes).unwrap_or(i64::MAX),
            form: form_word(described.form),
            openapi: described.openapi,
            title: described.title,
            info_version: described.info_version,
            operations: i32::try_from(summary.operations).unwrap_or(i32::MAX),
            server_url: summary.server_url.clone(),
        }
    }
}

/// Nothing of the log changes: a document that no event names is nobody's.
async fn post(mut granted: Granted) -> Outcome {
    owned(&granted)?;
    let documents = &granted.call.app.clone().documents;
    let _place = documents.place().ok_or_else(busy)?;
    // The reserve is for the log.
    if (granted.call.app.log_figures)().disk_full {
        return Err(ApiError::DiskFull);
    }
    let bytes = granted.call.bytes().await?;
    granted.confirm()?;
    let strict = granted.tenant.api_policy.strict_documents;
    let taken = documents.take(bytes, strict).await;
    let taken = taken.map_err(|it| not_taken(it, codes::PUBLISH_FAILED))?;
    let kept = documents.keep(&taken).await;
    kept.map_err(|it| not_taken(it, codes::PUBLISH_FAILED))?;
    Ok(Reply::single(DocumentBody::of(&taken)))
}
