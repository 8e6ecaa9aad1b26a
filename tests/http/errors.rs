//! What an error looks like, whatever went wrong, and what it never says.

use api::AppSettings;
use serde_json::{Value, json};
use tests::app::{Answer, HOST, PASSWORD, TestApp, part_of};

#[track_caller]
fn is_problem(answer: &Answer, status: u16, code_name: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/problem+json; charset=utf-8");
    let json = answer.json();
    assert_eq!((&json["status"], &json["codeName"]), (&json!(status), &json!(code_name)), "{json}");
    assert_eq!(json["traceId"], answer.header("x-request-id"));
    for member in ["type", "title", "detail"] {
        assert!(!json[member].as_str().unwrap().is_empty(), "{member}: {json}");
    }
}

#[tokio::test]
async fn every_problem_has_one_shape() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let user = app.token(1, "oauthapp.all", "oauthapp.all", &["user"]);
    let guest = json!({ "name": "guest" });
    is_problem(&app.get("/api/Role").send().await, 401, "Unauthorized");
    is_problem(&app.post("/api/Role").bearer(&user).json(&guest).send().await, 403, "Forbidden");
    is_problem(&app.get("/nowhere").send().await, 404, "NotFound");
    is_problem(&app.ask("PATCH", "/api/Role").send().await, 405, "MethodNotAllowed");
    let text = app.post("/api/Role").bearer(&token).body("text/plain", "{}").send().await;
    is_problem(&text, 415, "UnsupportedMediaType");
    let head = app.engine.log().head().position + 9;
    let ahead = app.get("/api/Role").bearer(&token).header("x-min-position", &head.to_string());
    is_problem(&ahead.send().await, 503, "ServiceUnavailable");
    let query = format!("/api/Role?x={}", "y".repeat(9_000));
    is_problem(&app.get(&query).bearer(&token).send().await, 414, "URITooLong");
}

#[tokio::test]
async fn unknown_hosts_get_an_error_page() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    for host in ["", "localhost", "localhost:8081", "localhost:8080.", "evil.example", "*"] {
        for path in ["/api/Role", "/connect/token", "/.well-known/openid-configuration"] {
            let method = if path == "/connect/token" { "POST" } else { "GET" };
            let answer = app.ask(method, path).host(host).bearer(&token).send().await;
            assert_eq!((answer.status, answer.text.as_str()), (400, "error page"), "{host} {path}");
            assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        }
    }
}

