//! The document of a publication: fetched, or sent before; and what differs from the one before.

use bytes::Bytes;
use domain::Sha256;
use domain::resource::{Difference, Face};
use openapi::{Change, Report};
use outside::{FetchReason, FetchUrl, check_url, name_of};

use super::reason::{Reason, reasoned};
use crate::access::granted::Granted;
use crate::http::codes::{self, Code};
use crate::http::error::ApiError;
use crate::state::documents::{NotTaken, Taken};

/// After how many seconds a caller may try again, while many documents are on their way.
pub(crate) const RETRY_SECONDS: u64 = 2;

/// How many changes an answer to a publication shows.
const CHANGES_SHOWN: usize = 20;

/// A document, and where it came from.
pub(crate) struct Sourced {
    pub(crate) taken: Taken,
    /// What was asked for; `None` of a document that was sent.
    pub(crate) source: Option<String>,
    /// Where it was in the end.
    pub(crate) base: Option<FetchUrl>,
}

/// What differs from the document before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Compared {
    pub(crate) difference: Difference,
    /// The worst changes.
    pub(crate) changes: Vec<Change>,
    /// The whole report, as it is to be kept.
    report: Option<Vec<u8>>,
}

/// Takes the document that a request names: by its id, else by its address.
pub(crate) async fn take_document(
    granted: &Granted,
    document_id: Option<&str>,
    swagger_url: Option<&str>,
    failed: Code,
) -> Result<Sourced, ApiError> {
    let documents = &granted.call.app.documents;
    if let Some(id) = document_id {
        let name = Sha256::parse(id);
        let name = name.ok_or_else(|| ApiError::field("documentId", "must be 64 hex digits"))?;
        let taken = documents.taken(name).await.map_err(|it| not_taken(it, failed))?;
        let why = "no document with this documentId was sent";
        let taken = taken.ok_or_else(|| Reason::DocumentUnknown.error(failed, why))?;
        return Ok(Sourced { taken, source: None, base: None });
    }
    let url = swagger_url.unwrap_or_default();
    check_url(url).map_err(|err| ApiError::field("swaggerUrl", err.text))?;
    if (granted.call.app.log_figures)().disk_full {
        return Err(ApiError::DiskFull);
    }
    let fetched = documents.fetch(granted.tenant_id().0, url).await;
    let fetched = fetched.map_err(|it| not_taken(it, failed))?;
    let base = check_url(&fetched.url).ok();
    let strict = granted.tenant.api_policy.strict_documents;
    let taken = documents.take(Bytes::from(fetched.bytes), strict).await;
    let taken = taken.map_err(|it| not_taken(it, failed))?;
    Ok(Sourced { taken, source: Some(url.to_owned()), base })
}

/// What differs from the document of a revision. Where that cannot be known, one risky change.
pub(crate) async fn compare_with(
    granted: &Granted,
    (against, old): (u32, &Face),
    new: &Taken,
    failed: Code,
) -> Result<Compared, ApiError> {
    let documents = &granted.call.app.documents;
    let unknown = Compared {
        difference: Difference { against, risky: 1, ..Difference::default() },
        ..Compared::default()
    };
    let Some(old) = &old.document else { return Ok(unknown) };
    let report = match old.sha256 == new.name {
        true => Report::default(),
        false => match documents.taken(old.sha256).await {
            Ok(Some(old)) => {
                documents.compare(&old, new).await.map_err(|it| not_taken(it, failed))?
            }
            Ok(None) | Err(NotTaken::Store(_) | NotTaken::Refused(_)) => return Ok(unknown),
            Err(err) => return Err(not_taken(err, failed)),
        },
    };
    let bytes = serde_json::to_vec(&report).map_err(|err| ApiError::Internal(err.to_string()))?;
    let counts = report.counts;
    let difference = Difference {
        against,
        breaking: counts.breaking,
        risky: counts.risky,
        compatible: counts.compatible,
        report: Some(Sha256(name_of(&bytes))),
    };
    let changes = report.changes.into_iter().take(CHANGES_SHOWN).collect();
    Ok(Compared { difference, changes, report: Some(bytes) })
}

/// Keeps a document and what differs, before the event that names them is written: what is refused
/// leaves nothing behind.
pub(crate) async fn keep(
    granted: &Granted,
    document: &Sourced,
    compared: &Compared,
    failed: Code,
) -> Result<(), ApiError> {
    let documents = &granted.call.app.documents;
    documents.keep(&document.taken).await.map_err(|it| not_taken(it, failed))?;
    match compared.report.clone() {
        Some(it) => documents.keep_report(it).await.map_err(|it| not_taken(it, failed)),
        None => Ok(()),
    }
}

/// Why a document was not taken, under the code of the row that asked for it.
pub(crate) fn not_taken(why: NotTaken, failed: Code) -> ApiError {
    match why {
        NotTaken::Refused(refused) => reasoned(failed, refused.reason.word(), refused.to_string()),
        NotTaken::NotFetched(err) => match err.reason {
            FetchReason::Busy => busy(),
            FetchReason::BadUrl => ApiError::field("swaggerUrl", err.text),
            reason => reasoned(failed, reason.word(), format!("swaggerUrl: {}", err.text)),
        },
        NotTaken::Store(err) => ApiError::business(codes::EXPECTATION_FAILED, err.to_string()),
        NotTaken::Busy => busy(),
        NotTaken::Stopping => ApiError::Unavailable {
            retry_seconds: RETRY_SECONDS,
            why: "the server is shutting down".to_owned(),
        },
    }
}

/// Many documents are on their way.
pub(crate) fn busy() -> ApiError {
    ApiError::TooMany {
        retry_seconds: RETRY_SECONDS,
        why: "many documents are on their way; try again",
    }
}
