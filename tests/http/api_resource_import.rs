//! Row 6: a service registers its API (hole H1 of the specification closed).

use serde_json::{Value, json};
use tests::app::{Answer, TestApp};

struct Import {
    app: TestApp,
    admin: String,
    ann: String,
    bea: String,
}

fn shop() -> Value {
    json!({
        "microServiceName": "shop", "microServiceDisplayName": "The shop",
        "microServicePolicies": [
            { "controllerName": "orders", "scopes": ["read", "write"] },
            { "controllerName": "stock", "scopes": ["read"], "permissions": ["ignored"] },
        ],
        "microServiceClientIDs": ["The page"],
        "microServiceRedirectUrls": ["https://shop.example/back", "http://localhost:3000/"],
    })
}

impl Import {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let admin = app.admin().await;
        let ann = app.user(1, "ann", &[1], "oauthapp.all").await;
        let bea = app.user(1, "bea", &[1], "oauthapp.all").await;
        let (ann, bea) = (app.token_of(ann), app.token_of(bea));
        let page = json!({ "clientId": "page", "clientName": "The page" });
        app.post("/api/Client").bearer(&ann).json(&page).send().await.data();
        Self { app, admin, ann, bea }
    }

    async fn import(&self, token: &str, body: &Value) -> Answer {
        self.app.post("/api/ApiResource/Import").bearer(token).json(body).send().await
    }

    async fn resource(&self) -> Value {
        let found = self.app.get("/api/ApiResource?q.name=shop&q.expandScopes=true");
        found.bearer(&self.ann).send().await.data()[0].clone()
    }

    fn end(&self) -> u64 {
        self.app.engine.log().head().position
    }
}

