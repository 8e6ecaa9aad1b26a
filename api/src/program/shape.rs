//! How `replay` prints events.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// How events are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shape {
    /// For programs: everything, one JSON object a line.
    Json,
    /// For people: where each event stands, in columns.
    Table,
    /// For people: who did what, one sentence a line.
    Story,
}
