//! Apps: made, listed in pages, deleted.

use serde_json::{Value, json};

use tests::service::{INVALID, Keys, NOT_FOUND, Service, is_random, refused, success};

async fn listed(service: &Service, body: Value) -> (Vec<String>, i64) {
    let data = success(&service.call("get_app_list", &body).await);
    let list = data["list"].as_array().unwrap().iter();
    let ids = list.map(|it| it["appId"].as_str().unwrap().to_owned()).collect();
    (ids, data["total"].as_i64().unwrap())
}

/// Apps of one owner, newest first, as they are listed.
async fn apps_of(service: &Service, owner: &str, count: usize) -> Vec<Keys> {
    let mut apps = Vec::new();
    for _ in 0..count {
        apps.insert(0, service.app_of(owner).await);
    }
    apps
}

fn ids(apps: &[Keys]) -> Vec<String> {
    apps.iter().map(|it| it.id.clone()).collect()
}

#[tokio::test]
async fn an_app_has_an_id_a_key_and_a_secret_of_their_shapes() {
    let service = Service::open().await;
    let apps = apps_of(&service, "alice", 8).await;
    for app in &apps {
        assert!(app.id.len() == 16 && app.id.bytes().all(|it| it.is_ascii_digit()), "{app:?}");
        assert!(!app.id.starts_with('0'), "{app:?}");
        assert!(is_random(&app.key, 24) && is_random(&app.secret, 32), "{app:?}");
    }
    let texts = apps.iter().flat_map(|it| [&it.id, &it.key, &it.secret]);
    assert_eq!(texts.collect::<std::collections::BTreeSet<_>>().len(), 3 * apps.len());
}

#[tokio::test]
async fn pages_start_at_0_have_10_and_the_newest_first() {
    let service = Service::open().await;
    let apps = ids(&apps_of(&service, "alice", 12).await);
    service.app_of("bob").await;
    for (page, size, expected) in [
        (0, 0, &apps[..10]),
        (1, 0, &apps[10..]),
        (2, 0, &[]),
        (0, 5, &apps[..5]),
        (1, 5, &apps[5..10]),
        (2, 5, &apps[10..]),
        (0, 12, &apps[..]),
        (0, 100, &apps[..]),
        (1, 12, &[]),
        (i32::MAX, 100, &[]),
        (i32::MAX, i32::MAX, &[]),
    ] {
        let body = json!({ "username": "alice", "pageNo": page, "pageSize": size });
        let expected = (expected.to_vec(), 12);
        assert_eq!(listed(&service, body).await, expected, "page {page} of {size}");
    }
    assert_eq!(listed(&service, json!({ "username": "alice" })).await.0, apps[..10]);
}

#[tokio::test]
async fn no_page_has_everything() {
    let service = Service::open().await;
    apps_of(&service, "alice", 101).await;
    for (size, most) in [(-1, 10), (i32::MIN, 10), (1_000, 100), (i32::MAX, 100)] {
        let body = json!({ "username": "alice", "pageNo": 0, "pageSize": size });
        let answer = service.call("get_app_list", &body).await;
        if answer.json()["state"] == false {
            refused(&answer, INVALID);
            continue;
        }
        let length = success(&answer)["list"].as_array().unwrap().len();
        assert!((1..=most).contains(&length), "{length} of size {size}");
    }
    let negative = json!({ "username": "alice", "pageNo": -1, "pageSize": 10 });
    let answer = service.call("get_app_list", &negative).await;
    if answer.json()["state"] == false {
        refused(&answer, INVALID);
    } else {
        assert_eq!(success(&answer)["list"].as_array().unwrap().len(), 10);
    }
}

#[tokio::test]
async fn ids_stand_over_the_owner_and_are_counted() {
    let service = Service::open().await;
    let apps = ids(&apps_of(&service, "alice", 12).await);
    let of_bob = service.app_of("bob").await.id;
    let (two, of_both) = (json!([apps[7], apps[3]]), json!([of_bob, apps[0], "0000000000000000"]));
    for (body, expected, total) in [
        (json!({ "appIds": two }), vec![apps[3].clone(), apps[7].clone()], 2),
        (json!({ "username": "bob", "appIds": two }), vec![apps[3].clone(), apps[7].clone()], 2),
        (json!({ "appIds": of_both }), vec![of_bob.clone(), apps[0].clone()], 2),
        (json!({ "appIds": [apps[5], apps[5]] }), vec![apps[5].clone()], 1),
        (json!({ "appIds": apps }), apps[..10].to_vec(), 12),
        (json!({ "appIds": apps, "pageNo": 1 }), apps[10..].to_vec(), 12),
        (json!({ "appIds": apps, "pageNo": 2, "pageSize": 5 }), apps[10..].to_vec(), 12),
        (json!({ "appIds": ["none"] }), Vec::new(), 0),
    ] {
        assert_eq!(listed(&service, body.clone()).await, (expected, total), "{body}");
    }
}

#[tokio::test]
async fn a_list_shows_ids_and_infos_and_nothing_else() {
    let service = Service::open().await;
    let info = "{\"name\": \"<b>R&D</b> \\ 张三\"}";
    let body = json!({ "username": "alice", "oauthInfo": info });
    let app = tests::service::keys(&service.call("create_oauth", &body).await);
    let without = service.call("create_oauth", &json!({ "username": "alice" })).await;
    let without = tests::service::keys(&without);
    let answer = service.call("get_app_list", &json!({ "username": "alice" })).await;
    let expected = json!([
        { "appId": without.id, "oauthInfo": "" }, { "appId": app.id, "oauthInfo": info },
    ]);
    assert_eq!(success(&answer), json!({ "list": expected, "total": 2 }));
    for secret in [&app.key, &app.secret] {
        assert!(!answer.text.contains(secret.as_str()));
    }
}

#[tokio::test]
async fn an_app_is_deleted_once_and_is_gone_at_once() {
    let service = Service::open().await;
    let apps = apps_of(&service, "alice", 3).await;
    let gone = &apps[1];
    service.authorize(gone).await;
    let delete = json!({ "appId": gone.id, "username": "alice" });
    let first = service.call("delete_app", &delete).await;
    assert_eq!(success(&first), json!({ "rowsAffected": 1 }));
    refused(&service.try_authorize(gone).await, NOT_FOUND);
    let again = service.call("delete_app", &delete).await;
    assert_eq!(success(&again), json!({ "rowsAffected": 0 }));
    let left = [apps[0].id.clone(), apps[2].id.clone()].to_vec();
    assert_eq!(listed(&service, json!({ "username": "alice" })).await, (left.clone(), 2));
    assert_eq!(listed(&service, json!({ "appIds": ids(&apps) })).await, (left, 2));
    service.authorize(&apps[0]).await;
}

#[tokio::test]
async fn an_unknown_app_is_deleted_0_times() {
    let service = Service::open().await;
    let app = service.app_of("alice").await;
    let with_blank = format!("{} ", app.id);
    for id in ["4821093756610284", "none", "*", &app.id[..15], &with_blank] {
        let answer = service.call("delete_app", &json!({ "appId": id, "username": "alice" })).await;
        assert_eq!(success(&answer), json!({ "rowsAffected": 0 }), "{id}");
    }
    service.authorize(&app).await;
}
