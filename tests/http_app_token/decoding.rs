//! How bodies are read: what is accepted in which spelling, and what is not.

use serde_json::{Value, json};

use tests::service::{
    CLEAR, INVALID, OPERATIONS, Service, WRONG_TIME, good_body, login_body, md5_of, pair, refused,
    success, user_body, with,
};

async fn raw(service: &Service, operation: &str, body: impl AsRef<[u8]>) -> tests::app::Answer {
    service.ask(operation).body("application/json", body).send().await
}

#[tokio::test]
async fn what_is_no_object_is_1001() {
    let service = Service::open().await;
    for operation in OPERATIONS {
        for body in ["", " ", "{", "}", "[]", "[{}]", "null", "1", "\"x\"", "appId=1", "{\"a\":}"] {
            refused(&raw(&service, operation, body).await, INVALID);
        }
        refused(&raw(&service, operation, [0xff, 0xfe, 0x00]).await, INVALID);
        refused(&raw(&service, operation, b"{\"token\":\"\xff\"}").await, INVALID);
        refused(&service.ask(operation).send().await, INVALID);
    }
}

#[tokio::test]
async fn a_member_of_another_type_is_1001() {
    let service = Service::open().await;
    service.user("alice").await;
    let app = service.app_of("alice").await;
    let now = service.timestamp();
    let login = login_body("alice", CLEAR, now);
    let update = json!({ "rootName": "root", "userName": "alice", "op": 1 });
    let apps = json!({ "username": "alice", "pageNo": 0, "pageSize": 10 });
    let cases = [
        ("login", &login, json!({ "timestamp": now.to_string() })),
        ("login", &login, json!({ "timestamp": now as f64 + 0.5 })),
        ("login", &login, json!({ "timestamp": true })),
        ("login", &login, json!({ "timestamp": [now] })),
        ("login", &login, json!({ "username": 7 })),
        ("login", &login, json!({ "password": ["x"] })),
        ("login", &login, json!({ "token": 1 })),
        ("authorize", &app.body(now), json!({ "timestamp": now.to_string() })),
        ("authorize", &app.body(now), json!({ "appKey": 1 })),
        ("authorize", &app.body(now), json!({ "userName": false })),
        ("authorize", &app.body(now), json!({ "tokenType": {} })),
        ("update_user", &update, json!({ "op": "1" })),
        ("update_user", &update, json!({ "op": 1.5 })),
        ("update_user", &update, json!({ "op": 4_294_967_297_u64 })),
        ("update_user", &update, json!({ "userInfo": {} })),
        ("get_app_list", &apps, json!({ "pageNo": "0" })),
        ("get_app_list", &apps, json!({ "pageSize": 2.5 })),
        ("get_app_list", &apps, json!({ "pageSize": 2_147_483_648_u64 })),
        ("get_app_list", &apps, json!({ "appIds": app.id })),
        ("get_app_list", &apps, json!({ "appIds": [1] })),
        ("create_user", &user_body("root", "bob"), json!({ "regIP": 1 })),
        ("create_oauth", &json!({ "username": "alice" }), json!({ "oauthInfo": {} })),
        ("check_token", &json!({}), json!({ "token": 1 })),
    ];
    for (operation, body, over) in cases {
        let answer = service.call(operation, &with(body, over.clone())).await;
        assert_eq!(answer.json()["code"], 1001, "{operation} with {over}: {}", answer.text);
        refused(&answer, INVALID);
    }
    pair(&service.call("login", &login).await);
}

#[tokio::test]
async fn numbers_at_the_ends_of_64_bits_are_numbers_and_beyond_is_1001() {
    let service = Service::open().await;
    service.user("alice").await;
    let app = service.app_of("alice").await;
    for timestamp in [i64::MAX, i64::MIN, 0, -1] {
        let login = login_body("alice", CLEAR, timestamp);
        refused(&service.call("login", &login).await, WRONG_TIME);
        refused(&service.call("authorize", &app.body(timestamp)).await, WRONG_TIME);
    }
    for number in ["9223372036854775808", "-9223372036854775809", "1e99", "99999999999999999999"] {
        let login = format!(
            "{{\"username\":\"a\",\"password\":\"b\",\"token\":\"c\",\"timestamp\":{number}}}"
        );
        refused(&raw(&service, "login", login).await, INVALID);
    }
}

#[tokio::test]
async fn json_is_read_whatever_the_content_type_says() {
    let service = Service::open().await;
    for (n, content_type) in [
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        "",
    ]
    .into_iter()
    .enumerate()
    {
        let body = user_body("root", &format!("user-{n}")).to_string();
        let answer = service.ask("create_user").body(content_type, &body).send().await;
        assert_eq!(success(&answer), json!({}), "{content_type}");
    }
}

