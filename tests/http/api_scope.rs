//! Rows 28 to 33, and what a disabled API scope takes away (contracts 12).

use serde_json::{Value, json};
use tests::app::TestApp;

fn orders() -> Value {
    json!({
        "name": "orders.read", "displayName": "Orders", "description": "Read orders",
        "emphasize": true, "userClaims": [{ "type": "role" }],
        "properties": [{ "key": "colour", "value": "red" }, { "key": "none", "value": " " }],
    })
}

#[tokio::test]
async fn it_is_created_listed_shown_updated_and_deleted() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let created = app.post("/api/ApiScope").bearer(&admin).json(&orders()).send().await;
    assert_eq!(created.data(), 2);
    let again = app.post("/api/ApiScope").bearer(&admin).json(&orders()).send().await;
    assert_eq!((again.code(), &again.json()["data"]), (417, &json!(0)), "{}", again.text);
    let bare = json!({
        "id": 2, "enabled": true, "name": "orders.read", "displayName": "Orders",
        "description": "Read orders", "required": false, "emphasize": true,
        "showInDiscoveryDocument": true,
    });
    let mut whole = bare.clone();
    whole["userClaims"] = json!([{ "id": 1, "type": "role", "scopeId": 2 }]);
    whole["properties"] = json!([{ "id": 1, "key": "colour", "value": "red", "scopeId": 2 }]);
    let list = app.get("/api/ApiScope?q.name=ORDERS.read").bearer(&admin).send().await.json();
    assert_eq!((&list["total"], &list["data"]), (&json!(1), &json!([bare])));
    let path = "/api/ApiScope?q.expandClaims=true&q.expandProperties=true";
    assert_eq!(app.get(path).bearer(&admin).send().await.json()["data"][1], whole);
    let detail = app.get("/api/ApiScope/2").bearer(&admin).send().await;
    assert_eq!(detail.data(), whole);

    // The same body twice: the log does not move.
    let put = |body: Value| app.ask("PUT", "/api/ApiScope").bearer(&admin).json(&body).send();
    let before = app.engine.log().head().position;
    assert_eq!(put(detail.data()).await.data(), true);
    assert_eq!(app.engine.log().head().position, before);
    // Blank texts stay, lists are replaced, `***` keeps a value.
    let update = json!({
        "id": 2, "name": " ", "displayName": "New", "required": true,
        "properties": [{ "key": "colour", "value": "***" }],
    });
    assert_eq!(put(update).await.data(), true);
    let mut expected = whole.clone();
    (expected["displayName"], expected["required"]) = (json!("New"), json!(true));
    (expected["emphasize"], expected["userClaims"]) = (json!(false), json!([]));
    assert_eq!(app.get("/api/ApiScope/2").bearer(&admin).send().await.data(), expected);
    let unknown = put(json!({ "id": 7, "name": "x" })).await;
    assert_eq!((unknown.code(), &unknown.json()["data"]), (404, &json!(false)));

    let delete = || app.ask("DELETE", "/api/ApiScope/2").bearer(&admin).send();
    assert_eq!(delete().await.data(), true);
    assert_eq!(delete().await.code(), 404);
    assert_eq!(app.get("/api/ApiScope/2").bearer(&admin).send().await.code(), 404);
    assert_eq!(app.get("/api/ApiScope/Codes").send().await.json(), json!([]));
    // The name is free again, the number is not; the second attempt above used up one, too.
    assert_eq!(app.post("/api/ApiScope").bearer(&admin).json(&orders()).send().await.data(), 4);
}

#[tokio::test]
async fn a_change_may_name_the_version_that_it_changes() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    app.post("/api/ApiScope").bearer(&admin).json(&orders()).send().await.data();
    let detail = app.get("/api/ApiScope/2").bearer(&admin).send().await;
    let tag = detail.header("etag").to_owned();
    assert_eq!(tag, "\"2\"");
    let put = |tag: &str, text: &str| {
        let body = json!({ "id": 2, "description": text });
        app.ask("PUT", "/api/ApiScope").bearer(&admin).header("if-match", tag).json(&body).send()
    };
    assert_eq!(put(&tag, "one").await.data(), true);
    let stale = put(&tag, "two").await;
    assert_eq!(
        (stale.status, stale.header("content-type")),
        (412, "application/problem+json; charset=utf-8")
    );
    let delete = app.ask("DELETE", "/api/ApiScope/2").bearer(&admin).header("if-match", &tag);
    assert_eq!(delete.send().await.status, 412);
    assert_eq!(put("*", "three").await.data(), true);
    put("2", "four").await.breaks("If-Match");
    let shown = app.get("/api/ApiScope/2").bearer(&admin).send().await;
    assert_eq!(
        (shown.data()["description"].as_str(), shown.header("etag")),
        (Some("three"), "\"4\"")
    );
}

