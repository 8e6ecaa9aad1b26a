//! Users: made, found, changed, deleted.

use domain::TenantId;
use domain::app_user::{AppUser, AppUserCommand, AppUserId, AppUserPersonal, AppUserRegistered};
use serde_json::{Value, json};
use tests::samples::app_token::app_user_registered;

use tests::service::{
    CLEAR, INVALID, NOT_FOUND, Service, TOO_MANY, USER_EXISTS, WRONG_PASSWORD, md5_of, pair,
    refused, success, user_body, with,
};

async fn found(service: &Service, root: &str, name: &str) -> Value {
    let body = json!({ "rootName": root, "userName": name });
    success(&service.call("get_users", &body).await)["list"].clone()
}

/// An update of alice by `root`.
async fn update(service: &Service, over: Value) -> tests::app::Answer {
    let body = json!({ "rootName": "root", "userName": "alice", "op": 1 });
    service.call("update_user", &with(&body, over)).await
}

#[tokio::test]
async fn a_name_is_taken_in_every_letter_case() {
    let service = Service::open().await;
    service.user("Alice").await;
    for name in ["Alice", "alice", "ALICE", " alice", "Alice  "] {
        let answer = service.call("create_user", &user_body("other", name)).await;
        refused(&answer, USER_EXISTS);
    }
    service.user("Alice2").await;
}

#[tokio::test]
async fn a_missing_member_is_seen_before_a_taken_name() {
    let service = Service::open().await;
    service.user("alice").await;
    for member in ["rootName", "password", "userInfo"] {
        let body = with(&user_body("root", "alice"), json!({ member: "" }));
        refused(&service.call("create_user", &body).await, INVALID);
    }
}

#[tokio::test]
async fn a_user_is_found_by_name_or_by_root() {
    let service = Service::open().await;
    service.user("alice").await;
    service.user("Bob").await;
    success(&service.call("create_user", &user_body("root2", "carol")).await);
    let one = |name: &str| json!({ "username": name, "userInfo": "e30=" });
    assert_eq!(found(&service, "root", "").await, json!([one("alice"), one("Bob")]));
    assert_eq!(found(&service, "root2", "").await, json!([one("carol")]));
    assert_eq!(found(&service, "nobody", "").await, json!([]));
    assert_eq!(found(&service, "root", "alice").await, json!([one("alice")]));
    assert_eq!(found(&service, "root", " bOB ").await, json!([one("Bob")]));
    assert_eq!(found(&service, "root", "dave").await, json!([]));
    assert_eq!(found(&service, "root", "ali").await, json!([]));
}

#[tokio::test]
async fn many_users_are_listed_without_pages() {
    let service = Service::open().await;
    let names = (0..12).map(|n| format!("user-{n:02}")).collect::<Vec<_>>();
    for name in &names {
        service.user(name).await;
    }
    let list = found(&service, "root", "").await;
    let listed = list.as_array().unwrap().iter().map(|it| it["username"].as_str().unwrap());
    assert_eq!(listed.collect::<Vec<_>>(), names);
}

#[tokio::test]
async fn users_are_listed_in_pages_for_those_who_ask() {
    let service = Service::open().await;
    for n in 0..5 {
        service.user(&format!("user-{n}")).await;
    }
    for (page, size, expected) in [(0, 2, 0..2), (1, 2, 2..4), (2, 2, 4..5), (3, 2, 0..0)] {
        let body = json!({ "rootName": "root", "pageNo": page, "pageSize": size });
        let list = success(&service.call("get_users", &body).await)["list"].clone();
        let names =
            expected.map(|n| json!({ "username": format!("user-{n}"), "userInfo": "e30=" }));
        assert_eq!(list, names.collect::<Value>());
    }
    let one = json!({ "rootName": "root", "userName": "user-3", "pageNo": 7, "pageSize": 1 });
    let list = success(&service.call("get_users", &one).await)["list"].clone();
    assert_eq!(list, json!([{ "username": "user-3", "userInfo": "e30=" }]));
    for over in [json!({ "pageNo": -1 }), json!({ "pageSize": -1 }), json!({ "pageSize": "2" })] {
        let body = with(&json!({ "rootName": "root" }), over);
        refused(&service.call("get_users", &body).await, INVALID);
    }
}