#[tokio::test]
async fn api_versions_other_than_1_are_refused_before_the_token() {
    let app = TestApp::new().await;
    for version in ["1", "1.0"] {
        let answer = app.get(&format!("/api/User/Codes?api-version={version}")).send().await;
        assert_eq!((answer.status, answer.header("api-supported-versions")), (200, "1.0"));
    }
    for (version, code) in [
        ("2.0", "UnsupportedApiVersion"),
        ("1.1", "UnsupportedApiVersion"),
        ("latest", "InvalidApiVersion"),
        ("1.", "InvalidApiVersion"),
        ("1.0-beta", "InvalidApiVersion"),
    ] {
        let answer = app.get(&format!("/api/User?API-Version={version}")).send().await;
        assert_eq!(answer.status, 400, "{version}");
        assert_eq!(answer.json()["error"]["code"], code, "{version}");
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_told_apart() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let ask = async |content_type: &str, body: Vec<u8>| {
        app.post("/api/Role").bearer(&token).body(content_type, body).send().await
    };
    for body in ["", "{", "nonsense", "{\"name\":}", "{\"name\":\"a\"}x"] {
        ask("application/json", body.into()).await.breaks("$");
    }
    for body in ["[]", "7", "\"text\"", "null", "true"] {
        ask("application/json", body.into()).await.breaks("$");
    }
    ask("application/json", b"{\"name\":\"\xff\"}".to_vec()).await.breaks("$");
    let deep = [b"[".repeat(5_000), b"]".repeat(5_000)].concat();
    ask("application/json", deep).await.breaks("$");
    for content_type in ["text/plain", "application/jsonx", "", "application/xml", "json"] {
        let answer = ask(content_type, b"{\"name\":\"a\"}".to_vec()).await;
        is_problem(&answer, 415, "UnsupportedMediaType");
    }
    let fine = ["application/json", "Application/JSON; charset=utf-8", "application/merge+json"];
    for (n, content_type) in fine.iter().enumerate() {
        ask(content_type, json!({ "name": format!("r{n}") }).to_string().into()).await.data();
    }
    let large = json!({ "name": "x".repeat(300 * 1024) }).to_string();
    let large = ask("application/json", large.into()).await;
    is_problem(&large, 413, "PayloadTooLarge");
    assert!(large.json()["errors"]["body"][0].as_str().unwrap().contains("262144"));
}

#[tokio::test]
async fn business_errors_have_real_statuses_where_the_operator_wants_them() {
    let settings = AppSettings { business_statuses: true, ..AppSettings::default() };
    let app = TestApp::with(settings).await;
    let token = app.admin().await;
    let post = async |path: &str, body: Value| {
        let answer = app.post(path).bearer(&token).json(&body).send().await;
        (answer.status, answer.json()["code"].as_i64().unwrap())
    };
    assert_eq!(post("/api/Role", json!({ "name": "user" })).await, (409, 417));
    assert_eq!(post("/api/User", json!({ "userName": "admin" })).await, (409, 100_009));
    assert_eq!(post("/api/ApiResource/9/Versions/1", json!({})).await, (404, 404));
    assert_eq!(post("/api/ApiResource", json!({ "name": "a" })).await, (200, 200));
    assert_eq!(post("/api/ApiResource/1/Versions/1", json!({})).await, (422, 300_010));
}

#[tokio::test]
async fn a_public_url_is_the_issuer_of_the_first_tenant_only() {
    let settings = AppSettings {
        public_url: Some("https://id.example.org".to_owned()),
        ..AppSettings::default()
    };
    let app = TestApp::with(settings).await;
    let token = app.admin().await;
    assert_eq!(part_of(&token, 1)["iss"], "https://id.example.org");
    assert_eq!(app.get("/api/Role").bearer(&token).send().await.status, 200);
    app.tenant("other:8080").await;
    let document = app.get("/.well-known/openid-configuration").host("other:8080").send().await;
    assert_eq!(document.json()["issuer"], "https://other:8080");
}

#[tokio::test]
async fn what_does_not_fit_into_a_commit_is_413() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let scopes = (0..450).map(|n| json!({ "scope": format!("{n:0>190}") })).collect::<Vec<_>>();
    let body = json!({ "name": "orders", "scopes": scopes });
    let answer = app.post("/api/ApiResource").bearer(&token).json(&body).send().await;
    is_problem(&answer, 413, "PayloadTooLarge");
    assert!(answer.json()["errors"]["scopes"].is_array(), "{}", answer.text);
    // The next one is not harmed.
    let body = json!({ "name": "orders" });
    app.post("/api/ApiResource").bearer(&token).json(&body).send().await.data();
}

#[tokio::test]
async fn the_request_id_is_echoed_where_it_is_one_and_replaced_where_it_is_not() {
    let app = TestApp::new().await;
    let id = "0123456789abcdef0123456789abcdef";
    for path in ["/api/User/Codes", "/api/User", "/nowhere", "/health/live"] {
        let answer = app.get(path).header("x-request-id", id).send().await;
        assert_eq!(answer.header("x-request-id"), id, "{path}");
        let dashed = "01234567-89AB-CDEF-0123-456789abcdef";
        let answer = app.get(path).header("x-request-id", dashed).send().await;
        assert_eq!(answer.header("x-request-id"), id, "{path}");
        for odd in ["", "mine", "<script>", &"7".repeat(5_000)] {
            let answer = app.get(path).header("x-request-id", odd).send().await;
            let shown = answer.header("x-request-id");
            assert!(shown.len() == 32 && shown.bytes().all(|it| it.is_ascii_hexdigit()), "{shown}");
        }
    }
}

