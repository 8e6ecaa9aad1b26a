//! What a follower keeps up to date.

use std::sync::Arc;

use async_trait::async_trait;

use super::report::Proof;
use crate::configuration::Configuration;
use crate::nginx::GatewayKey;

/// What a gateway is to serve.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The configuration, read.
    pub configuration: Arc<Configuration>,
    /// Its text, as the server sent it.
    pub text: Arc<[u8]>,
    /// The SHA-256 of the text, 64 hex digits.
    pub sha256: String,
    /// The gateway's key, as its file holds it now.
    pub key: GatewayKey,
}

/// What a gateway serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The position of the configuration.
    pub position: u64,
    /// The SHA-256 of its text; empty if it is not known any more.
    pub sha256: String,
}

/// A configuration is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// From the signal to the proof, in microseconds; 0 if it was served before.
    pub reload_micros: u64,
    /// The program, such as `nginx/1.22.1`.
    pub program: String,
    /// How it is known.
    pub proof: Proof,
}

/// A configuration is not served; the one before still is. It is tried again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotApplied(pub String);

/// A gateway that can be told what to serve.
#[async_trait]
pub trait Target: Send {
    /// Serves what it served last, before anybody is asked. What that is, if there is anything.
    ///
    /// # Errors
    /// When it cannot be served. The follower goes on: the next configuration may help.
    async fn start(&mut self) -> Result<Option<Standing>, NotApplied>;

    /// Serves this, if it does not yet. Called at each poll: what it depends on besides the
    /// configuration (addresses of hosts, the key) may have changed.
    ///
    /// # Errors
    /// When it cannot, with a reason in one line that names no folder.
    async fn apply(&mut self, wanted: &Wanted) -> Result<Applied, NotApplied>;

    /// Looks after what it started, twice a second.
    async fn tend(&mut self) {}

    /// Ends what it started and what should not outlive the follower.
    async fn stop(&mut self) {}
}
