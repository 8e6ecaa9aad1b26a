//! What a tool asks the running server for, as it goes through the socket.

use serde::{Deserialize, Serialize};

use super::known_root::KnownRoot;
use super::one_shots::OneShot;
use super::shape::Shape;

/// What a tool asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "ask", content = "with", rename_all = "snake_case")]
pub(crate) enum Request {
    Replay(Query),
    Verify { expect: Option<KnownRoot> },
    OneShot(OneShot),
}

/// Which events are printed, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Query {
    pub(crate) from: u64,
    pub(crate) to: Option<u64>,
    pub(crate) stream: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) shape: Shape,
}
