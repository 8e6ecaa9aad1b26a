//! Paths, operations, bodies and responses of OpenAPI 2.0 as those of 3.0.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::parameter::{parameter, separated_by_tabs, style};
use super::schema::{charge, copy, reference, schema};
use super::servers::servers;
use crate::grammar::METHODS;
use crate::limits::NODES_MAX;
use crate::model::{flag, is_extension, items, members, resolve, text};
use crate::place::Place;
use crate::problem::{self, Problems};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// The members of an operation that are turned into others.
const TURNED: [&str; 6] =
    ["parameters", "responses", "consumes", "produces", "schemes", "requestBody"];

/// A media type is some objects, and objects are large.
const NODES_OF_A_MEDIA_TYPE: u32 = 4;

/// A lift on its way.
pub(super) struct Lift<'d, 'p> {
    root: &'d Value,
    problems: &'p mut Problems,
    /// Values that may still be made. A body that many operations share is repeated in each.
    nodes: u32,
}

impl<'d, 'p> Lift<'d, 'p> {
    pub(super) fn new(root: &'d Value, problems: &'p mut Problems) -> Self {
        Self { root, problems, nodes: NODES_MAX }
    }

    pub(super) fn schema(&mut self, value: &Value) -> Value {
        schema(value, &mut self.nodes)
    }

    /// Whether nothing more may be made: the document is refused, and to go on would take long.
    pub(super) fn is_over(&self) -> bool {
        self.nodes == 0
    }

    /// Takes what one media type costs beside its schema; false once nothing is left.
    fn media(&mut self, name: &str) -> bool {
        self.nodes = self.nodes.saturating_sub(NODES_OF_A_MEDIA_TYPE);
        charge(name, &mut self.nodes)
    }

    pub(super) fn parameter(&mut self, value: &Value) -> Value {
        parameter(value, &mut self.nodes)
    }

    pub(super) fn paths(&mut self, paths: &'d Value, place: &Place<'_>) -> Value {
        let mut lifted = Map::new();
        for (path, item) in members(Some(paths)) {
            if self.is_over() {
                break;
            }
            let place = place.member(path);
            let value = match is_extension(path) {
                true => item.clone(),
                false => self.item(item, &place),
            };
            lifted.insert(path.to_owned(), value);
        }
        Value::Object(lifted)
    }

    fn item(&mut self, item: &'d Value, place: &Place<'_>) -> Value {
        let Some(map) = item.as_object() else { return item.clone() };
        let mut lifted = Map::new();
        let shared = items(item.get("parameters"));
        for (name, member) in map {
            let value = match name.as_str() {
                "parameters" => self.parameters(shared),
                method if METHODS.contains(&method) => {
                    self.operation(member, shared, &place.member(name))
                }
                _ => member.clone(),
            };
            lifted.insert(name.clone(), value);
        }
        Value::Object(lifted)
    }

    /// What of the list is neither a body nor a field of a form.
    fn parameters(&mut self, list: &'d [Value]) -> Value {
        let root = self.root;
        let plain = list.iter().filter(|it| !is_sent(resolve(root, it).unwrap_or(it)));
        plain.map(|it| self.parameter(it)).collect()
    }

    fn operation(&mut self, value: &'d Value, shared: &'d [Value], place: &Place<'_>) -> Value {
        let Some(map) = value.as_object() else { return value.clone() };
        let kept = map.iter().filter(|it| !TURNED.contains(&it.0.as_str()));
        let mut lifted = kept.map(|it| (it.0.clone(), it.1.clone())).collect::<Map<_, _>>();
        let own = items(value.get("parameters"));
        if value.get("parameters").is_some() {
            lifted.insert("parameters".to_owned(), self.parameters(own));
        }
        let root = self.root;
        let consumes = value.get("consumes").or_else(|| root.get("consumes"));
        let sent = own.iter().chain(shared).map(|it| resolve(root, it).unwrap_or(it));
        // The operation's own come first, and count.
        let mut seen = HashSet::new();
        let sent = sent.filter(|it| is_sent(it));
        let sent = sent.filter(|it| seen.insert((text(it, "in"), text(it, "name"))));
        let sent = sent.collect::<Vec<_>>();
        let body = sent.iter().find(|it| text(it, "in") == Some("body"));
        if let Some(body) = body {
            lifted.insert("requestBody".to_owned(), self.body(body, consumes, place));
        } else if !sent.is_empty() {
            lifted.insert("requestBody".to_owned(), self.form(&sent, consumes));
        }
        if let Some(schemes) = value.get("schemes")
            && let Some(servers) = servers(root, Some(schemes))
        {
            lifted.insert("servers".to_owned(), servers);
        }
        let produces = value.get("produces").or_else(|| root.get("produces"));
        let mut responses = Map::new();
        let place = place.member("responses");
        for (status, response) in members(value.get("responses")) {
            if self.is_over() {
                break;
            }
            // What an operation produces counts for shared responses, too.
            let is_own = value.get("produces").is_some() && response.get("$ref").is_some();
            let target = resolve(root, response).filter(|_| is_own);
            let response = match is_extension(status) {
                true => response.clone(),
                false => self.response(target.unwrap_or(response), produces, &place.member(status)),
            };
            responses.insert(status.to_owned(), response);
        }
        lifted.insert("responses".to_owned(), Value::Object(responses));
        Value::Object(lifted)
    }

