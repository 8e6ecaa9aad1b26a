//! Who may call the six administrative operations, in each of the three modes.

use api::{AdminMode, AppTokenSettings};
use serde_json::{Value, json};
use tests::app::merge;

use tests::service::{
    ADMINISTRATIVE, CLEAR, FORBIDDEN, Pair, Service, TOO_MANY, UNAUTHORISED, good_body, keys,
    login_body, md5_of, pair, refused, success, user_body,
};

const SECRET: &str = "operator-secret-0123456789abcdef";

fn token_mode(settings: &mut AppTokenSettings) {
    settings.admin_mode = AdminMode::Token;
    settings.admin_token = Some(SECRET.to_owned());
}

/// The default mode, with a root account that has signed in.
async fn with_root() -> (Service, Pair) {
    let service = Service::with(|_| ()).await;
    service.app.app_root(1, "root", CLEAR).await;
    let root = service.login("root").await;
    (service, root)
}

#[tokio::test]
async fn without_a_credential_it_is_1049() {
    for change in [|_: &mut AppTokenSettings| (), token_mode] {
        let service = Service::with(change).await;
        for operation in ADMINISTRATIVE {
            let body = good_body(operation, 0);
            refused(&service.call(operation, &body).await, UNAUTHORISED);
            for header in ["", "Bearer", "Bearer ", "Basic YWRtaW46YWRtaW4=", "Token x", SECRET] {
                let ask = service.ask(operation).header("authorization", header);
                refused(&ask.json(&body).send().await, UNAUTHORISED);
            }
        }
        let mine = json!({ "rootName": "root", "accessToken": SECRET, "token": SECRET });
        refused(&service.call("get_users", &mine).await, UNAUTHORISED);
    }
}

#[tokio::test]
async fn an_invalid_credential_is_1049() {
    for change in [|_: &mut AppTokenSettings| (), token_mode] {
        let service = Service::with(change).await;
        let expired = service.app.mint(1, &json!({ "exp": 1_700_000_000 }));
        let longer = format!("{SECRET}0");
        let upper = SECRET.to_uppercase();
        let random = "x".repeat(32);
        for operation in ADMINISTRATIVE {
            let body = good_body(operation, 0);
            for token in
                ["abc", "a.b.c", &random, &expired, &SECRET[1..], &longer, &upper, "operator"]
            {
                // Longer than anybody has to wait for guesses.
                service.app.clock.pass(std::time::Duration::from_secs(301));
                refused(&service.call_as(token, operation, &body).await, UNAUTHORISED);
            }
        }
    }
}

/// Every administrative operation, one after the other, with one credential.
async fn do_all(service: &Service, bearer: &str) {
    let call = async |operation: &str, body: Value| {
        let answer = service.call_as(bearer, operation, &body).await;
        assert_eq!(answer.json()["state"], true, "{operation}: {}", answer.text);
        answer
    };
    call("create_user", user_body("anybody", "bob")).await;
    let list = success(&call("get_users", json!({ "rootName": "anybody" })).await);
    assert_eq!(list["list"], json!([{ "username": "bob", "userInfo": "e30=" }]));
    let update = json!({ "rootName": "anybody", "userName": "bob", "op": 1, "userInfo": "eA==" });
    call("update_user", update.clone()).await;
    let app = keys(&call("create_oauth", json!({ "username": "anybody" })).await);
    let apps = success(&call("get_app_list", json!({ "username": "anybody" })).await);
    assert_eq!(apps["total"], 1);
    let body = json!({ "username": "anybody", "appId": app.id });
    let deleted = success(&call("delete_app", body).await);
    assert_eq!(deleted, json!({ "rowsAffected": 1 }));
    call("update_user", merge(update, &json!({ "op": -1 }))).await;
}

#[tokio::test]
async fn the_operators_secret_acts_as_any_in_its_mode_only() {
    let service = Service::with(token_mode).await;
    do_all(&service, SECRET).await;
    let body = user_body("root", "carol");
    let ask = service.ask("create_user").header("authorization", &format!("bearer {SECRET}"));
    success(&ask.json(&body).send().await);

    let service = Service::with(|it| it.admin_token = Some(SECRET.to_owned())).await;
    refused(&service.call_as(SECRET, "create_user", &body).await, UNAUTHORISED);
}

