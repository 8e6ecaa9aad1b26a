//! Every change says by which operation it was made, and through which client.

use serde_json::{Value, json};
use tests::app::{PASSWORD, TestApp};

/// The last event of a kind, as the audit shows it.
async fn last(app: &TestApp, token: &str, kind: &str) -> Value {
    let path = format!("/api/audit/events?limit=1000&kind={kind}");
    let events = app.get(&path).bearer(token).send().await.json()["data"].clone();
    events.as_array().unwrap().last().unwrap_or_else(|| panic!("no {kind}")).clone()
}

#[tokio::test]
async fn a_change_over_http_names_its_operation_and_its_client() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    app.post("/api/Role").bearer(&token).json(&json!({ "name": "guest" })).send().await.data();
    let role = last(&app, &token, "role.created").await;
    assert_eq!((&role["operation"], &role["client"]), (&json!("RolePost"), &json!("chancery-cli")));
    for absent in ["causedBy", "batch", "session"] {
        assert!(role.get(absent).is_none(), "{absent}");
    }
    let form = [("client_id", "chancery-cli"), ("token", &token)];
    let other = app.admin().await;
    assert_eq!(app.post("/connect/revocation").form(&form).send().await.status, 200);
    let revoked = last(&app, &other, "token.revoked").await;
    assert_eq!(revoked["operation"], "ConnectRevocation");
    assert_eq!(revoked["client"], "chancery-cli");
}

/// They are most of a log, and their events say grant and client.
#[tokio::test]
async fn commits_of_tokens_leave_operation_and_client_out() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    app.post("/api/Client/IssueToken").bearer(&token).json(&json!({})).send().await.data();
    // Read when it is seen, and so is what came before.
    app.post("/api/Role").bearer(&token).json(&json!({ "name": "guest" })).send().await.data();
    let events = app.get("/api/audit/events?limit=1000&kind=token.issued").bearer(&token);
    let events = events.send().await.json()["data"].clone();
    assert!(events.as_array().unwrap().len() >= 2);
    for event in events.as_array().unwrap() {
        assert!(event.get("operation").is_none() && event.get("client").is_none(), "{event}");
    }
}

#[tokio::test]
async fn the_app_token_service_names_its_operations_and_an_administrators_client() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let body = json!({ "username": "somebody", "oauthInfo": "{}" });
    let made = app.post("/oauth2/api/v1/oauth.create_oauth").bearer(&token).json(&body);
    assert_eq!(made.send().await.json()["state"], true);
    let created = last(&app, &token, "app.created").await;
    assert!(created["operation"].as_str().is_some_and(|it| it.starts_with("AppToken")));
    assert_eq!(created["client"], "chancery-cli");
}

#[tokio::test]
async fn what_the_program_does_by_itself_names_nothing() {
    let app = TestApp::new().await;
    let token = app.sign_in("admin", PASSWORD).await;
    let tenant = last(&app, &token, "tenant.created").await;
    assert!(tenant.get("operation").is_none() && tenant.get("client").is_none(), "{tenant}");
}

/// A commit has room for no more.
#[tokio::test]
async fn every_operation_has_at_most_48_bytes_of_ascii() {
    let app = TestApp::new().await;
    let document = app.get("/swagger/v1/swagger.json").send().await.json();
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|it| it.as_object().unwrap().values());
    let mut count = 0;
    for name in operations.filter_map(|it| it["operationId"].as_str()) {
        assert!(name.len() <= 48 && name.bytes().all(|it| it.is_ascii_graphic()), "{name}");
        count += 1;
    }
    assert!(count > 20, "{count}");
}
