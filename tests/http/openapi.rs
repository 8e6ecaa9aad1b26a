//! The OpenAPI document: what it says is frozen, it says it in words of a user, and what it requires
//! the server requires, too.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tests::app::TestApp;
use tests::service::{BAD_SIGNATURE, INVALID, WRONG_TIME};

use crate::bodies::{
    body_of, least_bodies, object, operations, path_of_the_gateway, plain_body, rows_of_the_gateway,
};

/// Writes the golden file anew: `CHANCERY_GOLDEN=write cargo test -p tests --test http golden`.
const WRITE_VARIABLE: &str = "CHANCERY_GOLDEN";

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/openapi.json")
}

#[tokio::test]
async fn the_document_is_the_golden_one() {
    let app = TestApp::new().await;
    let document = app.get("/swagger/v1/swagger.json").host("").send().await.json();
    let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
    if std::env::var(WRITE_VARIABLE).is_ok_and(|it| it == "write") {
        fs::create_dir_all(golden().parent().unwrap()).unwrap();
        fs::write(golden(), &text).unwrap();
    }
    let golden = fs::read_to_string(golden()).unwrap_or_default();
    let differing = text.lines().zip(golden.lines()).find(|(it, golden)| it != golden);
    let why = "if it is meant: CHANCERY_GOLDEN=write cargo test -p tests --test http golden";
    assert_eq!(differing, None, "the document is another one; {why}");
    assert_eq!(text.len(), golden.len(), "the document is another one; {why}");
}

/// Whether a body leads to nothing.
async fn is_refused(
    app: &TestApp,
    (token, gateway): (&str, &str),
    asked: (&str, &str, &str),
    body: &Value,
) -> bool {
    let (method, path, media) = asked;
    let ask = app.ask(method, path).bearer(token).header("x-chancery-gateway", gateway);
    if media.ends_with("json") {
        let answer = ask.body(media, body.to_string()).send().await;
        let json = answer.json();
        // What the app-token service could not find, or not prove, is no body that lacks something.
        let lacking = [INVALID, WRONG_TIME, BAD_SIGNATURE].map(|it| it.0);
        let is_app_token = path.contains("/oauth2/");
        // 100002: a wrong code; the body has all that it needs.
        let wrong_code = 100_002;
        let refusal = |code: i64| match is_app_token {
            true => lacking.contains(&code),
            // No release has been made, nothing was current before: the body is whole.
            false
                if ["/Releases/", "/Rollback", "/Lifecycle"].iter().any(|it| path.contains(it)) =>
            {
                ![200, 404].contains(&code)
            }
            // No generator is here, and nobody said how to release: the body is whole.
            false if path.contains("/CodeGen/") => {
                ![200, 200_002, 200_003, 200_006].contains(&code)
            }
            false => ![200, wrong_code].contains(&code),
        };
        return answer.status == 400 || json["code"].as_i64().is_some_and(refusal);
    }
    // Not the bearer: the client proves itself here.
    let fields = object(body);
    let mut fields =
        fields.iter().map(|(name, it)| (&**name, it.as_str().unwrap())).collect::<Vec<_>>();
    fields.push(("client_id", "chancery-cli"));
    let answer = app.post(path).form(&fields).send().await;
    answer.status == 400 && answer.text.contains("is missing")
}

