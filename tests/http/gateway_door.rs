//! What gateways ask for: the configuration, and whether a request may pass. With a real nginx:
//! `tests/program/readme_gateway.rs`, and the tests of the crate `gateway`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tests::app::{Answer, TestApp};
use tests::documents::url;

struct Door {
    app: TestApp,
    admin: String,
    /// What the gateway proves itself with.
    proof: String,
    /// A token of a client, for the API `shop` with the scope `shop.read`.
    token: String,
    /// The key of a subscription to `gold`.
    key: String,
}

const SECRET: &str = "a-secret-of-the-shop";

impl Door {
    /// API 1, for subscribers of `gold` with a token.
    async fn new() -> Self {
        let app = TestApp::new().await;
        let admin = app.admin().await;
        let mut it =
            Self { app, admin, proof: String::new(), token: String::new(), key: String::new() };
        let shop = json!({ "name": "shop", "scopes": [{ "scope": "shop.read" }, { "scope": "shop.write" }] });
        it.post("/api/ApiResource", &shop).await.data();
        let gold = json!({ "id": "gold", "name": "Gold", "published": true, "rateCalls": 3, "rateSeconds": 60 });
        it.post("/api/ApiResource/Products", &gold).await.data();
        it.publish(&json!({
            "apiId": "1", "suffix": "shop", "swaggerUrl": url("door"), "productIds": ["gold"],
            "authorizationServerId": "chancery", "scope": "shop.read",
        }))
        .await;
        let hash = it.post("/api/Client/0/Secretkey", &json!({ "plaintext": SECRET })).await.data();
        let client = json!({
            "clientId": "app", "clientSecrets": [{ "value": hash }],
            "allowedGrantTypes": [{ "grantType": "client_credentials" }],
            "allowedScopes": [{ "scope": "shop.read" }, { "scope": "shop.write" }],
        });
        it.post("/api/Client", &client).await.data();
        it.token = it.token_for("shop.read").await;
        let mine = json!({ "productId": "gold", "name": "mine" });
        it.key = text(&it.post("/api/Subscription", &mine).await.data()["primaryKey"]);
        let edge = it.post("/api/Gateway", &json!({ "name": "edge" })).await.data();
        it.proof = format!("edge:{}", text(&edge["key"]));
        it
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.app.post(path).bearer(&self.admin).json(body).send().await
    }

    async fn publish(&self, body: &Value) {
        let ask = self.app.ask("PUT", "/api/ApiResource/1/Publish").bearer(&self.admin);
        ask.json(body).send().await.data();
    }

    async fn token_for(&self, scope: &str) -> String {
        let basic = BASE64_STANDARD.encode(format!("app:{SECRET}"));
        let ask =
            self.app.post("/connect/token").header("authorization", &format!("Basic {basic}"));
        let fields = [("grant_type", "client_credentials"), ("scope", scope)];
        text(&ask.form(&fields).send().await.json()["access_token"])
    }

    async fn check(&self, api: &str, token: Option<&str>, key: Option<&str>) -> Answer {
        let mut ask = self.app.get("/api/Gateway/Check").header("x-chancery-gateway", &self.proof);
        ask = ask.header("x-chancery-api", api);
        if let Some(token) = token {
            ask = ask.header("authorization", &format!("Bearer {token}"));
        }
        if let Some(key) = key {
            ask = ask.header("x-chancery-key", key);
        }
        ask.send().await
    }

    async fn usual(&self) -> Answer {
        self.check("1/1;rev=1", Some(&self.token), Some(&self.key)).await
    }

