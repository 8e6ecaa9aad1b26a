//! Makes documents safe for code: what is left of one cannot leave the texts and names of the code
//! that is generated of it.
//!
//! Generators put paths, names and texts of a document into code, and not all of them escape what
//! they put there: a path with a quote has run code in the client that was made of it. So, before a
//! document is given to a generator:
//!
//! - **Left out** are all extensions (`x-…`), examples, links, callbacks and webhooks, all members that
//!   OpenAPI does not know, addresses of people and pages that are none, `default`s and `pattern`s with characters that could end a text in some
//!   language, and lists of values (`enum`, `const`) with such characters: what they describe is
//!   then of a more general type.
//!   The same goes for texts where numbers or flags should stand.
//! - **Filled in** are the variables of servers, with their defaults.
//! - **Cleaned** are titles, descriptions and summaries: control characters (line breaks, too) are
//!   spaces, quotes are typographic ones, and what opens or closes comments is broken up by a space.
//! - **Refused** are documents with anything else: paths, names, addresses and references with other
//!   characters than those of their rule, one of [`RULES`].

mod document;
mod place;
mod rules;
mod texts;
mod words;

use serde_json::Value;

pub use place::Place;
pub use rules::RULES;

/// A copy of a document of which code may be generated. The document was read by the crate `openapi`:
/// its depth is limited, and it has no references to other documents.
///
/// # Errors
///
/// The first [`crate::PLACES_MAX`] places that are refused; at least one.
pub fn for_code(document: &Value) -> Result<Value, Vec<Place>> {
    document::cleaned(document)
}
