//! OpenAPI documents: fetched or sent, read with limits, compared, and kept under the hash of their
//! bytes.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use domain::Sha256;
use domain::resource::{Document, DocumentForm};
use openapi::{Form, Refused, Report, Summary};
use outside::{
    FetchError, Fetched, Fetcher, ObjectError, ObjectKind, Objects, Outbound, Unusable, name_of,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many documents are read, or compared, at a time: each may take a processor for a second, and
/// 200 MiB.
const READING_MAX: usize = 2;

/// How many documents may be on their way in at a time: each may be 16 MiB.
const UPLOADS_MAX: usize = 8;

/// How many callers may wait for a document to be read or compared.
const WAITING_MAX: usize = 32;

/// Why a document is not taken.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// It is no document that the program reads.
    Refused(Refused),
    /// It could not be fetched.
    NotFetched(FetchError),
    /// It cannot be kept, or is kept no longer.
    Store(ObjectError),
    /// Too many others are being read.
    Busy,
    /// The program is about to end.
    Stopping,
}

/// A document that was read.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) name: Sha256,
    pub(crate) bytes: Bytes,
    pub(crate) document: Arc<openapi::Document>,
}

impl Taken {
    pub(crate) fn summary(&self) -> &Summary {
        self.document.summary()
    }

    /// As events say it.
    pub(crate) fn described(&self) -> Document {
        let summary = self.summary();
        Document {
            sha256: self.name,
            bytes: self.bytes.len() as u64,
            form: match summary.form {
                Form::Json => DocumentForm::Json,
                Form::Yaml => DocumentForm::Yaml,
            },
            openapi: summary.openapi.clone(),
            title: summary.title.clone(),
            info_version: summary.info_version.clone(),
            operations: summary.operations,
        }
    }
}

/// The documents of all APIs.
pub(crate) struct Documents {
    objects: Objects,
    outbound: Outbound,
    /// Made when it is needed first: it reads the certificates of the system.
    fetcher: OnceLock<Result<Fetcher, Unusable>>,
    reading: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
}

impl Documents {
    pub(crate) fn new(objects: Objects, outbound: Outbound) -> Self {
        Self {
            objects,
            outbound,
            fetcher: OnceLock::new(),
            reading: Arc::new(Semaphore::new(READING_MAX)),
            waiting: Arc::new(Semaphore::new(READING_MAX + WAITING_MAX)),
            uploads: Arc::new(Semaphore::new(UPLOADS_MAX)),
        }
    }

    /// A place for a document on its way in; `None` while there are too many.
    pub(crate) fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.uploads.clone().try_acquire_owned().ok()
    }

    /// Which addresses besides public ones the operator allows.
    pub(crate) fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    /// Fetches a document from where a caller of a tenant says that it is.
    pub(crate) async fn fetch(&self, tenant: u32, url: &str) -> Result<Fetched, NotTaken> {
        let fetcher = self.fetcher.get_or_init(|| Fetcher::new(self.outbound.clone()));
        let fetcher = fetcher.as_ref().map_err(|err| {
            tracing::error!(error = %err, "no documents can be fetched");
            NotTaken::Store(ObjectError)
        })?;
        fetcher.fetch(tenant, url).await.map_err(NotTaken::NotFetched)
    }

    /// Reads a document. It is not kept yet.
    pub(crate) async fn take(&self, bytes: Bytes, strict: bool) -> Result<Taken, NotTaken> {
        let document = Arc::new(self.read(bytes.clone(), strict).await?);
        Ok(Taken { name: Sha256(name_of(&bytes)), bytes, document })
    }

    /// Keeps the bytes of a document as they are: durable, when this ends.
    pub(crate) async fn keep(&self, taken: &Taken) -> Result<(), NotTaken> {
        let kept = self.objects.keep(ObjectKind::Document, taken.bytes.clone().into()).await;
        kept.map(drop).map_err(NotTaken::Store)
    }

    /// Keeps a report.
    pub(crate) async fn keep_report(&self, report: Vec<u8>) -> Result<(), NotTaken> {
        let kept = self.objects.keep(ObjectKind::Report, report).await;
        kept.map(drop).map_err(NotTaken::Store)
    }

    /// A document that was kept, read again; `None` where there is none.
    pub(crate) async fn taken(&self, name: Sha256) -> Result<Option<Taken>, NotTaken> {
        let Some(bytes) = self.bytes(name).await? else { return Ok(None) };
        // What was strict enough to be kept stays readable, also where the rules became stricter.
        self.take(bytes, false).await.map(Some)
    }

    /// The bytes of a document that was kept; `None` where there are none.
    pub(crate) async fn bytes(&self, name: Sha256) -> Result<Option<Bytes>, NotTaken> {
        let read = self.objects.read(ObjectKind::Document, &name.0).await;
        Ok(read.map_err(NotTaken::Store)?.map(Bytes::from))
    }

    async fn read(&self, bytes: Bytes, strict: bool) -> Result<openapi::Document, NotTaken> {
        let read = self.work(move || openapi::read(&bytes, strict)).await?;
        read.map_err(NotTaken::Refused)
    }

    /// What differs between two documents.
    pub(crate) async fn compare(&self, old: &Taken, new: &Taken) -> Result<Report, NotTaken> {
        let (old, new) = (old.document.clone(), new.document.clone());
        self.work(move || openapi::compare(&old, &new)).await
    }

    /// Runs what keeps a processor busy, few at a time.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotTaken> {
        let waiting = self.waiting.clone().try_acquire_owned().map_err(|_| NotTaken::Busy)?;
        let place = self.reading.clone().acquire_owned().await.map_err(|_| NotTaken::Stopping)?;
        let running = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((waiting, place));
            done
        });
        running.await.map_err(|_| NotTaken::Stopping)
    }
}
