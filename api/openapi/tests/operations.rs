//! Pairs of operations, parameters, bodies, responses and ways in; traps, and what never ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::{Value, json};
use support::{found, of, operation, report};

/// A document with one operation, which has these members.
fn one(members: Value) -> Value {
    let mut operation = json!({ "responses": { "200": { "description": "" } } });
    operation.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    of(json!({ "/a": { "get": operation } }), support::shared())
}

fn at(path: &str, members: Value) -> Value {
    let mut document = one(members);
    let item = document["paths"]["/a"].take();
    document["paths"] = json!({ path: item });
    document
}

/// What is found from old to new, and back; lists with commas.
#[track_caller]
fn assert_pair(old: &Value, new: &Value, there: &str, back: &str) {
    for (old, new, wanted) in [(old, new, there), (new, old, back)] {
        let mut wanted = wanted.split(", ").filter(|it| !it.is_empty()).collect::<Vec<_>>();
        wanted.sort_unstable();
        assert_eq!(found(old, new), wanted, "\n{old}\n{new}");
        let mut other = old.clone();
        other["info"]["version"] = json!("2");
        assert_eq!(found(old, &other), Vec::<String>::new(), "{old}");
    }
}

#[test]
fn operations_come_and_go() {
    let (old, mut new) = (one(json!({})), one(json!({})));
    new["paths"]["/b"] = new["paths"]["/a"].clone();
    assert_pair(&old, &new, "operation-added compatible", "operation-removed breaking");
    new["paths"]["/b"]["get"]["deprecated"] = json!(true);
    assert_pair(&old, &new, "operation-added compatible", "deprecated-operation-removed risky");
    let named = |id: &str| one(json!({ "operationId": id }));
    let changed = "operation-id-changed risky";
    assert_pair(&named("a"), &named("b"), changed, changed);
    assert_pair(&named("a"), &one(json!({})), changed, changed);
    let unknown = "member-changed risky";
    assert_pair(&one(json!({ "new-member": 1 })), &one(json!({})), unknown, unknown);
    let servers = |url: &str| one(json!({ "servers": [{ "url": url }] }));
    assert_pair(&servers("/a"), &servers("/b"), "servers-changed risky", "servers-changed risky");
    let called = |path: &str| {
        one(json!({ "callbacks": { "c": { path: { "post": {
        "responses": { "200": { "description": "" } } } } } } }))
    };
    assert_pair(&called("{$url}"), &called("{$uri}"), unknown, unknown);
}

#[test]
fn parameters() {
    let with = |parameters: Value| one(json!({ "parameters": parameters }));
    let query = |more: Value| {
        let mut parameter = json!({ "name": "q", "in": "query", "schema": { "type": "string" } });
        parameter.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        with(json!([parameter]))
    };
    let none = with(json!([]));
    let plain = query(json!({}));
    let required = query(json!({ "required": true }));
    assert_pair(&none, &plain, "optional-parameter-added compatible", "parameter-removed breaking");
    assert_pair(
        &none,
        &required,
        "required-parameter-added breaking",
        "parameter-removed breaking",
    );
    assert_pair(
        &plain,
        &required,
        "parameter-became-required breaking",
        "parameter-became-optional compatible",
    );
    let style = "parameter-style-changed breaking";
    assert_pair(&plain, &query(json!({ "style": "pipeDelimited" })), style, style);
    assert_pair(&plain, &query(json!({ "explode": false })), style, style);
    assert_pair(&plain, &query(json!({ "style": "form", "explode": true })), "", "");
    let reserved = "member-changed risky";
    assert_pair(&plain, &query(json!({ "allowReserved": true })), reserved, reserved);
    assert_pair(
        &plain,
        &query(json!({ "schema": { "type": ["string", "null"] } })),
        "type-widened compatible",
        "type-narrowed breaking",
    );
    let header = |name: &str| with(json!([{ "name": name, "in": "header", "schema": {} }]));
    assert_pair(&header("X-Page"), &header("x-page"), "", "");
    let (at_path, mut at_operation) = (query(json!({})), one(json!({})));
    at_operation["paths"]["/a"]["parameters"] = at_path["paths"]["/a"]["get"]["parameters"].clone();
    assert_pair(&at_path, &at_operation, "", "");
}

