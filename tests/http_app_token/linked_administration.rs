//! Who may administer the accounts of a linked tenant: they are users, and some may do more.

use api::AdminMode;
use commands::password::PasswordPool;
use domain::app::{App, AppCommand, AppPolicy};
use domain::user::{User, UserCommand};
use serde_json::{Value, json};
use tests::app::{PASSWORD, others_go_on};

use crate::linked::{link, linked, log_in, sign_in, user_of_api, user_of_app};
use tests::service::{
    CLEAR, FORBIDDEN, INVALID, NOT_FOUND, Service, UNAUTHORISED, USER_EXISTS, keys, md5_of,
    refused, success, user_body, with,
};

const NEW: &str = "New-Secret-2";
const SECRET: &str = "an-operators-secret-of-32-letters";

fn update(root: &str, user: &str, over: Value) -> Value {
    with(&json!({ "rootName": root, "userName": user, "op": 1 }), over)
}

/// A user may make others by a permission; whom it made are those below it.
#[tokio::test]
async fn a_root_account_is_a_user_with_a_permission() {
    let (service, admin) = linked().await;
    let root = service.app.app_root(1, "root", NEW).await;
    let own = log_in(&service, "root", NEW).await;
    let made = service.call_as(&own.access, "create_user", &user_body("root", "bob")).await;
    assert_eq!(success(&made), json!({}));
    let path = format!("/api/User/{}", root + 1);
    let detail = service.app.get(&path).bearer(&admin).send().await.data();
    assert_eq!(detail["parentUserID"], root);
    user_of_app(&service, &admin, "carl").await;
    let list = service.call_as(&own.access, "get_users", &json!({ "rootName": "root" })).await;
    let bob = json!({ "username": "bob", "userInfo": "e30=" });
    assert_eq!(success(&list), json!({ "list": [bob] }));
    let carl = json!({ "rootName": "root", "userName": "carl" });
    let list = service.call_as(&own.access, "get_users", &carl).await;
    assert_eq!(success(&list), json!({ "list": [] }));
    refused(
        &service.call_as(&own.access, "update_user", &update("root", "carl", json!({}))).await,
        NOT_FOUND,
    );
    // Whoever has no such permission makes nobody.
    let of_bob = service.login("bob").await;
    let made = service.call_as(&of_bob.access, "create_user", &user_body("bob", "dora")).await;
    refused(&made, FORBIDDEN);
}

#[tokio::test]
async fn what_create_user_cannot_do_is_told() {
    let (service, admin) = linked().await;
    user_of_app(&service, &admin, "bob").await;
    let create = |body: Value| {
        let (service, admin) = (&service, &admin);
        async move { service.call_as(admin, "create_user", &body).await }
    };
    refused(&create(user_body("admin", "BOB")).await, USER_EXISTS);
    refused(&create(user_body("nobody", "carl")).await, NOT_FOUND);
    refused(&create(user_body("admin", "carl!")).await, INVALID);
    refused(&create(user_body("admin", &"x".repeat(65))).await, INVALID);
    let long = with(&user_body("admin", "carl"), json!({ "userInfo": "x".repeat(16_385) }));
    refused(&create(long).await, INVALID);
    // A name that the documented API took is taken here, too.
    user_of_api(&service, &admin, "dora", NEW).await;
    refused(&create(user_body("admin", "dora")).await, USER_EXISTS);
    let detail = service.app.get("/api/User/4").bearer(&admin).send().await;
    assert_eq!(detail.json()["code"], 404, "{}", detail.text);
}

/// Whoever sets a password can sign in: no credential of the service leads to an administrator.
#[tokio::test]
async fn administrators_are_changed_by_administrators_only() {
    let secret = |it: &mut api::AppTokenSettings| {
        it.admin_mode = AdminMode::Token;
        it.admin_token = Some(SECRET.to_owned());
    };
    let service = Service::with(secret).await;
    link(&service, true).await;
    service.app.user(1, "chief", &[1, 4], "oauthapp.all").await;
    let take = update("admin", "chief", json!({ "password": md5_of(&[CLEAR]) }));
    refused(&service.call_as(SECRET, "update_user", &take).await, FORBIDDEN);
    let end = update("admin", "chief", json!({ "op": -1 }));
    refused(&service.call_as(SECRET, "update_user", &end).await, FORBIDDEN);
    refused(&service.call_as("no-secret", "update_user", &take).await, UNAUTHORISED);
    success(&service.call_as(SECRET, "create_user", &user_body("admin", "bob")).await);
    let bob = update("admin", "bob", json!({ "password": md5_of(&[NEW]) }));
    success(&service.call_as(SECRET, "update_user", &bob).await);
    log_in(&service, "bob", NEW).await;
    assert_eq!(sign_in(&service, "chief", PASSWORD).await.0, 200);

    let (service, admin) = linked().await;
    service.app.user(1, "chief", &[1, 4], "oauthapp.all").await;
    success(&service.call_as(&admin, "update_user", &take).await);
    let chief = log_in(&service, "chief", CLEAR).await;
    // Not even with its own login: that is a token of eleven days, and no proof of a password.
    let own = update("chief", "chief", json!({ "password": md5_of(&[NEW]) }));
    refused(&service.call_as(&chief.access, "update_user", &own).await, FORBIDDEN);
    success(&service.call_as(&admin, "update_user", &end).await);
    service.is_dead(&chief).await;
}

