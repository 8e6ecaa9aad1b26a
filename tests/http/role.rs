//! `/api/Role`: rows 65 to 70.

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

#[tokio::test]
async fn a_role_is_changed_from_the_version_that_was_seen() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let claims = json!([{ "claimType": "permission", "claimValue": "oauthapp.user.get" }]);
    let body = json!({ "name": "guest", "claims": claims });
    app.post("/api/Role").bearer(&token).json(&body).send().await.data();
    let put = |body: serde_json::Value| app.ask("PUT", "/api/Role").bearer(&token).json(&body);
    let detail = || async { app.get("/api/Role/5").bearer(&token).send().await };
    let seen = detail().await;
    assert_eq!(seen.header("etag"), "\"1\"");
    // Sent back as it was read, nothing changes.
    let end = app.engine.log().head().position;
    assert_eq!(put(seen.data()).send().await.data(), true);
    assert_eq!(app.engine.log().head().position, end);
    // What the body lacks stays.
    let body = json!({ "id": 5, "NAME": "visitor", "concurrencyStamp": "1" });
    assert_eq!(put(body).send().await.data(), true);
    let now = detail().await.data();
    assert_eq!((&now["name"], &now["concurrencyStamp"]), (&json!("visitor"), &json!("2")));
    assert_eq!(now["claims"][0]["claimValue"], "oauthapp.user.get");
    // Two administrators at once: the second one is told.
    for stamp in [json!("1"), json!("3"), json!(null), json!("x"), json!(" 2")] {
        let late = json!({ "id": 5, "name": "late", "concurrencyStamp": stamp });
        let refused = put(late).send().await;
        assert_eq!((refused.code(), &refused.json()["data"]), (417, &json!(false)));
        assert!(refused.text.contains("concurrencyStamp"), "{}", refused.text);
    }
    let late = json!({ "id": 5, "name": "late", "concurrencyStamp": "2" });
    assert_eq!(put(late).header("if-match", "\"1\"").send().await.status, 412);
    // Null empties a list.
    let bare = json!({ "id": 5, "claims": null, "concurrencyStamp": "2" });
    assert_eq!(put(bare).send().await.data(), true);
    assert_eq!(detail().await.data()["claims"], json!([]));
    let twice = r#"{ "id": 5, "name": "a", "Name": "b", "concurrencyStamp": "3" }"#;
    let ask = app.ask("PUT", "/api/Role").bearer(&token);
    ask.body("application/json", twice).send().await.breaks("name");
    let unknown = json!({ "id": 77, "name": "x", "concurrencyStamp": "1" });
    assert_eq!(put(unknown).send().await.code(), 404);
}

#[tokio::test]
async fn a_deleted_role_is_nobodys() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let claims = json!([{ "claimType": "permission", "claimValue": "oauthapp.role.all" }]);
    let body = json!({ "name": "clerk", "claims": claims });
    app.post("/api/Role").bearer(&token).json(&body).send().await.data();
    let roles = json!([{ "roleId": 1 }, { "roleId": 5 }]);
    let ann = json!({ "userName": "ann", "passwordHash": "grue-Ham7ster", "roles": roles });
    let ann = app.post("/api/User").bearer(&token).json(&ann).send().await.data();
    let shown = app.get(&format!("/api/User/{ann}")).bearer(&token);
    let before = shown.send().await.data();
    assert_eq!(before["roles"].as_array().map(Vec::len), Some(2), "{before}");
    for (id, code) in [("1", 417), ("4", 417), ("77", 404), ("5", 200), ("5", 404)] {
        let answer = app.ask("DELETE", &format!("/api/Role/{id}")).bearer(&token).send().await;
        assert_eq!(answer.code(), code, "{id}: {}", answer.text);
    }
    let after = app.get(&format!("/api/User/{ann}")).bearer(&token).send().await.data();
    assert_eq!(after["roles"].as_array().map(Vec::len), Some(1), "{after}");
    let list = app.get("/api/User?q.role=clerk").bearer(&token).send().await.json();
    assert_eq!(list["total"], 0);
    // The name is free, the number is not.
    let again = app.post("/api/Role").bearer(&token).json(&json!({ "name": "clerk" }));
    assert_eq!(again.send().await.data(), 6);
    assert_eq!(app.get("/api/Role/Codes").send().await.json(), json!([]));
}

/// An administrator may be one by what a role gives: then the role is protected as the user is.
#[tokio::test]
async fn a_role_by_which_the_last_administrator_may_do_everything_stays() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let claims = |code: &str| json!([{ "claimType": "permission", "claimValue": code }]);
    let chief = json!({ "name": "chief", "claims": claims("oauthapp.all") });
    app.post("/api/Role").bearer(&admin).json(&chief).send().await.data();
    let roles = json!([{ "roleId": 4 }, { "roleId": 5 }]);
    let boss = json!({ "userName": "boss", "passwordHash": "grue-Ham7ster", "roles": roles });
    app.post("/api/User").bearer(&admin).json(&boss).send().await.data();
    let token = app.sign_in("boss", "grue-Ham7ster").await;
    let user = |body: serde_json::Value| app.ask("PUT", "/api/User").bearer(&token).json(&body);
    let role = |code: Option<&str>, stamp: u32| {
        let body = json!({
            "id": 5, "claims": code.map(claims), "concurrencyStamp": stamp.to_string(),
        });
        app.ask("PUT", "/api/Role").bearer(&token).json(&body)
    };
    // Another one is left: by that role.
    user(json!({ "id": 1, "claims": [] })).send().await.data();
    for answer in [
        app.ask("DELETE", "/api/Role/5").bearer(&token).send().await,
        role(None, 1).send().await,
        role(Some("oauthapp.user.all"), 1).send().await,
    ] {
        assert_eq!(answer.code(), 417, "{}", answer.text);
        assert!(answer.text.contains("last administrator"), "{}", answer.text);
    }
    assert_eq!(role(Some("x,ISMS.all"), 1).send().await.data(), true, "it gives everything still");
    user(json!({ "id": 1, "claims": claims("oauthapp.all") })).send().await.data();
    // Again one has it for itself. That one stays, then.
    assert_eq!(role(Some("oauthapp.role.all"), 2).send().await.data(), true);
    let again = app.admin().await;
    let strip = json!({ "id": 1, "claims": [] });
    let own = app.ask("PUT", "/api/User").bearer(&again).json(&strip).send().await;
    assert_eq!(own.code(), 417, "{}", own.text);
    assert_eq!(app.ask("DELETE", "/api/Role/5").bearer(&again).send().await.data(), 5);
}
