//! Values as a report shows them.

use serde_json::Value;

use crate::text::clean;

/// What is shown of a value: short ones as JSON, others by what they are.
pub(crate) fn show(value: &Value) -> Option<String> {
    let shown = match value {
        Value::String(text) => clean(text),
        Value::Array(items) => format!("an array of {}", items.len()),
        Value::Object(map) => format!("an object of {}", map.len()),
        other => other.to_string(),
    };
    Some(shown)
}

/// A name or another text.
pub(crate) fn said(text: &str) -> Option<String> {
    Some(clean(text))
}
