//! A linked tenant: its users are the accounts of the service, so one person has one history.

use commands::password::{PasswordPool, upper_case_md5};
use domain::tenant::{Tenant, TenantCommand};
use domain::user::{User, UserCommand, Verifiers};
use serde_json::{Value, json};
use tests::app::PASSWORD;

use tests::service::{
    CLEAR, DISABLED, NOT_FOUND, Pair, Service, WRONG_PASSWORD, login_body, md5_of, pair, refused,
    success, user_body, with,
};

const OTHER: &str = "other:8080";
const NEW: &str = "New-Secret-2";

/// The program, with its first tenant linked, and a token of its administrator.
pub async fn linked() -> (Service, String) {
    let service = Service::with(|_| ()).await;
    link(&service, true).await;
    let admin = service.app.admin().await;
    (service, admin)
}

pub async fn link(service: &Service, linked: bool) {
    service.app.run::<Tenant>(1, "1", TenantCommand::SetAppTokenLink(linked)).await;
}

/// A user that an administrator makes at the documented API.
pub async fn user_of_api(service: &Service, admin: &str, name: &str, password: &str) -> u64 {
    let body = json!({ "userName": name, "passwordHash": password });
    let made = service.app.post("/api/User").bearer(admin).json(&body).send().await;
    made.data().as_u64().unwrap()
}

/// A user that an administrator makes by CreateUser; the password is [`CLEAR`].
pub async fn user_of_app(service: &Service, admin: &str, name: &str) {
    let made = service.call_as(admin, "create_user", &user_body("admin", name)).await;
    assert_eq!(success(&made), json!({}));
}

/// The status of a sign-in at Chancery's own token endpoint, and the token.
pub async fn sign_in(service: &Service, name: &str, password: &str) -> (u16, String) {
    let answer = service.app.try_sign_in(name, password).await;
    let token = answer.json()["access_token"].as_str().unwrap_or_default().to_owned();
    (answer.status, token)
}

pub async fn log_in(service: &Service, name: &str, password: &str) -> Pair {
    pair(&service.try_login(name, password).await)
}

/// Whether a token of Chancery's own counts.
async fn counts(service: &Service, token: &str) -> bool {
    match service.app.get("/api/Tenant").bearer(token).send().await.status {
        401 => false,
        200 | 403 => true,
        status => panic!("{status}"),
    }
}

/// The history of a user, as the audit shows it.
async fn history(service: &Service, admin: &str, user: u64) -> Vec<Value> {
    let path = format!("/api/audit/events?stream=user-{user}");
    let events = service.app.get(&path).bearer(admin).send().await.data();
    events.as_array().unwrap().clone()
}

async fn kinds(service: &Service, admin: &str, user: u64) -> Vec<String> {
    let events = history(service, admin, user).await;
    events.iter().map(|it| it["kind"].as_str().unwrap().to_owned()).collect()
}

async fn both(password: &str) -> Verifiers {
    PasswordPool::new(1).hash_of_user(password, true).await.unwrap()
}

#[tokio::test]
async fn a_user_of_the_api_signs_in_at_both_faces() {
    let (service, admin) = linked().await;
    let user = user_of_api(&service, &admin, "Alice", NEW).await;
    assert_eq!(sign_in(&service, "alice", NEW).await.0, 200);
    let pair = log_in(&service, "alice", NEW).await;
    assert_eq!(service.user_of(&pair.access).await, "Alice");
    let info = success(&service.login_info(&pair.access).await);
    assert_eq!((&info["username"], &info["userInfo"]), (&json!("Alice"), &json!("")));
    refused(&service.try_login("alice", "New-Secret-3").await, WRONG_PASSWORD);
    assert_eq!(sign_in(&service, "alice", "New-Secret-3").await.0, 400);
    let kinds = kinds(&service, &admin, user).await;
    assert_eq!(kinds, ["user.registered.v1", "user.app_password_set.v1"]);
    let again = pair_of_refresh(&service, &pair).await;
    assert_eq!(service.user_of(&again.access).await, "Alice");
}

async fn pair_of_refresh(service: &Service, of: &Pair) -> Pair {
    pair(&service.refresh(&of.refresh).await)
}

