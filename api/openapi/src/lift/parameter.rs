//! Parameters, fields of forms and headers of OpenAPI 2.0 as those of 3.0.

use serde_json::{Map, Value, json};

use super::schema::{reference, schema};
use crate::model::text;

/// What stays with the parameter. The rest goes into its schema.
const STAYS: [&str; 7] =
    ["name", "in", "description", "required", "deprecated", "allowEmptyValue", "example"];

/// A parameter that is neither a body nor a field of a form; or a header, which has no `in`.
pub(super) fn parameter(value: &Value, nodes: &mut u32) -> Value {
    let Some(map) = value.as_object() else { return value.clone() };
    if let Some(target) = text(value, "$ref") {
        return json!({ "$ref": reference(target) });
    }
    let mut lifted = Map::new();
    let mut rest = Map::new();
    for (name, member) in map {
        let is_beside =
            STAYS.contains(&name.as_str()) || (name.starts_with("x-") && name != "x-nullable");
        match name.as_str() {
            "collectionFormat" => (),
            _ if is_beside => drop(lifted.insert(name.clone(), member.clone())),
            _ => drop(rest.insert(name.clone(), member.clone())),
        }
    }
    lifted.extend(style(value));
    let mut rest = schema(&Value::Object(rest), nodes);
    separated_by_tabs(value, &mut rest);
    lifted.insert("schema".to_owned(), rest);
    Value::Object(lifted)
}

/// `style` and `explode` for how an array is written.
pub(super) fn style(value: &Value) -> Map<String, Value> {
    let mut said = Map::new();
    if text(value, "type") != Some("array") {
        return said;
    }
    let is_form = matches!(text(value, "in"), Some("query" | "formData"));
    let (style, explode) = match text(value, "collectionFormat") {
        Some("multi") => ("form", true),
        Some("ssv" | "tsv") => ("spaceDelimited", false),
        Some("pipes") => ("pipeDelimited", false),
        _ if is_form => ("form", false),
        _ => ("simple", false),
    };
    said.insert("style".to_owned(), json!(style));
    said.insert("explode".to_owned(), json!(explode));
    said
}

/// OpenAPI 3 has no word for tabs: the difference would be lost.
pub(super) fn separated_by_tabs(value: &Value, schema: &mut Value) {
    if text(value, "collectionFormat") == Some("tsv")
        && let Some(map) = schema.as_object_mut()
    {
        map.insert("format".to_owned(), json!("tsv"));
    }
}
