//! Documents that try to put code into what is generated of them.

use codegen::{compile, for_code};
use serde_json::{Value, json};

use crate::documents::small;
use crate::harness::{generate, generate_as_is, tool};
use crate::scan::{python, script};

const MARKER: &str = "PWNED";

/// What is looked for in languages without a parser: names of constants may be made of the marker.
const CALL: &str = "PWNED(";

/// Each ends a text, a comment or a line in some language.
const PAYLOADS: [&str; 14] = [
    "'+PWNED()+'",
    "\"+PWNED()+\"",
    "`+PWNED()+`",
    "${PWNED()}",
    "#{PWNED()}",
    "*/PWNED();/*",
    "\"\"\"\nPWNED()\n\"\"\"",
    "'''\nPWNED()\n'''",
    "\nPWNED()\n",
    "\r\nPWNED();\r\n",
    "\u{2028}PWNED()\u{2028}",
    "\\",
    "\\u002a/PWNED();/*",
    "\\'+PWNED()+\\'",
];

/// A document with a text in every place where texts are taken.
fn with_texts(payload: &str) -> Value {
    // Control characters in values are refused.
    let value = payload.replace(['\n', '\r'], " ");
    let schema = json!({
        "title": payload, "description": payload, "type": "string", "example": payload,
        "default": value, "enum": [value, "a"], "pattern": payload, "x-enum-varnames": [payload],
        "x-enum-descriptions": [payload], "externalDocs": { "url": payload, "description": payload },
    });
    let parameter = |at: &str| {
        json!({ "name": format!("p_{at}"), "in": at, "required": at == "path", "description": payload,
                "example": payload, "schema": { "type": "string", "default": value, "description": payload } })
    };
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": format!("A {payload}"), "version": "1", "description": payload,
            "termsOfService": payload, "contact": { "name": payload, "url": payload, "email": payload },
            "license": { "name": payload, "url": payload }, "x-any": payload,
        },
        "tags": [{ "name": "a", "description": payload, "externalDocs": { "url": payload } }],
        "servers": [{ "url": "https://a/{v}", "description": payload,
                      "variables": { "v": { "default": "v1", "enum": ["v1", value], "description": payload } } }],
        "externalDocs": { "url": payload, "description": payload },
        "paths": { "/a/{p_path}": { "summary": payload, "description": payload, "post": {
            "tags": ["a"], "operationId": "getA", "summary": payload, "description": payload,
            "x-codegen-request-body-name": payload, "externalDocs": { "url": payload },
            "parameters": [parameter("path"), parameter("query"), parameter("header"), parameter("cookie")],
            "requestBody": { "description": payload, "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/A" }, "example": payload,
                "examples": { "a": { "summary": payload, "value": payload } } } } },
            "responses": { "200": { "description": payload, "headers": { "X-A": { "description": payload,
                "schema": { "type": "string" } } }, "content": { "application/json": { "schema": schema } },
                "links": { "a": { "operationId": "getA", "parameters": { "p_path": payload } } } } },
            "callbacks": { (payload): { "{$request.body#/x}": {} } },
        } } },
        "components": {
            "schemas": { "A": { "type": "object", "title": payload, "description": payload,
                                "properties": { "b": schema, "c": { "type": "integer", "description": payload } } } },
            "securitySchemes": { "s": { "type": "oauth2", "description": payload, "flows": { "implicit": {
                "authorizationUrl": "https://a", "scopes": { "r": payload } } } } },
            "examples": { "e": { "value": payload } },
        },
        "x-any": { "a": payload },
    })
}

/// All payloads in one document: each has paths and schemas of its own.
fn all() -> Value {
    let mut whole = with_texts(&PAYLOADS.concat());
    for (at, payload) in PAYLOADS.iter().enumerate() {
        let one = with_texts(payload);
        let text = one.to_string().replace("schemas/A", &format!("schemas/A{at}"));
        let one: Value =
            serde_json::from_str(&text.replace("\"getA\"", &format!("\"get{at}\""))).unwrap();
        whole["paths"][format!("/a{at}/{{p_path}}")] = one["paths"]["/a/{p_path}"].clone();
        whole["components"]["schemas"][format!("A{at}")] =
            one["components"]["schemas"]["A"].clone();
    }
    // What calls something without any quote, wherever names and values are taken.
    let call = "x PWNED(1)";
    let values = ["integer", "number", "boolean", "string"].map(|it| {
        let schema = json!({ "type": it, "default": "PWNED(1)", "enum": ["PWNED(1)", "a"],
            "maximum": "PWNED(1)", "minLength": "PWNED(1)", "format": call });
        (format!("v_{it}"), schema)
    });
    whole["info"]["version"] = json!(call);
    whole["tags"] = json!([{ "name": call }]);
    whole["paths"]["/b;PWNED(1)"] = json!({ "get": { "tags": [call], "operationId": "getB",
        "responses": { "200": { "description": "ok", "content": { "application/json": {
            "schema": { "$ref": "#/components/schemas/V" } } } } } } });
    whole["servers"] = json!([{ "url": "https://a/PWNED(1)" }, whole["servers"][0]]);
    let values = values.into_iter().collect::<serde_json::Map<_, _>>();
    whole["components"]["schemas"]["V"] = json!({ "type": "object", "properties": values });
    whole
}

