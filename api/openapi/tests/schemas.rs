//! Pairs of schemas: one for each line of the table, there and back, in requests and in responses.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::{Value, json};
use support::{answering, found, taking};

/// Old and new schema; what is found from old to new in a request, in a response, and from new to
/// old in a request, in a response.
struct Line {
    old: Value,
    new: Value,
    there: [&'static str; 2],
    back: [&'static str; 2],
}

fn line(old: Value, new: Value, there: [&'static str; 2], back: [&'static str; 2]) -> Line {
    Line { old, new, there, back }
}

/// A list with commas; blank for nothing.
#[track_caller]
fn assert_found(old: &Value, new: &Value, wanted: &str) {
    let mut wanted = wanted.split(", ").filter(|it| !it.is_empty()).collect::<Vec<_>>();
    wanted.sort_unstable();
    assert_eq!(found(old, new), wanted, "\n{old}\n{new}");
}

#[track_caller]
fn assert_lines(lines: Vec<Line>) {
    for Line { old, new, there, back } in lines {
        assert_found(&taking(&old), &taking(&new), there[0]);
        assert_found(&answering(&old), &answering(&new), there[1]);
        assert_found(&taking(&new), &taking(&old), back[0]);
        assert_found(&answering(&new), &answering(&old), back[1]);
        for schema in [old, new] {
            // With another text, so that the documents are compared at all.
            let mut other = taking(&schema);
            other["info"]["version"] = json!("2");
            assert_found(&taking(&schema), &other, "");
        }
    }
}

#[test]
fn types() {
    let narrowed = ["type-narrowed breaking", "type-narrowed compatible"];
    let widened = ["type-widened compatible", "type-widened breaking"];
    let both = [
        "type-narrowed breaking, type-widened compatible",
        "type-narrowed compatible, type-widened breaking",
    ];
    assert_lines(vec![
        line(json!({ "type": ["string", "null"] }), json!({ "type": "string" }), narrowed, widened),
        line(
            json!({ "type": "string", "nullable": true }),
            json!({ "type": "string" }),
            narrowed,
            widened,
        ),
        line(json!({ "type": "number" }), json!({ "type": "integer" }), narrowed, widened),
        line(json!({}), json!({ "type": "string" }), narrowed, widened),
        line(json!(true), json!(false), narrowed, widened),
        line(json!({ "type": "string" }), json!({ "type": "integer" }), both, both),
        line(
            json!({ "oneOf": [{ "$ref": "#/components/schemas/A" }, { "type": "null" }] }),
            json!({ "$ref": "#/components/schemas/A" }),
            narrowed,
            widened,
        ),
        line(
            json!({ "anyOf": [{ "$ref": "#/components/schemas/A" }, { "type": "null" }] }),
            json!({ "allOf": [{ "$ref": "#/components/schemas/A" }] }),
            narrowed,
            widened,
        ),
    ]);
}

#[test]
fn values() {
    let removed = ["enum-value-removed breaking", "enum-value-removed compatible"];
    let added = ["enum-value-added compatible", "enum-value-added risky"];
    assert_lines(vec![
        line(json!({ "enum": ["a", "b"] }), json!({ "enum": ["a"] }), removed, added),
        line(json!({ "enum": ["a", "b"] }), json!({ "const": "a" }), removed, added),
        line(
            json!({ "type": "string" }),
            json!({ "type": "string", "enum": ["a"] }),
            ["enum-stated breaking", "enum-stated compatible"],
            ["enum-dropped compatible", "enum-dropped risky"],
        ),
        // As GitHub writes it; `null` is a value only where the type allows it.
        line(
            json!({ "type": "string", "enum": ["a", null] }),
            json!({ "type": "string", "enum": ["a"] }),
            ["", ""],
            ["", ""],
        ),
        line(
            json!({ "type": "string", "nullable": true, "enum": ["a", null] }),
            json!({ "type": "string", "enum": ["a"] }),
            [
                "enum-value-removed breaking, type-narrowed breaking",
                "enum-value-removed compatible, type-narrowed compatible",
            ],
            [
                "enum-value-added compatible, type-widened compatible",
                "enum-value-added risky, type-widened breaking",
            ],
        ),
    ]);
}

#[test]
fn limits() {
    let tightened = ["limit-tightened breaking", "limit-tightened compatible"];
    let loosened = ["limit-loosened compatible", "limit-loosened risky"];
    let pairs = [
        (json!({ "minimum": 1 }), json!({ "minimum": 2 })),
        (json!({ "maximum": 2 }), json!({ "maximum": 1.5 })),
        (json!({ "maximum": i64::MAX }), json!({ "maximum": i64::MAX - 1 })),
        (json!({ "minimum": 1 }), json!({ "exclusiveMinimum": 1 })),
        (json!({ "minimum": 1 }), json!({ "minimum": 1, "exclusiveMinimum": true })),
        (json!({ "maximum": 1 }), json!({ "exclusiveMaximum": 1 })),
        (json!({ "minLength": 1 }), json!({ "minLength": 2 })),
        (json!({ "maxLength": 2 }), json!({ "maxLength": 1 })),
        (json!({ "minItems": 0 }), json!({ "minItems": 1 })),
        (json!({}), json!({ "maxItems": 1 })),
        (json!({}), json!({ "minProperties": 1 })),
        (json!({ "maxProperties": 2 }), json!({ "maxProperties": 1 })),
        (json!({}), json!({ "uniqueItems": true })),
        (json!({}), json!({ "multipleOf": 2 })),
        (json!({ "multipleOf": 2 }), json!({ "multipleOf": 4 })),
    ];
    assert_lines(pairs.into_iter().map(|it| line(it.0, it.1, tightened, loosened)).collect());
    let same = [
        (json!({ "minItems": 0, "uniqueItems": false }), json!({})),
        (json!({ "maximum": 10 }), json!({ "maximum": 10.0 })),
        (json!({ "exclusiveMinimum": 1 }), json!({ "minimum": 1, "exclusiveMinimum": true })),
    ];
    assert_lines(same.into_iter().map(|it| line(it.0, it.1, ["", ""], ["", ""])).collect());
}

#[test]
fn formats_patterns_and_what_nobody_knows() {
    let format = ["format-changed risky"; 2];
    let pattern = ["pattern-changed risky"; 2];
    let keyword = ["keyword-changed risky"; 2];
    let pairs = vec![
        line(json!({ "format": "date" }), json!({ "format": "date-time" }), format, format),
        line(json!({}), json!({ "format": "date" }), format, format),
        line(json!({ "pattern": "a" }), json!({ "pattern": "b" }), pattern, pattern),
        line(json!({}), json!({ "pattern": "b" }), pattern, pattern),
        line(json!({ "multipleOf": 2 }), json!({ "multipleOf": 3 }), keyword, keyword),
        line(json!({ "default": 1 }), json!({ "default": 2 }), keyword, keyword),
        line(json!({}), json!({ "contentEncoding": "base64" }), keyword, keyword),
        line(json!({}), json!({ "keyword-of-tomorrow": 1 }), keyword, keyword),
        line(json!({ "type": "date" }), json!({ "type": "day" }), keyword, keyword),
        line(
            json!({ "not": { "$ref": "#/components/schemas/A" } }),
            json!({ "not": { "$ref": "#/components/schemas/B" } }),
            keyword,
            keyword,
        ),
        line(
            json!({ "not": { "title": "a" } }),
            json!({ "not": { "title": "b" } }),
            [""; 2],
            [""; 2],
        ),
    ];
    assert_lines(pairs);
}

#[test]
fn properties() {
    let with = |name: &str, more: Value| {
        let mut schema = json!({ "type": "object", "properties": { "a": {}, name: {} } });
        schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        schema
    };
    let one = json!({ "type": "object", "properties": { "a": {} } });
    let closed =
        json!({ "type": "object", "properties": { "a": {} }, "additionalProperties": false });
    let required = json!({ "type": "object", "properties": { "a": {} }, "required": ["a"] });
    let read_only = |required: Value| json!({ "type": "object", "properties": { "a": { "readOnly": true } }, "required": required });
    assert_lines(vec![
        line(
            with("b", json!({})),
            one.clone(),
            ["property-removed risky", "property-removed breaking"],
            ["property-added compatible", "property-added compatible"],
        ),
        line(
            with("b", json!({ "additionalProperties": false })),
            closed.clone(),
            ["property-refused breaking", "property-refused breaking"],
            ["property-added compatible", "property-added compatible"],
        ),
        line(
            one.clone(),
            with("b", json!({ "required": ["b"] })),
            ["required-property-added breaking", "required-property-added compatible"],
            ["property-removed risky", "property-removed breaking"],
        ),
        line(
            json!({ "type": "object" }),
            read_only(json!(["a"])),
            ["property-added compatible", "property-added compatible"],
            ["property-removed risky", "property-removed breaking"],
        ),
        line(
            one.clone(),
            required,
            ["property-became-required breaking", "property-became-required compatible"],
            ["property-became-optional compatible", "property-became-optional breaking"],
        ),
        line(
            json!({ "type": "object" }),
            json!({ "type": "object", "required": ["z"] }),
            ["property-became-required breaking", "property-became-required compatible"],
            ["property-became-optional compatible", "property-became-optional breaking"],
        ),
        line(
            read_only(json!([])),
            read_only(json!(["a"])),
            ["read-only-property-became-required compatible"; 2],
            ["property-became-optional compatible", "property-became-optional breaking"],
        ),
        line(
            one,
            closed,
            ["additional-properties-refused breaking", "additional-properties-refused compatible"],
            ["additional-properties-allowed compatible", "additional-properties-allowed risky"],
        ),
    ]);
}

#[test]
fn what_is_inside() {
    assert_lines(vec![
        line(
            json!({ "type": "object", "additionalProperties": { "type": ["string", "null"] } }),
            json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            ["type-narrowed breaking", "type-narrowed compatible"],
            ["type-widened compatible", "type-widened breaking"],
        ),
        line(
            json!({ "type": "array", "items": { "type": "number" } }),
            json!({ "type": "array", "items": { "type": "integer" } }),
            ["type-narrowed breaking", "type-narrowed compatible"],
            ["type-widened compatible", "type-widened breaking"],
        ),
    ]);
}

#[test]
fn alternatives() {
    let a = json!({ "$ref": "#/components/schemas/A" });
    let b = json!({ "$ref": "#/components/schemas/B" });
    let string = json!({ "type": "string" });
    let removed = ["alternative-removed breaking", "alternative-removed compatible"];
    let added = ["alternative-added compatible", "alternative-added breaking"];
    let replaced = ["alternatives-replaced risky"; 2];
    for keyword in ["oneOf", "anyOf"] {
        assert_lines(vec![
            line(
                json!({ keyword: [a, b, string] }),
                json!({ keyword: [string, a] }),
                removed,
                added,
            ),
            line(json!({ keyword: [a, b] }), a.clone(), removed, added),
            line(
                json!({ keyword: [a, string] }),
                json!({ keyword: [b, string] }),
                replaced,
                replaced,
            ),
            line(json!({ keyword: [a, b] }), json!({ keyword: [b, a] }), [""; 2], [""; 2]),
            line(json!({ keyword: [a, a] }), a.clone(), [""; 2], [""; 2]),
            line(
                json!({ keyword: [a, { "type": "number" }] }),
                json!({ keyword: [a, { "type": "integer" }] }),
                ["type-narrowed breaking", "type-narrowed compatible"],
                ["type-widened compatible", "type-widened breaking"],
            ),
            // A mapping that grows with its alternatives is no change of its own.
            line(
                json!({ keyword: [a, string], "discriminator": { "propertyName": "k", "mapping": { "a": "A" } } }),
                json!({ keyword: [a, b, string],
                        "discriminator": { "propertyName": "k", "mapping": { "a": "A", "b": "B" } } }),
                added,
                removed,
            ),
            line(
                json!({ keyword: [a, b], "discriminator": { "propertyName": "k" } }),
                json!({ keyword: [a, b], "discriminator": { "propertyName": "l" } }),
                ["keyword-changed risky"; 2],
                ["keyword-changed risky"; 2],
            ),
        ]);
    }
    assert_lines(vec![line(
        json!({ "oneOf": [a, b] }),
        json!({ "anyOf": [a, b] }),
        ["keyword-changed risky"; 2],
        ["keyword-changed risky"; 2],
    )]);
}

#[test]
fn the_same_in_other_words_is_the_same() {
    let a = json!({ "$ref": "#/components/schemas/A" });
    let inline = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    let same = |old: &Value, new: &Value| line(old.clone(), new.clone(), [""; 2], [""; 2]);
    assert_lines(vec![
        same(&a, &inline),
        same(&a, &json!({ "$ref": "#/components/schemas/Same" })),
        same(&a, &json!({ "allOf": [a] })),
        same(&a, &json!({ "oneOf": [a] })),
        same(&a, &json!({ "allOf": [a, { "type": "object" }, a] })),
        same(
            &json!({ "type": ["string", "null"] }),
            &json!({ "type": "string", "nullable": true }),
        ),
        same(&json!({ "type": ["number", "integer"] }), &json!({ "type": "number" })),
        same(
            &json!({ "oneOf": [a, { "type": "null" }] }),
            &json!({ "type": ["object", "null"], "properties": { "a": { "type": "string" } } }),
        ),
        same(&json!({}), &json!(true)),
        same(&json!({}), &json!({ "additionalProperties": true })),
    ]);
}

#[test]
fn texts_are_editorial() {
    for (member, rule) in [
        ("title", "text-changed"),
        ("description", "text-changed"),
        ("$comment", "text-changed"),
        ("example", "example-changed"),
        ("examples", "example-changed"),
        ("deprecated", "deprecated-changed"),
        ("x-a", "extension-changed"),
    ] {
        let old = taking(&json!({ "type": "string" }));
        let new = taking(&json!({ "type": "string", member: "a" }));
        let report = support::report(&old, &new);
        assert_eq!((report.changes.len(), report.counts.editorial), (1, 1), "{member}: {report:?}");
        let change = &report.changes[0];
        assert_eq!((change.rule.as_str(), change.direction), (rule, None), "{member}");
    }
}

/// Where a dynamic reference leads is not known: only documents of the same schemas are the same.
#[test]
fn dynamic_references_are_not_compared() {
    let old = taking(&json!({ "$dynamicRef": "#node" }));
    let mut new = old.clone();
    new["components"]["schemas"]["A"]["type"] = json!("array");
    assert_found(&old, &new, "not-compared risky");
    new = old.clone();
    new["info"]["version"] = json!("2");
    assert_found(&old, &new, "");
}