#[tokio::test]
async fn a_user_of_the_service_signs_in_at_both_faces() {
    let (service, admin) = linked().await;
    user_of_app(&service, &admin, "bob").await;
    let pair = service.login("bob").await;
    let info = success(&service.login_info(&pair.access).await);
    assert_eq!((&info["username"], &info["userInfo"]), (&json!("bob"), &json!("e30=")));
    let (status, token) = sign_in(&service, "bob", CLEAR).await;
    assert_eq!(status, 200, "the md5 of what was typed is what was kept");
    assert!(counts(&service, &token).await);
    // The md5 itself is no password there: whoever overheard it gets nothing.
    for overheard in [md5_of(&[CLEAR]), md5_of(&[CLEAR]).to_lowercase()] {
        assert_eq!(sign_in(&service, "bob", &overheard).await.0, 400);
    }
    let detail = service.app.get("/api/User/2").bearer(&admin).send().await.data();
    assert_eq!((&detail["userName"], &detail["parentUserID"]), (&json!("bob"), &json!(1)));
    assert_eq!(detail["lineage"], "/1/2/", "{detail}");
    let kinds = kinds(&service, &admin, 2).await;
    let expected = ["user.registered.v1", "user.app_password_set.v1", "user.app_info_set.v1"];
    assert_eq!(kinds, expected);
    let registered = &history(&service, &admin, 2).await;
    let info = registered.iter().find(|it| it["kind"] == "user.app_info_set.v1").unwrap();
    assert_eq!(info["personal"], json!({ "info": "e30=", "regIp": "192.0.2.7" }));
}

#[tokio::test]
async fn a_new_password_of_either_face_ends_the_tokens_of_both() {
    let (service, admin) = linked().await;
    user_of_app(&service, &admin, "bob").await;
    for set_at_service in [true, false] {
        let before = if set_at_service { CLEAR } else { NEW };
        let after = if set_at_service { NEW } else { CLEAR };
        let pair = log_in(&service, "bob", before).await;
        let (_, token) = sign_in(&service, "bob", before).await;
        assert!(counts(&service, &token).await);
        if set_at_service {
            let update = json!({
                "rootName": "admin", "userName": "bob", "op": 1, "password": md5_of(&[after]),
            });
            success(&service.call_as(&admin, "update_user", &update).await);
        } else {
            let command = UserCommand::SetPassword(both(after).await);
            service.app.run::<User>(1, "2", command).await;
        }
        service.is_dead(&pair).await;
        assert!(!counts(&service, &token).await);
        refused(&service.try_login("bob", before).await, WRONG_PASSWORD);
        assert_eq!(sign_in(&service, "bob", before).await.0, 400);
        log_in(&service, "bob", after).await;
        assert_eq!(sign_in(&service, "bob", after).await.0, 200);
        service.is_dead(&pair).await;
    }
}

/// The verifier of an md5 does not outlive the password that it was made of.
#[tokio::test]
async fn a_password_that_is_not_told_to_the_service_ends_signing_in_there() {
    let (service, admin) = linked().await;
    user_of_app(&service, &admin, "bob").await;
    let verifiers = PasswordPool::new(1).hash_of_user(NEW, false).await.unwrap();
    service.app.run::<User>(1, "2", UserCommand::SetPassword(verifiers)).await;
    for password in [CLEAR, NEW] {
        refused(&service.try_login("bob", password).await, WRONG_PASSWORD);
    }
    assert_eq!(sign_in(&service, "bob", NEW).await.0, 200);
    assert_eq!(sign_in(&service, "bob", CLEAR).await.0, 400);
}

#[tokio::test]
async fn who_was_there_before_the_link_sets_a_password_once() {
    let service = Service::with(|_| ()).await;
    let carl = service.app.user(1, "carl", &[1], "oauthapp.user.get").await;
    link(&service, true).await;
    refused(&service.try_login("carl", PASSWORD).await, WRONG_PASSWORD);
    assert_eq!(sign_in(&service, "carl", PASSWORD).await.0, 200);
    let command = UserCommand::SetPassword(both(NEW).await);
    service.app.run::<User>(1, &carl.to_string(), command).await;
    let pair = log_in(&service, "carl", NEW).await;
    assert_eq!(service.user_of(&pair.access).await, "carl");
}

