//! Tenants do not know each other's apps, users and tokens.

use serde_json::{Value, json};

use tests::service::{
    CLEAR, FORBIDDEN, NOT_FOUND, Service, UNAUTHORISED, WRONG_PASSWORD, keys, login_body, pair,
    refused, success, user_body, with,
};

const OTHER: &str = "other:8080";

async fn at_other(service: &Service, operation: &str, body: &Value) -> tests::app::Answer {
    service.ask(operation).host(OTHER).json(body).send().await
}

#[tokio::test]
async fn a_user_of_one_tenant_is_none_of_another() {
    let service = Service::open().await;
    service.app.tenant(OTHER).await;
    service.user("alice").await;
    let login = login_body("alice", CLEAR, service.timestamp());
    refused(&at_other(&service, "login", &login).await, WRONG_PASSWORD);
    let list = json!({ "rootName": "root" });
    assert_eq!(success(&at_other(&service, "get_users", &list).await), json!({ "list": [] }));

    let namesake = with(&user_body("root", "alice"), json!({ "userInfo": "b3RoZXI=" }));
    assert_eq!(success(&at_other(&service, "create_user", &namesake).await), json!({}));
    let login = login_body("alice", CLEAR, service.timestamp());
    let theirs = pair(&at_other(&service, "login", &login).await);
    let ours = service.login("alice").await;
    refused(&service.check(&theirs.access).await, NOT_FOUND);
    refused(&service.refresh(&theirs.refresh).await, NOT_FOUND);
    refused(&at_other(&service, "check_token", &json!({ "token": ours.access })).await, NOT_FOUND);
    refused(
        &at_other(&service, "refresh_token", &json!({ "token": ours.refresh })).await,
        NOT_FOUND,
    );
    let info = json!({ "accessToken": theirs.access });
    let info = success(&at_other(&service, "get_login_info", &info).await);
    assert_eq!(info["userInfo"], "b3RoZXI=");
    assert_eq!(success(&service.login_info(&ours.access).await)["userInfo"], "e30=");

    let delete = json!({ "rootName": "root", "userName": "alice", "op": -1 });
    success(&at_other(&service, "update_user", &delete).await);
    assert_eq!(service.user_of(&ours.access).await, "alice");
}

#[tokio::test]
async fn an_app_of_one_tenant_is_none_of_another() {
    let service = Service::open().await;
    service.app.tenant(OTHER).await;
    let app = service.app_of("alice").await;
    let answer = at_other(&service, "authorize", &app.body(service.timestamp())).await;
    refused(&answer, NOT_FOUND);
    let nothing = json!({ "list": [], "total": 0 });
    for body in [json!({ "username": "alice" }), json!({ "appIds": [app.id] })] {
        assert_eq!(success(&at_other(&service, "get_app_list", &body).await), nothing);
    }
    let delete = json!({ "username": "alice", "appId": app.id });
    let answer = at_other(&service, "delete_app", &delete).await;
    assert_eq!(success(&answer), json!({ "rowsAffected": 0 }));
    service.authorize(&app).await;
    let made = at_other(&service, "create_oauth", &json!({ "username": "alice" })).await;
    assert_ne!(keys(&made).id, app.id);
}

#[tokio::test]
async fn credentials_of_one_tenant_are_none_of_another() {
    let service = Service::with(|_| ()).await;
    service.app.tenant(OTHER).await;
    service.app.app_root(1, "root", CLEAR).await;
    let root = service.login("root").await;
    let admin = service.app.admin().await;
    for token in [&root.access, &admin] {
        let ask = service.ask("create_user").host(OTHER).bearer(token);
        let answer = ask.json(&user_body("root", "alice")).send().await;
        let code = answer.json()["code"].clone();
        assert!([json!(UNAUTHORISED.0), json!(FORBIDDEN.0)].contains(&code), "{}", answer.text);
    }
    refused(&service.try_login("alice", CLEAR).await, WRONG_PASSWORD);
}

/// Even then in the words of the service.
#[tokio::test]
async fn an_unknown_host_has_no_operations() {
    let service = Service::open().await;
    service.user("alice").await;
    for host in ["", "evil.example", "localhost"] {
        let body = login_body("alice", CLEAR, service.timestamp());
        let answer = service.ask("login").host(host).json(&body).send().await;
        assert_ne!(answer.status, 200, "{host}: {}", answer.text);
        assert!(!answer.header("content-type").contains("problem"), "{host}: {answer:?}");
        assert!(!answer.text.contains("accessToken"), "{host}");
    }
}
