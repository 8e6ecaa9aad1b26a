//! A client reads the log for itself, and nothing else.

use domain::client::{Client, ClientCommand};
use serde_json::{Value, json};
use tests::app::{Answer, HOST, TestApp, others_go_on};

const SCOPE: &str = "oauthapp.audit.read";

fn client(id: &str, scopes: &[&str]) -> Value {
    let scopes = scopes.iter().map(|it| json!({ "scope": it })).collect::<Vec<_>>();
    json!({
        "clientId": id, "allowedScopes": scopes,
        "allowedGrantTypes": [{ "grantType": "client_credentials" }],
    })
}

/// A client of the administrator, by its number, with a secret.
async fn registered(app: &TestApp, admin: &str, id: &str, scopes: &[&str]) -> (i64, String) {
    let made = app.post("/api/Client").bearer(admin).json(&client(id, scopes)).send().await;
    let number = made.data().as_i64().unwrap();
    let secret = app.post(&format!("/api/Client/{number}/Secrets")).bearer(admin);
    let secret = secret.json(&json!({})).send().await;
    (number, secret.data()["value"].as_str().unwrap().to_owned())
}

async fn ask(app: &TestApp, id: &str, secret: &str, scope: Option<&str>) -> Answer {
    let mut form =
        vec![("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    form.extend(scope.map(|it| ("scope", it)));
    app.post("/connect/token").form(&form).send().await
}

async fn token(app: &TestApp, id: &str, secret: &str) -> String {
    let answer = ask(app, id, secret, None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_client_reads_the_log_without_people_and_nothing_else() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let (_, secret) = registered(&app, &admin, "collector", &[SCOPE]).await;
    let reader = token(&app, "collector", &secret).await;
    app.shows(app.engine.log().head().position).await;
    let list = |token: &str| app.get("/api/audit/events?limit=1000").bearer(token).send();
    let (whole, read) = (list(&admin).await.json(), list(&reader).await.json());
    let data = |page: &Value| page["data"].as_array().unwrap().clone();
    let with_people = data(&whole).iter().filter(|it| it.get("personal").is_some()).count();
    assert!(with_people > 0);
    let without = data(&whole).into_iter().map(|mut it| {
        it.as_object_mut().unwrap().remove("personal");
        it
    });
    assert_eq!(data(&read), without.collect::<Vec<_>>());
    let stream = app.get("/api/audit/stream?after=0").bearer(&reader).open().await;
    assert_eq!(stream.status(), 200);
    drop(stream);
    for path in [
        "/api/audit/events?tenant=*",
        "/api/audit/stream?tenant=*",
        "/api/audit/events?tenant=2",
        "/api/User",
        "/api/User/1",
        "/api/Client",
        "/api/Tenant",
        "/api/CodeGen/Servers",
    ] {
        let answer = app.get(path).bearer(&reader).send().await;
        assert_eq!(answer.status, 403, "{path}: {}", answer.text);
    }
    let body = json!({ "microServiceName": "shop", "microServiceDisplayName": "The shop" });
    let import = app.post("/api/ApiResource/Import").bearer(&reader).json(&body).send().await;
    assert_eq!(import.status, 403, "{}", import.text);
}

/// Whoever had a scope for everything did not become a reader of the log.
#[tokio::test]
async fn the_scope_must_be_named() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let wide = ["oauthapp.all", "oauthapp.audit.all", "oauthapp.audit.get", "isms.audit.stream"];
    let (_, secret) = registered(&app, &admin, "wide", &wide).await;
    let wide = token(&app, "wide", &secret).await;
    let (_, secret) = registered(&app, &admin, "old", &["isms.audit.read"]).await;
    let old = token(&app, "old", &secret).await;
    for path in ["/api/audit/events", "/api/audit/stream"] {
        assert_eq!(app.get(path).bearer(&wide).send().await.status, 403, "{path}");
        assert_eq!(app.get(path).bearer(&old).open().await.status(), 200, "{path}");
    }
    // And it helps no user.
    let user = app.user(1, "ann", &[1], "oauthapp.all").await;
    let user = app.token(user, SCOPE, "oauthapp.all", &["user"]);
    assert_eq!(app.get("/api/audit/events").bearer(&user).send().await.status, 403);
}

#[tokio::test]
async fn only_an_administrator_gives_it() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let user = app.user(1, "ann", &[1], "oauthapp.all").await;
    let ann = app.token_of(user);
    let post = |token: &str, body: &Value| app.post("/api/Client").bearer(token).json(body).send();
    for scope in [SCOPE, "isms.audit.read"] {
        assert_eq!(post(&ann, &client("hers", &[scope])).await.status, 403, "{scope}");
    }
    let made = post(&ann, &client("hers", &["oauthapp.user.get"])).await;
    let number = made.data().as_i64().unwrap();
    let put = |token: &str, id: i64, scopes: &[&str]| {
        let scopes = scopes.iter().map(|it| json!({ "scope": it })).collect::<Vec<_>>();
        let grants = json!([{ "grantType": "client_credentials" }]);
        let body = json!({ "id": id, "allowedScopes": scopes, "allowedGrantTypes": grants });
        app.ask("PUT", "/api/Client").bearer(token).json(&body).send()
    };
    assert_eq!(put(&ann, number, &[SCOPE]).await.status, 403);
    put(&admin, number, &[SCOPE]).await.data();
    // She may change what an administrator gave, and gets nothing by it: she is none.
    put(&ann, number, &[SCOPE, "oauthapp.user.get"]).await.data();
    let secret = app.post(&format!("/api/Client/{number}/Secrets")).bearer(&ann);
    let secret = secret.json(&json!({})).send().await.data()["value"].as_str().unwrap().to_owned();
    let refused = ask(&app, "hers", &secret, Some(SCOPE)).await;
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_scope")));
    // The installation takes it over.
    app.run::<Client>(1, &number.to_string(), ClientCommand::TakeOver).await;
    let taken_over = ask(&app, "hers", &secret, Some(SCOPE)).await;
    assert_eq!(taken_over.status, 200, "{}", taken_over.text);
}

#[tokio::test]
async fn a_reader_reads_its_own_tenant_and_ends_with_its_client() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let (number, secret) = registered(&app, &admin, "collector", &[SCOPE]).await;
    let reader = token(&app, "collector", &secret).await;
    app.tenant("other:8080").await;
    let read = |host: &'static str| app.get("/api/audit/events").host(host).bearer(&reader).send();
    assert_eq!(read("other:8080").await.status, 401);
    let page = read(HOST).await.json();
    let tenants = page["data"].as_array().unwrap().iter().map(|it| it["tenant"].clone());
    assert!(tenants.into_iter().all(|it| it == 1));
    others_go_on().await;
    app.run::<Client>(1, &number.to_string(), ClientCommand::SetEnabled(false)).await;
    assert_eq!(read(HOST).await.status, 401);
}
