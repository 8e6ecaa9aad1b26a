//! A document of OpenAPI 2.0 as one of 3.0.

mod operation;
mod parameter;
mod schema;
mod servers;

use serde_json::{Map, Value, json};

use self::operation::Lift;
use self::servers::servers;
use crate::model::{members, text};
use crate::place::Place;
use crate::problem::{self, Problems};

/// The members of the root that are moved or turned into others.
const MOVED: [&str; 12] = [
    "swagger",
    "host",
    "basePath",
    "schemes",
    "consumes",
    "produces",
    "definitions",
    "parameters",
    "responses",
    "securityDefinitions",
    "paths",
    "info",
];

/// The document as one of OpenAPI 3.0. What cannot be said in it is a problem. `None` if too much
/// would have to be made.
pub(crate) fn lift(root: &Value, problems: &mut Problems) -> Option<Value> {
    let top = Place::Root;
    let mut lifted = Map::new();
    for (name, value) in members(Some(root)).filter(|it| !MOVED.contains(&it.0)) {
        lifted.insert(name.to_owned(), value.clone());
    }
    lifted.insert("openapi".to_owned(), json!("3.0.3"));
    lifted.insert("info".to_owned(), root.get("info").cloned().unwrap_or_default());
    if let Some(servers) = servers(root, root.get("schemes")) {
        lifted.insert("servers".to_owned(), servers);
    }
    let mut lift = Lift::new(root, problems);
    if let Some(paths) = root.get("paths") {
        lifted.insert("paths".to_owned(), lift.paths(paths, &top.member("paths")));
    }
    lifted.insert("components".to_owned(), components(root, &mut lift));
    (!lift.is_over()).then_some(Value::Object(lifted))
}

fn components(root: &Value, lift: &mut Lift<'_, '_>) -> Value {
    let top = Place::Root;
    let mut schemas = Map::new();
    for (name, value) in members(root.get("definitions")) {
        schemas.insert(name.to_owned(), lift.schema(value));
    }
    let mut parameters = Map::new();
    for (name, value) in members(root.get("parameters")) {
        // Bodies and fields of forms are put where they are used.
        if !matches!(text(value, "in"), Some("body" | "formData")) {
            parameters.insert(name.to_owned(), lift.parameter(value));
        }
    }
    let mut responses = Map::new();
    let place = top.member("responses");
    for (name, value) in members(root.get("responses")) {
        let produces = root.get("produces");
        responses.insert(name.to_owned(), lift.response(value, produces, &place.member(name)));
    }
    let mut schemes = Map::new();
    for (name, value) in members(root.get("securityDefinitions")) {
        schemes.insert(name.to_owned(), security(value));
    }
    json!({
        "schemas": schemas,
        "parameters": parameters,
        "responses": responses,
        "securitySchemes": schemes,
    })
}

fn security(scheme: &Value) -> Value {
    let Some(map) = scheme.as_object() else { return scheme.clone() };
    let mut lifted = map.clone();
    match text(scheme, "type") {
        Some("basic") => {
            lifted.insert("type".to_owned(), json!("http"));
            lifted.insert("scheme".to_owned(), json!("basic"));
        }
        Some("oauth2") => {
            let name = match text(scheme, "flow") {
                Some("application") => "clientCredentials",
                Some("accessCode") => "authorizationCode",
                Some(other) => other,
                None => "implicit",
            };
            let mut flow = Map::new();
            for member in ["authorizationUrl", "tokenUrl", "scopes"] {
                flow.extend(lifted.remove(member).map(|it| (member.to_owned(), it)));
            }
            flow.entry("scopes").or_insert_with(|| json!({}));
            lifted.remove("flow");
            lifted.insert("flows".to_owned(), json!({ name: flow }));
        }
        _ => (),
    }
    Value::Object(lifted)
}

/// Where the 2.0 document has what a pointer into the lifted one leads to.
pub(crate) fn original(pointer: &str) -> String {
    const MOVES: [(&str, &str); 4] = [
        ("/components/schemas", "/definitions"),
        ("/components/parameters", "/parameters"),
        ("/components/responses", "/responses"),
        ("/components/securitySchemes", "/securityDefinitions"),
    ];
    let moved = MOVES.iter().find_map(|(from, to)| Some((pointer.strip_prefix(from)?, to)));
    moved.map_or_else(|| pointer.to_owned(), |(rest, to)| format!("{to}{rest}"))
}

/// What is checked of a 2.0 document itself: what gets lost on the way up.
pub(crate) fn check(root: &Value, problems: &mut Problems) {
    let top = Place::Root;
    for name in ["definitions", "parameters", "responses", "securityDefinitions", "paths"] {
        if root.get(name).is_some_and(|it| !it.is_object() && !it.is_null()) {
            problems.add(problem::MEMBER_TYPE, &top.member(name), "should be an object");
        }
    }
    if root.get("paths").is_none_or(Value::is_null) {
        problems.add(problem::PATHS_MISSING, &top.member("paths"), "there are no paths");
    }
}
