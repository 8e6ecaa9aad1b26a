//! Documents that are sent: read with limits, and kept by their hash.

use serde_json::json;
use tests::app::{Answer, TestApp};

const JSON: &str = r#"{"openapi":"3.0.3","info":{"title":"Orders","version":"7"},
    "servers":[{"url":"https://orders.example/v1"}],
    "paths":{"/orders":{"get":{"responses":{"200":{"description":"all"}}}}}}"#;

const YAML: &str = "openapi: 3.1.0\ninfo: {title: Stock, version: '1'}\npaths: {}\n";

struct Orders {
    app: TestApp,
    ann: String,
}

impl Orders {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let ann = app.user(1, "ann", &[1], "oauthapp.all").await;
        let ann = app.token_of(ann);
        let body = json!({ "name": "orders" });
        app.post("/api/ApiResource").bearer(&ann).json(&body).send().await.data();
        Self { app, ann }
    }

    async fn send(&self, content_type: &str, document: impl AsRef<[u8]>) -> Answer {
        let ask = self.app.post("/api/ApiResource/1/Documents").bearer(&self.ann);
        ask.body(content_type, document).send().await
    }
}

#[tokio::test]
async fn a_document_is_read_and_named_by_its_bytes() {
    let it = Orders::new().await;
    let end = it.app.engine.log().head().position;
    let first = it.send("application/json", JSON).await.data();
    for (member, value) in [
        ("form", json!("json")),
        ("openapi", json!("3.0.3")),
        ("title", json!("Orders")),
        ("infoVersion", json!("7")),
        ("operations", json!(1)),
        ("bytes", json!(JSON.len())),
        ("serverUrl", json!("https://orders.example/v1")),
    ] {
        assert_eq!(first[member], value, "{member}");
    }
    assert_eq!(first["documentId"].as_str().map(str::len), Some(64));
    assert_eq!(it.send("text/plain", JSON).await.data(), first, "the same again");
    let yaml = it.send("application/yaml", YAML).await.data();
    assert_eq!((&yaml["form"], &yaml["title"]), (&json!("yaml"), &json!("Stock")));
    assert_ne!(yaml["documentId"], first["documentId"]);
    assert_eq!(it.app.engine.log().head().position, end, "no event names it");
}

#[tokio::test]
async fn what_is_no_document_or_leads_outside_is_refused_with_its_reason() {
    let it = Orders::new().await;
    let with = |paths: &str| {
        format!(r#"{{"openapi":"3.0.3","info":{{"title":"t","version":"1"}},"paths":{paths}}}"#)
    };
    let bomb = (1..10).fold("a0: &a0 [x]\n".to_owned(), |text, n| {
        let many = vec![format!("*a{}", n - 1); 10].join(", ");
        format!("{text}a{n}: &a{n} [{many}]\n")
    });
    for (document, reason) in [
        (String::new(), "document_"),
        ("{".to_owned(), "document_invalid"),
        ("[]".to_owned(), "document_"),
        ("{}".to_owned(), "document_not_openapi"),
        (r#"{"openapi":"9.0.0"}"#.to_owned(), "document_not_openapi"),
        (with(r#"{"orders":{}}"#), "document_invalid"),
        (with(r#"{"/a":{"$ref":"http://127.0.0.1/x"}}"#), "document_external_reference"),
        (with(r#"{"/a":{"$ref":"../../etc/passwd"}}"#), "document_external_reference"),
        (with(&format!(r#"{{"/a":{}}}"#, "[".repeat(5_000))), "document_"),
        (bomb, "document_too_complex"),
    ] {
        let shown = document.chars().take(60).collect::<String>();
        let answer = it.send("application/json", document).await;
        assert_eq!(answer.code(), 300_011, "{shown}: {}", answer.text);
        assert!(answer.text.contains(reason), "{shown}: {}", answer.text);
        assert!(answer.text.len() < 4_000, "{shown}: {}", answer.text.len());
    }
    let large = it.send("application/json", vec![b' '; 16 * 1024 * 1024 + 1]).await;
    assert_eq!(large.status, 413);
    let latin = it.send("application/json", b"{\"openapi\":\"3.0.3\xff\"}").await;
    assert_eq!(latin.code(), 300_011);
}

#[tokio::test]
async fn many_at_once_wait_or_are_told_to() {
    let it = Orders::new().await;
    let all = (0..20).map(|n| {
        let document = JSON.replace("Orders", &format!("Orders {n}"));
        async { it.send("application/json", document).await }
    });
    let answers = futures_util::future::join_all(all).await;
    for answer in answers {
        match answer.status {
            429 => assert_eq!(answer.header("retry-after"), "2"),
            _ => drop(answer.data()),
        }
    }
    it.send("application/json", JSON).await.data();
}

/// What the program says of itself is held to the rules that it holds others to.
#[tokio::test]
async fn the_document_of_the_program_itself_is_taken() {
    let it = Orders::new().await;
    let own = it.app.get("/swagger/v1/swagger.json").send().await.text;
    let taken = it.send("application/json", own).await.data();
    assert_eq!(taken["title"], "Chancery");
}
