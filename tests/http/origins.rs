//! Pages of other origins (CORS): what a browser is told of the management API, and of nothing else.

use api::{AppSettings, Origins};
use serde_json::json;
use tests::app::{Answer, TestApp};

const LISTED: &str = "https://app.example.com";
const HEADERS: [&str; 6] = [
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-expose-headers",
    "access-control-max-age",
];

async fn app() -> TestApp {
    let origins = [LISTED, "http://localhost:3000"].map(str::to_owned).to_vec();
    TestApp::with(AppSettings { origins: Origins::new(origins), ..AppSettings::default() }).await
}

/// All values of `Vary`.
fn vary(answer: &Answer) -> Vec<&str> {
    answer.headers.get_all("vary").iter().map(|it| it.to_str().unwrap()).collect()
}

#[track_caller]
fn says_nothing(answer: &Answer, what: &str) {
    for header in HEADERS {
        assert_eq!(answer.header(header), "", "{what}: {header}");
    }
}

#[tokio::test]
async fn a_page_of_a_listed_origin_may_read_answers_and_errors() {
    let app = app().await;
    let token = app.admin().await;
    let created = app.post("/api/Role").bearer(&token).header("origin", LISTED);
    let created = created.json(&json!({ "name": "driver" })).send().await;
    created.data();
    let refused = app.get("/api/User").header("origin", LISTED).send().await;
    assert_eq!(refused.status, 401);
    let unknown = app.get("/api/nothing").header("origin", LISTED).send().await;
    assert_eq!(unknown.status, 404);
    for answer in [&created, &refused, &unknown] {
        assert_eq!(answer.header("access-control-allow-origin"), LISTED);
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
        let exposed = answer.header("access-control-expose-headers");
        for header in ["X-Log-Position", "ETag", "Location", "Retry-After", "X-Request-Id"] {
            assert!(exposed.contains(header), "{header}: {exposed}");
        }
        assert!(vary(answer).contains(&"Origin"), "{answer:?}");
    }
    let second = app.get("/api/User/Codes").header("origin", "http://localhost:3000").send().await;
    assert_eq!(second.header("access-control-allow-origin"), "http://localhost:3000");
}

#[tokio::test]
async fn a_browser_that_asks_before_a_request_is_told_the_methods_and_headers() {
    let app = app().await;
    let ask = |path: &str, origin: &str| {
        app.ask("OPTIONS", path)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type")
    };
    let answer = ask("/api/User", LISTED).send().await;
    assert_eq!((answer.status, &*answer.text), (204, ""));
    assert_eq!(answer.header("access-control-allow-origin"), LISTED);
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    assert_eq!(answer.header("access-control-allow-methods"), "GET, HEAD, POST, PUT");
    assert_eq!(answer.header("access-control-allow-headers"), "authorization,content-type");
    assert_eq!(answer.header("access-control-max-age"), "600");
    assert_eq!(vary(&answer), ["Access-Control-Request-Headers", "Origin"]);

    // Without the question it is a request like any other.
    let plain = app.ask("OPTIONS", "/api/User").header("origin", LISTED).send().await;
    assert_eq!(plain.status, 405);
    let stranger = ask("/api/User", "https://evil.example").send().await;
    assert_eq!(stranger.status, 405);
    says_nothing(&stranger, "preflight of a stranger");
    let long = "x".repeat(2_000);
    let greedy = app.ask("OPTIONS", "/api/User").header("origin", LISTED);
    let greedy = greedy.header("access-control-request-method", "GET");
    let greedy = greedy.header("access-control-request-headers", &long).send().await;
    assert_eq!((greedy.status, greedy.header("access-control-allow-headers")), (204, ""));
}

#[tokio::test]
async fn an_origin_that_is_not_listed_exactly_is_told_nothing() {
    let app = app().await;
    for origin in [
        "https://evil.example",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.example",
        "https://APP.example.com",
        "https://app.example.com/",
        "https://sub.app.example.com",
        "null",
        "*",
        "",
    ] {
        let answer = app.get("/api/User/Codes").header("origin", origin).send().await;
        assert_eq!(answer.status, 200, "{origin}");
        says_nothing(&answer, origin);
        assert_eq!(vary(&answer), ["Origin"], "{origin}: a cache must not mix answers up");
    }
    let two = app.get("/api/User/Codes").header("origin", LISTED);
    says_nothing(&two.header("origin", "https://evil.example").send().await, "two origins");
    let none = app.get("/api/User/Codes").send().await;
    says_nothing(&none, "no origin");
    assert_eq!(vary(&none), ["Origin"]);
}

#[tokio::test]
async fn only_the_management_api_speaks_to_other_origins() {
    let app = app().await;
    for path in [
        "/.well-known/openid-configuration",
        "/connect/token",
        "/health/live",
        "/metrics",
        "/swagger/v1/swagger.json",
        "/oauth2/api/v1/health",
        "/nothing",
    ] {
        let answer = app.get(path).header("origin", LISTED).send().await;
        says_nothing(&answer, path);
        let asked = app.ask("OPTIONS", path).header("origin", LISTED);
        let asked = asked.header("access-control-request-method", "POST").send().await;
        assert_ne!(asked.status, 204, "{path}");
        says_nothing(&asked, path);
    }
}

#[tokio::test]
async fn without_the_setting_no_origin_is_told_anything() {
    let app = TestApp::new().await;
    let answer = app.get("/api/User/Codes").header("origin", LISTED).send().await;
    says_nothing(&answer, "no setting");
    assert_eq!(vary(&answer), [""; 0]);
    let asked = app.ask("OPTIONS", "/api/User").header("origin", LISTED);
    let asked = asked.header("access-control-request-method", "GET").send().await;
    assert_eq!(asked.status, 405);
    says_nothing(&asked, "no setting");
}

#[tokio::test]
async fn an_answer_for_one_caller_still_says_so_to_caches() {
    let app = app().await;
    let token = app.admin().await;
    let orders = json!({ "name": "orders", "scopes": [{ "scope": "orders.all" }] });
    app.post("/api/ApiResource").bearer(&token).json(&orders).send().await.data();
    let publication = json!({
        "apiId": "1", "suffix": "orders", "swaggerUrl": tests::documents::url("origins"),
    });
    let path = "/api/ApiResource/1";
    let published = app.ask("PUT", &format!("{path}/Publish")).bearer(&token);
    published.json(&publication).send().await.data();
    let versions = app.get(&format!("{path}/Versions")).bearer(&token);
    let versions = versions.header("origin", LISTED).send().await;
    assert_eq!(vary(&versions), ["Authorization", "Origin"]);
}
