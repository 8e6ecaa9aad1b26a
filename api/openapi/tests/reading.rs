//! Documents that are read, and those that are refused with the rule that they break.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use openapi::{Form, PROBLEM_RULES, Reason, Refused, read};
use serde_json::{Value, json};

/// A document of 3.0 with one operation, changed.
fn document(change: impl FnOnce(&mut Value)) -> Value {
    let mut document = json!({
        "openapi": "3.0.3",
        "info": { "title": "Pets", "version": "1.2" },
        "servers": [{ "url": "https://{host}/v1", "variables": { "host": { "default": "a.example" } } }],
        "paths": {
            "/pets/{id}": {
                "get": {
                    "operationId": "pet",
                    "parameters": [
                        { "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }
                    ],
                    "responses": {
                        "200": {
                            "description": "It.",
                            "content": {
                                "application/json": { "schema": { "$ref": "#/components/schemas/Pet" } }
                            }
                        }
                    }
                }
            }
        },
        "components": {
            "schemas": { "Pet": { "type": "object", "properties": { "name": { "type": "string" } } } }
        }
    });
    change(&mut document);
    document
}

fn swagger(change: impl FnOnce(&mut Value)) -> Value {
    let mut document = json!({
        "swagger": "2.0",
        "info": { "title": "Pets", "version": "1" },
        "host": "a.example",
        "basePath": "/v2",
        "schemes": ["https", "http"],
        "consumes": ["application/json", "application/xml"],
        "produces": ["application/json"],
        "securityDefinitions": {
            "basic": { "type": "basic" },
            "code": {
                "type": "oauth2", "flow": "accessCode", "authorizationUrl": "https://a.example/a",
                "tokenUrl": "https://a.example/t", "scopes": { "read": "Reads." }
            }
        },
        "parameters": { "Limit": { "name": "limit", "in": "query", "type": "integer" } },
        "responses": { "Gone": { "description": "Gone." } },
        "paths": {
            "/pets/{id}": {
                "parameters": [{ "name": "id", "in": "path", "required": true, "type": "string" }],
                "put": {
                    "operationId": "put",
                    "parameters": [
                        { "$ref": "#/parameters/Limit" },
                        { "name": "tags", "in": "query", "type": "array",
                          "items": { "type": "string" }, "collectionFormat": "multi" },
                        { "name": "pet", "in": "body", "required": true,
                          "schema": { "$ref": "#/definitions/Pet" } }
                    ],
                    "responses": {
                        "200": { "description": "It.", "schema": { "$ref": "#/definitions/Pet" } },
                        "410": { "$ref": "#/responses/Gone" }
                    }
                },
                "post": {
                    "consumes": ["multipart/form-data"],
                    "parameters": [
                        { "name": "photo", "in": "formData", "type": "file", "required": true },
                        { "name": "note", "in": "formData", "type": "string" }
                    ],
                    "responses": { "204": { "description": "Taken." } }
                }
            }
        },
        "definitions": {
            "Pet": { "type": "object", "discriminator": "kind", "required": ["kind"],
                     "properties": { "kind": { "type": "string", "x-nullable": true } } }
        }
    });
    change(&mut document);
    document
}

fn bytes(document: &Value) -> Vec<u8> {
    serde_json::to_vec(document).unwrap()
}

#[track_caller]
fn refused(document: &Value, strict: bool) -> Refused {
    read(&bytes(document), strict).expect_err("it was read")
}

#[track_caller]
fn assert_refused(change: impl FnOnce(&mut Value), reason: Reason, rule: &str, pointer: &str) {
    let refused = refused(&document(change), false);
    let found = refused.problems.iter().map(|it| (it.rule, it.pointer.as_str()));
    let found = found.collect::<Vec<_>>();
    assert_eq!(refused.reason, reason, "{refused}");
    assert!(found.contains(&(rule, pointer)), "{found:?}");
    assert!(PROBLEM_RULES.contains(&(rule, reason)), "{rule} is not in the table");
}

#[test]
fn a_document_says_what_it_is() {
    let read = read(&bytes(&document(|_| ())), true).unwrap();
    let summary = read.summary();
    assert_eq!((summary.form, summary.openapi.as_str()), (Form::Json, "3.0.3"));
    assert_eq!((summary.title.as_str(), summary.info_version.as_str()), ("Pets", "1.2"));
    assert_eq!(summary.operations, 1);
    assert_eq!(summary.server_url.as_deref(), Some("https://a.example/v1"));
    assert_eq!(*read.json(), document(|_| ()));
}

#[test]
fn yaml_is_read_like_json() {
    let yaml = "\u{feff}openapi: 3.1.0\ninfo: {title: Pets, version: '1'}\npaths:\n  /a:\n    get:\n      \
                responses:\n        200: {description: yes}\n        default: &d {description: no}\n        \
                404: *d\n";
    let read = read(yaml.as_bytes(), true).unwrap();
    assert_eq!(read.summary().form, Form::Yaml);
    assert_eq!(read.summary().server_url, None);
    let responses = &read.json()["paths"]["/a"]["get"]["responses"];
    assert_eq!(responses["200"]["description"], "yes");
    assert_eq!(responses["404"]["description"], "no");
}

#[test]
fn versions_are_known_or_refused() {
    for version in ["3.0.0", "3.0.4", "3.1.0", "3.1.1", "3.2.0", "3.1.0-rc1"] {
        read(&bytes(&document(|it| it["openapi"] = json!(version))), false).unwrap();
    }
    for version in
        [json!("3.3.0"), json!("3.0"), json!("4.0.0"), json!("3.0.x"), json!(3), json!(null)]
    {
        let found = refused(&document(|it| it["openapi"] = version.clone()), false);
        assert_eq!(found.reason, Reason::NotOpenApi, "{version}");
    }
    assert_eq!(refused(&json!({ "swagger": "1.2" }), false).reason, Reason::NotOpenApi);
    for text in ["[]", "hello", "", "\n", "null"] {
        let found = read(text.as_bytes(), false).expect_err(text);
        assert!([Reason::NotOpenApi, Reason::Invalid].contains(&found.reason), "{text}: {found}");
    }
}

#[test]
fn own_checks_name_the_place() {
    let invalid = Reason::Invalid;
    let get = |it: &mut Value| it["paths"]["/pets/{id}"]["get"].take();
    assert_refused(|it| drop(it["info"].take()), invalid, "info-title", "/info/title");
    assert_refused(
        |it| it["info"]["version"] = json!(1.0),
        invalid,
        "info-version",
        "/info/version",
    );
    assert_refused(|it| it["info"]["title"] = json!(" "), invalid, "info-title", "/info/title");
    assert_refused(|it| drop(it["paths"].take()), invalid, "paths-missing", "/paths");
    assert_refused(|it| it["paths"] = json!([]), invalid, "member-type", "/paths");
    assert_refused(|it| it["paths"]["pets"] = json!({}), invalid, "path-slash", "/paths/pets");
    for path in ["/{", "/}", "/{}", "/{a{b}}", "/{a}/{a}"] {
        let pointer = format!("/paths/{}", path.replace('/', "~1"));
        assert_refused(|it| it["paths"][path] = json!({}), invalid, "path-template", &pointer);
    }
    assert_refused(
        |it| it["paths"]["/pets/{name}"] = json!({}),
        invalid,
        "path-twice",
        "/paths/~1pets~1{name}",
    );
    assert_refused(
        |it| it["paths"]["/pets/{id}"]["fetch"] = json!({}),
        invalid,
        "method-unknown",
        "/paths/~1pets~1{id}/fetch",
    );
    assert_refused(
        |it| {
            it["paths"]["/pets"] =
                json!({ "get": { "operationId": "pet", "responses": { "200": {} } } })
        },
        invalid,
        "operation-id-twice",
        "/paths/~1pets~1{id}/get/operationId",
    );
    for responses in [json!(null), json!({}), json!({ "x-none": 1 })] {
        assert_refused(
            |it| it["paths"]["/pets/{id}"]["get"]["responses"] = responses,
            invalid,
            "responses-missing",
            "/paths/~1pets~1{id}/get",
        );
    }
    assert_refused(
        |it| it["paths"]["/pets/{id}"]["get"]["parameters"] = json!([]),
        invalid,
        "parameter-missing",
        "/paths/~1pets~1{id}/get",
    );
    assert_refused(
        |it| {
            let operation = get(it);
            it["paths"] = json!({ "/pets": { "get": operation } });
        },
        invalid,
        "parameter-not-in-path",
        "/paths/~1pets/get/parameters/0",
    );
    assert_refused(
        |it| {
            let twice = json!({ "name": "id", "in": "path" });
            it["paths"]["/pets/{id}"]["get"]["parameters"] = json!([twice, twice]);
        },
        invalid,
        "parameter-twice",
        "/paths/~1pets~1{id}/get/parameters/1",
    );
}

#[test]
fn references_stay_in_the_document() {
    let pet = "/components/schemas/Pet/$ref";
    for target in ["http://127.0.0.1/x", "file:///etc/passwd", "../x.yaml", "x.json#/a", ""] {
        assert_refused(
            |it| it["components"]["schemas"]["Pet"] = json!({ "$ref": target }),
            Reason::ExternalReference,
            "reference-external",
            pet,
        );
    }
    // In places that have no meaning, too.
    assert_refused(
        |it| it["x-more"] = json!([{ "$ref": "http://a.example" }]),
        Reason::ExternalReference,
        "reference-external",
        "/x-more/0/$ref",
    );
    assert_refused(
        |it| {
            it["components"]["schemas"]["Pet"]["discriminator"] =
                json!({ "propertyName": "kind", "mapping": { "cat": "./cat.yaml", "dog": "Dog" } });
        },
        Reason::ExternalReference,
        "reference-external",
        "/components/schemas/Pet/discriminator/mapping/cat",
    );
    for target in ["#/components/schemas/Dog", "#", "#Pet", "#/paths/%7"] {
        assert_refused(
            |it| it["components"]["schemas"]["Pet"] = json!({ "$ref": target }),
            Reason::Invalid,
            "reference-broken",
            pet,
        );
    }
    assert_refused(
        |it| it["components"]["schemas"]["Pet"] = json!({ "$ref": "#/components/schemas/Pet" }),
        Reason::Invalid,
        "reference-loop",
        pet,
    );
    assert_refused(
        |it| {
            it["components"]["schemas"]["Pet"] = json!({ "$ref": "#/components/schemas/B" });
            it["components"]["schemas"]["B"] = json!({ "$ref": "#/components/schemas/Pet" });
        },
        Reason::Invalid,
        "reference-loop",
        "/components/schemas/B/$ref",
    );
    assert_refused(
        |it| {
            for number in 0..20 {
                let target = format!("#/components/schemas/S{}", number + 1);
                it["components"]["schemas"][format!("S{number}")] = json!({ "$ref": target });
            }
            it["components"]["schemas"]["S20"] = json!({});
        },
        Reason::TooComplex,
        "reference-chain",
        "/components/schemas/S3/$ref",
    );
}

#[test]
fn references_that_lead_somewhere_are_taken() {
    let fine = document(|it| {
        it["components"]["schemas"]["Again"] =
            json!({ "$ref": "#/paths/~1pets~1%7Bid%7D/get/parameters/0/schema" });
        // A property of that name, and a schema that contains itself.
        it["components"]["schemas"]["Pet"]["properties"]["$ref"] = json!({ "type": "string" });
        it["components"]["schemas"]["Pet"]["properties"]["child"] =
            json!({ "$ref": "#/components/schemas/Pet" });
    });
    read(&bytes(&fine), true).unwrap();
}

/// What is done to a document, and where it is wrong then.
type Wrong = (fn(&mut Value), &'static str);

#[test]
fn strict_documents_have_the_types_they_should() {
    let cases: [Wrong; 4] = [
        (
            |it| it["components"]["schemas"]["Pet"]["required"] = json!(true),
            "/components/schemas/Pet/required",
        ),
        (
            |it| it["components"]["schemas"]["Pet"]["minLength"] = json!(-1),
            "/components/schemas/Pet/minLength",
        ),
        (
            |it| it["paths"]["/pets/{id}"]["get"]["tags"] = json!("a"),
            "/paths/~1pets~1{id}/get/tags",
        ),
        (|it| it["servers"] = json!(null), "/servers"),
    ];
    for (change, pointer) in cases {
        for version in ["3.0.3", "3.1.0"] {
            let mut document = document(change);
            document["openapi"] = json!(version);
            let found = refused(&document, true);
            let is_there = found.problems.iter().any(|it| it.pointer == pointer);
            assert!(is_there && found.reason == Reason::Invalid, "{found:?}");
            read(&bytes(&document), false).unwrap();
        }
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn strict_documents_have_what_they_must() {
    let get = "/paths/~1pets~1{id}/get";
    let cases: [(Wrong, &str); 9] = [
        (
            (
                |it| it["paths"]["/pets/{id}"]["get"]["parameters"][0]["style"] = json!("form"),
                "parameters/0/style",
            ),
            "member-value",
        ),
        (
            (
                |it| {
                    it["paths"]["/pets/{id}"]["get"]["parameters"][1] =
                        json!({ "name": "a", "in": "body", "schema": {} })
                },
                "parameters/1/in",
            ),
            "member-value",
        ),
        (
            (
                |it| {
                    it["paths"]["/pets/{id}"]["get"]["parameters"][1] =
                        json!({ "name": "a", "in": "query" })
                },
                "parameters/1",
            ),
            "member-missing",
        ),
        (
            (
                |it| {
                    it["paths"]["/pets/{id}"]["get"]["parameters"][1] =
                        json!({ "in": "query", "schema": {} })
                },
                "parameters/1",
            ),
            "member-missing",
        ),
        (
            (|it| it["paths"]["/pets/{id}"]["get"]["requestBody"] = json!({}), "requestBody"),
            "member-missing",
        ),
        (
            (
                |it| it["paths"]["/pets/{id}"]["get"]["responses"]["404"] = json!({}),
                "responses/404",
            ),
            "member-missing",
        ),
        (
            (|it| it["paths"]["/pets/{id}"]["get"]["servers"] = json!([{}]), "servers/0"),
            "member-missing",
        ),
        (
            (
                |it| it["components"]["securitySchemes"]["a"] = json!({ "type": "key" }),
                "/components/securitySchemes/a/type",
            ),
            "member-value",
        ),
        (
            (
                |it| it["components"]["schemas"]["Pet"]["type"] = json!(["object", "null"]),
                "/components/schemas/Pet/type",
            ),
            "member-type",
        ),
    ];
    for ((change, below), rule) in cases {
        let document = document(|it| {
            let parameters = it["paths"]["/pets/{id}"]["get"]["parameters"].as_array_mut().unwrap();
            parameters.push(json!({ "name": "q", "in": "query", "schema": {} }));
            change(it);
        });
        let pointer =
            if below.starts_with('/') { below.to_owned() } else { format!("{get}/{below}") };
        let found = refused(&document, true);
        let shown =
            found.problems.iter().map(|it| (it.rule, it.pointer.as_str())).collect::<Vec<_>>();
        assert_eq!(shown, [(rule, pointer.as_str())]);
        read(&bytes(&document), false).unwrap();
    }
}

#[test]
fn swagger_is_lifted() {
    let read = read(&bytes(&swagger(|_| ())), true).unwrap();
    let summary = read.summary();
    assert_eq!((summary.openapi.as_str(), summary.operations), ("2.0", 2));
    assert_eq!(summary.server_url.as_deref(), Some("https://a.example/v2"));
    assert_eq!(read.json()["swagger"], "2.0");
}

#[test]
fn swagger_is_refused_where_it_is_wrong() {
    let file = swagger(|it| {
        it["paths"]["/pets/{id}"]["put"]["parameters"][2]["schema"] = json!({ "type": "file" });
    });
    let found = refused(&file, false);
    assert_eq!((found.reason, found.problems[0].rule), (Reason::Invalid, "file-in-body"));
    let missing = swagger(|it| it["definitions"] = json!({}));
    let found = refused(&missing, false);
    assert!(found.problems.iter().all(|it| it.rule == "reference-broken"), "{found:?}");
    let outside = swagger(|it| it["definitions"]["Pet"] = json!({ "$ref": "http://a.example" }));
    let found = refused(&outside, false);
    assert_eq!(found.reason, Reason::ExternalReference);
    assert_eq!(found.problems[0].pointer, "/definitions/Pet/$ref");
    let looped = swagger(|it| it["definitions"]["Pet"] = json!({ "$ref": "#/definitions/Pet" }));
    assert_eq!(refused(&looped, false).problems[0].pointer, "/definitions/Pet/$ref");
}

#[test]
fn a_refusal_is_one_clean_line() {
    let long = "a\n\u{202e}".repeat(500);
    let found =
        refused(&document(|it| it["components"]["schemas"]["Pet"] = json!({ "$ref": long })), true);
    assert!(!found.to_string().contains(['\n', '\u{202e}']), "{found}");
    assert!(found.to_string().chars().count() < 400, "{found}");
    let many = document(|it| {
        for number in 0..100 {
            it["paths"][format!("p{number}")] = json!({});
        }
    });
    assert_eq!(refused(&many, true).problems.len(), 20);
}

/// The document of this program is one that a real tool wrote.
#[test]
fn our_own_document_is_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/openapi.json");
    let bytes = std::fs::read(path).unwrap();
    let own = read(&bytes, true).unwrap_or_else(|it| panic!("{it}: {:#?}", it.problems));
    assert!(own.summary().operations > 80, "{:?}", own.summary());
    let text = String::from_utf8(bytes).unwrap();
    let mut other = serde_json::from_str::<Value>(&text).unwrap();
    other["info"]["title"] = json!("another");
    let report = openapi::compare(&own, &read(&serde_json::to_vec(&other).unwrap(), true).unwrap());
    assert_eq!((report.changes.len(), report.counts.editorial), (1, 1), "{report:?}");
}
