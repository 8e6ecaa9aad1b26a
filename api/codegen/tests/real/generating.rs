//! What the generator makes, and what it refuses.

use std::collections::BTreeMap;

use codegen::sandbox::Kind as SandboxKind;
use codegen::tool::{DEFAULT_GENERATORS, Kind, Settings};
use codegen::{Reason, Tool, artifact};
use serde_json::json;

use crate::documents::{shop, small};
use crate::harness::{generate, generate_as_is, paths, settings, text, tool};

/// A file that each of the usual generators must write, and a word in it.
const USUAL: [(&str, &str, &str); 7] = [
    ("typescript-fetch", "apis/OrdersApi.ts", "listOrders"),
    ("typescript-axios", "api.ts", "listOrders"),
    ("typescript-angular", "api/orders.service.ts", "listOrders"),
    ("typescript-jquery", "api/OrdersApi.ts", "listOrders"),
    ("python", "openapi_client/api/orders_api.py", "list_orders"),
    ("rust", "src/apis/orders_api.rs", "list_orders"),
    ("go", "api_orders.go", "ListOrders"),
];

#[tokio::test]
async fn the_usual_generators_make_clients_that_are_the_same_each_time() {
    let Some(tool) = tool() else { return };
    tool.available().await.unwrap();
    for (generator, file, word) in USUAL {
        let files = generate(&tool, generator, &shop()).await.unwrap();
        assert!(text(&files, file).contains(word), "{generator}");
        assert!(text(&files, file).contains("x-trace"), "{generator}: a header is no extension");
        for path in paths(&files) {
            assert!(!path.contains("openapi-generator") && !path.contains("git_push"), "{path}");
            assert!(!path.starts_with(".github") && !path.starts_with(".travis"), "{path}");
        }
    }
    let one = generate(&tool, "python", &shop()).await.unwrap();
    let two = generate(&tool, "python", &shop()).await.unwrap();
    assert_eq!(artifact::zip(&one).unwrap(), artifact::zip(&two).unwrap());
}

#[tokio::test]
async fn all_generators_make_something() {
    let Some(tool) = tool() else { return };
    if std::env::var_os("CHANCERY_ALL_GENERATORS").is_none() {
        println!("skipped: CHANCERY_ALL_GENERATORS is not set");
        return;
    }
    let told = tool.generators(false).await.unwrap();
    assert_eq!(told.len(), DEFAULT_GENERATORS.len(), "{told:?}");
    for generator in DEFAULT_GENERATORS {
        let files = generate(&tool, generator, &shop()).await.unwrap();
        println!("{generator}: {} files, {} bytes", files.len(), files.bytes());
    }
}

