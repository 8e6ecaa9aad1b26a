//! The making of an SDK: generated from a document, and then kept, released to npm or pushed to git.
//! Each is a short stream of its own.
//!
//! What is asked for is an event; a worker does it, and notes each step and the end. A worker that
//! ended in the middle begins anew: every step may be done twice.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::check;
use crate::event::Fact;
use crate::ids::{Sha256, TenantId, Timestamp, UserId};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::resource::{Document, GENERATORS_MAX, NpmLanguage};
use crate::stored_events;

/// How long a job, and what it made, is kept after it was asked for, in seconds: 30 days.
pub const SDK_JOB_SECONDS: i64 = 30 * 86_400;

/// How often a job is begun.
pub const SDK_JOB_ATTEMPTS_MAX: u32 = 3;

/// How many jobs of one user may wait or run.
pub const SDK_JOBS_OF_OWNER_MAX: usize = 5;

/// How many jobs may wait or run in all.
pub const SDK_JOBS_MAX: usize = 100;

/// The most options of a generator that a job may set.
pub const GENERATOR_OPTIONS_MAX: usize = 50;

/// The longest text of why a job failed, in characters.
pub const SDK_JOB_DETAIL_CHARS_MAX: usize = 2_000;

/// What becomes of the generated code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SdkWork {
    /// It is kept, to be fetched.
    #[serde(rename_all = "camelCase")]
    Generate {
        /// The generator.
        generator: String,
        /// Its options: names and values.
        options: Vec<(String, String)>,
    },
    /// It is released to an npm registry.
    #[serde(rename_all = "camelCase")]
    ReleaseNpm {
        /// For which language.
        language: NpmLanguage,
        /// The name of the package.
        package: String,
        /// Its version.
        version: String,
        /// Words to find it by.
        tags: Option<String>,
    },
    /// It is pushed to a git remote.
    #[serde(rename_all = "camelCase")]
    SyncGit {
        /// Whether documentation is written.
        docs: bool,
        /// The generators whose code is written.
        generators: Vec<String>,
    },
}

/// Somebody asked for an SDK.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SdkJobRequested {
    /// Whose it is.
    pub tenant: TenantId,
    /// The number of the API resource.
    pub resource: u32,
    /// Who asked.
    pub owner: UserId,
    /// What for.
    pub work: SdkWork,
    /// Of which document; its bytes are kept beside the log.
    pub document: Document,
    /// The address that the document was read from; `None` of one that was sent.
    pub source: Option<String>,
}

/// A worker began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SdkJobStarted {
    /// For which time, from 1.
    pub attempt: u32,
}

/// A part of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SdkStep {
    /// The document is safe to generate code from.
    Checked,
    /// There is code.
    Generated,
    /// The compiler takes it.
    Compiled,
    /// There is a package.
    Packed,
    /// The registry has it.
    Published,
    /// The remote has it.
    Pushed,
}

/// A part of the work is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SdkStepDone {
    /// Which part.
    pub step: SdkStep,
    /// How long it took, in milliseconds.
    pub millis: u32,
}

/// The work is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SdkJobFinished {
    /// The SHA-256 of the ZIP file with the code.
    pub artifact: Option<Sha256>,
    /// Its length.
    pub bytes: u64,
    /// How many files are in it.
    pub files: u32,
    /// What there is now: `package@version`, or the id of a commit.
    pub result: String,
    /// The SHA-256 of what the tools said.
    pub log: Option<Sha256>,
}

/// The work cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SdkJobFailed {
    /// One of a few words.
    pub reason: String,
    /// What people need to know beside it, without secrets.
    pub detail: String,
    /// The SHA-256 of what the tools said.
    pub log: Option<Sha256>,
}

/// Somebody wants it no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SdkJobCancelled {
    /// Who.
    pub user: UserId,
}

/// What a job may be asked to become.
#[derive(Debug, Clone)]
pub enum SdkJobCommand {
    /// Enter a new one.
    Request(Box<SdkJobRequested>),
    /// Begin, once more.
    Start,
    /// Note that a part is done.
    NoteStep(SdkStepDone),
    /// Note that all is done.
    Finish(Box<SdkJobFinished>),
    /// Note that it cannot be done.
    Fail(Box<SdkJobFailed>),
    /// End, whatever is done already.
    Cancel(UserId),
}

stored_events! {
    /// What has happened to a job. A stored contract: see `docs/events.md`.
    pub enum SdkJobEvent {
        /// Somebody asked for it.
        Requested = "sdk_job.requested.v1" { data: SdkJobRequested },
        /// A worker began.
        Started = "sdk_job.started.v1" { data: SdkJobStarted },
        /// A part is done.
        StepDone = "sdk_job.step_done.v1" { data: SdkStepDone },
        /// All is done.
        Finished = "sdk_job.finished.v1" { data: SdkJobFinished },
        /// It cannot be done.
        Failed = "sdk_job.failed.v1" { data: SdkJobFailed },
        /// Nobody wants it any more.
        Cancelled = "sdk_job.cancelled.v1" { data: SdkJobCancelled },
    }
}