/// A token of eleven days is no proof of a password, and a permission is worth more than it.
#[tokio::test]
async fn who_may_do_more_than_others_sets_no_password_here() {
    let (service, admin) = linked().await;
    let claim = json!({ "claimType": "permission", "claimValue": "oauthapp.all" });
    let clerk = json!({ "userName": "clerk", "passwordHash": NEW, "claims": [claim] });
    service.app.post("/api/User").bearer(&admin).json(&clerk).send().await.data();
    let own = log_in(&service, "clerk", NEW).await;
    let password = update("clerk", "clerk", json!({ "password": md5_of(&[CLEAR]) }));
    refused(&service.call_as(&own.access, "update_user", &password).await, FORBIDDEN);
    let info = update("clerk", "clerk", json!({ "userInfo": "bmV3" }));
    success(&service.call_as(&own.access, "update_user", &info).await);
    assert_eq!(success(&service.login_info(&own.access).await)["userInfo"], "bmV3");
    success(&service.call_as(&admin, "update_user", &password).await);
    service.is_dead(&own).await;
    log_in(&service, "clerk", CLEAR).await;
}

/// A token of eleven days is good for its own password only while the login is young.
#[tokio::test]
async fn a_user_sets_its_password_soon_after_a_login_only() {
    let (service, admin) = linked().await;
    user_of_app(&service, &admin, "bob").await;
    let password = |it: &str| update("bob", "bob", json!({ "password": md5_of(&[it]) }));
    let old = service.login("bob").await;
    service.app.clock.shift_wall(601);
    refused(&service.call_as(&old.access, "update_user", &password("thief")).await, FORBIDDEN);
    // The rest of it goes on, and nothing was set.
    let info = update("bob", "bob", json!({ "userInfo": "bmV3" }));
    success(&service.call_as(&old.access, "update_user", &info).await);
    // A refresh proves no password, however young its tokens are.
    let refreshed = service.call("refresh_token", &json!({ "token": old.refresh })).await;
    let refreshed = success(&refreshed)["accessToken"].as_str().unwrap().to_owned();
    refused(&service.call_as(&refreshed, "update_user", &password("thief")).await, FORBIDDEN);
    let young = service.login("bob").await;
    service.app.clock.shift_wall(590);
    success(&service.call_as(&young.access, "update_user", &password(NEW)).await);
    log_in(&service, "bob", NEW).await;
    // Of an administrator the login counts by which its token was issued.
    let own = update("admin", "admin", json!({ "password": md5_of(&[NEW]) }));
    refused(&service.call_as(&admin, "update_user", &own).await, FORBIDDEN);
    let young = service.app.admin().await;
    success(&service.call_as(&young, "update_user", &own).await);
}

/// The last administrator stays at this face, too.
#[tokio::test]
async fn the_last_administrator_is_not_deleted_here() {
    let (service, admin) = linked().await;
    service.app.user(1, "chief", &[1, 4], "oauthapp.all").await;
    let chief = service.app.sign_in("chief", PASSWORD).await;
    let end = |name: &str| update("admin", name, json!({ "op": -1 }));
    let (chief_ends, admin_ends) = (end("admin"), end("chief"));
    let (one, other) = tokio::join!(
        service.call_as(&chief, "update_user", &chief_ends),
        service.call_as(&admin, "update_user", &admin_ends),
    );
    let ended = [&one, &other].map(|it| it.json()["state"] == true);
    assert_eq!(ended.iter().filter(|it| **it).count(), 1, "{} {}", one.text, other.text);
    let left = if ended[0] { &chief } else { &admin };
    let list = service.app.get("/api/User?q.role=administrator").bearer(left).send().await;
    assert_eq!(list.json()["total"], 1);
}

