//! What a tool asks the running server for, as it goes through the socket.

use serde::{Deserialize, Serialize};

use super::one_shots::OneShot;

/// What a tool asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "ask", content = "with", rename_all = "snake_case")]
pub(crate) enum Request {
    Replay(Query),
    Verify,
    OneShot(OneShot),
}

/// Which events are printed, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Query {
    pub(crate) from: u64,
    pub(crate) to: Option<u64>,
    pub(crate) stream: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) table: bool,
}
