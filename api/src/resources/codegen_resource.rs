//! The API resource that a request to `/api/CodeGen` names, and its document.

use std::sync::Arc;

use domain::resource::Document;
use projections::ResourceRow;

use super::api_resource::may_change;
use crate::access::granted::Granted;
use crate::http::codes;
use crate::http::error::ApiError;
use crate::publishing::document::{not_taken, take_document};
use crate::publishing::reason::Reason;
use crate::publishing::revision::read_current;

/// What stands for the address of a document that was sent.
pub(super) const SENT: &str = "upload";

/// The resource with this number, or that has an API version with this id; not found, where the caller
/// may not change it.
pub(super) fn owned_api(granted: &Granted, id: &str) -> Result<Arc<ResourceRow>, ApiError> {
    let row = granted.ask(|tables| tables.resources.with_api(granted.tenant_id(), id).cloned());
    let row = row.filter(|it| may_change(granted, it));
    row.ok_or_else(|| ApiError::not_found("API resource"))
}

/// The document that a job is about: that of the current revision of an API, if it was read from this
/// address or none is given; else what is at the address. It is kept when this ends.
pub(super) async fn document_of(
    granted: &Granted,
    row: &ResourceRow,
    api_id: &str,
    url: Option<&str>,
) -> Result<(Document, Option<String>), ApiError> {
    let failed = codes::NO_DOCUMENT;
    let url = url.map(str::trim).filter(|it| !it.is_empty());
    let app = &granted.call.app;
    let current = match row.gateway.api(api_id) {
        Some(api) => read_current(app, &row.gateway, api)?,
        None => None,
    };
    if let Some(face) = current.map(|it| it.face)
        && let Some(document) = face.document
        && (url.is_none() || url == Some(face.source.as_deref().unwrap_or(SENT)))
    {
        return Ok((document, face.source));
    }
    if url.is_none() {
        let why = "the API is not published with a document, and no swaggerUrl is given";
        return Err(Reason::DocumentUnknown.error(failed, why));
    }
    let fetched = take_document(granted, None, url, failed).await?;
    let kept = app.documents.keep(&fetched.taken).await;
    kept.map_err(|it| not_taken(it, failed))?;
    Ok((fetched.taken.described(), fetched.source))
}
