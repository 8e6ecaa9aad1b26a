//! Documents for comparing, and what was found between them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    reason = "a test fails by panicking; not every test uses everything"
)]

pub mod pairs;

use openapi::{Document, RULES, Report, compare, read};
use serde_json::{Value, json};

pub fn document(value: &Value) -> Document {
    read(&serde_json::to_vec(value).unwrap(), false).unwrap_or_else(|it| panic!("{it}: {value:#}"))
}

/// A document with these paths and shared schemas: of 3.0 where its words stand in it, or else of 3.1.
pub fn of(paths: Value, schemas: Value) -> Value {
    let written = format!("{paths}{schemas}");
    let words = ["\"nullable\":true", "\"exclusiveMinimum\":true", "\"exclusiveMaximum\":true"];
    let is_3_0 = words.iter().any(|it| written.contains(it));
    json!({
        "openapi": if is_3_0 { "3.0.3" } else { "3.1.0" },
        "info": { "title": "a", "version": "1" },
        "paths": paths,
        "components": { "schemas": schemas }
    })
}

/// An operation of that body and answer.
pub fn operation(request: Value, response: Value) -> Value {
    json!({
        "requestBody": { "content": { "application/json": { "schema": request } } },
        "responses": {
            "200": { "description": "", "content": { "application/json": { "schema": response } } }
        }
    })
}

/// A document that takes the schema.
pub fn taking(schema: &Value) -> Value {
    of(json!({ "/a": { "post": operation(schema.clone(), json!({})) } }), shared())
}

/// A document that answers with the schema.
pub fn answering(schema: &Value) -> Value {
    of(json!({ "/a": { "post": operation(json!({}), schema.clone()) } }), shared())
}

/// Schemas to refer to.
pub fn shared() -> Value {
    json!({
        "A": { "type": "object", "properties": { "a": { "type": "string" } } },
        "B": { "type": "object", "properties": { "b": { "type": "string" } } },
        "Same": { "type": "object", "properties": { "a": { "type": "string" } } }
    })
}

/// Compares, and holds the report to its own rules.
pub fn report(old: &Value, new: &Value) -> Report {
    let report = compare(&document(old), &document(new));
    let all = report.changes.len();
    let counts = report.counts;
    let counted = counts.breaking + counts.risky + counts.compatible + counts.editorial;
    assert!(report.cut || usize::try_from(counted).unwrap() == all);
    for change in &report.changes {
        let rule = RULES.iter().find(|it| it.0 == change.rule);
        let (_, request, response) = rule.unwrap_or_else(|| panic!("{} is no rule", change.rule));
        assert!([*request, *response].contains(&change.class), "{change:?}");
        let lead = [old, new].iter().any(|it| it.pointer(&change.pointer).is_some());
        assert!(lead, "{change:?} leads nowhere");
    }
    report
}

/// The rules and classes of the changes but editorial ones, as `rule class`.
pub fn found(old: &Value, new: &Value) -> Vec<String> {
    let report = report(old, new);
    let class =
        |it: &openapi::Class| serde_json::to_value(it).unwrap().as_str().unwrap().to_owned();
    let shown = report.changes.iter().map(|it| format!("{} {}", it.rule, class(&it.class)));
    let mut shown = shown.filter(|it| !it.ends_with("editorial")).collect::<Vec<_>>();
    shown.sort();
    shown
}