    async fn configuration(&self) -> Answer {
        let ask = self.app.get("/api/Gateway/Configuration");
        ask.header("x-chancery-gateway", &self.proof).send().await
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

#[track_caller]
fn denied(answer: &Answer, status: u16, word: &str) {
    assert_eq!(
        (answer.status, answer.header("x-chancery-deny")),
        (status, word),
        "{}",
        answer.text
    );
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn who_has_a_token_with_the_scope_and_a_key_passes_and_the_upstream_learns_who_it_is() {
    let it = Door::new().await;
    let passed = it.usual().await;
    assert_eq!((passed.status, &*passed.text), (204, ""));
    assert_eq!(passed.header("x-chancery-subject"), "app");
    assert_eq!(passed.header("x-chancery-client"), "app");
    assert_eq!(passed.header("x-chancery-scopes"), "shop.read");
    assert_eq!(passed.header("x-chancery-subscription"), "1");
    assert_eq!(passed.header("cache-control"), "stale-if-error=60");
    assert!(passed.header("x-chancery-position").parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn what_is_missing_or_does_not_count_is_said_in_a_word() {
    let it = Door::new().await;
    let api = "1/1;rev=1";
    let none = it.check(api, None, Some(&it.key)).await;
    denied(&none, 401, "token");
    assert_eq!(none.header("www-authenticate"), "Bearer realm=\"chancery\"");
    for token in ["x", &it.admin, &it.token.replace('.', "x")] {
        let wrong = it.check(api, Some(token), Some(&it.key)).await;
        denied(&wrong, 401, "token");
        assert!(wrong.header("www-authenticate").contains("error=\"invalid_token\""));
    }
    let write = it.token_for("shop.write").await;
    let narrow = it.check(api, Some(&write), Some(&it.key)).await;
    denied(&narrow, 403, "scope");
    assert!(narrow.header("www-authenticate").contains("scope=\"shop.read\""));
    for key in [None, Some("chk_x"), Some("")] {
        denied(&it.check(api, Some(&it.token), key).await, 401, "key");
    }
    for api in ["1/2;rev=1", "1/1;rev=2", "2/1;rev=1", "1/x;rev=1", "", "1", "1/1;rev=x"] {
        denied(&it.check(api, Some(&it.token), Some(&it.key)).await, 403, "unknown");
    }
    // A gateway that is none learns nothing.
    let ask = it.app.get("/api/Gateway/Check").header("x-chancery-gateway", "edge:chg_x");
    assert_eq!(ask.send().await.status, 401);
}

#[tokio::test]
async fn what_ends_counts_no_more_at_the_next_request() {
    let it = Door::new().await;
    let suspend = it.post("/api/Subscription/1/Suspend", &json!({})).await;
    assert_eq!(suspend.data(), true);
    denied(&it.usual().await, 401, "key");
    it.post("/api/Subscription/1/Resume", &json!({})).await.data();
    assert_eq!(it.usual().await.status, 204);
    let revoke = it.app.post("/connect/revocation");
    let basic = BASE64_STANDARD.encode(format!("app:{SECRET}"));
    let revoke = revoke.header("authorization", &format!("Basic {basic}"));
    assert_eq!(revoke.form(&[("token", &it.token)]).send().await.status, 200);
    denied(&it.usual().await, 401, "token");
    let other = it.token_for("shop.read").await;
    let api = "1/1;rev=1";
    assert_eq!(it.check(api, Some(&other), Some(&it.key)).await.status, 204);
    let unpublish = it.app.ask("DELETE", "/api/ApiResource/1/Publish").bearer(&it.admin);
    unpublish.send().await.data();
    denied(&it.check(api, Some(&other), Some(&it.key)).await, 403, "unknown");
}

#[tokio::test]
async fn a_subscription_calls_as_often_as_its_product_allows() {
    let it = Door::new().await;
    for _ in 0..3 {
        assert_eq!(it.usual().await.status, 204);
    }
    let fourth = it.usual().await;
    denied(&fourth, 403, "rate");
    assert_eq!(fourth.header("x-chancery-retry-after"), "20");
    // Who may not pass anyway spends nothing.
    it.app.clock.pass(std::time::Duration::from_secs(20));
    denied(&it.check("1/1;rev=1", None, Some(&it.key)).await, 401, "token");
    assert_eq!(it.usual().await.status, 204);
    denied(&it.usual().await, 403, "rate");
}

#[tokio::test]
async fn private_addresses_are_for_owners() {
    let it = Door::new().await;
    let revision = json!({ "apiId": "1", "swaggerUrl": url("door-2") });
    it.post("/api/ApiResource/1/PublishRevision", &revision).await.data();
    // Not the current one: no key and no scope opens it.
    denied(&it.check("1/1;rev=2", Some(&it.token), Some(&it.key)).await, 403, "owner");
    let offline = it.app.ask("PUT", "/api/ApiResource/1/Revisions/1;rev=2/Online");
    offline.bearer(&it.admin).json(&json!({ "online": false })).send().await.data();
    denied(&it.check("1/1;rev=2", Some(&it.token), Some(&it.key)).await, 403, "unknown");
}

#[tokio::test]
async fn the_configuration_is_what_is_published_and_only_that_changes_it() {
    let it = Door::new().await;
    let first = it.configuration().await;
    let tag = first.header("etag").to_owned();
    let json = first.json();
    assert_eq!(json["format"], 1);
    let api = &json["tenants"][0]["apis"][0];
    assert_eq!((&api["path"], &api["default"]), (&json!("shop"), &json!("1")));
    let version = &api["versions"][0];
    assert_eq!((&version["revision"], &version["keys"]), (&json!(1), &json!(true)));
    assert_eq!(version["authentication"]["scope"], "shop.read");
    assert_eq!(version["serviceUrl"], "https://api.example.org/v1");
    assert!(!first.text.contains(&it.key) && !first.text.contains("chg_"));
    // A report, a token and a user make no other one.
    it.token_for("shop.read").await;
    it.post("/api/Role", &json!({ "name": "driver" })).await.data();
    let same = it.app.get("/api/Gateway/Configuration").header("x-chancery-gateway", &it.proof);
    let same = same.header("if-none-match", &tag).send().await;
    assert_eq!((same.status, &*same.text), (304, ""));
    // A policy that is enforced, and another upstream.
    let policy =
        r#"<policies><inbound><rate-limit calls="5" renewal-period="60" /></inbound></policies>"#;
    let again = json!({
        "apiId": "1", "suffix": "shop", "swaggerUrl": url("door"), "policy": policy,
        "serviceUrl": "https://other.example.org",
    });
    it.publish(&again).await;
    let second = it.configuration().await;
    assert_ne!(second.header("etag"), tag);
    let version = second.json()["tenants"][0]["apis"][0]["versions"][0].clone();
    assert_eq!(version["policy"]["rateLimit"]["calls"], 5, "{version}");
    assert_eq!((&version["revision"], &version["authentication"]), (&json!(2), &Value::Null));
    assert_eq!(version["online"].as_array().unwrap().len(), 2);
    assert!(second.json()["position"].as_u64() > json["position"].as_u64());
    // A product that demands no key any more.
    let free = it.app.ask("PUT", "/api/ApiResource/Products/gold").bearer(&it.admin);
    free.json(&json!({ "subscriptionRequired": false })).send().await.data();
    let third = it.configuration().await.json();
    assert_eq!(third["tenants"][0]["apis"][0]["versions"][0]["keys"], false);
    let unpublish = it.app.ask("DELETE", "/api/ApiResource/1/Publish").bearer(&it.admin);
    unpublish.send().await.data();
    assert_eq!(it.configuration().await.json()["tenants"][0]["apis"], json!([]));
}

#[tokio::test]
async fn a_policy_that_cannot_be_enforced_is_refused_or_said_to_be_so() {
    let it = Door::new().await;
    let with = |policy: &str, allow: bool| {
        json!({
            "apiId": "1", "suffix": "shop", "swaggerUrl": url("door"), "policy": policy,
            "allowUnenforcedPolicy": allow,
        })
    };
    let put = async |body: Value| {
        let ask = it.app.ask("PUT", "/api/ApiResource/1/Publish").bearer(&it.admin);
        ask.json(&body).send().await.json()
    };
    let quota = "<policies><inbound><quota calls=\"5\" /></inbound></policies>";
    for policy in [
        quota,
        "<policies>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]><policies>&b;</policies>",
        "<policies><outbound><set-header name=\"a\" exists-action=\"override\"><value>a;b</value></set-header></outbound></policies>",
    ] {
        let answer = put(with(policy, false)).await;
        assert_eq!(answer["reason"], "policy_not_enforced", "{answer}");
    }
    let taken = put(with(quota, true)).await;
    assert_eq!(taken["data"], true);
    assert!(text(&taken["warnings"][0]).contains("quota"), "{taken}");
}

/// Who answers for an API of the product decides on its subscriptions.
#[tokio::test]
async fn owners_of_an_api_of_the_product_decide_on_its_subscriptions() {
    let it = Door::new().await;
    let [ann, bea] = [
        it.app.user(1, "ann", &[1], "oauthapp.all").await,
        it.app.user(1, "bea", &[1], "oauthapp.all").await,
    ];
    let owner = it.app.ask("PUT", &format!("/api/ApiResource/1/Owners/{ann}")).bearer(&it.admin);
    owner.json(&json!({})).send().await.data();
    let suspend = async |user: u32| {
        let token = it.app.token_of(user);
        let ask = it.app.post("/api/Subscription/1/Suspend").bearer(&token);
        ask.json(&json!({ "reason": "unpaid" })).send().await
    };
    assert_eq!(suspend(bea).await.code(), 404, "as if it never existed");
    assert_eq!(suspend(ann).await.data(), true);
    denied(&it.usual().await, 401, "key");
}

#[tokio::test]
async fn versions_say_which_gateways_serve_them() {
    let it = Door::new().await;
    let versions =
        async || it.app.get("/api/ApiResource/1/Versions").bearer(&it.admin).send().await;
    let behind = versions().await;
    assert_eq!(behind.header("cache-control"), "no-cache");
    let live = json!({ "gateways": 1, "applied": 0, "behind": ["edge"] });
    assert_eq!(behind.data()[0]["live"], live);
    let position = it.configuration().await.json()["position"].clone();
    let applied = json!({
        "position": position, "configuration": "0a".repeat(32), "reloadMicros": 1, "program": "p/1",
    });
    let report = it.app.post("/api/Gateway/Applied").header("x-chancery-gateway", &it.proof);
    report.json(&applied).send().await.data();
    let now = versions().await;
    assert_eq!(now.header("cache-control"), "private, max-age=60");
    assert_eq!(now.data()[0]["live"]["applied"], 1);
    let gateways = it.app.get("/api/ApiResource/1/Gateways").bearer(&it.admin).send().await.data();
    assert_eq!((&gateways[0]["name"], &gateways[0]["behind"]), (&json!("edge"), &json!(false)));
    // Whoever wants to know waits for gateways that call, no longer than it says.
    let body = json!({ "apiId": "1", "suffix": "shop", "swaggerUrl": url("live") });
    let ask = it.app.ask("PUT", "/api/ApiResource/1/Publish").bearer(&it.admin);
    let answer = ask.header("prefer", "wait=1").json(&body).send().await.json();
    assert_eq!(answer["live"], json!({ "gateways": 1, "applied": 0, "behind": ["edge"] }));
}
