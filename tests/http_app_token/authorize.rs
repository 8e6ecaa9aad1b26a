//! Authorize: who signs, when, and for whom.

use serde_json::json;
use tests::app::now;

use tests::service::{
    BAD_SIGNATURE, INVALID, Keys, NOT_FOUND, REPEATED, Service, UNAUTHORISED, WRONG_TIME,
    is_random, pair, refused, success, with,
};

async fn with_app() -> (Service, Keys) {
    let service = Service::open().await;
    let app = service.app_of("alice").await;
    (service, app)
}

#[tokio::test]
async fn an_app_gets_tokens_for_itself() {
    let (service, app) = with_app().await;
    let before = now().seconds();
    let got = service.authorize(&app).await;
    let after = now().seconds();
    assert!(is_random(&got.access, 32) && is_random(&got.refresh, 32), "{got:?}");
    assert!((before + 1_000_000..=after + 1_000_000).contains(&got.access_end), "{got:?}");
    assert!((before + 2_000_000..=after + 2_000_000).contains(&got.refresh_end), "{got:?}");
    let expected = json!({
        "accessToken": got.access, "userName": app.id, "accessExpireTime": got.access_end,
        "appId": app.id,
    });
    assert_eq!(success(&service.check(&got.access).await), expected);
    refused(&service.login_info(&got.access).await, NOT_FOUND);
}

#[tokio::test]
async fn every_new_app_has_to_sign() {
    let (service, app) = with_app().await;
    let body = app.body(service.timestamp());
    for over in [
        json!({ "token": null }),
        json!({ "token": "" }),
        json!({ "token": null, "appKey": null, "timestamp": null }),
        json!({ "token": null, "timestamp": now().seconds() - 100 }),
    ] {
        refused(&service.call("authorize", &with(&body, over)).await, BAD_SIGNATURE);
    }
    pair(&service.call("authorize", &body).await);
}

#[tokio::test]
async fn an_unknown_app_is_1006_whoever_signs() {
    let (service, app) = with_app().await;
    let timestamp = service.timestamp();
    for id in ["4821093756610284", "none", &app.id[..15], &format!("{} ", app.id)] {
        let unknown = Keys { id: id.to_owned(), ..app.clone() };
        refused(&service.call("authorize", &unknown.body(timestamp)).await, NOT_FOUND);
        refused(&service.call("authorize", &json!({ "appId": id })).await, NOT_FOUND);
    }
    let empty = Keys { id: String::new(), ..app };
    refused(&service.call("authorize", &empty.body(timestamp)).await, INVALID);
}

#[tokio::test]
async fn the_signature_is_judged_before_the_time() {
    let (service, app) = with_app().await;
    for off in [-12, 13, -3_600, 86_400, -now().seconds()] {
        let stale = app.body(now().seconds() + off);
        let bad = with(&stale, json!({ "token": "0".repeat(32) }));
        refused(&service.call("authorize", &bad).await, BAD_SIGNATURE);
        refused(&service.call("authorize", &stale).await, WRONG_TIME);
    }
    for off in [-8, 9] {
        pair(&service.call("authorize", &app.body(now().seconds() + off)).await);
    }
}

#[tokio::test]
async fn the_same_body_again_is_1056() {
    let (service, app) = with_app().await;
    let body = app.body(service.timestamp());
    let got = pair(&service.call("authorize", &body).await);
    refused(&service.call("authorize", &body).await, REPEATED);
    let token = body["token"].as_str().unwrap().to_lowercase();
    refused(&service.call("authorize", &with(&body, json!({ "token": token }))).await, REPEATED);
    assert_eq!(service.user_of(&got.access).await, app.id);
    service.authorize(&app).await;
}

/// The signature does not cover these: it counts once, with whatever it came first.
#[tokio::test]
async fn an_old_signature_is_of_no_use_for_another_user_or_type() {
    let (service, app) = with_app().await;
    service.user("alice").await;
    let body = app.body(service.timestamp());
    pair(&service.call("authorize", &body).await);
    for over in [
        json!({ "userName": "alice" }),
        json!({ "userName": "nobody" }),
        json!({ "tokenType": "login" }),
        json!({ "tokenType": null, "userName": null }),
    ] {
        refused(&service.call("authorize", &with(&body, over)).await, REPEATED);
    }
}

