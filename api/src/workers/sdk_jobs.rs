//! Makes SDKs: generates code from a document, and keeps, releases or pushes it.
//!
//! Each step is noted as an event. A job that is cancelled ends at once, with all its processes; one
//! whose program ended in the middle is begun again.

mod generate;
mod made;
mod npm;
mod push;

use std::sync::Arc;
use std::time::{Duration, Instant};

use commands::signing::system_head;
use domain::context::Context;
use domain::log::CommitHead;
use domain::resource::Resource;
use domain::sdk_job::{
    OpenSdkJob, SDK_JOB_DETAIL_CHARS_MAX, SdkJob, SdkJobCommand, SdkJobFailed, SdkStep,
    SdkStepDone, SdkWork,
};
use domain::{Actor, Aggregate as _, Sha256, StreamId, TenantId, Timestamp};
use outside::ObjectKind;
use projections::{SdkJobState, Tables};

use self::made::{Failed, Made};
use super::driver::Worker;
use crate::state::app::App;

/// How long a job keeps its place if it could not be noted what became of it: it would be done again.
const NOT_NOTED_PAUSE: Duration = Duration::from_secs(60);

/// The longest look at a job that runs: the read models wake the look before.
const LOOK_MAX: Duration = Duration::from_secs(30);

/// The worker.
pub(crate) struct SdkJobs {
    /// How many jobs run at a time.
    pub(crate) places: usize,
}

impl Worker for SdkJobs {
    fn name(&self) -> &'static str {
        SdkJob::CATEGORY
    }

    fn due<'a>(
        &'a self,
        tables: &'a Tables,
        _now: Timestamp,
    ) -> Box<dyn Iterator<Item = &'a StreamId> + 'a> {
        Box::new(tables.sdk_jobs.due())
    }

    fn next_due(&self, _tables: &Tables, _now: Timestamp) -> Option<Timestamp> {
        None
    }

    fn places(&self) -> usize {
        self.places
    }

    async fn run(&self, app: &Arc<App>, job: StreamId) {
        if let Err(why) = (Job { app, stream: &job }).run().await {
            tracing::warn!(%job, error = %why, "what became of it could not be noted");
            tokio::time::sleep(NOT_NOTED_PAUSE).await;
        }
    }
}

/// A job that runs.
struct Job<'a> {
    app: &'a Arc<App>,
    stream: &'a StreamId,
}

impl Job<'_> {
    async fn run(&self) -> Result<(), commands::Error> {
        let Some(before) = self.open()? else { return Ok(()) };
        let tenant = before.wanted.tenant;
        self.note(tenant, &SdkJobCommand::Start).await?;
        // It may have been begun too often.
        let Some(open) = self.open()? else { return Ok(()) };
        let mut log = String::new();
        let done = tokio::select! {
            done = self.make(&open, &mut log) => done,
            // Whoever cancelled it has noted that.
            () = self.ended(tenant) => return Ok(()),
        };
        let said = self.keep_log(log).await;
        match done {
            Ok(made) => self.finish(&open, made, said).await,
            Err(Failed::NotNoted(err)) => Err(err),
            Err(Failed::Why { reason, detail }) => {
                tracing::info!(job = %self.stream, reason, "no SDK was made");
                let detail = detail.chars().take(SDK_JOB_DETAIL_CHARS_MAX).collect();
                let failed = SdkJobFailed { reason: reason.to_owned(), detail, log: said };
                self.note(tenant, &SdkJobCommand::Fail(Box::new(failed))).await
            }
        }
    }

    async fn make(&self, open: &OpenSdkJob, log: &mut String) -> Result<Made, Failed> {
        match &open.wanted.work {
            SdkWork::Generate { generator, options } => {
                let options = options.iter().cloned().collect();
                self.generate(open, generator, &options, log).await
            }
            SdkWork::ReleaseNpm { .. } => self.release(open, log).await,
            SdkWork::SyncGit { docs, generators } => self.push(open, *docs, generators, log).await,
        }
    }

    /// The job, unless it has ended.
    fn open(&self) -> Result<Option<OpenSdkJob>, commands::Error> {
        match self.app.engine.load::<SdkJob>(self.stream)?.0 {
            SdkJob::Open(open) => Ok(Some(*open)),
            SdkJob::Absent | SdkJob::Ended => Ok(None),
        }
    }

    /// Resolves when somebody ended it.
    async fn ended(&self, tenant: TenantId) {
        loop {
            let position = self.app.views.position();
            let is_cancelled = {
                let tables = self.app.views.read();
                let row = tables.sdk_jobs.get(tenant, self.stream);
                row.is_none_or(|it| it.state == SdkJobState::Cancelled)
            };
            if is_cancelled {
                return;
            }
            let _ = self.app.views.wait(position + 1, LOOK_MAX).await;
        }
    }

    /// Notes that a part is done.
    async fn step(&self, open: &OpenSdkJob, step: SdkStep, began: Instant) -> Result<(), Failed> {
        let millis = u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX);
        let done = SdkJobCommand::NoteStep(SdkStepDone { step, millis });
        self.note(open.wanted.tenant, &done).await.map_err(Failed::NotNoted)
    }

    async fn note(&self, tenant: TenantId, command: &SdkJobCommand) -> Result<(), commands::Error> {
        let head = self.head(tenant)?;
        let id = self.stream.id();
        let done = self.app.engine.handle::<SdkJob>(id, command, &head).await?;
        self.app.settle(&done).await;
        Ok(())
    }

    /// Notes the end, and with it what the resource has now: all or nothing.
    async fn finish(
        &self,
        open: &OpenSdkJob,
        made: Made,
        log: Option<Sha256>,
    ) -> Result<(), commands::Error> {
        let Made { finished, of_resource } = made;
        let command =
            SdkJobCommand::Finish(Box::new(domain::sdk_job::SdkJobFinished { log, ..finished }));
        let head = self.head(open.wanted.tenant)?;
        let resource = open.wanted.resource.to_string();
        let both = self.app.engine.transact(&head, |draft| {
            draft.decide::<SdkJob>(self.stream.id(), &command)?;
            for command in &of_resource {
                match draft.decide::<Resource>(&resource, command) {
                    // It is noted already, or the resource is gone: the job is done all the same.
                    Err(commands::Error::Refused(_)) => (),
                    decided => decided?,
                }
            }
            Ok::<_, commands::Error>(())
        });
        let ((), done) = both.await?;
        self.app.settle(&done).await;
        Ok(())
    }

    /// What the tools said, kept beside the log of events. Without it a job is done, too.
    async fn keep_log(&self, log: String) -> Option<Sha256> {
        if log.trim().is_empty() {
            return None;
        }
        self.app.sdks.keep(ObjectKind::JobLog, log.into_bytes()).await.ok()
    }

    fn head(&self, tenant: TenantId) -> Result<CommitHead, commands::Error> {
        let context = Context::of_operation(SdkJob::CATEGORY);
        let now = self.app.clock.now();
        Ok(CommitHead { context, ..system_head(tenant, Actor::System, now)? })
    }
}
