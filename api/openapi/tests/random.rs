//! Random documents: nothing panics, and what is the same does not differ.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use openapi::{compare, read};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Names that mean something, so that random objects come near to documents.
const NAMES: [&str; 40] = [
    "openapi",
    "swagger",
    "info",
    "title",
    "version",
    "paths",
    "/a",
    "/a/{b}",
    "get",
    "post",
    "parameters",
    "name",
    "in",
    "required",
    "schema",
    "requestBody",
    "content",
    "application/json",
    "responses",
    "200",
    "description",
    "components",
    "schemas",
    "A",
    "B",
    "$ref",
    "allOf",
    "oneOf",
    "anyOf",
    "type",
    "properties",
    "items",
    "enum",
    "additionalProperties",
    "nullable",
    "minimum",
    "security",
    "discriminator",
    "mapping",
    "definitions",
];

const TEXTS: [&str; 18] = [
    "3.0.3",
    "3.1.0",
    "2.0",
    "a",
    "b",
    "path",
    "query",
    "body",
    "formData",
    "object",
    "string",
    "array",
    "integer",
    "null",
    "#/components/schemas/A",
    "#/components/schemas/B",
    "#/definitions/A",
    "file",
];

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        proptest::sample::select(&TEXTS[..]).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        let name = proptest::sample::select(&NAMES[..]).prop_map(str::to_owned);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            proptest::collection::btree_map(name, inner, 0..6)
                .prop_map(|it| Value::Object(it.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A schema of what schemas are made of.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({ "$ref": "#/components/schemas/A" })),
        Just(json!({ "$ref": "#/components/schemas/B" })),
        Just(json!({ "type": "string", "minLength": 1 })),
        Just(json!({ "type": ["integer", "null"] })),
        Just(json!({ "enum": ["a", null] })),
        Just(json!({ "const": 1, "x-a": 1 })),
        Just(json!(true)),
        Just(json!(false)),
        value(),
    ];
    leaf.prop_recursive(4, 30, 4, |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            list.clone().prop_map(|it| json!({ "allOf": it })),
            list.clone()
                .prop_map(|it| json!({ "oneOf": it, "discriminator": { "propertyName": "a" } })),
            list.prop_map(|it| json!({ "anyOf": it, "nullable": true })),
            (inner.clone(), inner.clone(), any::<bool>()).prop_map(|it| json!({
                "type": "object", "properties": { "a": it.0, "b": it.1 }, "required": ["a"],
                "additionalProperties": it.2,
            })),
            inner.clone().prop_map(|it| json!({ "type": "array", "items": it })),
            inner.prop_map(|it| json!({ "not": it })),
        ]
    })
}

/// A document that has a chance.
fn document() -> impl Strategy<Value = Value> {
    (schema(), schema(), schema(), schema(), value()).prop_map(|(a, b, request, response, more)| {
        let content = |it: Value| json!({ "application/json": { "schema": it } });
        json!({
            "openapi": "3.1.0",
            "info": { "title": "a", "version": "1" },
            "paths": { "/a": { "post": {
                "requestBody": { "content": content(request) },
                "responses": { "200": { "description": "", "content": content(response) } },
                "x-more": more,
            } } },
            "components": { "schemas": { "A": a, "B": b } },
        })
    })
}

/// How many random documents were read, of those that were made.
fn is_read(value: &Value) -> Option<openapi::Document> {
    let bytes = serde_json::to_vec(value).unwrap();
    let strict = read(&bytes, true).is_ok();
    let lenient = read(&bytes, false).ok();
    assert!(!strict || lenient.is_some(), "strict takes what is refused otherwise: {value}");
    lenient
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes, true);
    }

    #[test]
    fn yaml_is_read_or_refused(text in "[ a-c:{}\\[\\]&*!|>'\"#\n,-]{0,80}") {
        let _ = read(text.as_bytes(), true);
        let _ = read(format!("openapi: 3.0.0\ninfo: {{title: a, version: b}}\npaths: {{}}\nx: {text}").as_bytes(), true);
    }

    #[test]
    fn values_are_read_or_refused(value in value(), version in 0..3_usize) {
        let mut value = value;
        if let Some(map) = value.as_object_mut() {
            let (name, text) = [("openapi", "3.0.1"), ("openapi", "3.1.0"), ("swagger", "2.0")][version];
            map.insert(name.to_owned(), json!(text));
            map.insert("info".to_owned(), json!({ "title": "a", "version": "1" }));
        }
        if let Some(document) = is_read(&value) {
            prop_assert!(compare(&document, &document).changes.is_empty());
        }
    }

    #[test]
    fn what_is_the_same_does_not_differ(value in document(), other in document()) {
        let (Some(one), Some(other)) = (is_read(&value), is_read(&other)) else { return Ok(()) };
        prop_assert!(compare(&one, &one).changes.is_empty());
        let mut again = value;
        again["info"]["version"] = json!("2");
        let again = is_read(&again).unwrap();
        let report = compare(&one, &again);
        prop_assert_eq!(report.changes.len(), 1, "{:?}", report);
        // Both ways there is something, or nothing.
        let (there, back) = (compare(&one, &other), compare(&other, &one));
        prop_assert_eq!(there.changes.is_empty(), back.changes.is_empty());
        for change in there.changes.iter().chain(&back.changes) {
            prop_assert!(change.pointer.is_empty() || change.pointer.starts_with('/'));
        }
    }
}

/// The random documents above are no use if none of them is ever read.
#[test]
fn random_documents_are_read_often_enough() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut count = 0;
    for _ in 0..200 {
        let value = document().new_tree(&mut runner).unwrap().current();
        count += u32::from(is_read(&value).is_some());
    }
    assert!(count > 40, "{count} of 200");
}