/// A credential that ends while a password is hashed does not set it.
#[tokio::test]
async fn a_stolen_token_does_not_win_against_a_new_password() {
    let (service, admin) = linked().await;
    user_of_app(&service, &admin, "bob").await;
    let verifiers = PasswordPool::new(1).hash_of_user(NEW, true).await.unwrap();
    for _ in 0..3 {
        let own = service.login("bob").await;
        let stolen = update("bob", "bob", json!({ "password": md5_of(&["thief"]) }));
        let thief = service.call_as(&own.access, "update_user", &stolen);
        let owner = async {
            others_go_on().await;
            let command = UserCommand::SetPassword(verifiers.clone());
            service.app.run::<User>(1, "2", command).await;
        };
        let (answer, ()) = tokio::join!(thief, owner);
        refused(&answer, UNAUTHORISED);
        log_in(&service, "bob", NEW).await;
        let back = PasswordPool::new(1).hash_of_user(CLEAR, true).await.unwrap();
        service.app.run::<User>(1, "2", UserCommand::SetPassword(back)).await;
    }
    let root = service.app.app_root(1, "root", NEW).await;
    let own = log_in(&service, "root", NEW).await;
    let body = user_body("root", "backdoor");
    let make = service.call_as(&own.access, "create_user", &body);
    let end = async {
        others_go_on().await;
        service.app.run::<User>(1, &root.to_string(), UserCommand::SetEnabled(false)).await;
    };
    let (answer, ()) = tokio::join!(make, end);
    refused(&answer, UNAUTHORISED);
}

#[tokio::test]
async fn a_root_account_changes_nobody_who_may_do_more_than_others() {
    let (service, admin) = linked().await;
    service.app.app_root(1, "root", NEW).await;
    let own = log_in(&service, "root", NEW).await;
    success(&service.call_as(&own.access, "create_user", &user_body("root", "bob")).await);
    let partner = json!({
        "userName": "partner", "passwordHash": NEW, "parentUserID": 2, "roles": [{ "roleId": 2 }],
    });
    service.app.post("/api/User").bearer(&admin).json(&partner).send().await.data();
    let claim = json!({ "claimType": "permission", "claimValue": "oauthapp.user.all" });
    let clerk = json!({
        "userName": "clerk", "passwordHash": NEW, "parentUserID": 2, "claims": [claim],
    });
    service.app.post("/api/User").bearer(&admin).json(&clerk).send().await.data();
    let list = service.call_as(&own.access, "get_users", &json!({ "rootName": "root" })).await;
    assert_eq!(success(&list)["list"].as_array().unwrap().len(), 3);
    for name in ["partner", "clerk"] {
        for over in [json!({ "password": md5_of(&[CLEAR]) }), json!({ "op": -1 })] {
            let change = update("root", name, over);
            refused(&service.call_as(&own.access, "update_user", &change).await, FORBIDDEN);
            log_in(&service, name, NEW).await;
        }
    }
    let bob = update("root", "bob", json!({ "op": -1 }));
    success(&service.call_as(&own.access, "update_user", &bob).await);
}

#[tokio::test]
async fn nobody_deletes_themselves() {
    let (service, admin) = linked().await;
    user_of_app(&service, &admin, "bob").await;
    let own = service.login("bob").await;
    let end = update("bob", "bob", json!({ "op": -1 }));
    refused(&service.call_as(&own.access, "update_user", &end).await, FORBIDDEN);
    let end = update("admin", "admin", json!({ "op": -1 }));
    refused(&service.call_as(&admin, "update_user", &end).await, FORBIDDEN);
    let bad = update("admin", "bob", json!({ "op": 0 }));
    refused(&service.call_as(&admin, "update_user", &bad).await, INVALID);
    assert_eq!(service.user_of(&own.access).await, "bob");
}

#[tokio::test]
async fn an_app_acts_for_nobody_who_may_do_more_than_others() {
    let (service, admin) = linked().await;
    user_of_app(&service, &admin, "bob").await;
    let app = service.call_as(&admin, "create_oauth", &json!({ "username": "admin" })).await;
    let app = keys(&app);
    let acting = |name: &str| with(&app.body(service.timestamp()), json!({ "userName": name }));
    refused(&service.call("authorize", &acting("bob")).await, UNAUTHORISED);
    let nobody = json!({ "username": "batch" });
    refused(&service.call_as(&admin, "create_oauth", &nobody).await, NOT_FOUND);
    let policy = AppPolicy { strict: true, acts_for_users: true };
    service.app.run::<App>(1, &app.id, AppCommand::SetPolicy(policy)).await;
    refused(&service.call("authorize", &acting("admin")).await, UNAUTHORISED);
    let pair = tests::service::pair(&service.call("authorize", &acting("bob")).await);
    assert_eq!(service.user_of(&pair.access).await, "bob");
    // What an app asked for administers nothing.
    let own = update("bob", "bob", json!({ "password": md5_of(&[NEW]) }));
    refused(&service.call_as(&pair.access, "update_user", &own).await, FORBIDDEN);
    let verifiers = PasswordPool::new(1).hash_of_user(NEW, true).await.unwrap();
    service.app.run::<User>(1, "2", UserCommand::SetPassword(verifiers)).await;
    service.is_dead(&pair).await;
}