#[test]
fn names_of_path_parameters_are_not_sent() {
    let of = |path: &str, name: &str| {
        at(
            path,
            json!({ "parameters": [{ "name": name, "in": "path", "required": true, "schema": {} }] }),
        )
    };
    let renamed = "path-parameter-renamed risky";
    assert_pair(&of("/a/{id}", "id"), &of("/a/{key}", "key"), renamed, renamed);
    let gone = "operation-added compatible, operation-removed breaking";
    assert_pair(&of("/a/{id}", "id"), &of("/b/{id}", "id"), gone, gone);
}

#[test]
fn bodies_and_media_types() {
    let body = |required: bool, media: &[&str]| {
        let content = media.iter().map(|it| ((*it).to_owned(), json!({ "schema": {} })));
        let content = content.collect::<serde_json::Map<_, _>>();
        one(json!({ "requestBody": { "required": required, "content": content } }))
    };
    let (none, optional, required) = (one(json!({})), body(false, &["a/b"]), body(true, &["a/b"]));
    assert_pair(&none, &optional, "optional-body-added compatible", "body-removed breaking");
    assert_pair(&none, &required, "required-body-added breaking", "body-removed breaking");
    assert_pair(
        &optional,
        &required,
        "body-became-required breaking",
        "body-became-optional compatible",
    );
    assert_pair(
        &optional,
        &body(false, &["A/B", "c/d"]),
        "media-type-added compatible",
        "media-type-removed breaking",
    );
    let answer = |media: &str| {
        one(json!({ "responses": { "200": { "description": "", "content": { media: {} } } } }))
    };
    let both = "media-type-added compatible, media-type-removed breaking";
    assert_pair(&answer("a/b"), &answer("c/d"), both, both);
}

#[test]
fn responses_and_headers() {
    let with = |statuses: &[&str]| {
        let all = statuses.iter().map(|it| ((*it).to_owned(), json!({ "description": "" })));
        one(json!({ "responses": all.collect::<serde_json::Map<_, _>>() }))
    };
    assert_pair(
        &with(&["200"]),
        &with(&["200", "202"]),
        "success-response-added risky",
        "success-response-removed breaking",
    );
    for other in ["404", "default", "5XX"] {
        assert_pair(
            &with(&["200"]),
            &with(&["200", other]),
            "response-added compatible",
            "response-removed risky",
        );
    }
    assert_pair(&with(&["2XX"]), &with(&["2xx"]), "", "");
    let headers = |headers: Value| {
        one(json!({ "responses": { "200": { "description": "", "headers": headers } } }))
    };
    let header = |required: bool, kind: &str| {
        headers(json!({ "X-A": { "required": required, "schema": { "type": kind } } }))
    };
    assert_pair(
        &headers(json!({})),
        &header(false, "string"),
        "header-added compatible",
        "header-removed risky",
    );
    assert_pair(
        &header(false, "string"),
        &header(true, "string"),
        "header-became-required compatible",
        "header-became-optional risky",
    );
    assert_pair(
        &header(false, "number"),
        &header(false, "integer"),
        "type-narrowed compatible",
        "type-widened breaking",
    );
}