/// A tenant has accounts of one kind at a time; nobody of the other kind is lost by it.
#[tokio::test]
async fn app_users_are_set_aside_while_a_tenant_is_linked() {
    let service = Service::with(|_| ()).await;
    service.app.app_root(1, "root", CLEAR).await;
    let root = service.login("root").await;
    let app = service.call_as(&root.access, "create_oauth", &json!({ "username": "root" })).await;
    let app = tests::service::keys(&app);
    let of_app = service.authorize(&app).await;
    service.app.user(1, "root", &[1], "oauthapp.all").await;
    link(&service, true).await;
    service.is_dead(&root).await;
    service.is_dead(&of_app).await;
    refused(&service.try_login("root", CLEAR).await, WRONG_PASSWORD);
    // Nobody uses the apps that are set aside, nor ends them meanwhile.
    refused(&service.try_authorize(&app).await, NOT_FOUND);
    let admin = service.app.admin().await;
    let ids = json!({ "username": "root", "appIds": [app.id] });
    let apps = success(&service.call_as(&admin, "get_app_list", &ids).await);
    assert_eq!(apps, json!({ "list": [], "total": 0 }));
    let delete = json!({ "username": "root", "appId": app.id });
    let deleted = success(&service.call_as(&admin, "delete_app", &delete).await);
    assert_eq!(deleted["rowsAffected"], 0);
    // Another person of the same name owns none of it.
    service.app.run::<User>(1, "2", UserCommand::SetPassword(both(NEW).await)).await;
    let namesake = log_in(&service, "root", NEW).await;
    let list = json!({ "username": "root" });
    let apps = success(&service.call_as(&namesake.access, "get_app_list", &list).await);
    assert_eq!(apps, json!({ "list": [], "total": 0 }));
    let own = service.call_as(&namesake.access, "create_oauth", &list).await;
    let of_namesake = tests::service::keys(&own);
    service.authorize(&of_namesake).await;

    link(&service, false).await;
    refused(&service.try_authorize(&of_namesake).await, NOT_FOUND);
    refused(&service.try_login("root", NEW).await, WRONG_PASSWORD);
    let again = log_in(&service, "root", CLEAR).await;
    let apps = success(&service.call_as(&again.access, "get_app_list", &list).await);
    assert_eq!(apps["list"][0]["appId"], app.id);
    let of_app_again = service.authorize(&app).await;
    // Whoever ended the link ended the tokens, and linking again does not bring them back.
    for linked in [false, true, false] {
        if linked {
            link(&service, true).await;
            service.is_dead(&again).await;
            link(&service, false).await;
        }
        for ended in [&namesake, &root, &of_app] {
            service.is_dead(ended).await;
        }
    }
    service.is_dead(&of_app_again).await;
}

/// However often a password changes within a second, the tokens of the last one count at both faces,
/// and those of the ones before do not.
#[tokio::test]
async fn a_password_may_be_changed_as_often_as_one_likes() {
    let (service, admin) = linked().await;
    user_of_app(&service, &admin, "bob").await;
    let mut ended: Vec<String> = Vec::new();
    for n in 0..6 {
        let password = format!("{NEW} {n}");
        let update = json!({
            "rootName": "admin", "userName": "bob", "op": 1, "password": md5_of(&[&password]),
        });
        success(&service.call_as(&admin, "update_user", &update).await);
        let (status, token) = sign_in(&service, "bob", &password).await;
        assert!(status == 200 && counts(&service, &token).await, "after {n} changes");
        log_in(&service, "bob", &password).await;
        for old in &ended {
            assert!(!counts(&service, old).await, "after {n} changes");
        }
        ended.push(token.clone());
    }
}

#[tokio::test]
async fn a_user_who_may_not_sign_in_may_not_at_either_face() {
    let (service, admin) = linked().await;
    user_of_app(&service, &admin, "bob").await;
    let pair = service.login("bob").await;
    let (_, token) = sign_in(&service, "bob", CLEAR).await;
    service.app.run::<User>(1, "2", UserCommand::SetEnabled(false)).await;
    service.is_dead(&pair).await;
    assert!(!counts(&service, &token).await);
    refused(&service.try_login("bob", CLEAR).await, DISABLED);
    refused(&service.try_login("bob", NEW).await, WRONG_PASSWORD);
    assert_eq!(sign_in(&service, "bob", CLEAR).await.0, 400);
    service.app.run::<User>(1, "2", UserCommand::SetEnabled(true)).await;
    service.is_dead(&pair).await;
    assert!(!counts(&service, &token).await);
    service.login("bob").await;
    assert_eq!(sign_in(&service, "bob", CLEAR).await.0, 200);
}

#[tokio::test]
async fn a_user_who_was_deleted_or_erased_is_gone_from_both_faces() {
    let (service, admin) = linked().await;
    for (name, path) in [("bob", Some("/api/User/2")), ("carl", None)] {
        user_of_app(&service, &admin, name).await;
        let pair = service.login(name).await;
        let (_, token) = sign_in(&service, name, CLEAR).await;
        match path {
            Some(path) => {
                let gone = service.app.ask("DELETE", path).bearer(&admin).send().await;
                assert_eq!(gone.status, 200, "{}", gone.text);
            }
            None => {
                service.app.run::<User>(1, "3", UserCommand::Erase).await;
                let keys = service.app.engine.keys();
                keys.erase_subject(domain::UserId(3).into()).unwrap();
            }
        }
        service.is_dead(&pair).await;
        assert!(!counts(&service, &token).await);
        refused(&service.try_login(name, CLEAR).await, WRONG_PASSWORD);
    }
    let erased = history(&service, &admin, 3).await;
    assert!(erased.iter().all(|it| it["personal"].is_null()), "{erased:?}");
    user_of_app(&service, &admin, "bob").await;
    assert_eq!(service.user_of(&service.login("bob").await.access).await, "bob");
}