#[tokio::test]
async fn bodies_require_what_the_server_requires_and_nothing_else() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let orders = json!({ "name": "orders", "scopes": [{ "scope": "orders.all" }] });
    app.post("/api/ApiResource").bearer(&token).json(&orders).send().await.data();
    let first = app.post("/api/Client").bearer(&token).json(&json!({ "clientId": "first" }));
    assert_eq!(first.send().await.data(), 2, "the one that is updated");
    let gateway = rows_of_the_gateway(&app, &token).await;
    let proofs = (&*token, &*gateway);
    let document = app.document().await.unwrap();
    let mut least = least_bodies().into_iter().collect::<std::collections::BTreeMap<_, _>>();
    for (method, path, operation) in operations(&document.json) {
        let Some((media, schema)) = body_of(&document, operation) else { continue };
        let name = operation["operationId"].as_str().unwrap();
        if name == "ApiResourcePostDocument" {
            // What it must have is said by OpenAPI: tests/http/api_resource_documents.rs.
            least.remove(name);
            continue;
        }
        if media.starts_with("multipart/") || schema["type"] == "string" {
            // Files, not members: tests/http/blobs_hostile.rs.
            continue;
        }
        let least = least.remove(name).unwrap_or_else(|| plain_body(schema));
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let required = required.iter().filter_map(Value::as_str).collect::<BTreeSet<_>>();
        let members = object(&least);
        let named = members.keys().map(String::as_str).collect::<BTreeSet<_>>();
        assert_eq!(required, named, "{name}: the document requires other members");
        let path = path_of_the_gateway(&path);
        let path = path.replace("{id}", "1").replace("{clientId}", "chancery-cli");
        let path = path.replace("{revisionId}", "1;rev=1").replace("{productId}", "gold");
        let path = path.replace("{serverId}", "partner").replace("{apiId}", "1");
        let asked = (&*method, &*path, media);
        for missing in &required {
            let mut less = members.clone();
            less.remove(*missing);
            let refused = is_refused(&app, proofs, asked, &Value::Object(less)).await;
            assert!(refused, "{name} is answered without {missing}, which the document requires");
        }
        if name != "AppTokenGetAppList" {
            // That one needs one of two members, which the document cannot say.
            assert!(!is_refused(&app, proofs, asked, &least).await, "{name} wants more: {least}");
        }
    }
    assert!(least.is_empty(), "bodies without an operation: {least:?}");
}

/// All schemas at any depth, each with the way to it.
fn each_schema(way: &str, schema: &Value, visit: &mut impl FnMut(&str, &Map<String, Value>)) {
    let Some(members) = schema.as_object() else { return };
    visit(way, members);
    for (name, property) in object(&schema["properties"]) {
        each_schema(&format!("{way}.{name}"), &property, visit);
    }
    for name in ["items", "additionalProperties"] {
        each_schema(way, &schema[name], visit);
    }
}

fn each_component(document: &Value, visit: &mut impl FnMut(&str, &Map<String, Value>)) {
    for (name, schema) in object(&document["components"]["schemas"]) {
        each_schema(&name, &schema, visit);
    }
}

#[tokio::test]
async fn schemas_speak_the_dialect_that_generators_of_clients_know() {
    let app = TestApp::new().await;
    let document = app.document().await.unwrap();
    let known = ["int32", "int64", "double"];
    let words = [
        "type",
        "format",
        "description",
        "properties",
        "required",
        "items",
        "minimum",
        "maximum",
        "additionalProperties",
        "$ref",
        "writeOnly",
        "nullable",
        "example",
        "pattern",
        "minItems",
        "maxItems",
    ];
    each_component(&document.json, &mut |way, schema| {
        for word in schema.keys() {
            assert!(words.contains(&&**word), "{way} says {word}");
        }
        if let Some(format) = schema.get("format") {
            assert!(known.contains(&format.as_str().unwrap()), "{way} has the format {format}");
        }
        if schema.get("type") == Some(&json!("integer")) {
            assert!(schema.contains_key("format"), "{way} may be of any size");
        }
    });
    let text = document.json.to_string();
    for name in object(&document.json["components"]["schemas"]).keys() {
        let used = text.contains(&format!("#/components/schemas/{name}\""));
        assert!(used || name == "AuditEvent", "{name} is used nowhere");
    }
}