#[test]
fn ways_in() {
    let with = |security: Value| {
        let mut document = one(json!({}));
        if !security.is_null() {
            document["paths"]["/a"]["get"]["security"] = security;
        }
        document["components"]["securitySchemes"] = json!({
            "key": { "type": "apiKey", "in": "header", "name": "X-Key" },
            "token": { "type": "http", "scheme": "bearer" }
        });
        document
    };
    let open = with(json!(null));
    let key = with(json!([{ "key": [] }]));
    let either = with(json!([{ "key": [] }, { "token": [] }]));
    let both = with(json!([{ "key": [], "token": [] }]));
    let scope = with(json!([{ "key": ["a"] }]));
    let (added, dropped) =
        ("security-requirement-added breaking", "security-requirement-dropped compatible");
    let (way_added, way_removed) =
        ("security-way-added compatible", "security-way-removed breaking");
    assert_pair(&open, &key, added, dropped);
    assert_pair(&key, &either, way_added, way_removed);
    assert_pair(
        &either,
        &both,
        &format!("{way_removed}, {way_removed}"),
        &format!("{way_added}, {way_added}"),
    );
    assert_pair(&key, &scope, way_removed, way_added);
    assert_pair(&open, &with(json!([{}, { "key": [] }])), "", "");
    let mut of_document = open.clone();
    of_document["security"] = json!([{ "key": [] }]);
    assert_pair(&key, &of_document, "", "");
    let mut moved = key.clone();
    moved["components"]["securitySchemes"]["key"]["name"] = json!("X-Other");
    let changed = "security-scheme-changed risky";
    assert_pair(&key, &moved, changed, changed);
}

#[test]
fn the_document_itself() {
    let base = one(json!({}));
    for (member, value) in [
        ("webhooks", json!({ "w": { "post": { "responses": { "200": { "description": "" } } } } })),
        ("jsonSchemaDialect", json!("https://a.example")),
        ("servers", json!([{ "url": "/v2" }])),
    ] {
        let mut other = base.clone();
        other[member] = value;
        assert_eq!(found(&base, &other).len(), 1, "{member}");
        assert!(found(&base, &other)[0].ends_with("risky"), "{member}");
    }
    for (member, value) in [
        ("tags", json!([{ "name": "t" }])),
        ("externalDocs", json!({ "url": "/v2" })),
        ("x-a", json!(1)),
        ("openapi", json!("3.1.1")),
        ("info", json!({ "title": "b", "version": "2" })),
    ] {
        let mut other = base.clone();
        other[member] = value;
        let report = report(&base, &other);
        assert_eq!((report.changes.len(), report.counts.editorial), (1, 1), "{member}: {report:?}");
        assert_eq!(report.changes[0].rule == "tags-changed", member == "tags");
    }
    let mut other = base.clone();
    other["components"]["schemas"]["A"]["type"] = json!("array");
    let report = report(&base, &other);
    assert_eq!(report.changes[0].rule, "unused-component-changed", "{report:?}");
}

#[test]
fn a_shared_schema_is_one_change_with_all_its_operations() {
    let a = json!({ "$ref": "#/components/schemas/A" });
    let list = json!({ "type": "array", "items": a });
    let paths = json!({
        "/a": { "get": operation(json!({}), a.clone()), "put": operation(a, json!({})) },
        "/b": { "get": operation(json!({}), list) }
    });
    let (old, mut new) = (of(paths.clone(), support::shared()), of(paths, support::shared()));
    new["components"]["schemas"]["A"]["properties"] = json!({});
    let report = report(&old, &new);
    let shown = report.changes.iter().map(|it| (it.rule.as_str(), it.via.join(", ")));
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            ("property-removed", "GET /a, GET /b".to_owned()),
            ("property-removed", "PUT /a".to_owned())
        ]
    );
    let change = &report.changes[0];
    assert_eq!(change.pointer, "/components/schemas/A/properties/a");
    assert_eq!((change.operation.as_str(), change.old.as_deref()), ("GET /a", Some("a")));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["changes"][0]["class"], "breaking");
    assert_eq!(json["changes"][0]["direction"], "response");
    assert_eq!(json["counts"]["risky"], 1);
    assert_eq!(serde_json::from_value::<openapi::Report>(json).unwrap(), report);
}

