//! Every member that an operation needs: without it, or with an empty one, it is 1001.

use serde_json::{Value, json};

use tests::service::{INVALID, Service, good_body, refused, with};

const REQUIRED: [(&str, &[&str]); 10] = [
    ("update_user", &["rootName", "userName"]),
    ("check_token", &["token"]),
    ("create_oauth", &["username"]),
    ("get_login_info", &["accessToken"]),
    ("get_users", &["rootName"]),
    ("refresh_token", &["token"]),
    ("authorize", &["appId"]),
    ("create_user", &["rootName", "userName", "password", "userInfo"]),
    ("delete_app", &["username"]),
    ("login", &["username", "password"]),
];

#[tokio::test]
async fn without_what_it_needs_an_operation_is_1001() {
    let service = Service::open().await;
    for (operation, members) in REQUIRED {
        for member in members {
            let good = good_body(operation, service.timestamp());
            assert!(good[member].is_string(), "{operation} {member}");
            for value in [Value::Null, json!("")] {
                let body = with(&good, json!({ *member: value }));
                refused(&service.call(operation, &body).await, INVALID);
            }
        }
    }
    let head = service.app.engine.log().head().position;
    let list = service.call("get_users", &json!({ "rootName": "root" })).await;
    assert_eq!(list.json()["data"]["list"], json!([]), "nothing was made, up to {head}");
}

#[tokio::test]
async fn with_what_it_needs_no_operation_is_1001() {
    let service = Service::open().await;
    service.user("alice").await;
    for (operation, _) in REQUIRED {
        let answer = service.call(operation, &good_body(operation, service.timestamp())).await;
        assert_ne!(answer.json()["code"], 1001, "{operation}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_list_of_apps_needs_an_owner_or_ids() {
    let service = Service::open().await;
    let ids = json!(["4821093756610284"]);
    for (body, fits) in [
        (json!({}), false),
        (json!({ "username": "" }), false),
        (json!({ "username": "", "appIds": [] }), false),
        (json!({ "appIds": [], "pageNo": 0, "pageSize": 10 }), false),
        (json!({ "username": "alice" }), true),
        (json!({ "username": "alice", "appIds": [] }), true),
        (json!({ "username": "", "appIds": ids }), true),
        (json!({ "appIds": ids }), true),
    ] {
        let answer = service.call("get_app_list", &body).await;
        assert_eq!(answer.json()["state"], fits, "{body}: {}", answer.text);
        if !fits {
            refused(&answer, INVALID);
        }
    }
}

#[tokio::test]
async fn the_operation_of_an_update_is_1_or_minus_1() {
    let service = Service::open().await;
    service.user("alice").await;
    for op in [0, 2, -2, i32::MAX, i32::MIN] {
        let body = json!({ "rootName": "root", "userName": "alice", "op": op });
        refused(&service.call("update_user", &body).await, INVALID);
    }
    let without = json!({ "rootName": "root", "userName": "alice" });
    refused(&service.call("update_user", &without).await, INVALID);
}

#[tokio::test]
async fn an_app_to_delete_need_not_be_named() {
    let service = Service::open().await;
    for body in [json!({ "username": "alice" }), json!({ "username": "alice", "appId": "" })] {
        let answer = service.call("delete_app", &body).await;
        assert_eq!(tests::service::success(&answer), json!({ "rowsAffected": 0 }));
    }
}
