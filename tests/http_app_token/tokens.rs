//! CheckToken and GetLoginInfo: what a token says, and for how long.

use std::time::Duration;

use serde_json::json;

use tests::service::{EXPIRED, INVALID, NOT_FOUND, Service, refused, success};

#[tokio::test]
async fn a_token_says_whose_it_is_and_until_when() {
    let service = Service::open().await;
    service.user("alice").await;
    let got = service.login("alice").await;
    let check = success(&service.check(&got.access).await);
    assert_eq!((&check["accessToken"], &check["userName"]), (&json!(got.access), &json!("alice")));
    assert_eq!(check["accessExpireTime"], got.access_end);
    let app = check["appId"].as_str().unwrap();
    assert!(app.len() == 16 && app.bytes().all(|it| it.is_ascii_digit()), "{check}");
    let info = json!({
        "username": "alice", "accessExpireTime": got.access_end, "userInfo": "e30=",
    });
    assert_eq!(success(&service.login_info(&got.access).await), info);
    assert_eq!(success(&service.check(&got.access).await), check, "and does not live longer");
}

#[tokio::test]
async fn all_users_sign_in_through_one_app() {
    let service = Service::open().await;
    let mut apps = std::collections::BTreeSet::new();
    for name in ["alice", "bob"] {
        service.user(name).await;
        let access = service.login(name).await.access;
        let check = success(&service.check(&access).await);
        apps.insert(check["appId"].as_str().unwrap().to_owned());
    }
    assert_eq!(apps.len(), 1, "{apps:?}");
}

/// The other letter case of every letter.
fn swapped(text: &str) -> String {
    let swap = |it: char| match it.is_ascii_lowercase() {
        true => it.to_ascii_uppercase(),
        false => it.to_ascii_lowercase(),
    };
    text.chars().map(swap).collect()
}

#[tokio::test]
async fn what_is_no_access_token_is_1006() {
    let service = Service::open().await;
    service.user("alice").await;
    let got = service.login("alice").await;
    let blank = format!("{} ", got.access);
    let long = format!("{}x", got.access);
    let admin = service.app.admin().await;
    let other_case = swapped(&got.access);
    for token in [
        &got.refresh,
        &other_case,
        &blank,
        &long,
        &got.access[..31],
        "x",
        " ",
        "张三",
        &"x".repeat(32),
        &admin,
    ] {
        refused(&service.check(token).await, NOT_FOUND);
        refused(&service.login_info(token).await, NOT_FOUND);
    }
    refused(&service.check("").await, INVALID);
    refused(&service.login_info("").await, INVALID);
    assert_eq!(service.user_of(&got.access).await, "alice");
}

#[tokio::test]
async fn the_info_is_the_one_of_now() {
    let service = Service::open().await;
    service.user("alice").await;
    let access = service.login("alice").await.access;
    let body = json!({ "rootName": "root", "userName": "alice", "op": 1, "userInfo": "bmV3" });
    success(&service.call("update_user", &body).await);
    assert_eq!(success(&service.login_info(&access).await)["userInfo"], "bmV3");
}

#[tokio::test]
async fn tokens_end_when_they_say() {
    let service = Service::open_with(|it| it.access_seconds = 1).await;
    service.user("alice").await;
    let app = service.app_of("alice").await;
    let (user, app) = (service.login("alice").await, service.authorize(&app).await);
    for got in [&user, &app] {
        assert_eq!(got.refresh_end - got.access_end, 1, "{got:?}");
    }
    service.app.clock.pass(Duration::from_secs(2));
    for got in [&user, &app] {
        refused(&service.check(&got.access).await, EXPIRED);
        refused(&service.login_info(&got.access).await, EXPIRED);
        refused(&service.refresh(&got.refresh).await, EXPIRED);
    }
}

#[tokio::test]
async fn the_lifetime_is_a_setting() {
    let service = Service::open_with(|it| it.access_seconds = 600).await;
    service.user("alice").await;
    let before = tests::app::now().seconds();
    let got = service.login("alice").await;
    let after = tests::app::now().seconds();
    assert!((before + 600..=after + 600).contains(&got.access_end), "{got:?}");
    assert!((before + 1_200..=after + 1_200).contains(&got.refresh_end), "{got:?}");
}

/// Whoever comes first, an operator or a request: the app that users sign in through is the same.
#[tokio::test]
async fn the_lifetime_is_a_setting_for_root_accounts_too() {
    let service = Service::with(|it| it.access_seconds = 600).await;
    service.app.app_root(1, "root", tests::service::CLEAR).await;
    let got = service.login("root").await;
    let seconds = got.access_end - tests::app::now().seconds();
    assert!((595..=600).contains(&seconds), "{seconds}");
}