    fn body(&mut self, body: &Value, consumes: Option<&Value>, place: &Place<'_>) -> Value {
        let schema = body.get("schema");
        if schema.is_some_and(|it| text(it, "type") == Some("file")) {
            let said = "a body is no file: files are fields of a form (formData)";
            self.problems.add(problem::FILE_IN_BODY, &place.member("parameters"), said);
        }
        let mut content = Map::new();
        for media in media(consumes, JSON) {
            if self.is_over() {
                break;
            }
            let schema = schema.map(|it| self.schema(it)).unwrap_or_else(|| json!({}));
            if self.media(media) {
                content.insert(media.to_owned(), json!({ "schema": schema }));
            }
        }
        let mut lifted = described(body);
        lifted.insert("required".to_owned(), json!(flag(body, "required")));
        lifted.insert("content".to_owned(), Value::Object(content));
        Value::Object(lifted)
    }

    fn form(&mut self, fields: &[&Value], consumes: Option<&Value>) -> Value {
        let has_file = fields.iter().any(|it| text(it, "type") == Some("file"));
        let default = if has_file { MULTIPART } else { FORM };
        let mut stated = media(consumes, default);
        stated.retain(|it| [FORM, MULTIPART].contains(it));
        if stated.is_empty() {
            stated.push(default);
        }
        let mut content = Map::new();
        for media in stated {
            let mut properties = Map::new();
            let mut encoding = Map::new();
            for field in fields.iter().rev().filter(|it| text(it, "in") == Some("formData")) {
                if self.is_over() {
                    break;
                }
                let Some(name) = text(field, "name") else { continue };
                let mut plain = field.as_object().cloned().unwrap_or_default();
                plain.retain(|it, _| {
                    !["name", "in", "required", "collectionFormat"].contains(&it.as_str())
                });
                let mut schema = self.schema(&Value::Object(plain));
                separated_by_tabs(field, &mut schema);
                properties.insert(name.to_owned(), schema);
                let style = style(field);
                if !style.is_empty() {
                    encoding.insert(name.to_owned(), Value::Object(style));
                }
            }
            let required = fields.iter().filter(|it| flag(it, "required"));
            let required = required.filter_map(|it| it.get("name").cloned()).collect::<Vec<_>>();
            let mut schema = json!({ "type": "object", "properties": properties });
            if let Some(map) = schema.as_object_mut().filter(|_| !required.is_empty()) {
                map.insert("required".to_owned(), Value::Array(required));
            }
            let said = json!({ "schema": schema, "encoding": encoding });
            content.insert(media.to_owned(), said);
        }
        let required = fields.iter().any(|it| flag(it, "required"));
        json!({ "required": required, "content": content })
    }

    pub(super) fn response(
        &mut self,
        value: &Value,
        produces: Option<&Value>,
        place: &Place<'_>,
    ) -> Value {
        if self.is_over() {
            return Value::Null;
        }
        let Some(map) = value.as_object() else {
            self.problems.add(problem::MEMBER_TYPE, place, "should be an object");
            return value.clone();
        };
        if let Some(target) = text(value, "$ref") {
            return json!({ "$ref": reference(target) });
        }
        let kept = map.iter();
        let kept = kept.filter(|it| !["schema", "headers", "examples"].contains(&it.0.as_str()));
        let mut lifted = kept.map(|it| (it.0.clone(), it.1.clone())).collect::<Map<_, _>>();
        let mut headers = Map::new();
        for (name, header) in members(value.get("headers")) {
            headers.insert(name.to_owned(), self.parameter(header));
        }
        if !headers.is_empty() {
            lifted.insert("headers".to_owned(), Value::Object(headers));
        }
        let mut content = Map::new();
        if let Some(schema) = value.get("schema") {
            for media in media(produces, JSON) {
                if self.is_over() {
                    break;
                }
                let mut said = Map::new();
                said.insert("schema".to_owned(), self.schema(schema));
                let example = value.get("examples").and_then(|it| it.get(media));
                let example = example.map(|it| copy(it, &mut self.nodes));
                said.extend(example.map(|it| ("example".to_owned(), it)));
                if self.media(media) {
                    content.insert(media.to_owned(), Value::Object(said));
                }
            }
            lifted.insert("content".to_owned(), Value::Object(content));
        }
        Value::Object(lifted)
    }
}

/// Whether a parameter is part of the body.
fn is_sent(parameter: &Value) -> bool {
    matches!(text(parameter, "in"), Some("body" | "formData"))
}

/// The media types that are stated, or the default.
fn media<'v>(stated: Option<&'v Value>, default: &'v str) -> Vec<&'v str> {
    let mut seen = HashSet::new();
    let stated = items(stated).iter().filter_map(Value::as_str);
    let stated = stated.filter(|it| seen.insert(*it)).collect::<Vec<_>>();
    if stated.is_empty() { vec![default] } else { stated }
}

fn described(value: &Value) -> Map<String, Value> {
    let kept = members(Some(value)).filter(|it| it.0 == "description" || is_extension(it.0));
    kept.map(|(name, value)| (name.to_owned(), value.clone())).collect()
}
