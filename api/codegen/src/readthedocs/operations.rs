//! The operations of a document, as a page tells of them.

use serde_json::{Map, Value};

/// References that follow each other until something stands there.
const HOPS_MAX: usize = 16;

/// Levels of arrays in the name of a type.
const ARRAYS_MAX: usize = 8;

const METHODS: [&str; 9] =
    ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

/// An operation.
#[derive(Debug, Default)]
pub(super) struct Operation<'d> {
    pub(super) method: String,
    pub(super) path: &'d str,
    pub(super) id: Option<&'d str>,
    pub(super) summary: &'d str,
    pub(super) tag: Option<&'d str>,
    pub(super) description: &'d str,
    pub(super) is_deprecated: bool,
    /// Names, with what is said of them.
    pub(super) parameters: Vec<(String, String)>,
    pub(super) bodies: Vec<(String, String)>,
    pub(super) responses: Vec<(String, String)>,
}

/// The operations of a document, in the order of paths and methods.
pub(super) fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut found = Vec::new();
    for (path, item) in members(document.get("paths")).filter(|it| it.0.starts_with('/')) {
        let item = resolved(document, item);
        let mut add = |method: String, value| {
            found.push(operation(document, path, method, item, value));
        };
        for method in METHODS {
            if let Some(value) = item.get(method).filter(|it| it.is_object()) {
                add(method.to_ascii_uppercase(), value);
            }
        }
        for (method, value) in members(item.get("additionalOperations")) {
            add(method.to_owned(), value);
        }
    }
    found
}

fn operation<'d>(
    root: &'d Value,
    path: &'d str,
    method: String,
    item: &'d Value,
    value: &'d Value,
) -> Operation<'d> {
    let tags = value.get("tags").and_then(Value::as_array);
    let body = value.get("requestBody").map(|it| resolved(root, it));
    let is_required = body.is_some_and(|it| flag(it, "required"));
    let bodies = members(body.and_then(|it| it.get("content"))).map(|(media, it)| {
        let schema = it.get("schema").map(|it| type_name(root, it)).unwrap_or_default();
        (media.to_owned(), joined(&[&schema, if is_required { "required" } else { "" }]))
    });
    let responses = members(value.get("responses")).filter(|it| !it.0.starts_with("x-"));
    let responses = responses.map(|(code, it)| {
        let it = resolved(root, it);
        (code.to_owned(), string(it, "description").unwrap_or_default().to_owned())
    });
    Operation {
        method,
        path,
        id: string(value, "operationId").filter(|it| !it.is_empty()),
        summary: string(value, "summary").unwrap_or_default(),
        tag: tags.and_then(|it| it.iter().find_map(Value::as_str)),
        description: string(value, "description").unwrap_or_default(),
        is_deprecated: flag(value, "deprecated"),
        parameters: parameters(root, item, value),
        bodies: bodies.collect(),
        responses: responses.collect(),
    }
}

/// The parameters of an operation, and those of its path that it does not state itself.
fn parameters(root: &Value, item: &Value, operation: &Value) -> Vec<(String, String)> {
    let list = |of: &'_ Value| {
        let items = of.get("parameters").and_then(Value::as_array);
        items.map(|it| it.iter().map(|it| resolved(root, it).clone()).collect()).unwrap_or_default()
    };
    let own: Vec<Value> = list(operation);
    let key = |it: &Value| (it.get("in").cloned(), it.get("name").cloned());
    let inherited: Vec<Value> = list(item);
    let inherited = inherited.iter().filter(|it| !own.iter().any(|own| key(own) == key(it)));
    inherited
        .chain(&own)
        .filter_map(|it| {
            let name = string(it, "name")?;
            let kind = type_name(root, it.get("schema").unwrap_or(it));
            let place = string(it, "in").unwrap_or_default();
            let required = if flag(it, "required") { "required" } else { "" };
            let said = joined(&[place, &kind, required]);
            let description = string(it, "description").unwrap_or_default();
            let dot = if description.trim().is_empty() { "" } else { ". " };
            Some((name.to_owned(), format!("{said}{dot}{description}")))
        })
        .collect()
}

/// The name of the type of a schema: of one that is referred to, its own.
fn type_name(root: &Value, schema: &Value) -> String {
    let mut at = schema;
    let mut arrays = 0;
    while string(at, "type") == Some("array") && arrays < ARRAYS_MAX {
        let Some(items) = at.get("items") else { break };
        at = items;
        arrays += 1;
    }
    let name = match string(at, "$ref") {
        Some(reference) => reference.rsplit('/').next().unwrap_or_default(),
        None => string(resolved(root, at), "type").unwrap_or_default(),
    };
    "array of ".repeat(arrays) + if name.is_empty() && arrays > 0 { "anything" } else { name }
}

fn joined(words: &[&str]) -> String {
    let words = words.iter().filter(|it| !it.is_empty()).copied().collect::<Vec<_>>();
    words.join(", ")
}

fn string<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or_default()
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let map = value.and_then(Value::as_object);
    map.into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}

/// What a value is after all its references; the value itself if one leads nowhere.
fn resolved<'v>(root: &'v Value, value: &'v Value) -> &'v Value {
    let mut at = value;
    for _ in 0..HOPS_MAX {
        let Some(pointer) = string(at, "$ref").and_then(|it| it.strip_prefix('#')) else {
            return at;
        };
        let Some(next) = root.pointer(pointer) else { return at };
        at = next;
    }
    value
}
