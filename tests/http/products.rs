//! Rows 14 and 15, and how products and authorization servers are made.

use serde_json::{Value, json};
use tests::app::{Answer, TestApp};

const PRODUCTS: &str = "/api/ApiResource/Products";
const SERVERS: &str = "/api/ApiResource/AuthServers";

struct Shop {
    app: TestApp,
    admin: String,
    ann: String,
}

impl Shop {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let admin = app.admin().await;
        let ann = app.user(1, "ann", &[1], "oauthapp.all").await;
        let ann = app.token_of(ann);
        Self { app, admin, ann }
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.app.ask(method, path).bearer(&self.admin).json(body).send().await
    }

    async fn list(&self, token: &str, path: &str) -> Value {
        self.app.get(path).bearer(token).send().await.data()
    }

    fn end(&self) -> u64 {
        self.app.engine.log().head().position
    }
}

#[tokio::test]
async fn administrators_make_products_and_everybody_sees_those_that_are_published() {
    let it = Shop::new().await;
    let starter = json!({
        "id": "Starter", "name": "Starter", "description": "for the start", "terms": "be kind",
        "approvalRequired": true, "subscriptionsLimit": 5, "rateCalls": 10, "rateSeconds": 60,
    });
    assert_eq!(it.ask("POST", PRODUCTS, &starter).await.data(), 1);
    assert_eq!(it.list(&it.ann, PRODUCTS).await, json!([]));
    let one = format!("{PRODUCTS}/starter");
    let shown = it.ask("GET", &one, &Value::Null).await.data();
    let mut whole = starter.clone();
    whole["subscriptionRequired"] = json!(true);
    whole["published"] = json!(false);
    assert_eq!(shown, whole);
    let end = it.end();
    assert_eq!(it.ask("PUT", &one, &shown).await.data(), true);
    assert_eq!(it.end(), end, "sent back as it is shown");
    let change =
        json!({ "published": true, "terms": null, "rateCalls": null, "rateSeconds": null });
    assert_eq!(it.ask("PUT", &one, &change).await.data(), true);
    let wanted = json!([{
        "id": "/products/Starter", "name": "Starter", "description": "for the start",
        "subscriptionRequired": "true", "approvalRequired": "true", "subscriptionsLimit": "5",
        "state": "published",
    }]);
    assert_eq!(it.list(&it.ann, PRODUCTS).await, wanted);
    // Its id is taken, and stays.
    let taken = it.ask("POST", PRODUCTS, &json!({ "id": "STARTER", "name": "x" })).await;
    assert_eq!(taken.code(), 417);
    assert_eq!(it.ask("PUT", &one, &json!({ "id": "other" })).await.code(), 417);
    assert_eq!(it.ask("DELETE", &one, &Value::Null).await.data(), true);
    assert_eq!(it.ask("DELETE", &one, &Value::Null).await.code(), 404);
    assert_eq!(it.list(&it.admin, PRODUCTS).await, json!([]));
    let again = it.ask("POST", PRODUCTS, &starter).await.data();
    assert!(again.as_u64() > Some(1), "the id is free, the number is not: {again}");
}

#[tokio::test]
async fn h15_secrets_of_authorization_servers_go_in_and_never_come_out() {
    let it = Shop::new().await;
    let server = json!({
        "id": "partner", "name": "Partner", "issuer": "https://id.example",
        "grantTypes": ["authorizationCode"], "clientId": "gateway",
        "clientSecret": "SECRET-OF-GATEWAY", "resourceOwnerUsername": "robot",
        "resourceOwnerPassword": "PASSWORD-OF-ROBOT",
    });
    assert_eq!(it.ask("POST", SERVERS, &server).await.data(), 1);
    let one = format!("{SERVERS}/PARTNER");
    let shown = it.ask("GET", &one, &Value::Null).await;
    assert_eq!(
        (&shown.data()["clientSecret"], &shown.data()["issuer"]),
        (&json!("***"), &json!("https://id.example"))
    );
    let end = it.end();
    assert_eq!(it.ask("PUT", &one, &shown.data()).await.data(), true);
    assert_eq!(it.end(), end, "the mask keeps what is there");
    // Another secret, and one that is taken away.
    let change = json!({ "clientSecret": "ANOTHER-SECRET", "resourceOwnerPassword": null });
    assert_eq!(it.ask("PUT", &one, &change).await.data(), true);
    assert_eq!(it.end(), end + 1);
    let list = it.app.get(SERVERS).bearer(&it.ann).send().await;
    let rows = list.data();
    assert_eq!(
        (&rows[0]["id"], &rows[0]["issuer"]),
        (&json!("chancery"), &json!("http://localhost:8080"))
    );
    assert_eq!(rows[1]["clientSecret"], "***");
    assert_eq!(rows[1].get("resourceOwnerPassword"), None);
    let audit = it.app.get("/api/audit/events?limit=1000").bearer(&it.admin).send().await;
    for secret in ["SECRET-OF-GATEWAY", "ANOTHER-SECRET", "PASSWORD-OF-ROBOT"] {
        for answer in [&shown, &list, &audit] {
            assert!(!answer.text.contains(secret), "{secret} in {}", answer.text);
        }
    }
    // What is not there cannot be kept.
    let kept = json!({ "resourceOwnerPassword": "***" });
    it.ask("PUT", &one, &kept).await.breaks("resourceOwnerPassword");
    let new = json!({ "id": "new", "name": "New", "clientSecret": "***" });
    it.ask("POST", SERVERS, &new).await.breaks("clientSecret");
}