/// What the rules need to remember of a job, and whoever does it.
#[derive(Debug, Clone, Default)]
pub enum SdkJob {
    /// Never asked for.
    #[default]
    Absent,
    /// It waits, or is being done.
    Open(Box<OpenSdkJob>),
    /// It has ended, well or not.
    Ended,
}

/// A job that has not ended.
#[derive(Debug, Clone)]
pub struct OpenSdkJob {
    /// What was asked for.
    pub wanted: SdkJobRequested,
    /// How often it was begun.
    pub attempts: u32,
    /// What is done, since it was begun last.
    done: Vec<SdkStep>,
}

const NOT_FOUND: Refusal = Refusal::NotFound { what: "SDK job" };

impl Aggregate for SdkJob {
    const CATEGORY: &'static str = "sdk_job";
    const IDS: Ids = Ids::ShortLived;
    const CLAIMS: &'static [ClaimKind] = &[];
    type Command = SdkJobCommand;
    type Event = SdkJobEvent;

    fn decide(
        &self,
        command: &SdkJobCommand,
        _now: Timestamp,
    ) -> Result<Decision<SdkJobEvent>, Refusal> {
        let open = match (self, command) {
            (Self::Absent, SdkJobCommand::Request(wanted)) => {
                check_wanted(wanted)?;
                let wanted = (**wanted).clone();
                return Ok(Decision::event(SdkJobEvent::Requested(wanted.into())));
            }
            (_, SdkJobCommand::Request(_)) => {
                return Err(Refusal::AlreadyExists { what: "SDK job" });
            }
            (Self::Absent, _) => return Err(NOT_FOUND),
            // Whatever ended first counts.
            (Self::Ended, _) => return Ok(Decision::none()),
            (Self::Open(open), _) => open,
        };
        Ok(match command {
            SdkJobCommand::Request(_) => Decision::none(),
            SdkJobCommand::Start => {
                let attempt = open.attempts.saturating_add(1);
                match attempt > SDK_JOB_ATTEMPTS_MAX {
                    true => Decision::event(SdkJobEvent::Failed(crashed().into())),
                    false => {
                        Decision::event(SdkJobEvent::Started(SdkJobStarted { attempt }.into()))
                    }
                }
            }
            SdkJobCommand::NoteStep(done) if open.done.contains(&done.step) => Decision::none(),
            SdkJobCommand::NoteStep(done) => {
                Decision::event(SdkJobEvent::StepDone(done.clone().into()))
            }
            SdkJobCommand::Finish(finished) => {
                check::at_most("result", &finished.result, 500)?;
                Decision::event(SdkJobEvent::Finished((**finished).clone().into()))
            }
            SdkJobCommand::Fail(failed) => {
                check::required_text("reason", &failed.reason, 100)?;
                check::at_most("detail", &failed.detail, SDK_JOB_DETAIL_CHARS_MAX)?;
                Decision::event(SdkJobEvent::Failed((**failed).clone().into()))
            }
            SdkJobCommand::Cancel(user) => {
                Decision::event(SdkJobEvent::Cancelled(SdkJobCancelled { user: *user }.into()))
            }
        })
    }

    fn evolve(&mut self, event: &SdkJobEvent) {
        match (&mut *self, event) {
            (_, SdkJobEvent::Requested(Fact { data, .. })) => {
                let open = OpenSdkJob { wanted: data.clone(), attempts: 0, done: Vec::new() };
                *self = Self::Open(Box::new(open));
            }
            (Self::Open(open), SdkJobEvent::Started(fact)) => {
                open.attempts = fact.data.attempt;
                open.done.clear();
            }
            (Self::Open(open), SdkJobEvent::StepDone(fact)) => open.done.push(fact.data.step),
            (
                Self::Open(_),
                SdkJobEvent::Finished(_) | SdkJobEvent::Failed(_) | SdkJobEvent::Cancelled(_),
            ) => *self = Self::Ended,
            (Self::Absent | Self::Ended, _) => (),
        }
    }
}

/// The program ended while it was done, each time.
fn crashed() -> SdkJobFailed {
    let detail = format!("it was begun {SDK_JOB_ATTEMPTS_MAX} times, and came to no end");
    SdkJobFailed { reason: "crashed".to_owned(), detail, log: None }
}

fn check_wanted(wanted: &SdkJobRequested) -> Result<(), Refusal> {
    match &wanted.work {
        SdkWork::Generate { generator, options } => {
            check::required("generator", generator, 100)?;
            check::list("options", options, GENERATOR_OPTIONS_MAX)?;
            for (name, value) in options {
                check::required("options", name, 100)?;
                check::at_most("options", value, 500)?;
            }
        }
        SdkWork::ReleaseNpm { package, version, tags, .. } => {
            check::required("package", package, 300)?;
            check::required("version", version, 100)?;
            check::optional("tags", tags.as_deref(), 500)?;
        }
        SdkWork::SyncGit { generators, .. } => {
            check::list("generators", generators, GENERATORS_MAX)?;
            for generator in generators {
                check::required("generators", generator, 100)?;
            }
        }
    }
    check::optional("swaggerUrl", wanted.source.as_deref(), 2_000)
}