#[tokio::test]
async fn names_of_components_say_what_they_are_and_meet_none_that_a_generator_makes() {
    let app = TestApp::new().await;
    let document = app.document().await.unwrap();
    let names = object(&document.json["components"]["schemas"]);
    let names = names.keys().map(String::as_str).collect::<BTreeSet<_>>();
    for wanted in ["UserPage", "UserResult", "LongResult", "BooleanResult", "StringResult"] {
        assert!(names.contains(wanted), "{wanted} is missing");
    }
    let of_operations = operations(&document.json);
    let of_operations = of_operations.iter().flat_map(|(_, _, it)| {
        let name = it["operationId"].as_str().unwrap();
        let ends = ["", "Request", "Response", "Params", "Success", "Error", "Operation"];
        ends.map(|end| format!("{name}{end}"))
    });
    let of_operations = of_operations.collect::<BTreeSet<_>>();
    let of_languages = [
        "Any",
        "Array",
        "Boolean",
        "Date",
        "Dict",
        "Double",
        "Enum",
        "Error",
        "Exception",
        "Float",
        "Function",
        "Integer",
        "List",
        "Long",
        "Map",
        "Number",
        "Object",
        "Option",
        "Optional",
        "Promise",
        "Record",
        "Result",
        "Set",
        "String",
        "Symbol",
        "Tuple",
        "Type",
        "Union",
        "Vec",
        "ApiClient",
        "ApiException",
        "ApiResponse",
        "ApiError",
        "Configuration",
        "BaseAPI",
    ];
    for name in names {
        assert!(!of_operations.contains(name), "{name} is what generators make of an operation");
        assert!(!of_languages.contains(&name), "{name} is a word of a language");
        let plain = name.chars().all(|it| it.is_ascii_alphanumeric());
        assert!(plain && name.starts_with(|it: char| it.is_ascii_uppercase()), "{name}");
        assert!(!name.ends_with(|it: char| it.is_ascii_digit()), "{name} says nothing");
    }
}

