//! The OpenAPI document as a judge: whether an answer is one that the document promises.
//!
//! Every answer that a wire test gets is held against it, so that a status, a media type or a member
//! that nobody described fails the test that meets it first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::app::Answer;

/// A document, with the checks that were made of it.
pub struct Document {
    pub json: Value,
    /// The schemas in the words of JSON Schema.
    components: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Document {
    /// From its text. The same text is read once.
    pub fn of(text: &str) -> Arc<Self> {
        static KNOWN: OnceLock<Mutex<HashMap<String, Arc<Document>>>> = OnceLock::new();
        let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap();
        if let Some(document) = known.get(text) {
            return document.clone();
        }
        let json: Value = serde_json::from_str(text).unwrap();
        let mut components = json!({ "schemas": json["components"]["schemas"] });
        components["schemas"].as_object_mut().unwrap().values_mut().for_each(as_json_schema);
        let document = Arc::new(Self { json, components, validators: Mutex::default() });
        known.insert(text.to_owned(), document.clone());
        document
    }

    /// The operation that a request goes to, if the document has it.
    pub fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let path = path.split('?').next().unwrap_or_default();
        let paths = self.json["paths"].as_object().unwrap();
        let fitting = paths.iter().filter(|(pattern, _)| fits(pattern, path));
        // Words win over parameters.
        let (_, found) = fitting.min_by_key(|(pattern, _)| pattern.matches('{').count())?;
        found.get(method.to_lowercase())
    }

    /// What stands at a reference, or the value itself.
    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.json.pointer(&reference[1..]).expect("a component"),
            None => value,
        }
    }

    /// Panics if the document does not promise this answer.
    #[track_caller]
    pub fn check(&self, method: &str, path: &str, answer: &Answer) {
        let Some(operation) = self.operation(method, path) else { return };
        let name = operation["operationId"].as_str().unwrap();
        let shown = || format!("{name} {method} {path} answers {}: {}", answer.status, answer.text);
        let promised = &operation["responses"][answer.status.to_string()];
        assert!(!promised.is_null(), "no such status in the document: {}", shown());
        let promised = self.resolve(promised);
        for header in ["retry-after", "www-authenticate", "x-log-position"] {
            let promises = promised["headers"].as_object().into_iter().flat_map(Map::keys);
            let promises = promises.into_iter().any(|it| it.eq_ignore_ascii_case(header));
            let has = answer.headers.contains_key(header);
            assert!(promises || !has, "no header {header} in the document: {}", shown());
        }
        let media = answer.header("content-type").split(';').next().unwrap_or_default().trim();
        if answer.text.is_empty() {
            assert!(promised["content"].is_null(), "no body: {}", shown());
            return;
        }
        let content = &promised["content"][media];
        assert!(!content.is_null(), "no {media} in the document: {}", shown());
        let body = match media.ends_with("json") {
            true => answer.json(),
            false => Value::from(answer.text.clone()),
        };
        if let Err(why) = self.validate(&content["schema"], &body) {
            panic!("{why}: {}", shown());
        }
    }

    /// Whether a body is of a schema of the document.
    pub fn validate(&self, schema: &Value, body: &Value) -> Result<(), String> {
        let validator = {
            let mut validators = self.validators.lock().unwrap();
            let known = validators.entry(schema.to_string()).or_insert_with(|| {
                let mut whole = schema.clone();
                as_json_schema(&mut whole);
                let whole = json!({ "allOf": [whole], "components": self.components });
                Arc::new(jsonschema::options().build(&whole).unwrap())
            });
            known.clone()
        };
        let why = validator.iter_errors(body).map(|it| format!("{} at {}", it, it.instance_path()));
        let why = why.collect::<Vec<_>>().join("; ");
        if why.is_empty() { Ok(()) } else { Err(why) }
    }
}

fn fits(pattern: &str, path: &str) -> bool {
    let (wanted, given) = (pattern.split('/'), path.split('/'));
    let pairs = wanted.clone().zip(given.clone());
    let mut same = pairs.map(|(it, given)| {
        it.starts_with('{') && !given.is_empty() || it.eq_ignore_ascii_case(given)
    });
    wanted.count() == given.count() && same.all(|it| it)
}

/// From the words of OpenAPI 3.0; and an object has no members but those described.
fn as_json_schema(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    if members.remove("nullable") == Some(Value::Bool(true))
        && let Some(one) = members.get("type").cloned()
    {
        members.insert("type".to_owned(), json!([one, "null"]));
    }
    if let Some(Value::Object(properties)) = members.get_mut("properties") {
        properties.values_mut().for_each(as_json_schema);
        members.entry("additionalProperties").or_insert(Value::Bool(false));
    }
    for name in ["items", "additionalProperties"] {
        members.get_mut(name).into_iter().for_each(as_json_schema);
    }
    for name in ["allOf", "anyOf", "oneOf"] {
        let parts = members.get_mut(name).and_then(Value::as_array_mut);
        parts.into_iter().flatten().for_each(as_json_schema);
    }
}