/// Sends a secret wherever something can be refused, and looks for it in the answers.
#[tokio::test]
async fn no_error_repeats_a_secret_or_shows_what_is_inside() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let secret = "expected Zq7-SECRET";
    let body =
        json!({ "userName": "ann", "email": "ann-Zq7@example.org", "passwordHash": PASSWORD });
    app.post("/api/User").bearer(&token).json(&body).send().await.data();
    let role = json!({ "name": "role-of-zoe" });
    app.post("/api/Role").bearer(&token).json(&role).send().await.data();
    let mut answers = Vec::new();
    let bodies = [
        ("/api/User", json!({ "userName": "ANN", "email": "x@y", "passwordHash": PASSWORD })),
        ("/api/User", json!({ "userName": "a b", "passwordHash": secret })),
        ("/api/User", json!({ "userName": "bob", "status": secret })),
        ("/api/User", json!({ "userName": "bob", "birthday": secret })),
        ("/api/User", json!({ "userName": "bob", "email": secret })),
        ("/api/User", json!({ "userName": "bob", "phoneNumber": secret })),
        ("/api/User", json!({ "userName": "bob", "roles": secret })),
        ("/api/User", json!({ "userName": "bob", "emailConfirmed": secret })),
        ("/api/Client", json!({ "clientId": secret })),
        ("/api/Client", json!({ "clientId": "shop", "clientSecrets": secret })),
        ("/api/Client", json!({ "clientId": "shop", "accessTokenLifetime": secret })),
        ("/api/Client/1/Secretkey", json!({ "plaintext": [secret] })),
        ("/api/Client/1/Secretkey", json!({ "plaintext": "x", "keyType": secret })),
        ("/api/Client/IssueToken", json!({ "lifetime": secret })),
        ("/api/Role", json!({ "name": "ROLE-OF-ZOE", "claims": secret })),
        ("/api/ApiResource", json!({ "name": "a", "secrets": [secret] })),
        ("/api/ApiResource", json!({ "name": "a", "secrets": [{ "expiration": secret }] })),
    ];
    for (path, body) in bodies {
        answers.push(app.post(path).bearer(&token).json(&body).send().await);
    }
    let malformed = format!("{{\"passwordHash\":\"{secret}\",,}}");
    let ask = app.post("/api/User").bearer(&token).body("application/json", malformed);
    answers.push(ask.send().await);
    for path in [
        "/api/User/Zq7-SECRET",
        "/api/User?take=Zq7-SECRET",
        "/api/User?q.email=Zq7-SECRET",
        "/api/audit/events?stream=Zq7SECRET",
        "/Zq7-SECRET",
        "/api/User?api-version=Zq7-SECRET",
    ] {
        answers.push(app.get(path).bearer(&token).send().await);
    }
    answers.push(app.get("/api/User").bearer("Zq7-SECRET").send().await);
    let form = [
        ("grant_type", "password"),
        ("client_id", "chancery-cli"),
        ("username", "ann"),
        ("password", secret),
    ];
    answers.push(app.post("/connect/token").form(&form).send().await);
    let form = [("grant_type", secret), ("client_id", secret), ("client_secret", secret)];
    answers.push(app.post("/connect/token").form(&form).send().await);
    let inside =
        ["Zq7", PASSWORD, "ann-", "panicked", "src/", ".rs", "serde", "bincode", "NumberOr"];
    for answer in &answers {
        let failed = answer.status >= 400 || answer.json()["code"] != 200;
        assert!(failed, "{}", answer.text);
        for word in inside {
            assert!(!answer.text.contains(word), "{word} in {}", answer.text);
            let headers = answer.headers.values().filter_map(|it| it.to_str().ok());
            assert!(!headers.into_iter().any(|it| it.contains(word)), "{word} in the headers");
        }
    }
}

#[tokio::test]
async fn a_stopped_read_model_is_503_and_says_no_more_than_where() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let head = app.engine.log().head().position;
    app.shows(head).await;
    let mut broken = app.engine.log().read_at(&[head]).unwrap();
    broken[0].kind = "nonsense.of-Zq7.v1".into();
    broken[0].position = head + 1;
    assert!(app.views.apply(&broken).is_err());
    let ask = app.get("/api/Role").bearer(&token);
    let answer = ask.header("x-min-position", &(head + 1).to_string()).send().await;
    is_problem(&answer, 503, "ServiceUnavailable");
    assert!(!answer.text.contains("Zq7"), "{}", answer.text);
    assert_eq!(app.get("/health/ready").host(HOST).send().await.status, 503);
    assert_eq!(app.get("/health/live").send().await.status, 200);
    assert_eq!(app.get("/api/Role").bearer(&token).send().await.status, 200, "reads go on");
}
