//! Whole documents, made safe for code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use codegen::safe::RULES;
use codegen::{PLACES_MAX, for_code};
use serde_json::{Value, json};

fn with(change: impl Fn(&mut Value)) -> Value {
    let mut document = json!({
        "openapi": "3.1.0",
        "info": { "title": "T", "version": "1" },
        "paths": { "/a/{id}": {
            "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }],
            "get": { "operationId": "getA", "tags": ["t"], "responses": { "200": { "description": "ok" } } },
        } },
        "components": { "schemas": { "A": { "type": "object", "properties": { "b": { "type": "string" } } } } },
    });
    change(&mut document);
    document
}

/// The rule and the place of the one refusal.
fn refused(document: &Value) -> (&'static str, String) {
    let places = for_code(document).expect_err("refused");
    assert_eq!(places.len(), 1, "{places:?}");
    (places[0].rule, places[0].pointer.clone())
}

#[test]
fn plain_documents_stay_as_they_are() {
    let document = with(|_| ());
    assert_eq!(for_code(&document).unwrap(), document);
    let swagger = json!({
        "swagger": "2.0", "info": { "title": "T", "version": "1" }, "host": "a.example", "basePath": "/v1",
        "schemes": ["https"], "consumes": ["application/json"],
        "securityDefinitions": { "k": { "type": "apiKey", "name": "X-Key", "in": "header" } },
        "security": [{ "k": [] }],
        "parameters": { "P": { "name": "p", "in": "query", "type": "array", "items": { "type": "string" },
                               "collectionFormat": "csv" } },
        "responses": { "Gone": { "description": "gone" } },
        "paths": { "/a": { "post": { "operationId": "a", "parameters": [
            { "$ref": "#/parameters/P" },
            { "name": "body", "in": "body", "schema": { "$ref": "#/definitions/A" } } ],
            "responses": { "default": { "$ref": "#/responses/Gone" } } } } },
        "definitions": { "A": { "type": "object", "required": ["x-b"], "properties": {
            "x-b": { "type": "integer", "enum": [1, 2] }, "example": { "type": "string" },
            "properties": { "type": "string" }, "default": { "type": "boolean" } } } },
    });
    assert_eq!(for_code(&swagger).unwrap(), swagger);
}

#[test]
fn extensions_examples_and_what_is_not_known_are_left_out() {
    let document = with(|it| {
        it["x-any"] = json!("'");
        it["webhooks"] = json!({ "'": {} });
        it["paths"]["x-any"] = json!("'");
        it["paths"]["/a/{id}"]["get"]["x-any"] = json!({ "'": "'" });
        it["paths"]["/a/{id}"]["get"]["callbacks"] = json!({ "{$url}": {} });
        it["paths"]["/a/{id}"]["get"]["responses"]["x-any"] = json!("'");
        it["paths"]["/a/{id}"]["get"]["responses"]["200"]["links"] = json!({ "'": {} });
        it["components"]["examples"] = json!({ "'": {} });
        let b = &mut it["components"]["schemas"]["A"]["properties"]["b"];
        b["example"] = json!("'");
        b["examples"] = json!(["'"]);
        b["unknown"] = json!("'");
        b["$comment"] = json!("'");
        b["default"] = json!("it's");
        b["enum"] = json!(["it's", "b"]);
        b["pattern"] = json!("'");
        b["maxLength"] = json!("code()");
    });
    assert_eq!(for_code(&document).unwrap(), with(|_| ()));
}

#[test]
fn texts_are_no_numbers() {
    let of = |kind: Value, value: Value| {
        let schema = json!({ "type": kind, "default": value, "enum": [value] });
        let safe = for_code(&with(|it| it["components"]["schemas"]["A"] = schema.clone())).unwrap();
        safe["components"]["schemas"]["A"] == schema
    };
    for kind in [json!("integer"), json!("number"), json!("boolean"), json!(["integer", "null"])] {
        assert!(!of(kind.clone(), json!("code()")) && of(kind, json!(1)));
    }
    assert!(of(json!("string"), json!("code()")) && of(json!(["string", "null"]), json!("a")));
}

#[test]
fn texts_are_cleaned_and_servers_filled_in() {
    let document = with(|it| {
        it["info"]["description"] = json!("It's\n*/ new");
        it["info"]["contact"] =
            json!({ "name": "O'Neill", "x-any": 1, "url": "'", "email": "a@b" });
        it["info"]["license"] = json!({ "name": "MIT", "url": "https://a.example/'" });
        it["externalDocs"] = json!({ "url": "none", "description": "d" });
        it["tags"] = json!([{ "name": "t", "externalDocs": { "url": "https://a.example" } }]);
        it["servers"] = json!([{ "url": "https://{h}/{v}", "description": "`a`", "variables": {
            "h": { "default": "a.example" }, "v": { "default": "v1", "enum": ["v1"] } } }]);
    });
    let safe = for_code(&document).unwrap();
    assert_eq!(safe["info"]["description"], "It’s * / new");
    assert_eq!(safe["info"]["contact"], json!({ "name": "O’Neill", "email": "a@b" }));
    assert_eq!(safe["info"]["license"], json!({ "name": "MIT" }));
    assert_eq!(safe.get("externalDocs"), None);
    assert_eq!(safe["tags"][0]["externalDocs"], json!({ "url": "https://a.example" }));
    assert_eq!(safe["servers"], json!([{ "url": "https://a.example/v1", "description": "’a’" }]));
}