#[tokio::test]
async fn without_a_secret_its_mode_lets_nobody_in() {
    let service = Service::with(|it| it.admin_mode = AdminMode::Token).await;
    for operation in ADMINISTRATIVE {
        let body = good_body(operation, 0);
        for header in ["Bearer ", "Bearer", "Bearer None", "Bearer null"] {
            let ask = service.ask(operation).header("authorization", header);
            refused(&ask.json(&body).send().await, UNAUTHORISED);
        }
    }
}

#[tokio::test]
async fn an_empty_secret_lets_nobody_in() {
    let service = Service::with(|it| {
        it.admin_mode = AdminMode::Token;
        it.admin_token = Some(String::new());
    })
    .await;
    for header in ["", "Bearer", "Bearer ", "Bearer  "] {
        let ask = service.ask("create_user").header("authorization", header);
        refused(&ask.json(&user_body("root", "alice")).send().await, UNAUTHORISED);
    }
}

#[tokio::test]
async fn in_the_mode_of_the_secret_a_users_token_is_none() {
    let service = Service::with(token_mode).await;
    service.app.app_root(1, "root", CLEAR).await;
    let root = service.login("root").await;
    let answer = service.call_as(&root.access, "create_user", &user_body("root", "bob")).await;
    refused(&answer, UNAUTHORISED);
}

#[tokio::test]
async fn an_open_service_asks_for_nothing_and_minds_nothing() {
    let service = Service::open().await;
    do_all(&service, "").await;
    do_all(&service, "whatever").await;
}

/// What a proxy passed on came from elsewhere.
#[tokio::test]
async fn an_open_service_takes_nothing_that_a_proxy_passed_on() {
    let service = Service::open().await;
    for header in [
        "forwarded",
        "x-forwarded",
        "x-forwarded-for",
        "X-Forwarded-Host",
        "x-forwarded-new",
        "Via",
        "X-Real-IP",
        "CF-Connecting-IP",
        "True-Client-IP",
        "X-Client-IP",
        "X-Original-Forwarded-For",
        "X-Envoy-External-Address",
    ] {
        for operation in ADMINISTRATIVE {
            let ask = service.ask(operation).header(header, "for=203.0.113.9");
            refused(&ask.json(&good_body(operation, 0)).send().await, FORBIDDEN);
        }
    }
    do_all(&service, "").await;
}

#[tokio::test]
async fn an_administrator_of_chancery_acts_as_any() {
    let service = Service::with(|_| ()).await;
    let admin = service.app.admin().await;
    do_all(&service, &admin).await;
}

#[tokio::test]
async fn who_is_no_administrator_of_chancery_may_nothing() {
    let service = Service::with(|_| ()).await;
    let user = service.app.token(1, "oauthapp.all", "oauthapp.all", &["user"]);
    let narrow = service.app.token(1, "oauthapp.user.get", "oauthapp.all", &["administrator"]);
    let unpermitted = service.app.token(1, "oauthapp.all", "isms.x", &["administrator"]);
    for token in [user, narrow, unpermitted] {
        for operation in ADMINISTRATIVE {
            let answer = service.call_as(&token, operation, &good_body(operation, 0)).await;
            refused(&answer, FORBIDDEN);
        }
    }
}

#[tokio::test]
async fn a_root_account_makes_users_in_its_own_name_only() {
    let (service, root) = with_root().await;
    let made = service.call_as(&root.access, "create_user", &user_body("root", "alice")).await;
    assert_eq!(success(&made), json!({}));
    let made = service.call_as(&root.access, "create_user", &user_body("ROOT", "carol")).await;
    assert_eq!(success(&made), json!({}), "a name is a name in every letter case");
    for other in ["alice", "admin", "root2", "roo"] {
        let answer = service.call_as(&root.access, "create_user", &user_body(other, "bob")).await;
        refused(&answer, FORBIDDEN);
    }
    let list = service.call_as(&root.access, "get_users", &json!({ "rootName": "root" })).await;
    let list = success(&list)["list"].clone();
    let names = list.as_array().unwrap().iter().map(|it| it["username"].as_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["alice", "carol"]);
}

#[tokio::test]
async fn a_plain_user_makes_no_users() {
    let (service, root) = with_root().await;
    let made = service.call_as(&root.access, "create_user", &user_body("root", "alice")).await;
    success(&made);
    let alice = service.login("alice").await;
    for name in ["alice", "root"] {
        let answer = service.call_as(&alice.access, "create_user", &user_body(name, "bob")).await;
        refused(&answer, FORBIDDEN);
    }
}