#[tokio::test]
async fn texts_are_for_users_and_cite_no_paper_of_ours() {
    fn texts(value: &Value, visit: &mut impl FnMut(&str)) {
        match value {
            Value::Object(members) => {
                for (name, it) in members {
                    match it.as_str().filter(|_| ["description", "summary"].contains(&&**name)) {
                        Some(text) => visit(text),
                        None => texts(it, visit),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|it| texts(it, visit)),
            _ => (),
        }
    }
    let app = TestApp::new().await;
    let document = app.document().await.unwrap();
    texts(&document.json, &mut |text| {
        assert!(!text.is_empty());
        let lower = text.to_lowercase();
        for word in ["spec section", "spec.", "§", " row ", "rows 1", "in:", "out:", "`row"] {
            assert!(!format!(" {lower}").contains(word), "{text}");
        }
        let mut words = lower.split(|it: char| !it.is_ascii_alphanumeric()).collect::<Vec<_>>();
        words.retain(|it| !it.is_empty());
        let cites = words.windows(2).any(|it| it[0] == "row" && it[1].parse::<u32>().is_ok());
        assert!(!cites, "{text}");
    });
}

#[tokio::test]
async fn numbers_in_paths_and_queries_are_typed_and_bounded_as_the_server_takes_them() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let document = app.document().await.unwrap();
    for (method, path, operation) in operations(&document.json) {
        let parameters = operation["parameters"].as_array().unwrap();
        for parameter in parameters.iter().filter(|it| it["in"] == "path") {
            let name = parameter["name"].as_str().unwrap();
            let is_number = parameter["schema"] == json!({ "type": "integer", "format": "int64" });
            let filled = path.replace(&format!("{{{name}}}"), "x").replace("{id}", "1");
            let filled = filled.replace("{revisionId}", "1;rev=1").replace("{clientId}", "shop");
            let filled = filled.replace("{secretId}", "1");
            let answer = app.ask(&method, &filled).bearer(&token);
            let answer = answer.body("application/json", "{}").send().await;
            assert_eq!(answer.text.contains("must be a whole number"), is_number, "{path}: {name}");
        }
        for parameter in parameters.iter().filter(|it| it["schema"]["type"] == "integer") {
            let schema = &parameter["schema"];
            assert_eq!(schema["format"], "int64", "{path}: {parameter}");
            let is_query = parameter["in"] == "query";
            assert!(!is_query || schema["maximum"].is_number(), "{path}: {parameter}");
            // A stream for gateways has no end: tests/http/gateway_door.rs.
            if is_query && path != "/api/Gateway/Changes" {
                let name = parameter["name"].as_str().unwrap();
                for bound in [&schema["minimum"], &schema["maximum"]] {
                    let path = path.replace("{id}", "1");
                    let asked = app.get(&format!("{path}?{name}={bound}")).bearer(&token);
                    assert_eq!(asked.send().await.status, 200, "{path}: {name}={bound}");
                }
            }
        }
    }
    let limits = |operation: &str| {
        let all = operations(&document.json);
        let (_, _, it) = *all.iter().find(|it| it.2["operationId"] == operation).unwrap();
        it["parameters"].as_array().unwrap().iter().any(|it| it["name"] == "limit")
    };
    assert!(limits("AuditEvents") && !limits("AuditStream"), "a stream has no end");
    let positions = [("AuditPage", "head"), ("AuditEvent", "position"), ("Readiness", "head")];
    for (component, member) in positions {
        let schema = &document.json["components"]["schemas"][component]["properties"][member];
        assert_eq!((&schema["format"], &schema["minimum"]), (&json!("int64"), &json!(0)));
    }
}

#[tokio::test]
async fn secrets_go_in_and_never_come_out() {
    let app = TestApp::new().await;
    let document = app.document().await.unwrap();
    let mut into = BTreeSet::new();
    each_component(&document.json, &mut |way, schema| {
        if schema.get("writeOnly") == Some(&json!(true)) {
            into.insert(way.to_owned());
        }
    });
    for wanted in [
        "UserInput.passwordHash",
        "PlainSecretInput.plaintext",
        "TokenForm.password",
        "TokenForm.client_secret",
        "RevocationForm.client_secret",
        "AppTokenLoginInput.password",
        "AppTokenUserInput.password",
        "AppTokenUserChangeInput.password",
    ] {
        assert!(into.contains(wanted), "{wanted} is not writeOnly");
    }
    assert!(document.json["components"]["schemas"]["User"]["properties"]["passwordHash"].is_null());
    each_component(&document.json, &mut |way, _| {
        let name = way.rsplit('.').next().unwrap().to_lowercase();
        let is_secret = ["password", "passwordhash", "plaintext", "client_secret"];
        assert!(!is_secret.contains(&&*name) || into.contains(way), "{way} is not writeOnly");
    });
}

#[tokio::test]
async fn only_a_host_of_a_tenant_is_named_as_a_server() {
    let app = TestApp::new().await;
    let number = app.tenant("shop.example:9000").await;
    assert_eq!(number, 2);
    for (host, url) in [
        ("localhost:8080", json!([{ "url": "http://localhost:8080" }])),
        ("shop.example:9000", json!([{ "url": "http://shop.example:9000" }])),
        ("evil.example/x?", Value::Null),
        ("10.0.0.7:9000", Value::Null),
        ("", Value::Null),
    ] {
        let answer = app.get("/swagger/v1/swagger.json").host(host).send().await;
        assert_eq!(answer.json()["servers"], url, "{host}");
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        assert!(!answer.text.contains("evil"), "{host}");
    }
}

#[tokio::test]
async fn the_usual_form_of_an_error_comes_first_for_generators_take_the_first() {
    let app = TestApp::new().await;
    let text = app.get("/swagger/v1/swagger.json").send().await.text;
    let (_, content) = text.split_once("\"ApiBadRequest\":{\"content\":{").unwrap();
    assert!(content.starts_with("\"application/problem+json\""), "{}", &content[..80]);
}