#[tokio::test]
async fn the_built_in_server_is_neither_made_nor_changed() {
    let it = Shop::new().await;
    let end = it.end();
    let built_in = json!({ "id": "Chancery", "name": "mine" });
    it.ask("POST", SERVERS, &built_in).await.breaks("id");
    for method in ["GET", "PUT", "DELETE"] {
        let answer = it.ask(method, &format!("{SERVERS}/chancery"), &json!({ "name": "x" })).await;
        assert_eq!(answer.code(), 404, "{method}");
    }
    assert_eq!(it.end(), end);
}

#[tokio::test]
async fn who_is_no_administrator_changes_nothing_and_other_tenants_see_nothing() {
    let it = Shop::new().await;
    let body = json!({ "id": "gold", "name": "Gold", "published": true });
    for path in [PRODUCTS, SERVERS] {
        let post = it.app.post(path).bearer(&it.ann).json(&body).send().await;
        assert_eq!(post.status, 403);
        it.ask("POST", path, &json!({ "id": "gold", "name": "Gold" })).await.data();
        let one = format!("{path}/gold");
        for method in ["GET", "PUT", "DELETE"] {
            let answer = it.app.ask(method, &one).bearer(&it.ann).json(&body).send().await;
            assert_eq!(answer.status, 403, "{method} {one}");
        }
    }
    let far = it.app.tenant("far:8080").await;
    let roles = it.app.roles(far).await;
    let boss = it.app.user(far, "boss", &roles, "oauthapp.all").await;
    let claims = json!({
        "iss": "http://far:8080", "sub": boss.to_string(), "role": ["user", "administrator"],
        "client_tenant": { "id": far },
    });
    let boss = it.app.mint(far, &claims);
    let list = |path: &str| it.app.get(path).host("far:8080").bearer(&boss).send();
    assert_eq!(list(PRODUCTS).await.data(), json!([]));
    assert_eq!(list(SERVERS).await.data().as_array().map(Vec::len), Some(1), "the built-in one");
    // The same id is free there.
    let again = it.app.post(PRODUCTS).host("far:8080").bearer(&boss).json(&body).send().await;
    assert_eq!(again.code(), 200, "{}", again.text);
}

#[tokio::test]
async fn wrong_bodies_are_refused_by_field_and_write_nothing() {
    let it = Shop::new().await;
    let end = it.end();
    for (body, field) in [
        (json!({ "name": "x" }), "id"),
        (json!({ "id": "a b", "name": "x" }), "id"),
        (json!({ "id": "..", "name": "x" }), "id"),
        (json!({ "id": "a" }), "name"),
        (json!({ "id": "a", "name": "x", "subscriptionsLimit": 0 }), "subscriptionsLimit"),
        (json!({ "id": "a", "name": "x", "subscriptionsLimit": -1 }), "subscriptionsLimit"),
        (json!({ "id": "a", "name": "x", "rateCalls": 5 }), "rateSeconds"),
        (json!({ "id": "a", "name": "x", "rateSeconds": 5 }), "rateCalls"),
        (json!({ "id": "a", "name": "x", "rateCalls": 0, "rateSeconds": 5 }), "rateCalls"),
    ] {
        it.ask("POST", PRODUCTS, &body).await.breaks(field);
    }
    for (member, value) in [
        ("issuer", json!("file:///etc/passwd")),
        ("tokenEndpoint", json!("https://user@id.example")),
        ("authorizationMethods", json!("GET")),
        ("grantTypes", json!([""])),
    ] {
        let body = json!({ "id": "a", "name": "x", member: value });
        it.ask("POST", SERVERS, &body).await.breaks(member);
    }
    assert_eq!(it.end(), end);
}
