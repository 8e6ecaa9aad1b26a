//! Refusals of the app-token service, in the figures.

use api::AdminMode;
use serde_json::json;
use tests::service::{CLEAR, Service, user_body, with};

/// What the figures say of each reason that the service knows.
async fn figures(service: &Service) -> Vec<(&'static str, u64)> {
    let mut figures = Vec::new();
    for reason in [
        "wrong_password",
        "not_let_in",
        "too_many_tries",
        "wrong_signature",
        "wrong_operator_token",
        "ended_token",
        "missing_right",
    ] {
        match service.app.refusals(reason).await {
            0 => (),
            count => figures.push((reason, count)),
        }
    }
    figures
}

#[tokio::test]
async fn logins_and_signatures_that_are_wrong_are_counted() {
    let service = Service::open().await;
    service.user("alice").await;
    let app = service.app_of("alice").await;
    service.login("alice").await;
    service.authorize(&app).await;
    assert_eq!(figures(&service).await, []);
    for name in ["alice", "nobody"] {
        service.try_login(name, "wrong").await;
    }
    assert_eq!(figures(&service).await, [("wrong_password", 2)]);
    let body = app.body(service.timestamp());
    for wrong in [json!({ "token": "0".repeat(32) }), json!({ "appKey": "x" })] {
        service.call("authorize", &with(&body, wrong)).await;
    }
    assert_eq!(figures(&service).await, [("wrong_password", 2), ("wrong_signature", 2)]);
}

#[tokio::test]
async fn a_wrong_token_of_the_operator_is_counted_and_so_is_the_wait() {
    let service = Service::with(|it| {
        it.admin_mode = AdminMode::Token;
        it.admin_token = Some("operator-secret-0123456789abcdef".to_owned());
    });
    let service = service.await;
    let body = json!({ "rootName": "anybody" });
    for _ in 0..7 {
        service.call_as("grue-Ham7ster", "get_users", &body).await;
    }
    let figures = figures(&service).await;
    let [("too_many_tries", waits), ("wrong_operator_token", wrong)] = figures[..] else {
        panic!("{figures:?}");
    };
    assert_eq!(waits + wrong, 7);
}

#[tokio::test]
async fn what_an_account_may_not_and_what_ended_is_counted() {
    let service = Service::with(|_| ()).await;
    service.app.app_root(1, "root", CLEAR).await;
    let root = service.login("root").await;
    service.call_as(&root.access, "create_user", &user_body("root", "alice")).await;
    let alice = service.login("alice").await;
    // It may act for itself only.
    service.call_as(&alice.access, "get_users", &json!({ "rootName": "root" })).await;
    assert_eq!(figures(&service).await, [("missing_right", 1)]);
    let delete = json!({ "rootName": "root", "userName": "alice", "op": -1 });
    service.call_as(&root.access, "update_user", &delete).await;
    service.check(&alice.access).await;
    assert_eq!(figures(&service).await, [("ended_token", 1), ("missing_right", 1)]);
}