#[tokio::test]
async fn python_has_the_marker_in_texts_and_comments_only() {
    let Some(tool) = tool() else { return };
    let files = generate(&tool, "python", &all()).await.unwrap();
    let mut marked = 0;
    for (path, content) in &files {
        if path.ends_with(".py") {
            let text = String::from_utf8(content.to_vec()).unwrap();
            marked += usize::from(text.contains(MARKER));
            assert_eq!(python(&text, MARKER), None, "{path}");
        }
    }
    assert!(marked > 5, "the texts did not arrive: {marked}");
}

#[tokio::test]
async fn typescript_has_the_marker_in_texts_and_comments_only() {
    let Some(tool) = tool() else { return };
    for generator in
        ["typescript-fetch", "typescript-axios", "typescript-jquery", "typescript-angular"]
    {
        let files = generate(&tool, generator, &all()).await.unwrap();
        let mut marked = 0;
        for (path, content) in &files {
            if path.ends_with(".ts") {
                let text = String::from_utf8(content.to_vec()).unwrap();
                marked += usize::from(text.contains(MARKER));
                assert!(!script(&text).contains(CALL), "{generator} {path}");
            }
        }
        assert!(marked > 1, "the texts did not arrive: {marked}");
        if generator != "typescript-angular" {
            // The compiler knows no such name: it would refuse to call it.
            compile(&tool, &files).await.unwrap_or_else(|it| panic!("{generator}: {it}"));
        }
    }
}

/// Only an approximation for other languages than JavaScript: it takes their texts for its own.
#[tokio::test]
async fn other_languages_have_the_marker_in_texts_and_comments_only() {
    let Some(tool) = tool() else { return };
    if std::env::var_os("CHANCERY_ALL_GENERATORS").is_none() {
        println!("skipped: CHANCERY_ALL_GENERATORS is not set");
        return;
    }
    let others = [
        ("nodejs-express-server", "js"),
        ("java", "java"),
        ("spring", "java"),
        ("kotlin", "kt"),
        ("csharp", "cs"),
        ("go", "go"),
        ("php", "php"),
        ("rust", "rs"),
        ("rust-axum", "rs"),
    ];
    for (generator, extension) in others {
        let files = generate(&tool, generator, &all()).await.unwrap();
        let mut marked = 0;
        for (path, content) in &files {
            if path.ends_with(&format!(".{extension}")) {
                let text = String::from_utf8(content.to_vec()).unwrap();
                marked += usize::from(text.contains(MARKER));
                let code = script(&text);
                let seen = code.lines().find(|it| it.contains(CALL));
                assert_eq!(seen, None, "{generator} {path}");
            }
        }
        println!("{generator}: {marked} files with texts");
    }
    for generator in ["python-fastapi"] {
        for (path, content) in &generate(&tool, generator, &all()).await.unwrap() {
            if path.ends_with(".py") {
                assert_eq!(python(&String::from_utf8_lossy(content), MARKER), None, "{path}");
            }
        }
    }
}

/// The tests above can fail: what is known of this generator is still so.
#[tokio::test]
async fn without_the_rules_a_path_is_code() {
    let Some(tool) = tool() else { return };
    let mut document = small();
    document["paths"]["/a'+(PWNED())+'"] = json!({ "get": { "operationId": "getB", "responses": {
        "200": { "description": "ok" } } } });
    let places = for_code(&document).unwrap_err();
    assert_eq!(places[0].rule, "path");
    assert_eq!(places[0].pointer, "/paths/~1a'+(PWNED())+'");
    let files = generate_as_is(&tool, "python", &document).await.unwrap();
    let is_code = |content: &[u8]| python(&String::from_utf8_lossy(content), MARKER).is_some();
    let found = files.iter().filter(|(path, _)| path.ends_with(".py"));
    assert!(found.into_iter().any(|(_, content)| is_code(content)));
}