#[tokio::test]
async fn only_administrators_of_the_tenant_change_it() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    app.post("/api/ApiScope").bearer(&admin).json(&orders()).send().await.data();
    let user = app.user(1, "ann", &[1], "oauthapp.all").await;
    let user = app.token(user, "oauthapp.all", "oauthapp.all", &["user"]);
    assert_eq!(app.get("/api/ApiScope/2").bearer(&user).send().await.data()["id"], 2);
    for ask in [
        app.post("/api/ApiScope").json(&orders()),
        app.ask("PUT", "/api/ApiScope").json(&json!({ "id": 2 })),
        app.ask("DELETE", "/api/ApiScope/2"),
    ] {
        assert_eq!(ask.bearer(&user).send().await.status, 403);
    }
}

#[tokio::test]
async fn a_list_is_ordered_by_any_member() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    for (name, text) in [("b", "x"), ("a", "z"), ("c", "y")] {
        let body = json!({ "name": name, "description": text, "required": name == "a" });
        app.post("/api/ApiScope").bearer(&admin).json(&body).send().await.data();
    }
    let names = async |order: &str| {
        let path = format!("/api/ApiScope?{order}");
        let list = app.get(&path).bearer(&admin).send().await.json();
        let rows = list["data"].as_array().unwrap().clone();
        let names = rows.iter().map(|it| it["name"].as_str().unwrap());
        names.filter(|it| *it != "oauthapp.all").collect::<String>()
    };
    assert_eq!(names("").await, "bac");
    assert_eq!(names("orderby=name&asc=true").await, "abc");
    assert_eq!(names("orderby=Name").await, "cba");
    assert_eq!(names("orderby=description&asc=true").await, "bca");
    assert_eq!(names("orderby=required&skip=0&take=1").await, "a");
    assert_eq!(names("orderby=nothing").await, "cab");
}

#[tokio::test]
async fn a_disabled_one_takes_its_scope_away_and_an_enabled_one_grants_nothing() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let hash = json!({ "plaintext": "a-secret-of-the-shop" });
    let hash = app.post("/api/Client/0/Secretkey").bearer(&admin).json(&hash).send().await.data();
    let shop = json!({
        "clientId": "shop", "clientSecrets": [{ "value": hash }],
        "allowedGrantTypes": [{ "grantType": "client_credentials" }],
        "allowedScopes": [{ "scope": "orders.read" }],
    });
    app.post("/api/Client").bearer(&admin).json(&shop).send().await.data();
    let is_granted = async || {
        let form = [
            ("client_id", "shop"),
            ("client_secret", "a-secret-of-the-shop"),
            ("grant_type", "client_credentials"),
        ];
        app.post("/connect/token").form(&form).send().await.status == 200
    };
    let is_announced = async || {
        let document = app.get("/.well-known/openid-configuration").send().await.json();
        document["scopes_supported"].as_array().unwrap().contains(&json!("orders.read"))
    };
    app.post("/api/ApiScope").bearer(&admin).json(&orders()).send().await.data();
    assert!(!is_granted().await && !is_announced().await, "no API resource names it");
    let resource = json!({ "name": "orders", "scopes": [{ "scope": "orders.read" }] });
    app.post("/api/ApiResource").bearer(&admin).json(&resource).send().await.data();
    assert!(is_granted().await && is_announced().await);
    let put = |body: Value| app.ask("PUT", "/api/ApiScope").bearer(&admin).json(&body).send();
    put(json!({ "id": 2, "showInDiscoveryDocument": false })).await.data();
    assert!(is_granted().await && !is_announced().await);
    put(json!({ "id": 2, "enabled": false })).await.data();
    assert!(!is_granted().await && !is_announced().await);
    app.ask("DELETE", "/api/ApiScope/2").bearer(&admin).send().await.data();
    assert!(is_granted().await && is_announced().await);
}
