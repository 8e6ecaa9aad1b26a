//! Login: the order of its checks, replays, and failed passwords.

use serde_json::json;
use tests::app::now;

use tests::service::{
    BAD_SIGNATURE, CLEAR, REPEATED, Service, TOO_MANY, WRONG_PASSWORD, WRONG_TIME, is_random,
    login_body, md5_of, pair, refused, with,
};

async fn with_alice() -> Service {
    let service = Service::open().await;
    service.user("alice").await;
    service
}

#[tokio::test]
async fn the_first_login_works_though_nobody_made_an_app() {
    let service = with_alice().await;
    let before = now().seconds();
    let got = service.login("alice").await;
    let after = now().seconds();
    assert!(is_random(&got.access, 32) && is_random(&got.refresh, 32), "{got:?}");
    assert_ne!(got.access, got.refresh);
    assert!((before + 1_000_000..=after + 1_000_000).contains(&got.access_end), "{got:?}");
    assert!((before + 2_000_000..=after + 2_000_000).contains(&got.refresh_end), "{got:?}");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_told_the_same() {
    let service = with_alice().await;
    let wrong = service.try_login("alice", "open sesam").await;
    refused(&wrong, WRONG_PASSWORD);
    let unknown = service.try_login("nobody", CLEAR).await;
    refused(&unknown, WRONG_PASSWORD);
    let names = |it: &tests::app::Answer| {
        it.headers.keys().map(ToString::to_string).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names(&wrong), names(&unknown));
    service.login("alice").await;
}

/// It is the md5 of the password that counts, not the password.
#[tokio::test]
async fn the_clear_password_is_not_accepted() {
    let service = with_alice().await;
    let timestamp = service.timestamp();
    let token = md5_of(&["alice", CLEAR, &timestamp.to_string()]);
    let body = json!({
        "username": "alice", "password": CLEAR, "timestamp": timestamp, "token": token,
    });
    let answer = service.call("login", &body).await;
    assert_eq!(answer.json()["state"], false, "{}", answer.text);
}

#[tokio::test]
async fn ten_seconds_are_the_window_on_both_sides() {
    let service = with_alice().await;
    for off in [-12, 13, -3_600, 86_400, -now().seconds()] {
        let body = login_body("alice", CLEAR, now().seconds() + off);
        refused(&service.call("login", &body).await, WRONG_TIME);
    }
    for off in [-8, 9] {
        pair(&service.call("login", &login_body("alice", CLEAR, now().seconds() + off)).await);
    }
}

#[tokio::test]
async fn the_window_is_a_setting() {
    let service = Service::open_with(|it| it.window_seconds = 60).await;
    service.user("alice").await;
    for off in [-55, 55] {
        pair(&service.call("login", &login_body("alice", CLEAR, now().seconds() + off)).await);
    }
    let stale = login_body("alice", CLEAR, now().seconds() - 63);
    refused(&service.call("login", &stale).await, WRONG_TIME);
}

#[tokio::test]
async fn the_time_is_judged_before_the_checksum_and_that_before_the_account() {
    let service = with_alice().await;
    let stale = now().seconds() - 100;
    let bad = json!({ "token": "0".repeat(32) });
    refused(
        &service.call("login", &with(&login_body("alice", CLEAR, stale), bad.clone())).await,
        WRONG_TIME,
    );
    let fresh = login_body("nobody", "wrong", service.timestamp());
    refused(&service.call("login", &with(&fresh, bad)).await, BAD_SIGNATURE);
    refused(&service.call("login", &fresh).await, WRONG_PASSWORD);
}

#[tokio::test]
async fn the_same_body_again_is_1056() {
    let service = with_alice().await;
    let body = login_body("alice", CLEAR, service.timestamp());
    let got = pair(&service.call("login", &body).await);
    refused(&service.call("login", &body).await, REPEATED);
    refused(&service.call("login", &body).await, REPEATED);
    let token = body["token"].as_str().unwrap().to_lowercase();
    let spelled = with(&body, json!({ "token": token, "more": 1 }));
    refused(&service.call("login", &spelled).await, REPEATED);
    assert_eq!(service.user_of(&got.access).await, "alice", "the first one stays");
    service.login("alice").await;
}

#[tokio::test]
async fn of_the_same_body_at_the_same_time_one_is_taken() {
    let service = with_alice().await;
    let body = login_body("alice", CLEAR, service.timestamp());
    let (a, b, c, d) = tokio::join!(
        service.call("login", &body),
        service.call("login", &body),
        service.call("login", &body),
        service.call("login", &body),
    );
    let taken = [&a, &b, &c, &d].map(|it| it.json()["state"] == true);
    assert_eq!(taken.iter().filter(|it| **it).count(), 1, "{taken:?}");
    for answer in [a, b, c, d].iter().filter(|it| it.json()["state"] == false) {
        refused(answer, REPEATED);
    }
}

/// Else it would tell whether a guess was the password of a login that was seen, without a hash.
#[tokio::test]
async fn a_replay_is_seen_after_the_password_and_the_limit() {
    let service = with_alice().await;
    let timestamp = service.timestamp();
    let good = login_body("alice", CLEAR, timestamp);
    pair(&service.call("login", &good).await);
    let wrong = login_body("alice", "wrong", timestamp);
    for _ in 0..5 {
        refused(&service.call("login", &wrong).await, WRONG_PASSWORD);
    }
    for body in [&good, &wrong] {
        refused(&service.call("login", body).await, TOO_MANY);
    }
}

/// A command id is shown to many: none may be tried against passwords.
#[tokio::test]
async fn the_command_id_of_a_login_says_nothing_of_the_password() {
    let ids = async || {
        let service = Service::open_with(|it| it.window_seconds = 0).await;
        service.user("alice").await;
        let body = login_body("alice", CLEAR, 1_700_000_000);
        pair(&service.call("login", &body).await);
        let token = service.app.admin().await;
        let path = "/api/audit/events?kind=app_token.issued";
        let page = service.app.get(path).bearer(&token).send().await.json();
        page["data"][0]["commandId"].as_str().unwrap().to_owned()
    };
    let (one, other) = (ids().await, ids().await);
    assert_ne!(one, other, "made without a key");
}

/// Whoever cannot sign does not spend the signature of one who can.
#[tokio::test]
async fn a_bad_checksum_is_not_remembered() {
    let service = with_alice().await;
    let body = login_body("alice", CLEAR, service.timestamp());
    let bad = with(&body, json!({ "token": "0".repeat(32) }));
    refused(&service.call("login", &bad).await, BAD_SIGNATURE);
    refused(&service.call("login", &bad).await, BAD_SIGNATURE);
    pair(&service.call("login", &body).await);
}

#[tokio::test]
async fn replays_are_taken_where_the_setting_says_so() {
    let service = Service::open_with(|it| it.replay_refused = false).await;
    service.user("alice").await;
    let body = login_body("alice", CLEAR, service.timestamp());
    let first = pair(&service.call("login", &body).await);
    let second = pair(&service.call("login", &body).await);
    assert_ne!(first.access, second.access);
}

/// Tries wrong passwords until it has to wait.
async fn fail_until_it_waits(service: &Service, name: &str) -> tests::app::Answer {
    for n in 0..40 {
        let answer = service.try_login(name, &format!("wrong-{n}")).await;
        if answer.json()["code"] != WRONG_PASSWORD.0 {
            return answer;
        }
    }
    panic!("nobody had to wait");
}

#[tokio::test]
async fn after_too_many_wrong_passwords_an_account_has_to_wait() {
    let service = Service::open_with(|it| it.replay_refused = false).await;
    service.user("alice").await;
    service.user("bob").await;
    let answer = fail_until_it_waits(&service, "alice").await;
    refused(&answer, TOO_MANY);
    let seconds = answer.header("retry-after").parse::<u64>().unwrap();
    assert!((1..=3_600).contains(&seconds), "{answer:?}");
    refused(&service.try_login("alice", CLEAR).await, TOO_MANY);
    refused(&service.try_login("ALICE", CLEAR).await, TOO_MANY);
    service.login("bob").await;
    let unknown = fail_until_it_waits(&service, "nobody").await;
    refused(&unknown, TOO_MANY);
}

#[tokio::test]
async fn blanks_around_a_name_give_no_more_tries() {
    let service = Service::open_with(|it| it.replay_refused = false).await;
    service.user("alice").await;
    refused(&fail_until_it_waits(&service, "alice").await, TOO_MANY);
    for name in [" alice", "alice ", "\u{3000}alice", "\tAlice"] {
        refused(&service.try_login(name, CLEAR).await, TOO_MANY);
    }
}

/// An address stands for many people, so it gets more tries than an account.
#[tokio::test]
async fn an_address_that_tries_many_names_has_to_wait() {
    let service = with_alice().await;
    let from = async |address: &str, name: &str, clear: &str| {
        let body = login_body(name, clear, service.timestamp());
        service.ask("login").from(address).json(&body).send().await
    };
    let mut tries = 0;
    let answer = loop {
        let answer = from("198.51.100.7", &format!("name-{tries}"), "wrong").await;
        if answer.json()["code"] != WRONG_PASSWORD.0 {
            break answer;
        }
        tries += 1;
        assert!(tries < 200, "nobody had to wait");
    };
    refused(&answer, TOO_MANY);
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    assert!(tries >= 10, "{tries} are few for an address");
    refused(&from("198.51.100.7", "alice", CLEAR).await, TOO_MANY);
    pair(&from("198.51.100.8", "alice", CLEAR).await);
}

/// Only who signs is counted: others cannot lock an account.
#[tokio::test]
async fn bad_checksums_and_stale_times_lock_nobody_out() {
    let service = with_alice().await;
    for _ in 0..12 {
        let body = login_body("alice", "wrong", service.timestamp());
        let bad = with(&body, json!({ "token": "0".repeat(32) }));
        refused(&service.call("login", &bad).await, BAD_SIGNATURE);
        let stale = login_body("alice", "wrong", now().seconds() - 60);
        refused(&service.call("login", &stale).await, WRONG_TIME);
    }
    service.login("alice").await;
}

#[tokio::test]
async fn a_token_carries_the_name_as_it_is_stored() {
    let service = Service::open().await;
    service.user("Alice").await;
    for name in ["Alice", "alice", "ALICE"] {
        let got = service.login(name).await;
        assert_eq!(service.user_of(&got.access).await, "Alice");
        let info = tests::service::success(&service.login_info(&got.access).await);
        assert_eq!(info["username"], "Alice");
    }
}

#[tokio::test]
async fn every_login_is_a_pair_of_its_own() {
    let service = with_alice().await;
    let pairs = [service.login("alice").await, service.login("alice").await];
    let tokens = pairs.iter().flat_map(|it| [&it.access, &it.refresh]);
    assert_eq!(tokens.collect::<std::collections::BTreeSet<_>>().len(), 4);
    for got in &pairs {
        assert_eq!(service.user_of(&got.access).await, "alice");
    }
}