#[tokio::test]
async fn the_name_of_a_user_may_be_spelled_both_ways() {
    let service = Service::open().await;
    let renamed = |body: &Value, from: &str, to: &str| {
        let value = body[from].clone();
        with(body, json!({ from: null, to: value }))
    };
    let create = renamed(&user_body("root", "alice"), "userName", "username");
    success(&service.call("create_user", &create).await);
    let get = json!({ "rootName": "x", "username": "alice" });
    assert_eq!(success(&service.call("get_users", &get).await)["list"][0]["username"], "alice");
    let login = login_body("alice", CLEAR, service.timestamp());
    let got = pair(&service.call("login", &renamed(&login, "username", "userName")).await);
    assert_eq!(service.user_of(&got.access).await, "alice");
    let made = service.call("create_oauth", &json!({ "userName": "alice" })).await;
    let made = tests::service::keys(&made);
    let apps = success(&service.call("get_app_list", &json!({ "userName": "alice" })).await);
    assert_eq!(apps["total"], 1);
    let delete = json!({ "appId": made.id, "userName": "alice" });
    let deleted = success(&service.call("delete_app", &delete).await);
    assert_eq!(deleted, json!({ "rowsAffected": 1 }));
    let update = json!({ "rootName": "root", "username": "alice", "op": -1 });
    success(&service.call("update_user", &update).await);
}

#[tokio::test]
async fn the_address_of_a_registration_may_be_spelled_both_ways() {
    let service = Service::open().await;
    let too_long = "1".repeat(46);
    for (n, name) in ["regIP", "regIp"].into_iter().enumerate() {
        let body = with(&user_body("root", &format!("user-{n}")), json!({ "regIP": null }));
        let long = with(&body, json!({ name: too_long }));
        refused(&service.call("create_user", &long).await, INVALID);
        success(&service.call("create_user", &with(&body, json!({ name: "2001:db8::1" }))).await);
    }
}

#[tokio::test]
async fn unknown_members_are_ignored_and_null_means_absent() {
    let service = Service::open().await;
    let body = with(&user_body("root", "alice"), json!({ "colour": { "deep": [1, 2] } }));
    let body = body.to_string().replace("\"192.0.2.7\"", "null");
    success(&raw(&service, "create_user", body).await);
    for member in ["rootName", "userName", "password", "userInfo"] {
        let mut body = user_body("root", "bob");
        body[member] = Value::Null;
        refused(&service.call("create_user", &body).await, INVALID);
    }
    let body = r#"{"username":null,"appIds":null,"pageNo":null,"pageSize":null}"#;
    refused(&raw(&service, "get_app_list", body).await, INVALID);
    let body = r#"{"username":"alice","appIds":null,"pageNo":null,"pageSize":null}"#;
    assert_eq!(success(&raw(&service, "get_app_list", body).await)["total"], 0);
}

#[tokio::test]
async fn of_two_members_of_one_name_the_last_counts() {
    let service = Service::open().await;
    service.user("alice").await;
    let body = r#"{"rootName":"root","userName":"nobody","userName":"alice"}"#;
    let list = success(&raw(&service, "get_users", body).await)["list"].clone();
    assert_eq!(list, json!([{ "username": "alice", "userInfo": "e30=" }]));
}

#[tokio::test]
async fn texts_have_their_longest() {
    let service = Service::open().await;
    let long = |length: usize| "x".repeat(length);
    for (over, fits) in [
        (json!({ "userName": long(64) }), true),
        (json!({ "userName": long(65) }), false),
        (json!({ "userName": "b", "rootName": long(65) }), false),
        (json!({ "userName": "c", "userInfo": long(16 * 1024) }), true),
        (json!({ "userName": "d", "userInfo": long(64 * 1024 + 1) }), false),
        (json!({ "userName": "e", "password": md5_of(&[CLEAR]) + "00" }), false),
    ] {
        let answer = service.call("create_user", &with(&user_body("root", ""), over.clone())).await;
        let shown = over.to_string().chars().take(60).collect::<String>();
        assert_eq!(answer.json()["state"], fits, "{shown}: {}", answer.text);
        if !fits {
            refused(&answer, INVALID);
        }
    }
    for over in [json!({ "username": long(65) }), json!({ "oauthInfo": long(64 * 1024 + 1) })] {
        let body = with(&good_body("create_oauth", 0), over);
        refused(&service.call("create_oauth", &body).await, INVALID);
    }
}

/// A body of a megabyte is refused in the service's own words, not in the general ones.
#[tokio::test]
async fn a_body_that_is_too_long_is_no_problem_json() {
    let service = Service::open().await;
    let body = json!({ "token": "x".repeat(1 << 20) });
    let answer = service.call("check_token", &body).await;
    assert!(!answer.header("content-type").contains("problem"), "{}", answer.text);
    assert_eq!(answer.json()["state"], false, "{}", answer.text);
}