fn scopes(resource: &Value) -> Vec<&str> {
    let scopes = resource["scopes"].as_array().unwrap().iter();
    scopes.map(|it| it["scope"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn h1_an_import_needs_a_caller_and_belongs_to_the_caller() {
    let it = Import::new().await;
    let answer = it.app.post("/api/ApiResource/Import").json(&shop()).send().await;
    assert_eq!(answer.status, 401);
    assert_eq!(it.import(&it.ann, &shop()).await.data(), true);
    let resource = it.resource().await;
    let all = ["shop.read", "shop.write", "shop.orders.all", "shop.stock.all", "shop.all"];
    assert_eq!(scopes(&resource), all);
    assert_eq!(resource["displayName"], "The shop");
    let client = it.app.get("/api/Client/2").bearer(&it.ann).send().await.data();
    assert_eq!(client["allowedScopes"][0]["scope"], "shop.all");
    assert_eq!(client["redirectUris"].as_array().map(Vec::len), Some(2));
    // Nobody's permissions were touched.
    let users = it.app.get("/api/User").bearer(&it.admin).send().await.text;
    assert!(!users.contains("shop.all"), "{users}");
    // Of others: not found, and nothing is written.
    let end = it.end();
    let mut foreign = shop();
    foreign["microServiceClientIDs"] = json!([]);
    assert_eq!(it.import(&it.bea, &foreign).await.code(), 404);
    foreign["microServiceName"] = json!("other");
    foreign["microServiceClientIDs"] = json!(["The page"]);
    it.import(&it.bea, &foreign).await.breaks("microServiceClientIDs");
    assert_eq!(it.end(), end);
}

#[tokio::test]
async fn the_same_import_again_writes_nothing_and_another_one_what_changed() {
    let it = Import::new().await;
    it.import(&it.ann, &shop()).await.data();
    let end = it.end();
    assert_eq!(it.import(&it.ann, &shop()).await.data(), true);
    assert_eq!(it.end(), end);
    let mut second = shop();
    second["microServicePolicies"] = json!([{ "controllerName": "orders", "scopes": ["read"] }]);
    second["microServiceDescription"] = json!("sells");
    assert_eq!(it.import(&it.ann, &second).await.data(), true);
    assert_eq!(it.end(), end + 1, "the client has all that it should have");
    let resource = it.resource().await;
    assert_eq!(scopes(&resource), ["shop.read", "shop.orders.all", "shop.all"]);
    assert_eq!(resource["description"], "sells");
}

#[tokio::test]
async fn a_client_imports_for_its_owner() {
    let it = Import::new().await;
    let secret = it.app.post("/api/Client/0/Secretkey").bearer(&it.admin);
    let secret = secret.json(&json!({ "plaintext": "a-secret-of-the-robot" })).send().await.data();
    let robot = json!({
        "clientId": "robot", "clientSecrets": [{ "value": secret }],
        "allowedGrantTypes": [{ "grantType": "client_credentials" }],
        "allowedScopes": [{ "scope": "oauthapp.apiresource.import" }, { "scope": "oauthapp.role.get" }],
    });
    it.app.post("/api/Client").bearer(&it.admin).json(&robot).send().await.data();
    let token = async |scope: &str| {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "robot"),
            ("client_secret", "a-secret-of-the-robot"),
            ("scope", scope),
        ];
        let answer = it.app.post("/connect/token").form(&form).send().await.json();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    let mut body = shop();
    body["microServiceClientIDs"] = json!([]);
    let other = token("oauthapp.role.get").await;
    assert_eq!(it.import(&other, &body).await.status, 403);
    let token = token("oauthapp.apiresource.import").await;
    assert_eq!(it.import(&token, &body).await.data(), true);
    let owners = it.app.get("/api/ApiResource/1/Owners").bearer(&it.admin).send().await.data();
    assert_eq!(owners[0]["userId"], 1);
    // It does nothing else with that scope.
    assert_eq!(it.app.get("/api/ApiResource").bearer(&token).send().await.status, 403);
}

#[tokio::test]
async fn wrong_imports_are_refused_by_field_and_write_nothing() {
    let it = Import::new().await;
    let end = it.end();
    let with = |member: &str, value: Value| {
        let mut body = shop();
        body[member] = value;
        body
    };
    let redirects = "microServiceRedirectUrls";
    let policy = |it: Value| with("microServicePolicies", json!([it]));
    for (body, field) in [
        (with("microServiceName", json!("")), "microServiceName"),
        (with("microServiceName", json!("isms")), "microServiceName"),
        (with("microServiceName", json!("oauthapp")), "microServiceName"),
        (with("microServiceName", json!("a shop")), "microServicePolicies"),
        (with("microServicePolicies", json!(5)), "microServicePolicies"),
        (policy(json!({ "controllerName": "a b" })), "microServicePolicies"),
        (policy(json!({ "controllerName": "a", "scopes": ["x\ny"] })), "microServicePolicies"),
        (with("microServiceClientIDs", json!(["nobody's"])), "microServiceClientIDs"),
        (with(redirects, json!(["http://shop.example/"])), redirects),
        (with(redirects, json!(["https://shop.example/#x"])), redirects),
        (with(redirects, json!(["https://user@shop.example/"])), redirects),
        (with(redirects, json!(["http://localhost.evil.example/"])), redirects),
        (with(redirects, json!(["http://127.0.0.1@evil.example/"])), redirects),
        (with(redirects, json!(["javascript:alert(1)"])), redirects),
        (with(redirects, json!(["https:///path"])), redirects),
    ] {
        let answer = it.import(&it.ann, &body).await;
        assert!(answer.status == 400, "{body}: {}", answer.text);
        answer.breaks(field);
    }
    let many = (0..501).map(|n| json!({ "controllerName": format!("c{n}") })).collect::<Vec<_>>();
    it.import(&it.ann, &with("microServicePolicies", json!(many))).await.breaks("scopes.scope");
    // A scope that another API has.
    let holder = json!({ "name": "holder", "scopes": [{ "scope": "shop.all" }] });
    it.app.post("/api/ApiResource").bearer(&it.bea).json(&holder).send().await.data();
    let taken = it.import(&it.ann, &shop()).await;
    assert_eq!(taken.code(), 417, "{}", taken.text);
    assert!(taken.text.contains("shop.all"), "{}", taken.text);
    assert_eq!(it.end(), end + 1, "nothing but the holder");
    // Two clients of one name: nobody knows which one.
    let twin = json!({ "clientId": "page2", "clientName": "The page" });
    it.app.post("/api/Client").bearer(&it.ann).json(&twin).send().await.data();
    it.import(&it.ann, &shop()).await.breaks("microServiceClientIDs");
}
