//! How requests are spelled: what means the same, what is refused, and what is told.

use serde_json::json;
use tests::app::{PASSWORD, TestApp};

#[tokio::test]
async fn a_path_of_the_api_may_have_needless_escapes() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let plain = app.get("/api/User/1").bearer(&token).send().await.data();
    let escaped = app.get("/api/%55ser/%31").bearer(&token).send().await.data();
    assert_eq!(plain, escaped);
    for path in ["/%6detrics", "/connect/%74oken", "/health/%6cive"] {
        assert_eq!(app.get(path).send().await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn json_may_begin_with_a_mark_and_be_called_text() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let ask = async |content_type: &str, body: &str| {
        app.post("/api/Role").bearer(&token).body(content_type, body).send().await
    };
    ask("application/json", "\u{feff}{\"name\":\"marked\"}").await.data();
    ask("text/json", "{\"name\":\"text\"}").await.data();
    ask("application/json; charset=\"UTF-8\"", "{\"name\":\"quoted\"}").await.data();
    for other in ["utf-16", "iso-8859-1"] {
        let answer = ask(&format!("application/json; charset={other}"), "{\"name\":\"o\"}").await;
        assert_eq!(answer.status, 415, "{other}: {}", answer.text);
    }
}

#[tokio::test]
async fn compressed_bodies_are_refused_by_name() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let ask = |coding: &'static str| {
        let body = json!({ "name": format!("r-{coding}") });
        app.post("/api/Role").bearer(&token).json(&body).header("content-encoding", coding)
    };
    let answer = ask("gzip").send().await;
    assert_eq!((answer.status, answer.header("accept-encoding")), (415, "identity"));
    assert!(answer.text.contains("Content-Encoding"), "{}", answer.text);
    ask("identity").send().await.data();
    let form = app.post("/connect/token").header("content-encoding", "br");
    let answer = form.form(&[("grant_type", "password")]).send().await;
    assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_request")));
}

#[tokio::test]
async fn what_nothing_reads_is_told() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let list = app.get("/api/User?name=ann&take=1&api-version=1.0").bearer(&token).send().await;
    assert_eq!((list.status, list.header("x-ignored")), (200, "query.name"));
    let body = json!({ "username": "ann", "password": PASSWORD });
    let made = app.post("/api/User").bearer(&token).json(&body).send().await;
    made.data();
    assert_eq!(made.header("x-ignored"), "body.password");
    let fine = app.get("/api/User?take=1&Q.Role=admin").bearer(&token).send().await;
    assert_eq!((fine.status, fine.header("x-ignored")), (200, ""));
}

#[tokio::test]
async fn a_filter_of_the_log_with_a_typing_error_is_refused() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    for query in ["subject=2", "from=3", "order=desc", "kind=user&limt=1"] {
        for path in ["/api/audit/events", "/api/audit/stream"] {
            let answer = app.get(&format!("{path}?{query}")).bearer(&token).send().await;
            let name = query.split(['&', '=']).rfind(|it| it.len() > 3 && *it != "desc").unwrap();
            answer.breaks(name);
        }
    }
    // Who may not read it does not learn what it knows.
    assert_eq!(app.get("/api/audit/events?from=3").send().await.status, 401);
    let fine = "/api/audit/events?KIND=user&limit=1&api-version=1";
    assert_eq!(app.get(fine).bearer(&token).send().await.status, 200);
}

#[tokio::test]
async fn nothing_about_people_stays_in_a_cache() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    for path in ["/api/User", "/api/User/1", "/api/audit/events", "/api/User/99", "/health/ready"] {
        let answer = app.get(path).bearer(&token).send().await;
        let said = (answer.header("cache-control"), answer.header("x-content-type-options"));
        assert_eq!(said, ("no-store", "nosniff"), "{path}");
    }
    // What is for everybody says so itself.
    let keys = app.get("/.well-known/openid-configuration/jwks").send().await;
    assert!(keys.header("cache-control").starts_with("public"));
    let answer = app.try_sign_in("admin", PASSWORD).await;
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
}

#[tokio::test]
async fn names_of_a_form_have_one_case() {
    let app = TestApp::new().await;
    let fields = [
        ("GRANT_TYPE", "password"),
        ("client_id", "chancery-cli"),
        ("username", "admin"),
        ("password", PASSWORD),
    ];
    let answer = app.post("/connect/token").form(&fields).send().await;
    assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_request")));
}
