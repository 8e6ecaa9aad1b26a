//! What the document says of the answers of an operation: its own, and those to errors, as its face
//! really answers them.

use std::collections::BTreeMap;

use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use super::{errors, parameters};
use crate::http::endpoint::{Access, Answer, Endpoint};
use crate::http::face::Asked;
use crate::state::app::AppSettings;

/// The answers to errors, each described once for all operations of a face.
pub(super) struct Responses<'a> {
    settings: &'a AppSettings,
    shared: BTreeMap<String, Shared>,
}

/// One status of one face.
#[derive(Default)]
struct Shared {
    about: Vec<&'static str>,
    headers: Map<String, Value>,
    content: Map<String, Value>,
}

/// An error as it is answered.
struct Failed {
    about: &'static str,
    schema: Schema,
    response: Response,
}

impl<'a> Responses<'a> {
    pub(super) fn new(settings: &'a AppSettings) -> Self {
        Self { settings, shared: BTreeMap::new() }
    }

    /// The answers of one operation. Those to errors are kept, and referred to.
    pub(super) fn of(&mut self, it: &Endpoint, schemas: &mut SchemaGenerator) -> Value {
        let mut responses = Map::new();
        for answer in &it.answers {
            let own = own(it, answer, schemas);
            // One status may have answers of several types.
            match (responses.get_mut(answer.status.as_str()), own.get("content")) {
                (Some(Value::Object(before)), Some(Value::Object(content))) => {
                    if let Some(Value::Object(contents)) = before.get_mut("content") {
                        contents.extend(content.clone());
                    }
                }
                _ => drop(responses.insert(answer.status.as_str().to_owned(), own)),
            }
        }
        for failed in self.failures(it, schemas) {
            let status = failed.response.status();
            let content_type = essence(failed.response.headers());
            let content = json!({ "schema": failed.schema.as_value() });
            match responses.get_mut(status.as_str()).and_then(|it| it.get_mut("content")) {
                // Its own shape has room for documented errors.
                Some(Value::Object(own)) => drop(own.entry(content_type).or_insert(content)),
                _ => {
                    let name = name_of(it, status);
                    let reference = json!({ "$ref": format!("#/components/responses/{name}") });
                    responses.entry(status.as_str()).or_insert(reference);
                    let shared = self.shared.entry(name).or_default();
                    shared.add(failed.about, failed.response.headers(), content_type, content);
                }
            }
        }
        Value::Object(responses)
    }

    fn failures(&self, it: &Endpoint, schemas: &mut SchemaGenerator) -> Vec<Failed> {
        let asked =
            || Asked { request_id: "", settings: self.settings, error_data: it.error_data() };
        let mut failures = Vec::new();
        for err in errors::of(it) {
            let about = errors::about(&err, it.face);
            let schema = (it.face.error_schema)(&err, schemas);
            let response = (it.face.error)(err, &asked());
            failures.push(Failed { about, schema, response });
        }
        if it.access != Access::Operation {
            let own = (it.face.own_failures)(self.settings, schemas).into_iter();
            let about = "it failed; the code says why";
            failures.extend(own.map(|(response, schema)| Failed { about, schema, response }));
        }
        failures
    }

    /// The components that operations refer to.
    pub(super) fn take(self) -> Map<String, Value> {
        let shared = self.shared.into_iter();
        shared.map(|(name, it)| (name, it.into_value())).collect()
    }
}

impl Shared {
    fn add(
        &mut self,
        about: &'static str,
        headers: &HeaderMap,
        content_type: String,
        content: Value,
    ) {
        if !self.about.contains(&about) {
            self.about.push(about);
        }
        self.content.entry(content_type).or_insert(content);
        // The same in every answer of its kind, and no business of a client's code.
        let plain = [CONTENT_TYPE, CACHE_CONTROL, PRAGMA];
        for name in headers.keys().filter(|it| !plain.contains(it)) {
            let name = proper_case(name.as_str());
            let reference = json!({ "$ref": format!("#/components/headers/{name}") });
            self.headers.insert(name, reference);
        }
    }

    fn into_value(self) -> Value {
        let mut response = json!({
            "description": self.about.join("; "),
            "content": self.content,
        });
        if let (false, Some(members)) = (self.headers.is_empty(), response.as_object_mut()) {
            members.insert("headers".to_owned(), Value::Object(self.headers));
        }
        response
    }
}

/// The headers of answers that client code has a use for.
pub(super) fn headers() -> Value {
    let text = json!({ "type": "string" });
    let number = json!({ "type": "integer", "format": "int64", "minimum": 0 });
    json!({
        "X-Log-Position": {
            "schema": number, "description": "where the log stood after the change",
        },
        "Idempotent-Replay": {
            "schema": text, "description": "true if the answer to this Idempotency-Key is repeated",
        },
        "ETag": { "schema": text, "description": "the version of what is shown, for If-Match" },
        "Retry-After": { "schema": number, "description": "seconds to wait" },
        "Www-Authenticate": { "schema": text, "description": "how to prove oneself" },
    })
}

/// An answer that is no error.
fn own(it: &Endpoint, answer: &Answer, schemas: &mut SchemaGenerator) -> Value {
    let mut response = json!({ "description": answer.about });
    let Some(members) = response.as_object_mut() else { return response };
    if let Some(schema) = answer.schema {
        let schema = schema(schemas);
        let media = answer.content_type.split(';').next().unwrap_or_default();
        let content = json!({ media: { "schema": schema.as_value() } });
        members.insert("content".to_owned(), content);
    }
    let names: &[&str] = match () {
        () if parameters::takes_idempotency_key(it) => &["X-Log-Position", "Idempotent-Replay"],
        () if parameters::shows_version(it) => &["ETag"],
        () if it.access == Access::AppToken => &["X-Log-Position", "Retry-After"],
        () => &[],
    };
    if !names.is_empty() {
        let of = |it: &&str| json!({ "$ref": format!("#/components/headers/{it}") });
        let headers = names.iter().map(|it| ((*it).to_owned(), of(it)));
        members.insert("headers".to_owned(), Value::Object(headers.collect()));
    }
    response
}

/// `ApiBadRequest`: the face and the status in words.
fn name_of(it: &Endpoint, status: StatusCode) -> String {
    let face = proper_case(it.face.name).replace('-', "");
    format!("{face}{}", crate::http::codes::name_of_status(status))
}

/// `www-authenticate` as `Www-Authenticate`.
fn proper_case(name: &str) -> String {
    let word = |it: &str| {
        let mut letters = it.chars();
        letters.next().map(|it| it.to_ascii_uppercase()).into_iter().chain(letters).collect()
    };
    name.split('-').map(word).collect::<Vec<String>>().join("-")
}

/// The content type without its parameters.
fn essence(headers: &HeaderMap) -> String {
    let content_type = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    content_type.unwrap_or_default().split(';').next().unwrap_or_default().to_owned()
}