/// Nobody who does not know of pages takes a part for the whole.
#[tokio::test]
async fn more_users_than_fit_an_answer_are_refused_without_a_page() {
    let service = Service::open().await;
    let password = tests::app::verifier().await;
    let head = || service.app.head(TenantId(1));
    let mut last = 0;
    for n in 1..=10_001 {
        let data = AppUserRegistered { app_user: AppUserId(n), ..app_user_registered() };
        let data = AppUserRegistered { tenant: TenantId(1), creator: AppUserId::NONE, ..data };
        let personal = AppUserPersonal {
            user_name: format!("user-{n}"),
            root_name: "root".to_owned(),
            ..AppUserPersonal::default()
        };
        let command = AppUserCommand::Register {
            data: Box::new(data),
            personal: Box::new(personal),
            password: password.clone(),
        };
        let engine = &service.app.engine;
        let done = engine.handle::<AppUser>(&n.to_string(), &command, &head()).await;
        last = done.unwrap().position;
    }
    service.app.shows(last).await;
    let all = json!({ "rootName": "root" });
    refused(&service.call("get_users", &all).await, TOO_MANY);
    for (page, count) in [(0, 10_000), (1, 1)] {
        let body = with(&all, json!({ "pageNo": page, "pageSize": 20_000 }));
        let list = success(&service.call("get_users", &body).await)["list"].clone();
        assert_eq!(list.as_array().unwrap().len(), count);
    }
    let list = json!({ "rootName": "root", "userName": "user-7" });
    assert_eq!(success(&service.call("get_users", &list).await)["list"][0]["username"], "user-7");
}

#[tokio::test]
async fn an_info_is_kept_as_it_came() {
    let service = Service::open().await;
    let info = " {\"n\": \"<b>R&D</b>\\\u{2028} 张三 \u{1f600}\"} ";
    let body = with(&user_body("root", "张三"), json!({ "userInfo": info }));
    success(&service.call("create_user", &body).await);
    let expected = json!([{ "username": "张三", "userInfo": info }]);
    assert_eq!(found(&service, "root", "张三").await, expected);
    let access = service.login("张三").await.access;
    assert_eq!(success(&service.login_info(&access).await)["userInfo"], info);
}

#[tokio::test]
async fn a_password_is_32_hexadecimal_digits() {
    let service = Service::open().await;
    service.user("alice").await;
    let good = md5_of(&["x"]);
    let long = format!("{good}0");
    let other = format!("{}G", &good[..31]);
    for password in ["x", "open sesame", &good[..31], &long, &other, "０".repeat(32).as_str()] {
        let body = with(&user_body("root", "bob"), json!({ "password": password }));
        refused(&service.call("create_user", &body).await, INVALID);
        refused(&update(&service, json!({ "password": password })).await, INVALID);
    }
    service.login("alice").await;
    assert_eq!(found(&service, "root", "bob").await, json!([]));
}

#[tokio::test]
async fn a_user_cannot_be_called_as_an_app() {
    let service = Service::open().await;
    let app = service.app_of("alice").await;
    let answer = service.call("create_user", &user_body("root", &app.id)).await;
    assert_eq!(answer.json()["state"], false, "{}", answer.text);
    let access = service.authorize(&app).await.access;
    refused(&service.login_info(&access).await, NOT_FOUND);
}

#[tokio::test]
async fn an_update_sees_the_user_before_the_operation() {
    let service = Service::open().await;
    service.user("alice").await;
    for op in [1, -1, 0, 7] {
        refused(&update(&service, json!({ "userName": "nobody", "op": op })).await, NOT_FOUND);
        refused(&update(&service, json!({ "userName": "", "op": op })).await, INVALID);
        refused(&update(&service, json!({ "rootName": "", "op": op })).await, INVALID);
    }
    refused(&update(&service, json!({ "op": 0 })).await, INVALID);
    assert_eq!(found(&service, "root", "nobody").await, json!([]), "nobody was added");
}

