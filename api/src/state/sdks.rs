//! What SDKs are made and released with, as the operator set it, and where what was made is kept.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use bytes::Bytes;
use codegen::Tool;
use domain::Sha256;
use outside::{ObjectError, ObjectKind, Objects};
use release::git::GitSettings;
use release::npm::Registry;
use tokio::sync::Semaphore;

/// How many previews are made at a time: each may take a processor for half a minute.
const PREVIEWS_MAX: usize = 1;

/// How many artifacts are read at a time: each may be 32 MiB.
const READERS_MAX: usize = 4;

/// The choices of an operator about SDKs.
#[derive(Debug, Clone)]
pub struct SdkSettings {
    /// The generator, and what it runs with.
    pub tool: codegen::tool::Settings,
    /// Where packages for npm are released; nowhere, if `None`.
    pub registry: Option<Arc<Registry>>,
    /// How git is used; not at all, if `None`.
    pub git: Option<GitSettings>,
    /// Before `/{owner}/{repo}.git`, for remotes that are named so.
    pub git_base: Option<String>,
    /// How many jobs run at a time.
    pub jobs: usize,
}

impl Default for SdkSettings {
    fn default() -> Self {
        let tool = codegen::tool::Settings::default();
        Self { tool, registry: None, git: None, git_base: None, jobs: 1 }
    }
}

/// What makes SDKs.
pub(crate) struct Sdks {
    pub(crate) settings: SdkSettings,
    pub(crate) tool: Tool,
    /// Places for previews.
    pub(crate) previews: Semaphore,
    /// Places for artifacts on their way out.
    pub(crate) readers: Semaphore,
    /// When the generator was last asked again what it can do, in seconds since 1970.
    pub(crate) asked_at: AtomicI64,
    objects: Objects,
}

impl Sdks {
    pub(crate) fn new(settings: SdkSettings, objects: Objects) -> Self {
        Self {
            tool: Tool::new(settings.tool.clone()),
            settings,
            previews: Semaphore::new(PREVIEWS_MAX),
            readers: Semaphore::new(READERS_MAX),
            asked_at: AtomicI64::new(i64::MIN / 2),
            objects,
        }
    }

    /// Keeps what was made: durable, when this ends.
    pub(crate) async fn keep(
        &self,
        kind: ObjectKind,
        bytes: Vec<u8>,
    ) -> Result<Sha256, ObjectError> {
        self.objects.keep(kind, bytes).await.map(Sha256)
    }

    /// What was kept; `None` where it is no longer.
    pub(crate) async fn read(
        &self,
        kind: ObjectKind,
        name: Sha256,
    ) -> Result<Option<Bytes>, ObjectError> {
        Ok(self.objects.read(kind, &name.0).await?.map(Bytes::from))
    }
}