#[tokio::test]
async fn documents_of_2_0_and_3_1_are_taken() {
    let Some(tool) = tool() else { return };
    let responses = json!({ "200": { "description": "ok" } });
    let swagger = json!({
        "swagger": "2.0", "info": { "title": "Old", "version": "1" }, "host": "a.example",
        "paths": { "/a": { "post": { "operationId": "addA", "consumes": ["application/json"],
            "parameters": [{ "name": "a", "in": "body", "schema": { "$ref": "#/definitions/A" } }],
            "responses": responses } } },
        "definitions": { "A": { "type": "object", "properties": { "b": { "type": "string" } } } },
    });
    let newer = json!({
        "openapi": "3.1.0", "info": { "title": "New", "version": "1" },
        "paths": { "/a": { "post": { "operationId": "addA", "responses": responses, "requestBody": {
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/A" } } } } } } },
        "components": { "schemas": { "A": {
            "type": "object", "properties": { "b": { "type": ["string", "null"] } } } } },
    });
    for document in [swagger, newer] {
        let files = generate(&tool, "typescript-fetch", &document).await.unwrap();
        assert!(text(&files, "models/A.ts").contains("b?: string"), "{:?}", paths(&files));
        assert!(text(&files, "apis/DefaultApi.ts").contains("addA"));
    }
}

#[tokio::test]
async fn pages_are_one_text() {
    let Some(tool) = tool() else { return };
    let bytes = || serde_json::to_vec(&small()).unwrap();
    for (generator, begins) in [
        ("markdown", "# Documentation for Small"),
        ("asciidoc", "= Small"),
        ("openapi-yaml", "openapi: 3.0.3"),
    ] {
        let page = tool.preview(generator, bytes()).await.unwrap();
        assert!(page.starts_with(begins), "{page}");
        assert!(page.contains("/a"), "{page}");
    }
    let refused = tool.preview("python", bytes()).await.unwrap_err();
    assert_eq!(refused.reason, Reason::RequestRefused);
}

#[tokio::test]
async fn the_generator_tells_of_itself_once() {
    if tool().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let names = ["markdown", "no-such-generator", "typescript-fetch", "../x"];
    let given = Settings {
        generators: names.map(str::to_owned).to_vec(),
        cache: Some(folder.path().join("cache")),
        ..settings()
    };
    let tool = Tool::new(given.clone());
    let told = tool.generators(false).await.unwrap();
    let kinds = told.iter().map(|it| (it.name.as_str(), it.kind)).collect::<Vec<_>>();
    assert_eq!(kinds, [("markdown", Kind::Documentation), ("typescript-fetch", Kind::Client)]);
    let option = &told[1].options["npmVersion"];
    assert_eq!((option.kind.as_str(), option.default.as_deref()), ("string", Some("1.0.0")));
    assert_eq!(told[1].options["withInterfaces"].kind, "boolean");
    assert!(told[1].options["dateLibrary"].values.as_ref().unwrap().contains_key("string"));
    // What was kept is enough: this one has no Java.
    let without = Settings { java: Some("/missing/java".into()), ..given };
    assert_eq!(Tool::new(without.clone()).generators(false).await.unwrap(), told);
    assert_eq!(Tool::new(without).generators(true).await.unwrap_err().reason, Reason::ToolMissing);
}

#[tokio::test]
async fn options_reach_the_generator_and_others_do_not() {
    let Some(tool) = tool() else { return };
    let bytes = || serde_json::to_vec(&small()).unwrap();
    let options = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let made =
        tool.generate("python", &options("packageName", "acme_shop"), bytes()).await.unwrap();
    assert!(made.files.get("acme_shop/__init__.py").is_some(), "{:?}", paths(&made.files));
    for (name, value) in [("templateDir", "x"), ("packageName", "a'b"), ("packageName", "../../x")]
    {
        let refused = tool.generate("python", &options(name, value), bytes()).await.unwrap_err();
        assert_eq!(refused.reason, Reason::RequestRefused, "{refused}");
    }
    for generator in ["ada", "../x", "-h", ""] {
        let refused = tool.generate(generator, &BTreeMap::new(), bytes()).await.unwrap_err();
        assert_eq!(refused.reason, Reason::RequestRefused, "{refused}");
    }
}

#[tokio::test]
async fn a_document_that_the_generator_refuses_is_told_with_its_words() {
    let Some(tool) = tool() else { return };
    let document = json!({ "openapi": "3.0.3", "info": {}, "paths": {} });
    let refused = generate_as_is(&tool, "markdown", &document).await.unwrap_err();
    assert_eq!(refused.reason, Reason::DocumentRefusedByTool);
    assert!(refused.detail.contains("info.title"), "{}", refused.detail);
    assert!(!refused.log.contains(env!("CARGO_MANIFEST_DIR")), "{}", refused.log);
    // And a reference to a file is one to nothing.
    let mut document = small();
    document["paths"]["/b"] = json!({ "$ref": "file:///etc/passwd" });
    if let Ok(files) = generate_as_is(&tool, "openapi-yaml", &document).await {
        for (path, content) in &files {
            assert!(!String::from_utf8_lossy(content).contains("root:"), "{path}");
        }
    }
}

#[tokio::test]
async fn what_is_missing_is_said_with_the_setting_that_mends_it() {
    if tool().is_none() {
        return;
    }
    let missing = |change: fn(&mut Settings)| {
        let mut settings = settings();
        change(&mut settings);
        Tool::new(settings)
    };
    for (tool, setting) in [
        (missing(|it| it.jar = None), "--codegen-jar"),
        (missing(|it| it.jar = Some("/missing.jar".into())), "--codegen-jar"),
        (missing(|it| it.java = Some("/missing/java".into())), "--codegen-java"),
        (missing(|it| it.java = Some("/usr/bin/env".into())), "--codegen-java"),
    ] {
        let said = tool.available().await.unwrap_err();
        assert_eq!(said.setting, setting, "{said}");
        let bytes = serde_json::to_vec(&small()).unwrap();
        let refused = tool.generate("openapi-yaml", &BTreeMap::new(), bytes).await;
        if setting == "--codegen-jar" {
            assert_eq!(refused.unwrap_err().reason, Reason::ToolMissing);
        }
    }
    let tool = missing(|it| it.tsc = Some("/usr/bin/env".into()));
    assert_eq!(codegen::compile::available(&tool).unwrap_err().setting, "--codegen-tsc");
}

#[tokio::test]
async fn without_a_sandbox_the_same_is_made() {
    let Some(tool) = tool() else { return };
    let without = Tool::new(Settings { sandbox: SandboxKind::None, ..settings() });
    without.available().await.unwrap();
    let one = generate(&tool, "openapi-yaml", &small()).await.unwrap();
    let two = generate(&without, "openapi-yaml", &small()).await.unwrap();
    assert_eq!(one, two);
}