#[tokio::test]
async fn only_a_living_access_token_is_a_credential() {
    let (service, root) = with_root().await;
    let body = user_body("root", "alice");
    refused(&service.call_as(&root.refresh, "create_user", &body).await, UNAUTHORISED);
    let admin = service.app.admin().await;
    let app = service.call_as(&admin, "create_oauth", &json!({ "username": "root" })).await;
    let app = keys(&app);
    let of_app = service.authorize(&app).await;
    refused(&service.call_as(&of_app.access, "create_user", &body).await, FORBIDDEN);
    let as_app = user_body(&app.id, "alice");
    refused(&service.call_as(&of_app.access, "create_user", &as_app).await, FORBIDDEN);

    let new_password =
        json!({ "rootName": "x", "userName": "root", "op": 1, "password": md5_of(&["second"]) });
    success(&service.call_as(&admin, "update_user", &new_password).await);
    refused(&service.call_as(&root.access, "create_user", &body).await, UNAUTHORISED);
    let again = pair(&service.try_login("root", "second").await);
    success(&service.call_as(&again.access, "create_user", &body).await);
    let delete = json!({ "rootName": "x", "userName": "root", "op": -1 });
    success(&service.call_as(&admin, "update_user", &delete).await);
    let bob = user_body("root", "bob");
    refused(&service.call_as(&again.access, "create_user", &bob).await, UNAUTHORISED);
}

#[tokio::test]
async fn an_expired_access_token_is_no_credential() {
    let service = Service::with(|it| it.access_seconds = 1).await;
    let admin = service.app.admin().await;
    success(&service.call_as(&admin, "create_user", &user_body("x", "first")).await);
    service.app.app_root(1, "root", CLEAR).await;
    let root = service.login("root").await;
    service.app.clock.pass(std::time::Duration::from_secs(1));
    let answer = service.call_as(&root.access, "create_user", &user_body("root", "alice")).await;
    refused(&answer, UNAUTHORISED);
}

#[tokio::test]
async fn the_other_five_operations_need_no_credential_and_mind_none() {
    let (service, root) = with_root().await;
    let admin = service.app.admin().await;
    let made = service.call_as(&admin, "create_oauth", &json!({ "username": "root" })).await;
    let app = keys(&made);
    for bearer in ["abc", root.refresh.as_str(), admin.as_str()] {
        let body = login_body("root", CLEAR, service.timestamp());
        let got = pair(&service.call_as(bearer, "login", &body).await);
        let body = app.body(service.timestamp());
        pair(&service.call_as(bearer, "authorize", &body).await);
        let check = json!({ "token": got.access });
        success(&service.call_as(bearer, "check_token", &check).await);
        let info = json!({ "accessToken": got.access });
        success(&service.call_as(bearer, "get_login_info", &info).await);
        let refresh = json!({ "token": got.refresh });
        pair(&service.call_as(bearer, "refresh_token", &refresh).await);
    }
}

/// A refusal changes nothing, and tells nothing of what is there.
#[tokio::test]
async fn a_refusal_is_the_same_whatever_there_is() {
    let (service, root) = with_root().await;
    success(&service.call_as(&root.access, "create_user", &user_body("root", "alice")).await);
    let head = service.app.engine.log().head().position;
    for name in ["alice", "nobody"] {
        for op in [1, -1, 0] {
            let body = json!({ "rootName": "root", "userName": name, "op": op });
            refused(&service.call("update_user", &body).await, UNAUTHORISED);
        }
        let body = json!({ "rootName": "root", "userName": name });
        refused(&service.call("get_users", &body).await, UNAUTHORISED);
        refused(&service.call("create_user", &user_body("root", name)).await, UNAUTHORISED);
    }
    assert_eq!(service.app.engine.log().head().position, head);
}

/// The operator chose it, so it may be guessed.
#[tokio::test]
async fn guesses_of_the_operators_secret_are_slowed_down() {
    let service = Service::with(token_mode).await;
    let body = user_body("root", "alice");
    let call = async |address: &str, secret: &str| {
        let ask = service.ask("create_user").from(address);
        ask.header("authorization", &format!("Bearer {secret}")).json(&body).send().await
    };
    for _ in 0..5 {
        refused(&call("203.0.113.9", "guess").await, UNAUTHORISED);
    }
    let waits = call("203.0.113.9", SECRET).await;
    refused(&waits, TOO_MANY);
    assert_eq!(waits.header("retry-after"), "1");
    let own = call("192.0.2.1", SECRET).await.json();
    assert_ne!(own["code"], UNAUTHORISED.0);
    assert_ne!(own["code"], TOO_MANY.0);
}
