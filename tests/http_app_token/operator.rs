//! What operators decide about accounts and apps, and what follows from it.

use domain::app::{App, AppCommand, AppPolicy};
use domain::app_user::{AppUser, AppUserCommand};
use serde_json::json;

use tests::service::{
    CLEAR, DISABLED, FORBIDDEN, Keys, NOT_FOUND, Service, UNAUTHORISED, WRONG_PASSWORD, keys, pair,
    refused, success, user_body, with,
};

/// Lets the first account sign in, or not.
async fn enable(service: &Service, enabled: bool) {
    service.app.run::<AppUser>(1, "1", AppUserCommand::SetEnabled(enabled)).await;
}

async fn set_policy(service: &Service, app: &Keys, policy: AppPolicy) {
    service.app.run::<App>(1, &app.id, AppCommand::SetPolicy(policy)).await;
}

#[tokio::test]
async fn a_disabled_account_is_told_so_after_the_right_password_only() {
    let service = Service::open().await;
    service.user("alice").await;
    enable(&service, false).await;
    refused(&service.try_login("alice", CLEAR).await, DISABLED);
    refused(&service.try_login("alice", "wrong").await, WRONG_PASSWORD);
    enable(&service, true).await;
    service.login("alice").await;
}

#[tokio::test]
async fn a_disabled_account_has_no_tokens_and_does_not_get_them_back() {
    let service = Service::open().await;
    service.user("alice").await;
    service.user("bob").await;
    let (alice, bob) = (service.login("alice").await, service.login("bob").await);
    enable(&service, false).await;
    service.is_dead(&alice).await;
    assert_eq!(service.user_of(&bob.access).await, "bob");
    enable(&service, true).await;
    service.is_dead(&alice).await;
    assert_eq!(service.user_of(&service.login("alice").await.access).await, "alice");
}

#[tokio::test]
async fn a_disabled_account_is_listed_still() {
    let service = Service::open().await;
    service.user("alice").await;
    enable(&service, false).await;
    let list = service.call("get_users", &json!({ "rootName": "root" })).await;
    let alice = json!({ "username": "alice", "userInfo": "e30=" });
    assert_eq!(success(&list), json!({ "list": [alice] }));
}

#[tokio::test]
async fn an_app_that_may_act_for_users_gets_tokens_of_those_who_are_there() {
    let service = Service::open().await;
    service.user("Alice").await;
    let app = service.app_of("owner").await;
    set_policy(&service, &app, AppPolicy { strict: true, acts_for_users: true }).await;
    let ask = async |name: &str| {
        let body = with(&app.body(service.timestamp()), json!({ "userName": name }));
        service.call("authorize", &body).await
    };
    for name in ["Alice", "alice"] {
        let got = pair(&ask(name).await);
        let check = success(&service.check(&got.access).await);
        assert_eq!((&check["userName"], &check["appId"]), (&json!("Alice"), &json!(app.id)));
        assert_eq!(success(&service.login_info(&got.access).await)["userInfo"], "e30=");
        let next = pair(&service.refresh(&got.refresh).await);
        assert_eq!(service.user_of(&next.access).await, "Alice");
    }
    refused(&ask("nobody").await, UNAUTHORISED);
    let got = pair(&ask("alice").await);
    enable(&service, false).await;
    refused(&ask("alice").await, UNAUTHORISED);
    service.is_dead(&got).await;
}

/// What an app asked for proves the app, and not the user.
#[tokio::test]
async fn a_token_that_an_app_asked_for_administers_nothing() {
    let service = Service::with(|_| ()).await;
    service.app.app_root(1, "root", "Root-password-1").await;
    let admin = service.app.admin().await;
    let make = user_body("root", "alice");
    success(&service.call_as(&admin, "create_user", &make).await);
    let made = service.call_as(&admin, "create_oauth", &json!({ "username": "alice" })).await;
    let app = keys(&made);
    set_policy(&service, &app, AppPolicy { strict: true, acts_for_users: true }).await;
    let ask = async |name: &str| {
        let body = with(&app.body(service.timestamp()), json!({ "userName": name }));
        service.call("authorize", &body).await
    };
    refused(&ask("root").await, UNAUTHORISED);
    let got = pair(&ask("alice").await);
    let own = json!({ "username": "alice" });
    refused(&service.call_as(&got.access, "get_app_list", &own).await, FORBIDDEN);
    let login = service.login("alice").await;
    success(&service.call_as(&login.access, "get_app_list", &own).await);
}

/// A page that the operator looks at must not reach the open mode.
#[tokio::test]
async fn a_browser_administers_nothing_in_the_open_mode() {
    let service = Service::open().await;
    let body = user_body("root", "alice");
    let ask = service.ask("create_user").header("origin", "http://evil.example");
    refused(&ask.json(&body).send().await, FORBIDDEN);
    success(&service.call("create_user", &body).await);
}

/// Whoever need not sign could be anybody.
#[tokio::test]
async fn an_app_that_does_not_sign_acts_for_nobody() {
    let service = Service::open().await;
    service.user("alice").await;
    let app = service.app_of("owner").await;
    set_policy(&service, &app, AppPolicy { strict: false, acts_for_users: true }).await;
    let bare = json!({ "appId": app.id });
    pair(&service.call("authorize", &bare).await);
    let for_alice = with(&bare, json!({ "userName": "alice" }));
    refused(&service.call("authorize", &for_alice).await, UNAUTHORISED);
}

#[tokio::test]
async fn a_policy_counts_from_the_next_request() {
    let service = Service::open().await;
    service.user("alice").await;
    let app = service.app_of("owner").await;
    let body = |name: &str| with(&app.body(service.timestamp()), json!({ "userName": name }));
    refused(&service.call("authorize", &body("alice")).await, UNAUTHORISED);
    set_policy(&service, &app, AppPolicy { strict: true, acts_for_users: true }).await;
    pair(&service.call("authorize", &body("alice")).await);
    set_policy(&service, &app, AppPolicy { strict: true, acts_for_users: false }).await;
    refused(&service.call("authorize", &body("alice")).await, UNAUTHORISED);
}

/// In an open service anybody can end the app that users sign in through: they sign in again.
#[tokio::test]
async fn the_end_of_the_default_app_ends_its_tokens_and_no_account() {
    let service = Service::open().await;
    service.user("alice").await;
    let old = service.login("alice").await;
    let id = success(&service.check(&old.access).await)["appId"].clone();
    let delete = json!({ "appId": id, "username": "anybody" });
    let deleted = success(&service.call("delete_app", &delete).await);
    if deleted["rowsAffected"] == 1 {
        refused(&service.check(&old.access).await, NOT_FOUND);
        refused(&service.refresh(&old.refresh).await, NOT_FOUND);
    }
    let new = service.login("alice").await;
    assert_eq!(service.user_of(&new.access).await, "alice");
}