/// Apps belong to the user, and end with the user.
#[tokio::test]
async fn the_apps_of_a_user_end_with_the_user() {
    let (service, admin) = linked().await;
    user_of_app(&service, &admin, "bob").await;
    let own = service.login("bob").await;
    let body = json!({ "username": "bob", "oauthInfo": "mine" });
    let app = keys(&service.call_as(&own.access, "create_oauth", &body).await);
    let of_app = service.authorize(&app).await;
    let list = json!({ "username": "bob" });
    let apps = success(&service.call_as(&own.access, "get_app_list", &list).await);
    assert_eq!(apps["list"], json!([{ "appId": app.id, "oauthInfo": "mine" }]));
    service.app.run::<User>(1, "2", UserCommand::SetEnabled(false)).await;
    refused(&service.check(&of_app.access).await, NOT_FOUND);
    refused(&service.try_authorize(&app).await, NOT_FOUND);
    service.app.run::<User>(1, "2", UserCommand::SetEnabled(true)).await;
    assert_eq!(service.user_of(&of_app.access).await, app.id);
    service.app.run::<User>(1, "2", UserCommand::Delete).await;
    refused(&service.check(&of_app.access).await, NOT_FOUND);
    // A later namesake does not get them.
    user_of_app(&service, &admin, "bob").await;
    let later = service.login("bob").await;
    let apps = success(&service.call_as(&later.access, "get_app_list", &list).await);
    assert_eq!(apps["total"], 0);
}

/// The mode that trusts everybody is not for the users of the whole program.
#[tokio::test]
async fn a_linked_tenant_is_never_open() {
    let service = Service::open().await;
    service.user("alice").await;
    link(&service, true).await;
    let admin = service.app.admin().await;
    for (operation, body) in [
        ("create_user", user_body("admin", "bob")),
        ("update_user", update("admin", "admin", json!({ "password": md5_of(&[CLEAR]) }))),
        ("get_users", json!({ "rootName": "admin" })),
        ("create_oauth", json!({ "username": "admin" })),
        ("get_app_list", json!({ "username": "admin" })),
        ("delete_app", json!({ "username": "admin", "appId": "4821093756610284" })),
    ] {
        refused(&service.call(operation, &body).await, FORBIDDEN);
        refused(&service.call_as(&admin, operation, &body).await, FORBIDDEN);
    }
}

/// Whoever may administer the service only does not become somebody who may do all.
#[tokio::test]
async fn a_narrow_token_of_an_administrator_takes_over_nobody_who_may_do_more() {
    let (service, admin) = linked().await;
    user_of_app(&service, &admin, "bob").await;
    service.app.user(1, "chief", &[1, 4], "oauthapp.apptoken.admin").await;
    let narrow = service.app.sign_in("chief", PASSWORD).await;
    for name in ["admin", "chief"] {
        let password = update("admin", name, json!({ "password": md5_of(&[CLEAR]) }));
        refused(&service.call_as(&narrow, "update_user", &password).await, FORBIDDEN);
    }
    let bob = update("admin", "bob", json!({ "password": md5_of(&[NEW]) }));
    success(&service.call_as(&narrow, "update_user", &bob).await);
}

/// Who let an app act for any account meant the accounts of then.
#[tokio::test]
async fn an_app_that_acted_for_app_users_does_not_act_for_users() {
    let service = Service::with(|_| ()).await;
    let admin = service.app.admin().await;
    let app = service.call_as(&admin, "create_oauth", &json!({ "username": "batch" })).await;
    let app = keys(&app);
    let policy = AppPolicy { strict: true, acts_for_users: true };
    service.app.run::<App>(1, &app.id, AppCommand::SetPolicy(policy)).await;
    service.app.app_root(1, "root", CLEAR).await;
    let make = user_body("root", "bob");
    success(&service.call_as(&admin, "create_user", &make).await);
    let acting = || with(&app.body(service.timestamp()), json!({ "userName": "bob" }));
    tests::service::pair(&service.call("authorize", &acting()).await);
    link(&service, true).await;
    user_of_app(&service, &admin, "bob").await;
    refused(&service.call("authorize", &acting()).await, UNAUTHORISED);
    service.app.run::<App>(1, &app.id, AppCommand::SetPolicy(policy)).await;
    tests::service::pair(&service.call("authorize", &acting()).await);
}