/// Wrong passwords of one person count together, whichever face they come to.
#[tokio::test]
async fn guesses_at_one_face_count_at_the_other() {
    let (service, admin) = linked().await;
    user_of_app(&service, &admin, "bob").await;
    for _ in 0..5 {
        refused(&service.try_login("BOB ", "guess").await, WRONG_PASSWORD);
    }
    assert_eq!(sign_in(&service, "bob", CLEAR).await.0, 429);
    assert_eq!(service.try_login("bob", CLEAR).await.json()["code"], 1082);
}

#[tokio::test]
async fn what_proves_a_user_is_shown_nowhere() {
    let (service, admin) = linked().await;
    user_of_app(&service, &admin, "bob").await;
    user_of_api(&service, &admin, "carl", NEW).await;
    for user in [2, 3] {
        let text = json!(history(&service, &admin, user).await).to_string();
        assert!(text.contains("***"));
        for hidden in [CLEAR, NEW, &upper_case_md5(CLEAR), &upper_case_md5(NEW), "memoryKib"] {
            assert!(!text.contains(hidden), "{text}");
        }
    }
}

/// A token of an app itself bears the id of the app as its user name.
#[tokio::test]
async fn who_is_named_like_an_app_is_no_account() {
    let (service, admin) = linked().await;
    let name = "4821093756610284";
    let made = service.call_as(&admin, "create_user", &user_body("admin", name)).await;
    refused(&made, tests::service::INVALID);
    user_of_api(&service, &admin, name, NEW).await;
    refused(&service.try_login(name, NEW).await, WRONG_PASSWORD);
    assert_eq!(sign_in(&service, name, NEW).await.0, 200);
}

#[tokio::test]
async fn another_tenant_is_not_linked_with_it() {
    let (service, admin) = linked().await;
    let other = service.app.tenant(OTHER).await;
    user_of_app(&service, &admin, "bob").await;
    let of_bob = service.login("bob").await;
    service.app.app_root(other, "bob", NEW).await;
    let body = login_body("bob", CLEAR, service.timestamp());
    let answer = service.ask("login").host(OTHER).json(&body).send().await;
    refused(&answer, WRONG_PASSWORD);
    let body = login_body("bob", NEW, service.timestamp());
    let theirs = pair(&service.ask("login").host(OTHER).json(&body).send().await);
    refused(&service.check(&theirs.access).await, NOT_FOUND);
    let check = json!({ "token": of_bob.access });
    refused(&service.ask("check_token").host(OTHER).json(&check).send().await, NOT_FOUND);
    refused(&service.try_login("bob", NEW).await, WRONG_PASSWORD);
}

#[tokio::test]
async fn info_is_changed_without_ending_tokens_and_is_not_lost_by_a_new_password() {
    let (service, admin) = linked().await;
    user_of_app(&service, &admin, "bob").await;
    let own = service.login("bob").await;
    let update = json!({ "rootName": "bob", "userName": "bob", "op": 1, "userInfo": "bmV3" });
    success(&service.call_as(&own.access, "update_user", &update).await);
    assert_eq!(success(&service.login_info(&own.access).await)["userInfo"], "bmV3");
    let update = with(&update, json!({ "password": md5_of(&[NEW]), "userInfo": "" }));
    success(&service.call_as(&own.access, "update_user", &update).await);
    service.is_dead(&own).await;
    let own = log_in(&service, "bob", NEW).await;
    assert_eq!(success(&service.login_info(&own.access).await)["userInfo"], "bmV3");
}

/// Logins that ended with the accounts of before count for nothing, also where they are counted.
#[tokio::test]
async fn tokens_that_a_link_ended_take_no_place() {
    let service = Service::with(|it| it.sessions_max = 1).await;
    let admin = service.app.admin().await;
    service.app.app_root(1, "root", CLEAR).await;
    log_in(&service, "root", CLEAR).await;
    assert_eq!(service.try_login("root", CLEAR).await.json()["code"], 1082);
    let app = json!({ "username": "batch" });
    let app = tests::service::keys(&service.call_as(&admin, "create_oauth", &app).await);
    service.authorize(&app).await;
    for linked in [true, false] {
        link(&service, linked).await;
        let of_app = service.authorize(&app).await;
        assert_eq!(service.try_authorize(&app).await.json()["code"], 1082);
        assert_eq!(service.user_of(&of_app.access).await, app.id);
    }
    let root = log_in(&service, "root", CLEAR).await;
    assert_eq!(service.user_of(&root.access).await, "root");
}
