//! Where in a document something is refused.

use serde::Serialize;

/// What is refused in a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// A JSON pointer into the document. Its names are cut and cleaned.
    pub pointer: String,
    /// The rule that is broken, one of [`super::RULES`].
    pub rule: &'static str,
}
