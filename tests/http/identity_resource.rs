//! Rows 59 to 64, and that an enabled identity resource makes a scope known (contracts 12, 13).

use serde_json::{Value, json};
use tests::app::TestApp;

fn badges() -> Value {
    json!({
        "name": "badges", "displayName": "Badges", "created": "2026-01-02 03:04:05",
        "userClaims": [{ "type": "name" }], "properties": [{ "key": "colour", "value": "red" }],
    })
}

#[tokio::test]
async fn it_is_created_listed_shown_updated_and_deleted() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let create = || app.post("/api/IdentityResource").bearer(&admin).json(&badges()).send();
    assert_eq!(create().await.data(), 8);
    let again = create().await;
    assert_eq!((again.code(), &again.json()["data"]), (417, &json!(0)), "{}", again.text);
    let listed = json!({
        "id": 8, "enabled": true, "name": "badges", "displayName": "Badges", "required": false,
        "emphasize": false, "showInDiscoveryDocument": true, "nonEditable": false,
        "created": "2026-01-02 03:04:05",
        "userClaims": [{ "id": 1, "type": "name", "identityResourceId": 8 }],
    });
    let list = app.get("/api/IdentityResource?q.name=Badges").bearer(&admin).send().await.json();
    assert_eq!(list["data"], json!([listed]));
    let mut whole = listed.clone();
    whole["properties"] =
        json!([{ "id": 1, "key": "colour", "value": "red", "identityResourceId": 8 }]);
    let shown = async || app.get("/api/IdentityResource/8").bearer(&admin).send().await.data();
    assert_eq!(shown().await, whole);

    let put =
        |body: Value| app.ask("PUT", "/api/IdentityResource").bearer(&admin).json(&body).send();
    let before = app.engine.log().head().position;
    assert_eq!(put(whole.clone()).await.data(), true);
    assert_eq!(app.engine.log().head().position, before, "the same body twice");
    whole["nonEditable"] = json!(true);
    assert_eq!(put(whole.clone()).await.data(), true);
    whole["required"] = json!(true);
    assert_eq!(put(whole.clone()).await.code(), 417);
    let delete = || app.ask("DELETE", "/api/IdentityResource/8").bearer(&admin).send();
    assert_eq!(delete().await.code(), 417);
    whole["nonEditable"] = json!(false);
    assert_eq!(put(whole.clone()).await.data(), true);
    let mut now = shown().await;
    assert!(now.as_object_mut().unwrap().remove("updated").is_some());
    assert_eq!(now, whole);
    assert_eq!(put(json!({ "id": 77, "name": "x" })).await.code(), 404);
    assert_eq!(delete().await.data(), 8);
    assert_eq!(delete().await.code(), 404);
    assert_eq!(app.get("/api/IdentityResource/Codes").send().await.json(), json!([]));
}

#[tokio::test]
async fn only_administrators_change_it_and_a_stale_version_is_refused() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    app.post("/api/IdentityResource").bearer(&admin).json(&badges()).send().await.data();
    let user = app.user(1, "ann", &[1], "oauthapp.all").await;
    let user = app.token(user, "oauthapp.all", "oauthapp.all", &["user"]);
    assert_eq!(app.get("/api/IdentityResource/8").bearer(&user).send().await.data()["id"], 8);
    for ask in [
        app.post("/api/IdentityResource").json(&badges()),
        app.ask("PUT", "/api/IdentityResource").json(&json!({ "id": 8 })),
        app.ask("DELETE", "/api/IdentityResource/8"),
    ] {
        assert_eq!(ask.bearer(&user).send().await.status, 403);
    }
    let delete = app.ask("DELETE", "/api/IdentityResource/8").bearer(&admin);
    assert_eq!(delete.header("if-match", "\"1\"").send().await.status, 412);
}

#[tokio::test]
async fn a_scope_has_one_holder_and_a_client_that_lists_it_gets_it_while_it_is_enabled() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    app.post("/api/IdentityResource").bearer(&admin).json(&badges()).send().await.data();
    let resource = json!({ "name": "people", "scopes": [{ "scope": "Badges" }] });
    let taken = app.post("/api/ApiResource").bearer(&admin).json(&resource).send().await;
    assert_eq!(taken.code(), 417, "{}", taken.text);
    let hash = json!({ "plaintext": "a-secret-of-the-shop" });
    let hash = app.post("/api/Client/0/Secretkey").bearer(&admin).json(&hash).send().await.data();
    let shop = json!({
        "clientId": "shop", "clientSecrets": [{ "value": hash }],
        "allowedGrantTypes": [{ "grantType": "client_credentials" }],
        "allowedScopes": [{ "scope": "badges" }],
    });
    app.post("/api/Client").bearer(&admin).json(&shop).send().await.data();
    let is_granted = async || {
        let form = [
            ("client_id", "shop"),
            ("client_secret", "a-secret-of-the-shop"),
            ("grant_type", "client_credentials"),
            ("scope", "badges"),
        ];
        app.post("/connect/token").form(&form).send().await.status == 200
    };
    let is_announced = async || {
        let document = app.get("/.well-known/openid-configuration").send().await.json();
        document["scopes_supported"].as_array().unwrap().contains(&json!("badges"))
    };
    assert!(is_granted().await && is_announced().await);
    let mut off = badges();
    (off["id"], off["enabled"]) = (json!(8), json!(false));
    app.ask("PUT", "/api/IdentityResource").bearer(&admin).json(&off).send().await.data();
    assert!(!is_granted().await && !is_announced().await);
}