#[tokio::test]
async fn an_update_changes_what_is_given_and_nothing_else() {
    let service = Service::open().await;
    service.user("alice").await;
    let info = async || found(&service, "root", "alice").await[0]["userInfo"].clone();

    assert_eq!(success(&update(&service, json!({})).await), json!({}));
    success(&update(&service, json!({ "password": "", "userInfo": "" })).await);
    assert_eq!(info().await, "e30=");
    service.login("alice").await;

    success(&update(&service, json!({ "userInfo": "eyJhIjoxfQ==" })).await);
    assert_eq!(info().await, "eyJhIjoxfQ==");
    service.login("alice").await;

    success(&update(&service, json!({ "password": md5_of(&["second"]).to_lowercase() })).await);
    assert_eq!(info().await, "eyJhIjoxfQ==");
    pair(&service.try_login("alice", "second").await);
    refused(&service.try_login("alice", CLEAR).await, WRONG_PASSWORD);

    let both = json!({ "password": md5_of(&["third"]), "userInfo": "e30=" });
    success(&update(&service, both).await);
    assert_eq!(info().await, "e30=");
    pair(&service.try_login("alice", "third").await);
    refused(&service.try_login("alice", "second").await, WRONG_PASSWORD);
}

#[tokio::test]
async fn a_user_is_updated_whatever_the_letter_case_of_the_name() {
    let service = Service::open().await;
    service.user("alice").await;
    success(&update(&service, json!({ "userName": "ALICE ", "userInfo": "eyJhIjoxfQ==" })).await);
    let expected = json!([{ "username": "alice", "userInfo": "eyJhIjoxfQ==" }]);
    assert_eq!(found(&service, "root", "alice").await, expected);
}

#[tokio::test]
async fn a_deleted_user_is_gone_and_the_name_is_free() {
    let service = Service::open().await;
    service.user("alice").await;
    let delete = json!({ "op": -1, "password": md5_of(&["x"]), "userInfo": "eyJhIjoxfQ==" });
    assert_eq!(success(&update(&service, delete.clone()).await), json!({}));
    assert_eq!(found(&service, "root", "").await, json!([]));
    assert_eq!(found(&service, "root", "alice").await, json!([]));
    refused(&service.try_login("alice", CLEAR).await, WRONG_PASSWORD);
    refused(&update(&service, delete).await, NOT_FOUND);

    let other = json!({ "password": md5_of(&["second"]), "userInfo": "bmV3" });
    let again = with(&user_body("root2", "ALICE"), other);
    success(&service.call("create_user", &again).await);
    let expected = json!([{ "username": "ALICE", "userInfo": "bmV3" }]);
    assert_eq!(found(&service, "root2", "").await, expected);
    assert_eq!(found(&service, "root", "").await, json!([]));
    pair(&service.try_login("alice", "second").await);
    refused(&service.try_login("alice", CLEAR).await, WRONG_PASSWORD);
}

/// They are two sets of users: the one signs in here, the other at the token endpoint.
#[tokio::test]
async fn these_users_are_not_those_of_the_token_endpoint() {
    let service = Service::open().await;
    service.user("alice").await;
    success(&service.call("create_user", &user_body("root", "admin")).await);
    let password = md5_of(&[CLEAR]);
    for (name, password) in [("alice", CLEAR), ("alice", &password), ("admin", CLEAR)] {
        let answer = service.app.try_sign_in(name, password).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
    }
    let access = service.login("alice").await.access;
    assert_eq!(service.app.get("/api/User").bearer(&access).send().await.status, 401);
}

/// The limit that `docs/app-token.md` states, for texts of one byte and of three bytes a character.
#[tokio::test]
async fn an_info_has_at_most_16384_characters() {
    let service = Service::open().await;
    service.user("alice").await;
    for letter in ["x", "\u{6587}"] {
        let [most, more] = [16_384, 16_385].map(|it| letter.repeat(it));
        success(&update(&service, json!({ "userInfo": most })).await);
        assert_eq!(found(&service, "root", "alice").await[0]["userInfo"], most);
        refused(&update(&service, json!({ "userInfo": more })).await, INVALID);
        let app = |info: &str| json!({ "username": "alice", "oauthInfo": info });
        success(&service.call("create_oauth", &app(&most)).await);
        refused(&service.call("create_oauth", &app(&more)).await, INVALID);
    }
}
