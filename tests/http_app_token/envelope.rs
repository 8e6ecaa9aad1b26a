//! Paths, methods, and the envelope around every answer.

use serde_json::{Value, json};
use tests::app::Answer;

use tests::service::{
    BAD_SIGNATURE, BASE, INVALID, NOT_FOUND, OPERATIONS, Service, USER_EXISTS, good_body,
    login_body, refused, success, user_body, with,
};

/// A path or a method that the service does not have.
#[track_caller]
fn is_not_found_as_text(answer: &Answer, what: &str) {
    assert_eq!((answer.status, answer.text.as_str()), (404, "404 page not found"), "{what}");
    assert!(answer.header("content-type").starts_with("text/plain"), "{what}: {answer:?}");
    assert_eq!(answer.header("allow"), "", "{what}");
}

#[tokio::test]
async fn all_eleven_operations_are_posts_in_their_envelope() {
    let service = Service::open().await;
    for operation in OPERATIONS {
        refused(&service.call(operation, &json!({})).await, INVALID);
    }
}

#[tokio::test]
async fn another_method_is_404_as_text() {
    let service = Service::open().await;
    for operation in OPERATIONS {
        for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let answer = service.app.ask(method, &format!("{BASE}/oauth.{operation}"));
            is_not_found_as_text(&answer.send().await, &format!("{method} {operation}"));
        }
        let head = service.app.ask("HEAD", &format!("{BASE}/oauth.{operation}")).send().await;
        assert_eq!(head.status, 404, "HEAD {operation}");
    }
    for path in ["health", "metrics"] {
        let answer = service.app.post(&format!("{BASE}/{path}")).json(&json!({})).send().await;
        is_not_found_as_text(&answer, path);
    }
}

#[tokio::test]
async fn another_path_is_404_as_text() {
    let service = Service::open().await;
    for path in [
        "",
        "/",
        "/oauth",
        "/oauth.",
        "/oauth.logout",
        "/oauth.loginx",
        "/oauth/login",
        "/login",
        "/oauth.login/x",
        "/health/live",
        "/health/x",
        "/file/",
        "/file/x.txt",
        "/file/%2e%2e/conf/config.yml",
        "/debug/pprof",
        "//oauth.login",
    ] {
        for method in ["GET", "POST"] {
            let answer = service.app.ask(method, &format!("{BASE}{path}")).send().await;
            is_not_found_as_text(&answer, &format!("{method} {path}"));
        }
    }
}

#[tokio::test]
async fn health_says_ok_to_everybody() {
    let service = Service::with(|_| ()).await;
    let answer = service.app.get(&format!("{BASE}/health")).send().await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "ok"));
    assert!(answer.header("content-type").starts_with("text/plain"), "{answer:?}");
}

#[tokio::test]
async fn metrics_count_operations_and_name_nobody() {
    let service = Service::open().await;
    service.user("Carla-Secret").await;
    let pair = service.login("Carla-Secret").await;
    service.check(&pair.access).await;
    for path in [format!("{BASE}/metrics"), "/metrics".to_owned()] {
        let answer = service.app.get(&path).send().await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").starts_with("text/plain"), "{path}");
        assert!(answer.text.contains("chancery_http_requests_total{operation="), "{path}");
        for secret in ["Carla-Secret", "carla-secret", &pair.access, &pair.refresh] {
            assert!(!answer.text.contains(secret), "{path} shows {secret}");
        }
    }
}

#[tokio::test]
async fn every_operation_is_in_the_document() {
    let service = Service::with(|_| ()).await;
    let document = service.app.get("/swagger/v1/swagger.json").send().await.json();
    for operation in OPERATIONS {
        let described = &document["paths"][format!("{BASE}/oauth.{operation}")];
        let methods = described.as_object().unwrap_or_else(|| panic!("{operation} is missing"));
        assert_eq!(methods.keys().collect::<Vec<_>>(), ["post"], "{operation}");
        assert!(described["post"]["operationId"].is_string(), "{operation}");
        assert!(described["post"]["responses"]["200"].is_object(), "{operation}");
        assert!(described["post"]["requestBody"].is_object(), "{operation}");
    }
    assert!(document["paths"][format!("{BASE}/health")]["get"].is_object());
}