#[test]
fn a_shared_response_is_one_change_with_all_its_operations() {
    let document = |headers: Value| {
        let shared = json!({ "responses": { "200": { "$ref": "#/components/responses/R" } } });
        let mut document = of(json!({ "/a": { "get": shared, "put": shared } }), json!({}));
        document["components"]["responses"]["R"] = json!({ "description": "", "headers": headers });
        document
    };
    let (old, new) = (document(json!({ "X-A": { "schema": {} } })), document(json!({})));
    let report = report(&old, &new);
    assert_eq!((report.changes.len(), report.counts.risky), (1, 1), "{report:?}");
    assert_eq!(report.changes[0].via, ["GET /a", "PUT /a"]);
}

/// What another differ missed, or never came back from.
#[test]
fn the_five_traps() {
    // A type behind `allOf` of references.
    let all = json!({ "allOf": [{ "$ref": "#/components/schemas/A" }, { "$ref": "#/components/schemas/B" }] });
    let paths = json!({ "/a": { "post": operation(all, json!({})) } });
    let (old, mut new) = (of(paths.clone(), support::shared()), of(paths, support::shared()));
    new["components"]["schemas"]["B"]["properties"]["b"]["type"] = json!("integer");
    assert_eq!(found(&old, &new), ["type-narrowed breaking", "type-widened compatible"]);
    // A requirement that an operation had not.
    let (open, closed) = (one(json!({})), one(json!({ "security": [{ "key": [] }] })));
    assert_eq!(found(&open, &closed), ["security-requirement-added breaking"]);
    // What it called "unhandled".
    let schema = |required: Value, values: Value, more: Value| {
        json!({ "/a": { "post": operation(
            json!({ "type": "object", "required": required,
                    "properties": { "a": { "enum": values }, "b": {} } }),
            json!({ "type": "object", "properties": more }),
        ) } })
    };
    let old = of(schema(json!([]), json!(["x", "y"]), json!({})), json!({}));
    let new = of(schema(json!(["b"]), json!(["x"]), json!({ "c": {} })), json!({}));
    assert_eq!(
        found(&old, &new),
        [
            "enum-value-removed breaking",
            "property-added compatible",
            "property-became-required breaking"
        ]
    );
    // A path parameter that one side declares only: refused before it is compared.
    let lone = at("/a/{id}", json!({}));
    let refused = openapi::read(&serde_json::to_vec(&lone).unwrap(), false).unwrap_err();
    assert_eq!(refused.problems[0].rule, "parameter-missing");
    // Two references that lead to each other: refused, too.
    let looped = of(
        json!({}),
        json!({ "A": { "$ref": "#/components/schemas/B" },
                                       "B": { "$ref": "#/components/schemas/A" } }),
    );
    let refused = openapi::read(&serde_json::to_vec(&looped).unwrap(), false).unwrap_err();
    assert_eq!(refused.problems[0].rule, "reference-loop");
}

/// Schemas `S0` to `S40`, each made of the next, and a last one; which is of that type.
fn chain(count: usize, link: impl Fn(&Value) -> Value, last: &str) -> Value {
    let mut schemas = json!({});
    for number in 0..count {
        let next = json!({ "$ref": format!("#/components/schemas/S{}", number + 1) });
        schemas[format!("S{number}")] = link(&next);
    }
    schemas[format!("S{count}")] = json!({ "type": last });
    let first = json!({ "$ref": "#/components/schemas/S0" });
    of(json!({ "/a": { "post": operation(first.clone(), first) } }), schemas)
}

#[test]
fn what_doubles_at_every_step_ends() {
    type Link = fn(&Value) -> Value;
    let links: [(usize, Link); 5] = [
        (40, |next| json!({ "allOf": [next, next] })),
        (60, |next| json!({ "type": "object", "properties": { "a": next, "b": next } })),
        (40, |next| json!({ "oneOf": [next, next] })),
        (40, |next| json!({ "oneOf": [next, { "type": "object", "properties": { "a": next } }] })),
        (40, |next| json!({ "anyOf": [{ "allOf": [next] }, { "items": next }] })),
    ];
    for (count, link) in links {
        let begun = std::time::Instant::now();
        let found = found(&chain(count, link, "string"), &chain(count, link, "integer"));
        assert!(begun.elapsed().as_secs() < 2, "{:?}", begun.elapsed());
        assert!(found.contains(&"type-narrowed breaking".to_owned()), "{found:?}");
        assert!(found.contains(&"type-widened breaking".to_owned()), "{found:?}");
    }
}

