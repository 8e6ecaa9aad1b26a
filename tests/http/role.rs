//! `/api/Role`: rows 65 and 66.

use serde_json::json;
use tests::app::TestApp;

#[tokio::test]
async fn the_list_is_whole_and_a_new_role_is_in_it() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let list = app.get("/api/Role").bearer(&token).send().await;
    let beginning = r#"{"take":4,"skip":0,"code":200,"codeName":"Status200OK","total":4,"data":[{"#;
    assert!(list.text.starts_with(beginning), "{}", list.text);
    let first = json!({
        "id": 1, "name": "user", "normalizedName": "USER", "concurrencyStamp": "1", "claims": [],
    });
    assert_eq!(list.json()["data"][0], first);
    let body = json!({
        "Name": " guest ", "normalizedName": "ignored",
        "claims": [{ "claimType": "permission", "claimValue": "oauthapp.user.get" }],
    });
    let made = app.post("/api/Role").bearer(&token).json(&body).send().await;
    assert_eq!(made.text, r#"{"code":200,"codeName":"Status200OK","data":5}"#);
    let list = app.get("/api/Role").bearer(&token).send().await.json();
    let wanted = json!({
        "id": 5, "name": "guest", "normalizedName": "GUEST", "concurrencyStamp": "1",
        "claims": [{
            "id": 1, "roleId": 5, "claimType": "permission", "claimValue": "oauthapp.user.get",
        }],
    });
    assert_eq!(list["data"][4], wanted);
}

#[tokio::test]
async fn roles_are_made_by_administrators_only() {
    let app = TestApp::new().await;
    let ben = app.user(1, "ben", &[1], "oauthapp.all").await;
    let body = json!({ "name": "guest" });
    let answer = app.post("/api/Role").bearer(&app.token_of(ben)).json(&body).send().await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn wrong_roles_are_refused_by_field_and_taken_names_by_417() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let cases = [
        (json!({}), "name"),
        (json!({ "name": "x".repeat(257) }), "name"),
        (json!({ "name": 1 }), "name"),
        (json!({ "name": "a", "claims": {} }), "claims"),
        (json!({ "name": "a", "claims": [{}] }), "claims.claimType"),
    ];
    for (body, field) in cases {
        app.post("/api/Role").bearer(&token).json(&body).send().await.breaks(field);
    }
    let taken = app.post("/api/Role").bearer(&token).json(&json!({ "name": "USER" })).send().await;
    assert_eq!((taken.code(), &taken.json()["data"]), (417, &json!(0)));
}

#[tokio::test]
async fn the_roles_of_another_tenant_are_not_listed() {
    let app = TestApp::new().await;
    let tenant = app.tenant("other:8080").await;
    let roles = app.roles(tenant).await;
    let user = app.user(tenant, "zoe", &roles, "oauthapp.all").await;
    let claims = json!({
        "iss": "http://other:8080", "sub": user.to_string(), "role": ["user", "administrator"],
        "client_tenant": { "id": tenant },
    });
    let token = app.mint(tenant, &claims);
    let list = app.get("/api/Role").host("other:8080").bearer(&token).send().await.json();
    assert_eq!((&list["total"], &list["data"][0]["id"]), (&json!(2), &json!(roles[0])));
    // The same name is free there.
    let ask = app.post("/api/Role").host("other:8080").bearer(&token);
    assert_eq!(ask.json(&json!({ "name": "partner" })).send().await.data(), 7);
}