#[tokio::test]
async fn a_success_has_no_code_and_its_members_stand_in_order() {
    let service = Service::open().await;
    let app = service.call("create_oauth", &good_body("create_oauth", 0)).await;
    let head = "{\"state\":true,\"error\":\"normal\",\"data\":{\"appId\":\"";
    assert!(app.text.starts_with(head) && app.text.ends_with("\"}}"), "{}", app.text);
    assert!(!app.text.contains("\"code\"") && !app.text.contains(' '), "{}", app.text);
    for header in ["set-cookie", "access-control-allow-origin", "www-authenticate"] {
        assert!(app.headers.get(header).is_none(), "{header}");
    }
}

#[tokio::test]
async fn an_operation_that_gives_nothing_answers_an_empty_object() {
    let service = Service::open().await;
    let empty = r#"{"state":true,"error":"normal","data":{}}"#;
    let made = service.call("create_user", &user_body("root", "alice")).await;
    assert_eq!((made.status, made.text.as_str()), (200, empty));
    for op in [1, -1] {
        let body = json!({ "rootName": "root", "userName": "alice", "op": op });
        let answer = service.call("update_user", &body).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, empty), "op {op}");
    }
}

/// Members in the order of the specification's section 1.7.
#[tokio::test]
async fn the_members_of_data_stand_in_their_documented_order() {
    let service = Service::open().await;
    let ordered = |answer: &Answer, members: &[&str]| {
        let data = success(answer);
        assert_eq!(data.as_object().unwrap().len(), members.len(), "{}", answer.text);
        let at = members.iter().map(|it| answer.text.find(&format!("\"{it}\":")).unwrap());
        assert!(at.is_sorted(), "{} is not in the order {members:?}", answer.text);
    };
    let pair = ["accessToken", "refreshToken", "accessExpireTime", "refreshExpireTime"];
    let app = service.app_of("alice").await;
    ordered(&service.try_authorize(&app).await, &pair);
    service.user("alice").await;
    ordered(&service.try_login("alice", tests::service::CLEAR).await, &pair);
    let login = service.login("alice").await;
    let check = ["accessToken", "userName", "accessExpireTime", "appId"];
    ordered(&service.check(&login.access).await, &check);
    let info = ["username", "accessExpireTime", "userInfo"];
    ordered(&service.login_info(&login.access).await, &info);
    let refreshed = [&pair[..], &["userInfo"]].concat();
    ordered(&service.refresh(&login.refresh).await, &refreshed);
    let apps = service.call("get_app_list", &json!({ "username": "alice" })).await;
    ordered(&apps, &["list", "total"]);
}