#[test]
fn each_rule_names_its_place() {
    let schema = "/components/schemas/A/properties";
    let cases: Vec<(&str, String, Value)> = vec![
        ("path", "/paths/~1a'".into(), with(|it| it["paths"]["/a'"] = json!({}))),
        (
            "operation-id",
            "/paths/~1a~1{id}/get/operationId".into(),
            with(|it| it["paths"]["/a/{id}"]["get"]["operationId"] = json!("a b")),
        ),
        ("name", "/info/version".into(), with(|it| it["info"]["version"] = json!("1'"))),
        (
            "name",
            "/paths/~1a~1{id}/get/tags/0".into(),
            with(|it| it["paths"]["/a/{id}"]["get"]["tags"] = json!(["'"])),
        ),
        ("name", "/tags/0/name".into(), with(|it| it["tags"] = json!([{ "name": "a\nb" }]))),
        (
            "name",
            "/components/schemas/A<B>".into(),
            with(|it| it["components"]["schemas"]["A<B>"] = json!({})),
        ),
        (
            "name",
            format!("{schema}/$b"),
            with(|it| it["components"]["schemas"]["A"]["properties"]["$b"] = json!({})),
        ),
        (
            "name",
            format!("{schema}/b/format"),
            with(|it| it["components"]["schemas"]["A"]["properties"]["b"]["format"] = json!("'")),
        ),
        (
            "name",
            "/components/schemas/A/required/0".into(),
            with(|it| it["components"]["schemas"]["A"]["required"] = json!(["`"])),
        ),
        (
            "name",
            "/paths/~1a~1{id}/parameters/0/name".into(),
            with(|it| it["paths"]["/a/{id}"]["parameters"][0]["name"] = json!("id = code(), b")),
        ),
        (
            "name",
            format!("{schema}/code()"),
            with(|it| it["components"]["schemas"]["A"]["properties"]["code()"] = json!({})),
        ),
        (
            "name",
            "/components/securitySchemes/a'".into(),
            with(|it| it["components"]["securitySchemes"] = json!({ "a'": { "type": "http" } })),
        ),
        ("name", "/security/0/a'".into(), with(|it| it["security"] = json!([{ "a'": [] }]))),
        (
            "name",
            "/components/headers/X'".into(),
            with(|it| it["components"]["headers"] = json!({ "X'": {} })),
        ),
        (
            "media-type",
            "/paths/~1a~1{id}/get/responses/200/content/a'~1b".into(),
            with(|it| {
                it["paths"]["/a/{id}"]["get"]["responses"]["200"]["content"] = json!({ "a'/b": {} })
            }),
        ),
        ("media-type", "/consumes/0".into(), with(|it| it["consumes"] = json!(["'"]))),
        (
            "address",
            "/servers/0/url".into(),
            with(|it| it["servers"] = json!([{ "url": "https://a/'" }])),
        ),
        ("address", "/basePath".into(), with(|it| it["basePath"] = json!("/*/"))),
        (
            "server",
            "/servers/0/url".into(),
            with(|it| it["servers"] = json!([{ "url": "https://{a}" }])),
        ),
        (
            "address",
            "/servers/0/url".into(),
            with(|it| {
                it["servers"] = json!([{ "url": "{a}", "variables": { "a": { "default": "`" } } }])
            }),
        ),
        (
            "value",
            format!("{schema}/b/enum"),
            with(|it| {
                it["components"]["schemas"]["A"]["properties"]["b"]["enum"] = json!(["a\nb"])
            }),
        ),
        (
            "value",
            format!("{schema}/b/default"),
            with(|it| {
                it["components"]["schemas"]["A"]["properties"]["b"]["default"] =
                    json!({ "a": "\u{0}" })
            }),
        ),
        (
            "reference",
            format!("{schema}/b/$ref"),
            with(|it| {
                it["components"]["schemas"]["A"]["properties"]["b"]["$ref"] = json!("#/x-any/a")
            }),
        ),
        (
            "reference",
            format!("{schema}/b/$ref"),
            with(|it| {
                it["components"]["schemas"]["A"]["properties"]["b"]["$ref"] = json!("a.json")
            }),
        ),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for (rule, pointer, document) in cases {
        assert_eq!(refused(&document), (rule, pointer));
        seen.insert(rule);
    }
    assert_eq!(seen, RULES.into_iter().collect(), "a rule without a case");
}

#[test]
fn references_are_followed_as_they_are_written() {
    let document = with(|it| {
        it["paths"]["/b"] = json!({ "$ref": "#/paths/~1a~1%7Bid%7D" });
        it["components"]["schemas"]["Größe"] = json!({ "$ref": "#/components/schemas/A" });
        it["components"]["schemas"]["C"] =
            json!({ "$ref": "#/components/schemas/Gr%C3%B6%C3%9Fe" });
        it["components"]["schemas"]["D"] = json!({ "discriminator": { "propertyName": "b", "mapping": {
            "a": "#/components/schemas/A", "c": "C" } } });
    });
    assert_eq!(for_code(&document).unwrap(), document);
}

#[test]
fn the_first_places_are_named() {
    let mut document = with(|_| ());
    for it in 0..PLACES_MAX + 5 {
        document["paths"][format!("/{it}'")] = json!({});
    }
    assert_eq!(for_code(&document).unwrap_err().len(), PLACES_MAX);
    let long = with(|it| it["paths"][format!("/'\n{}", "a".repeat(1_000))] = json!({}));
    let (_, pointer) = refused(&long);
    assert!(pointer.chars().count() < 220 && !pointer.contains('\n'), "{pointer}");
}
