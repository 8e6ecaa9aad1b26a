//! `/api/Blob`: the files that users uploaded. How they come in: `blob_upload.rs`; how they are read:
//! `blob_file.rs`.

use std::sync::Arc;

use domain::blob::{Blob, BlobCommand};
use outside::BlobPlace;
use projections::{BlobRow, Keys};
use schemars::JsonSchema;
use serde::Serialize;
use serde_with::skip_serializing_none;
use warp::http::Method;

use super::no_codes::no_codes;
use crate::access::granted::Granted;
use crate::access::target::Changed;
use crate::http::codes::ApiCode;
use crate::http::endpoint::{Endpoint, Outcome, QueryParameter, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::user;
use crate::http::paging::{ListQuery, PAGING};
use crate::http::reply::{List, Reply, Single};
use crate::http::time::WireTime;

/// What the list takes: it has one order.
const LIST: [QueryParameter; 3] = [PAGING[1], PAGING[2], PAGING[3]];

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::GET, "/api/Blob/Codes", "BlobCodes", "List the codes of this section")
            .row(37)
            .answers::<Vec<ApiCode>>()
            .open(no_codes),
        endpoint(
            Method::GET,
            "/api/Blob",
            "BlobGet",
            "List own files, the newest first; administrators: all of the tenant",
        )
        .query(&LIST)
        .answers::<List<BlobBody>>()
        .needs(user("blob.get"), list),
        endpoint(
            Method::DELETE,
            "/api/Blob/{folder}/{date}/{file}",
            "BlobDelete",
            "Delete an own file; administrators: any of the tenant",
        )
        .answers::<Single<bool>>()
        .needs(user("blob.delete"), delete),
    ]
}

impl Changed for Blob {}

/// A file that was uploaded.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Blob")]
struct BlobBody {
    /// Where anybody may read it.
    url: String,
    folder: String,
    /// The day on which it was uploaded, `yyyyMMdd`.
    date: String,
    file: String,
    /// What it is, by its content.
    media_type: String,
    bytes: i64,
    /// The SHA-256 of its bytes.
    sha256: String,
    /// What its uploader called it.
    original_name: Option<String>,
    /// Who uploaded it.
    owner_user_id: i64,
    created: WireTime,
}

impl BlobBody {
    fn of(granted: &Granted, row: &BlobRow, keys: &Keys) -> Self {
        let data = &row.data;
        Self {
            url: url_of(granted, row),
            folder: data.folder.clone(),
            date: data.date.clone(),
            file: data.file.clone(),
            media_type: data.media_type.clone(),
            bytes: i64::try_from(data.bytes).unwrap_or(i64::MAX),
            sha256: data.sha256.to_string(),
            original_name: row.original_name(keys),
            owner_user_id: i64::from(data.owner.0),
            created: WireTime(row.stored),
        }
    }
}

/// Where anybody may read a file.
pub(super) fn url_of(granted: &Granted, row: &BlobRow) -> String {
    let (issuer, data) = (granted.call.app.issuer(&granted.tenant), &row.data);
    format!("{issuer}/blobs/{}/{}/{}", data.folder, data.date, data.file)
}

/// Where the bytes of a file are.
pub(super) fn place_of(row: &BlobRow) -> Result<BlobPlace, ApiError> {
    let data = &row.data;
    let place = BlobPlace::new(data.tenant.0, &data.folder, &data.date, &data.file);
    place.ok_or_else(|| ApiError::Internal(format!("the place of blob {}", row.id())))
}

async fn list(granted: Granted) -> Outcome {
    let list = ListQuery::read(&granted.call, false)?;
    let owner = (!granted.caller.is_administrator()).then_some(granted.user());
    let (page, keys) = granted.ask(|tables| {
        let page = tables.blobs.page(granted.tenant_id(), owner, list.paging);
        (page, tables.keys().clone())
    });
    let rows = page.rows.iter().map(|it| BlobBody::of(&granted, it, &keys)).collect::<Vec<_>>();
    Ok(Reply::list(list.paging.skip, list.paging.take, page.total as u64, rows))
}

/// A file that the caller may delete.
fn find(granted: &Granted) -> Result<Arc<BlobRow>, ApiError> {
    let [folder, date, file] = [0, 1, 2].map(|it| granted.call.parameter(it));
    let row = granted.ask(|it| it.blobs.at(granted.tenant_id(), folder, date, file).cloned());
    let may =
        |it: &Arc<BlobRow>| it.data.owner == granted.user() || granted.caller.is_administrator();
    row.filter(may).ok_or_else(|| ApiError::not_found("blob"))
}

/// The bytes go after the event: what is left of them when the program ends in between is swept.
async fn delete(granted: Granted) -> Outcome {
    let row = find(&granted)?;
    let place = place_of(&row)?;
    let target = granted.target_of(&*row, "blob")?;
    let done = granted.submit(&target, &[], BlobCommand::Delete).await?;
    if granted.call.app.settings.objects.remove_blob(&place).await.is_err() {
        tracing::warn!(file = place.file(), "the bytes of a deleted file are left for the sweep");
    }
    Ok(Reply::single(true).written(&done))
}
