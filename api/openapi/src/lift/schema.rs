//! Schemas of OpenAPI 2.0 as those of 3.0.

use serde_json::{Map, Value, json};

/// A reference as it is in the lifted document.
pub(super) fn reference(reference: &str) -> String {
    const MOVES: [(&str, &str); 3] = [
        ("#/definitions/", "#/components/schemas/"),
        ("#/parameters/", "#/components/parameters/"),
        ("#/responses/", "#/components/responses/"),
    ];
    let moved = MOVES.iter().find_map(|(from, to)| Some((reference.strip_prefix(from)?, to)));
    moved.map_or_else(|| reference.to_owned(), |(rest, to)| format!("{to}{rest}"))
}

/// Bytes of a text that count as much as one value.
const BYTES_OF_A_NODE: usize = 64;

/// Takes what a text costs; false once nothing is left.
pub(super) fn charge(text: &str, nodes: &mut u32) -> bool {
    let cost = text.len().div_euclid(BYTES_OF_A_NODE).saturating_add(1);
    *nodes = nodes.saturating_sub(u32::try_from(cost).unwrap_or(u32::MAX));
    *nodes > 0
}

/// The value as it is.
pub(super) fn copy(value: &Value, nodes: &mut u32) -> Value {
    let is_left = charge(value.as_str().unwrap_or_default(), nodes);
    match value {
        _ if !is_left => Value::Null,
        Value::Array(items) => items.iter().map(|it| copy(it, nodes)).collect(),
        Value::Object(map) => {
            let mut copied = Map::new();
            for (name, member) in map {
                if charge(name, nodes) {
                    copied.insert(name.clone(), copy(member, nodes));
                }
            }
            Value::Object(copied)
        }
        other => other.clone(),
    }
}

/// The schema in the words of 3.0. `nodes` is what may still be made.
pub(super) fn schema(value: &Value, nodes: &mut u32) -> Value {
    let is_left = charge(value.as_str().unwrap_or_default(), nodes);
    match value {
        _ if !is_left => Value::Null,
        Value::Array(items) => items.iter().map(|it| schema(it, nodes)).collect(),
        Value::Object(map) => {
            let mut lifted = Map::new();
            for (name, member) in map {
                if !charge(name, nodes) {
                    break;
                }
                let (name, member) = member_of(name, member, nodes);
                lifted.insert(name, member);
            }
            if lifted.get("type").and_then(Value::as_str) == Some("file") {
                lifted.insert("type".to_owned(), json!("string"));
                lifted.insert("format".to_owned(), json!("binary"));
            }
            Value::Object(lifted)
        }
        other => other.clone(),
    }
}

fn member_of(name: &str, member: &Value, nodes: &mut u32) -> (String, Value) {
    let lifted = match (name, member) {
        ("$ref", Value::String(text)) => json!(reference(text)),
        ("x-nullable", Value::Bool(_)) => return ("nullable".to_owned(), member.clone()),
        ("discriminator", Value::String(text)) => json!({ "propertyName": text }),
        ("enum" | "default" | "example" | "required", _) => copy(member, nodes),
        // Names are free here: one may be called `enum`.
        ("properties", Value::Object(map)) => {
            let mut lifted = Map::new();
            for (name, it) in map {
                if charge(name, nodes) {
                    lifted.insert(name.clone(), schema(it, nodes));
                }
            }
            Value::Object(lifted)
        }
        (name, _) if name.starts_with("x-") => copy(member, nodes),
        _ => schema(member, nodes),
    };
    (name.to_owned(), lifted)
}
