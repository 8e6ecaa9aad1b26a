//! What a comparison found, as it is stored and shown.

use serde::{Deserialize, Serialize};

use super::rules::{Class, Direction};

/// How many changes there are of each class, those that are cut off counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// What worked before fails.
    pub breaking: u32,
    /// It may fail, or nobody can tell.
    pub risky: u32,
    /// What worked before works.
    pub compatible: u32,
    /// Nothing that is sent differs.
    pub editorial: u32,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// How bad it is.
    pub class: Class,
    /// The fixed name of what it is: one of [`crate::RULES`].
    pub rule: String,
    /// Which way what has changed is sent; `None` where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// The first operation that it concerns, as `GET /pets/{id}`; empty if it is the document.
    pub operation: String,
    /// A JSON pointer to what has changed: into the new document, or into the old one if it is gone.
    pub pointer: String,
    /// What it was, in at most [`crate::TEXT_CHARS_MAX`] characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What it is, in at most [`crate::TEXT_CHARS_MAX`] characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// The operations through which it was reached, the first [`crate::VIA_MAX`].
    pub via: Vec<String>,
    /// Whether there are more of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub via_cut: bool,
}

/// What differs between two documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// How many changes there are.
    pub counts: Counts,
    /// The changes, the worst class first; at most [`crate::CHANGES_MAX`].
    pub changes: Vec<Change>,
    /// Whether there are more than are listed.
    pub cut: bool,
}
