//! What ends tokens: a new password, and the end of a user or of an app.

use bytes::Bytes;
use projections::{Views, catch_up, next_snapshot};
use serde_json::{Value, json};

use tests::service::{
    CLEAR, NOT_FOUND, Pair, Service, md5_of, pair, refused, success, user_body, with,
};

/// Two sessions of alice, one of them refreshed, and one of bob.
async fn sessions() -> (Service, [Pair; 3], Pair) {
    let service = Service::open().await;
    service.user("alice").await;
    service.user("bob").await;
    let first = service.login("alice").await;
    let refreshed = pair(&service.refresh(&first.refresh).await);
    let second = service.login("alice").await;
    let bob = service.login("bob").await;
    (service, [first, refreshed, second], bob)
}

async fn update(service: &Service, over: Value) {
    let body = json!({ "rootName": "root", "userName": "alice", "op": 1 });
    success(&service.call("update_user", &with(&body, over)).await);
}

#[tokio::test]
async fn a_new_password_ends_all_tokens_of_the_user() {
    let (service, of_alice, bob) = sessions().await;
    update(&service, json!({ "password": md5_of(&["second"]) })).await;
    for dead in &of_alice {
        service.is_dead(dead).await;
    }
    assert_eq!(service.user_of(&bob.access).await, "bob");
    pair(&service.refresh(&bob.refresh).await);
    let new = pair(&service.try_login("alice", "second").await);
    assert_eq!(service.user_of(&new.access).await, "alice");
    pair(&service.refresh(&new.refresh).await);
}

#[tokio::test]
async fn a_new_info_ends_none() {
    let (service, of_alice, _) = sessions().await;
    update(&service, json!({ "userInfo": "bmV3" })).await;
    update(&service, json!({})).await;
    for alive in &of_alice {
        assert_eq!(service.user_of(&alive.access).await, "alice");
    }
    pair(&service.refresh(&of_alice[2].refresh).await);
}

#[tokio::test]
async fn a_deleted_user_has_no_tokens_and_a_namesake_does_not_get_them() {
    let (service, of_alice, bob) = sessions().await;
    update(&service, json!({ "op": -1 })).await;
    for dead in &of_alice {
        service.is_dead(dead).await;
    }
    success(&service.call("create_user", &user_body("root", "alice")).await);
    let new = pair(&service.try_login("alice", CLEAR).await);
    for dead in &of_alice {
        service.is_dead(dead).await;
    }
    assert_eq!(service.user_of(&new.access).await, "alice");
    assert_eq!(service.user_of(&bob.access).await, "bob");
}

#[tokio::test]
async fn a_deleted_app_has_no_tokens() {
    let service = Service::open().await;
    let (app, other) = (service.app_of("alice").await, service.app_of("alice").await);
    let first = service.authorize(&app).await;
    let second = pair(&service.refresh(&first.refresh).await);
    let of_other = service.authorize(&other).await;
    let delete = json!({ "appId": app.id, "username": "alice" });
    success(&service.call("delete_app", &delete).await);
    service.is_dead(&first).await;
    service.is_dead(&second).await;
    refused(&service.try_authorize(&app).await, NOT_FOUND);
    assert_eq!(service.user_of(&of_other.access).await, other.id);
    pair(&service.refresh(&of_other.refresh).await);
}

/// A new password while another request of alice is under way, a few times over.
async fn race(other: impl AsyncFn(&Service, &str, &Pair) -> tests::app::Answer) {
    let service = Service::open().await;
    service.user("alice").await;
    let mut clear = CLEAR.to_owned();
    for n in 0..6 {
        let old = pair(&service.try_login("alice", &clear).await);
        let next = format!("password-{n}");
        let change = update(&service, json!({ "password": md5_of(&[&next]) }));
        let (answer, ()) = tokio::join!(other(&service, &clear, &old), change);
        if answer.json()["state"] == true {
            service.is_dead(&pair(&answer)).await;
        }
        clear = next;
    }
}

#[tokio::test]
async fn a_login_under_way_does_not_outlive_a_new_password() {
    race(async |service, clear, _| service.try_login("alice", clear).await).await;
}

#[tokio::test]
async fn a_refresh_under_way_does_not_outlive_a_new_password() {
    race(async |service, _, old| service.refresh(&old.refresh).await).await;
}

/// The secret of somebody who left must not stay good.
#[tokio::test]
async fn the_apps_of_a_deleted_owner_do_nothing_more_and_can_be_ended() {
    let service = Service::open().await;
    service.user("alice").await;
    let app = service.app_of("alice").await;
    let got = service.authorize(&app).await;
    update(&service, json!({ "op": -1 })).await;
    service.is_dead(&got).await;
    refused(&service.try_authorize(&app).await, NOT_FOUND);
}

/// A14: one login is ended by whoever has a token of it, and no other login with it.
#[tokio::test]
async fn one_login_is_ended_by_whoever_has_a_token_of_it() {
    let (service, [first, refreshed, second], bob) = sessions().await;
    let revoke = async |token: &str| {
        let form = [("client_id", "chancery-cli"), ("token", token)];
        let answer = service.app.post("/connect/revocation").form(&form).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.header("x-log-position").to_owned()
    };
    assert_eq!(revoke("nonsense").await, "");
    assert_ne!(revoke(&refreshed.access).await, "");
    for dead in [&first, &refreshed] {
        service.is_dead(dead).await;
    }
    assert_eq!(service.user_of(&second.access).await, "alice");
    assert_ne!(revoke(&second.refresh).await, "");
    service.is_dead(&second).await;
    assert_eq!(service.user_of(&bob.access).await, "bob");
}

/// A restored log does not know what became of its tokens after the backup.
#[tokio::test]
async fn a_restore_ends_all_pairs_from_before_it_and_none_from_after_it() {
    let (service, of_alice, bob) = sessions().await;
    let snapshot = |last: Option<&Bytes>| -> Bytes {
        let (log, keys) = (service.app.engine.log(), service.app.engine.keys().clone());
        next_snapshot(last.cloned(), &**log, keys, log.head().position).unwrap().into()
    };
    let before = snapshot(None);
    let restored = commands::note_restore(&service.app.engine, tests::app::now()).await.unwrap();
    service.app.shows(restored.position).await;
    for dead in of_alice.iter().chain([&bob]) {
        service.is_dead(dead).await;
    }
    let new = service.login("alice").await;
    assert_eq!(service.user_of(&new.access).await, "alice");
    let refreshed = pair(&service.refresh(&new.refresh).await);
    assert_eq!(service.user_of(&refreshed.access).await, "alice");
    for body in [snapshot(None), snapshot(Some(&before)), before.clone()] {
        let views = Views::from_snapshot(body, service.app.engine.keys().clone()).unwrap();
        catch_up(&**service.app.engine.log(), &views, &|_| ()).unwrap();
        assert!(*views.read() == *service.app.views.read(), "not what the log makes");
    }
}