/// Nor is one that was refused: whoever has seen it could put another user in.
#[tokio::test]
async fn a_signature_that_was_refused_for_its_user_is_spent() {
    let (service, app) = with_app().await;
    let body = app.body(service.timestamp());
    let for_nobody = with(&body, json!({ "userName": "nobody" }));
    refused(&service.call("authorize", &for_nobody).await, UNAUTHORISED);
    refused(&service.call("authorize", &body).await, REPEATED);
}

#[tokio::test]
async fn of_the_same_body_at_the_same_time_one_is_taken() {
    let (service, app) = with_app().await;
    let body = app.body(service.timestamp());
    let (a, b, c) = tokio::join!(
        service.call("authorize", &body),
        service.call("authorize", &body),
        service.call("authorize", &body),
    );
    let taken = [&a, &b, &c].map(|it| it.json()["state"] == true);
    assert_eq!(taken.iter().filter(|it| **it).count(), 1, "{taken:?}");
    for answer in [a, b, c].iter().filter(|it| it.json()["state"] == false) {
        refused(answer, REPEATED);
    }
}

#[tokio::test]
async fn a_bad_signature_does_not_spend_the_good_one() {
    let (service, app) = with_app().await;
    let body = app.body(service.timestamp());
    let bad = with(&body, json!({ "token": "0".repeat(32) }));
    refused(&service.call("authorize", &bad).await, BAD_SIGNATURE);
    refused(&service.call("authorize", &bad).await, BAD_SIGNATURE);
    pair(&service.call("authorize", &body).await);
}

#[tokio::test]
async fn an_app_cannot_act_for_whom_it_wants() {
    let (service, app) = with_app().await;
    service.user("alice").await;
    service.user("bob").await;
    let delete = json!({ "rootName": "root", "userName": "bob", "op": -1 });
    success(&service.call("update_user", &delete).await);
    let other = service.app_of("alice").await;
    // The owner of the app, another case, one who is gone, nobody, and another app.
    for name in ["alice", "ALICE", "bob", "nobody", "admin", &other.id] {
        let body = with(&app.body(service.timestamp()), json!({ "userName": name }));
        refused(&service.call("authorize", &body).await, UNAUTHORISED);
    }
}

#[tokio::test]
async fn an_app_that_need_not_sign_gets_tokens_for_itself_only() {
    let service = Service::open_with(|it| it.strict = false).await;
    let app = service.app_of("alice").await;
    service.user("alice").await;
    for body in [json!({ "appId": app.id }), json!({ "appId": app.id, "timestamp": 5 })] {
        let got = pair(&service.call("authorize", &body).await);
        assert_eq!(service.user_of(&got.access).await, app.id);
    }
    let for_alice = json!({ "appId": app.id, "userName": "alice" });
    refused(&service.call("authorize", &for_alice).await, UNAUTHORISED);
    let signed = with(&app.body(service.timestamp()), json!({ "userName": "alice" }));
    refused(&service.call("authorize", &signed).await, UNAUTHORISED);
}

#[tokio::test]
async fn a_signature_that_is_not_needed_is_checked_all_the_same() {
    let service = Service::open_with(|it| it.strict = false).await;
    let app = service.app_of("alice").await;
    let body = app.body(service.timestamp());
    for over in [
        json!({ "token": "0".repeat(32) }),
        json!({ "token": "x" }),
        json!({ "appKey": "" }),
        json!({ "appKey": "0".repeat(24) }),
    ] {
        refused(&service.call("authorize", &with(&body, over)).await, BAD_SIGNATURE);
    }
    pair(&service.call("authorize", &body).await);
    refused(&service.call("authorize", &body).await, REPEATED);
    refused(&service.call("authorize", &app.body(now().seconds() - 60)).await, WRONG_TIME);
}

#[tokio::test]
async fn an_app_may_have_many_pairs() {
    let (service, app) = with_app().await;
    let pairs = [service.authorize(&app).await, service.authorize(&app).await];
    for got in &pairs {
        assert_eq!(service.user_of(&got.access).await, app.id);
    }
    assert_ne!(pairs[0].access, pairs[1].access);
}

#[tokio::test]
async fn no_window_means_that_the_time_does_not_matter() {
    let service = Service::open_with(|it| it.window_seconds = 0).await;
    let app = service.app_of("alice").await;
    for timestamp in [1_700_000_000, 0, i64::MAX] {
        pair(&service.call("authorize", &app.body(timestamp)).await);
    }
}