#[test]
fn circles_end() {
    let paths = json!({ "/a": { "post": operation(json!({ "$ref": "#/components/schemas/A" }), json!({})) } });
    let schemas = |kind: &str| {
        json!({
            "A": { "allOf": [{ "$ref": "#/components/schemas/A" }, { "$ref": "#/components/schemas/B" }] },
            "B": { "type": "object", "properties": {
                "a": { "$ref": "#/components/schemas/A" }, "k": { "type": kind },
                "n": { "not": { "$ref": "#/components/schemas/A" } },
                "o": { "oneOf": [{ "$ref": "#/components/schemas/B" }, { "type": "string" }] } } }
        })
    };
    let (old, new) = (of(paths.clone(), schemas("string")), of(paths, schemas("number")));
    let found = found(&old, &new);
    assert!(found.contains(&"type-narrowed breaking".to_owned()), "{found:?}");
}

/// Many conjunctions of long chains: more than the steps of one comparison.
#[test]
fn what_goes_too_far_is_said() {
    let document = |kind: &str| {
        let mut schemas = json!({});
        for number in 0..4_000 {
            let next = json!({ "$ref": format!("#/components/schemas/S{}", number + 1) });
            schemas[format!("S{number}")] = json!({ "allOf": [next], "properties": { "a": next } });
        }
        schemas["S4000"] = json!({ "properties": { "z": { "type": kind } } });
        let first = json!({ "$ref": "#/components/schemas/S0" });
        of(json!({ "/a": { "post": operation(first.clone(), first) } }), schemas)
    };
    let found = found(&document("string"), &document("integer"));
    assert!(found.contains(&"too-complex risky".to_owned()), "{}", found.len());
}

#[test]
fn a_report_is_cut() {
    let document = |name: &str| {
        let properties = (0..6_000).map(|it| (format!("{name}{it}"), json!({})));
        let schema = json!({ "type": "object", "properties": properties.collect::<serde_json::Map<_, _>>() });
        of(json!({ "/a": { "post": operation(json!({}), schema) } }), json!({}))
    };
    let report = report(&document("a"), &document("b"));
    assert!(report.cut);
    assert_eq!(
        (report.changes.len(), report.counts.breaking, report.counts.compatible),
        (5_000, 6_000, 6_000)
    );
    assert_eq!(report.changes[4_999].rule, "property-removed");
}

#[test]
fn swagger_is_compared_with_what_it_was_lifted_from() {
    let swagger = |kind: &str| {
        json!({
            "swagger": "2.0", "info": { "title": "a", "version": "1" },
            "paths": { "/a": { "post": {
                "parameters": [{ "name": "b", "in": "body", "required": true,
                                 "schema": { "$ref": "#/definitions/A" } },
                               { "name": "q", "in": "query", "type": "array",
                                 "items": { "type": "string" } }],
                "responses": { "200": { "description": "" } } } } },
            "definitions": { "A": { "type": "object", "properties": { "a": { "type": kind } } } }
        })
    };
    let lifted = json!({
        "openapi": "3.0.0", "info": { "title": "a", "version": "1" },
        "paths": { "/a": { "post": {
            "parameters": [{ "name": "q", "in": "query", "style": "form", "explode": false,
                             "schema": { "type": "array", "items": { "type": "string" } } }],
            "requestBody": { "required": true, "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/A" } } } },
            "responses": { "200": { "description": "" } } } } },
        "components": { "schemas": { "A": { "type": "object", "properties": { "a": { "type": "string" } } } } }
    });
    assert_pair(&swagger("string"), &lifted, "", "");
    let report = report(&swagger("string"), &swagger("number"));
    assert_eq!(report.changes[0].pointer, "/definitions/A/properties/a/type");
}
