//! Reads and compares a document as large as the largest that are seen, and prints how long it took
//! beside `serde_json`. Run: `cargo bench -p openapi`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench fails by panicking"
)]

use std::fs;
use std::time::{Duration, Instant};

use openapi::{Document, compare, read};
use serde_json::{Map, Value, json};

const OPERATIONS: usize = 980;
const SCHEMAS: usize = 880;
const ROUNDS: usize = 5;

fn main() {
    // `cargo test --all-targets` starts benches, too.
    if !std::env::args().any(|it| it == "--bench") {
        return;
    }
    let (old, new) = {
        let old = large("3.0.3");
        let new = changed(&old);
        (serde_json::to_vec(&old).unwrap(), serde_json::to_vec(&new).unwrap())
    };
    let nodes = count(&serde_json::from_slice(&old).unwrap());
    println!("{} bytes, {nodes} values", old.len());
    let plain = median(|| drop(serde_json::from_slice::<Value>(&old).unwrap()));
    let lenient = median(|| drop(read(&old, false).unwrap()));
    let strict = median(|| drop(read(&old, true).unwrap()));
    println!("serde_json {plain:?}, read {lenient:?}, strict {strict:?}");
    for version in ["3.0.3", "3.1.0"] {
        let change = |it: &[u8]| {
            let text = String::from_utf8(it.to_vec())
                .unwrap()
                .replace("\"3.0.3\"", &format!("{version:?}"));
            read(text.as_bytes(), true).unwrap()
        };
        let (one, other) = (change(&old), change(&new));
        both(version, &one, &other, plain);
    }
    let mut yaml = b"# YAML\n".to_vec();
    yaml.extend(&old);
    let begun = Instant::now();
    let is_read = read(&yaml, false).is_ok();
    println!("as YAML of {} bytes: {is_read} in {:?}", yaml.len(), begun.elapsed());
    println!("at most {} resident", peak());
}

fn both(version: &str, one: &Document, other: &Document, plain: Duration) {
    let difference = median(|| drop(compare(one, other)));
    let report = compare(one, other);
    let most = report.changes.iter().find(|it| it.rule == "too-complex");
    let ratio = difference.as_secs_f64() / plain.as_secs_f64();
    println!(
        "{version}: compared in {difference:?}, {ratio:.1} of serde_json: {:?} {most:?}",
        report.counts
    );
}

/// Schemas that refer to each other, some by `allOf` and `oneOf`, and operations that use them.
fn large(version: &str) -> Value {
    let mut schemas = Map::new();
    for number in 0..SCHEMAS {
        let target =
            |it: usize| json!({ "$ref": format!("#/components/schemas/S{}", it % SCHEMAS) });
        let mut properties = Map::new();
        for property in 0..40 {
            let schema = match property % 6 {
                0 => target(number * 7 + property + 1),
                1 => json!({ "type": "array", "items": target(number + property) }),
                2 => {
                    json!({ "type": "string", "enum": ["a", "b", "c"], "description": "Which one." })
                }
                3 => json!({ "type": "integer", "minimum": 0, "maximum": 100, "example": 5 }),
                4 => json!({ "type": "object", "nullable": true, "properties": {
                    "id": { "type": "integer" }, "url": { "type": "string", "format": "uri" },
                    "name": { "type": "string", "maxLength": 100, "example": "a name of something" } } }),
                _ => {
                    json!({ "type": "string", "description": "What it is called by those who call it." })
                }
            };
            properties.insert(format!("property_{}_{property}", number % 10), schema);
        }
        let mut schema = json!({ "type": "object", "title": format!("Schema {number}"),
            "description": "Something that is sent and received.", "properties": properties, "required": [format!("property_{}_2", number % 10)] });
        if number % 10 == 0 {
            schema = json!({ "allOf": [target(number + 1), schema] });
        } else if number % 10 == 5 {
            schema["properties"]["choice"] =
                json!({ "oneOf": [target(number + 2), target(number + 3)] });
        }
        schemas.insert(format!("S{number}"), schema);
    }
    let mut paths = Map::new();
    for number in 0..OPERATIONS {
        let schema = json!({ "$ref": format!("#/components/schemas/S{}", number % SCHEMAS) });
        let example = (0..8)
            .map(|it| {
                (
                    format!("member_{it}"),
                    json!({ "id": it, "url": "https://a.example/some/where",
            "texts": ["one", "two", "three"] }),
                )
            })
            .collect::<Map<_, _>>();
        let content = json!({ "application/json": { "schema": schema, "example": example } });
        paths.insert(format!("/things/{{id}}/of/{number}"), json!({ "post": {
            "operationId": format!("operation_{number}"), "summary": "Does something.", "tags": ["things"],
            "description": "It does something with a thing, and says what came of it. ".repeat(90),
            "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } },
                { "name": "page", "in": "query", "schema": { "type": "integer", "default": 1 } }],
            "requestBody": { "required": true, "content": content },
            "responses": { "200": { "description": "Done.", "content": content },
                "404": { "description": "Not there." } } } }));
    }
    json!({ "openapi": version, "info": { "title": "Large", "version": "1" }, "paths": paths,
        "components": { "schemas": schemas } })
}

fn changed(old: &Value) -> Value {
    let mut new = old.clone();
    new["info"]["version"] = json!("2");
    for number in (1..SCHEMAS).step_by(97) {
        let schema = &mut new["components"]["schemas"][format!("S{number}")];
        if schema.get("properties").is_some() {
            let name = format!("property_{}_3", number % 10);
            schema["properties"][name]["maximum"] = json!(50);
            schema["properties"]["added"] = json!({ "type": "string" });
        }
    }
    new
}

fn median(mut run: impl FnMut()) -> Duration {
    let mut taken = (0..ROUNDS).map(|_| {
        let begun = Instant::now();
        run();
        begun.elapsed()
    });
    let mut all = taken.by_ref().collect::<Vec<_>>();
    all.sort();
    all[ROUNDS / 2]
}

fn status(name: &str) -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix(name)).unwrap_or(": unknown");
    line.trim_start_matches(':').trim().to_owned()
}

fn count(value: &Value) -> usize {
    let below = match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 0,
    };
    below + 1
}

fn peak() -> String {
    status("VmHWM")
}
