//! Generates code: from the document of a job to files.

use std::collections::BTreeMap;
use std::time::Instant;

use codegen::{Files, Place};
use domain::sdk_job::{OpenSdkJob, SdkJobFinished, SdkStep};
use outside::ObjectKind;
use serde_json::Value;

use super::Job;
use super::made::{Failed, Made};
use crate::state::documents::NotTaken;

impl Job<'_> {
    /// Generates code, and keeps it.
    pub(super) async fn generate(
        &self,
        open: &OpenSdkJob,
        generator: &str,
        options: &BTreeMap<String, String>,
        log: &mut String,
    ) -> Result<Made, Failed> {
        let document = self.safe_document(open).await?;
        let files = self.code(open, (generator, options), document, log).await?;
        self.keep_files(open, files, generator.to_owned()).await
    }

    /// The document of a job, as code may be made of it.
    pub(super) async fn safe_document(&self, open: &OpenSdkJob) -> Result<Value, Failed> {
        let began = Instant::now();
        let document = self.document(open).await?;
        let safe = tokio::task::spawn_blocking(move || codegen::for_code(&document)).await;
        let safe = safe.map_err(|_| Failed::why("crashed", "the program is about to end"))?;
        let safe = safe.map_err(|places| Failed::why("document_not_safe", list(&places)))?;
        self.step(open, SdkStep::Checked, began).await?;
        Ok(safe)
    }

    /// The document of a job, as JSON.
    pub(super) async fn document(&self, open: &OpenSdkJob) -> Result<Value, Failed> {
        let name = open.wanted.document.sha256;
        match self.app.documents.taken(name).await {
            Ok(Some(taken)) => Ok(taken.document.json().clone()),
            Ok(None) => Err(Failed::why("document_missing", "the document is kept no longer")),
            Err(NotTaken::Refused(refused)) => {
                Err(Failed::why(refused.reason.word(), refused.to_string()))
            }
            Err(NotTaken::Store(_) | NotTaken::NotFetched(_)) => {
                Err(Failed::why("document_missing", "the document cannot be read"))
            }
            Err(NotTaken::Busy | NotTaken::Stopping) => {
                Err(Failed::why("busy", "too many documents are being read; ask again"))
            }
        }
    }

    /// What a generator makes of a document.
    pub(super) async fn code(
        &self,
        open: &OpenSdkJob,
        (generator, options): (&str, &BTreeMap<String, String>),
        document: Value,
        log: &mut String,
    ) -> Result<Files, Failed> {
        let began = Instant::now();
        let tool = &self.app.sdks.tool;
        let bytes = document.to_string().into_bytes();
        let generated = tool.generate(generator, options, bytes).await;
        let generated = generated.map_err(|it| failed(it, log))?;
        log.push_str(&generated.log);
        self.step(open, SdkStep::Generated, began).await?;
        Ok(generated.files)
    }

    /// Keeps files as one, for whoever asked for them.
    pub(super) async fn keep_files(
        &self,
        open: &OpenSdkJob,
        files: Files,
        result: String,
    ) -> Result<Made, Failed> {
        let began = Instant::now();
        let count = u32::try_from(files.len()).unwrap_or(u32::MAX);
        let packed = tokio::task::spawn_blocking(move || codegen::artifact::zip(&files)).await;
        let packed = packed.map_err(|_| Failed::why("crashed", "the program is about to end"))?;
        let packed = packed.map_err(|it| failed(it, &mut String::new()))?;
        let bytes = packed.len() as u64;
        let kept = self.app.sdks.keep(ObjectKind::Artifact, packed.into()).await;
        let kept = kept.map_err(|_| Failed::why("not_kept", "the code cannot be kept"))?;
        self.step(open, SdkStep::Packed, began).await?;
        let finished =
            SdkJobFinished { artifact: Some(kept), bytes, files: count, result, log: None };
        Ok(Made { finished, of_resource: Vec::new() })
    }
}

/// Why a tool made nothing; what it said goes to the log.
pub(super) fn failed(failure: codegen::Failure, log: &mut String) -> Failed {
    log.push_str(&failure.log);
    Failed::why(failure.reason.word(), failure.detail)
}

/// The places of a document that no code may be made of.
pub(super) fn list(places: &[Place]) -> String {
    let lines = places.iter().map(|it| format!("{}: {}", it.pointer, it.rule));
    lines.collect::<Vec<_>>().join("\n")
}