#[tokio::test]
async fn an_empty_list_is_an_array_unless_it_shall_be_null() {
    for null_lists in [false, true] {
        let service = Service::open_with(|it| it.null_lists = null_lists).await;
        let list = if null_lists { "null" } else { "[]" };
        for (operation, body, rest) in [
            ("get_users", json!({ "rootName": "root" }), ""),
            ("get_users", json!({ "rootName": "root", "userName": "nobody" }), ""),
            ("get_app_list", json!({ "username": "nobody" }), ",\"total\":0"),
            ("get_app_list", json!({ "appIds": ["4821093756610284"] }), ",\"total\":0"),
        ] {
            let expected = format!(
                "{{\"state\":true,\"error\":\"normal\",\"data\":{{\"list\":{list}{rest}}}}}"
            );
            assert_eq!(service.call(operation, &body).await.text, expected);
        }
        service.user("alice").await;
        let one = success(&service.call("get_users", &json!({ "rootName": "root" })).await);
        assert_eq!(one["list"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn bare_answers_have_no_envelope_and_refusals_are_null() {
    let service = Service::open_with(|it| it.bare = true).await;
    let made = service.call("create_user", &user_body("root", "alice")).await;
    assert_eq!((made.status, made.text.as_str()), (200, "{}"));
    let again = service.call("create_user", &user_body("root", "alice")).await;
    assert_eq!((again.status, again.text.as_str()), (200, "null"));
    let login = login_body("alice", tests::service::CLEAR, service.timestamp());
    let login = service.call("login", &login).await.json();
    let members = login.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>();
    let pair = ["accessExpireTime", "accessToken", "refreshExpireTime", "refreshToken"];
    assert_eq!(members, pair);
    let check = service.check(login["accessToken"].as_str().unwrap()).await.json();
    assert_eq!(check["userName"], "alice");
}

#[tokio::test]
async fn real_statuses_change_the_status_and_nothing_else() {
    let service = Service::with(|it| it.real_statuses = true).await;
    let admin = service.app.admin().await;
    let body = user_body("root", "alice");
    let stranger = service.call("create_user", &body).await;
    let expected = r#"{"state":false,"code":1049,"error":"用户未授权"}"#;
    assert_eq!((stranger.status, stranger.text.as_str()), (401, expected));
    let made = service.call_as(&admin, "create_user", &body).await;
    assert_eq!(success(&made), json!({}));
    let alice = service.login("alice").await;
    let not_root = service.call_as(&alice.access, "create_user", &user_body("alice", "bob")).await;
    let expected = r#"{"state":false,"code":405,"error":"禁止访问"}"#;
    assert_eq!((not_root.status, not_root.text.as_str()), (403, expected));
    let bad_login =
        with(&login_body("alice", "x", service.timestamp()), json!({ "token": "0".repeat(32) }));
    for (answer, (code, text)) in [
        (service.call("login", &json!({})).await, INVALID),
        (service.check(&"x".repeat(32)).await, NOT_FOUND),
        (service.call_as(&admin, "create_user", &body).await, USER_EXISTS),
        (service.call("login", &bad_login).await, BAD_SIGNATURE),
    ] {
        assert!((400..500).contains(&answer.status), "{}: {}", answer.status, answer.text);
        let expected = json!({ "state": false, "code": code, "error": text });
        assert_eq!(answer.json(), expected);
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    }
}

#[tokio::test]
async fn writes_say_their_position_and_reads_have_none() {
    let service = Service::open().await;
    let head = || service.app.engine.log().head().position;
    let made = service.call("create_user", &user_body("root", "alice")).await;
    assert_eq!(made.position(), head());
    let app = service.call("create_oauth", &good_body("create_oauth", 0)).await;
    assert_eq!(app.position(), head());
    let login = service.try_login("alice", tests::service::CLEAR).await;
    assert_eq!(login.position(), head());
    let body = json!({ "rootName": "root", "userName": "alice", "op": 1, "userInfo": "e31=" });
    let updated = service.call("update_user", &body).await;
    assert_eq!(updated.position(), head());
    let before = head();
    let access = login.json()["data"]["accessToken"].as_str().unwrap().to_owned();
    let reads = [
        ("check_token", json!({ "token": access })),
        ("get_login_info", json!({ "accessToken": access })),
        ("get_users", json!({ "rootName": "root" })),
        ("get_app_list", json!({ "username": "alice" })),
    ];
    for (operation, body) in reads {
        let ask = service.ask(operation).header("x-min-position", &before.to_string());
        let answer = ask.json(&body).send().await;
        assert_ne!(success(&answer), Value::Null, "{operation}");
        assert!(answer.headers.get("x-log-position").is_none(), "{operation}");
    }
    assert_eq!(head(), before, "reads write nothing");
}

/// As the original had it: an unknown app, and nothing else, is code 2.
#[tokio::test]
async fn old_codes_tell_an_unknown_app_from_an_unknown_token() {
    for (old_codes, code) in [(false, 1006), (true, 2)] {
        let service = Service::open_with(|it| it.old_codes = old_codes).await;
        let app = service.app_of("owner").await;
        let pair = service.authorize(&app).await;
        let expected = (code, "未找到");
        let unknown = good_body("authorize", service.timestamp());
        refused(&service.call("authorize", &unknown).await, expected);
        let delete = json!({ "username": "owner", "appId": app.id });
        success(&service.call("delete_app", &delete).await);
        refused(&service.try_authorize(&app).await, expected);
        refused(&service.refresh(&pair.refresh).await, expected);
        refused(&service.check(&pair.access).await, NOT_FOUND);
        refused(&service.refresh(&"x".repeat(32)).await, NOT_FOUND);
    }
}

/// The interface has no query: whatever stands there changes nothing about the answer.
#[tokio::test]
async fn a_query_of_any_length_is_answered_in_the_envelope() {
    let service = Service::open().await;
    for query in ["x=1".to_owned(), "x".repeat(9_000), "api-version=1.0&".repeat(600)] {
        let path = format!("{BASE}/oauth.get_users?{query}");
        let body = json!({ "rootName": "root" });
        let answer = service.app.post(&path).json(&body).send().await;
        assert_eq!(success(&answer), json!({ "list": [] }));
    }
}
