//! What an account may do with its own credential: its own apps, its own users, and itself.

use domain::TenantId;
use domain::app_user::{AppUser, AppUserCommand};
use serde_json::{Value, json};

use tests::service::{
    CLEAR, FORBIDDEN, Keys, NOT_FOUND, Pair, Service, UNAUTHORISED, WRONG_PASSWORD, keys, md5_of,
    pair, refused, success, user_body, with,
};

/// Two root accounts, each with a user: alice is of root-a, bob is of root-b.
struct House {
    service: Service,
    root_a: Pair,
    root_b: Pair,
    alice: Pair,
    bob: Pair,
}

impl House {
    async fn new() -> Self {
        let service = Service::with(|_| ()).await;
        let mut roots = Vec::new();
        let mut users = Vec::new();
        for (root, user) in [("root-a", "alice"), ("root-b", "bob")] {
            service.app.app_root(1, root, CLEAR).await;
            let pair = service.login(root).await;
            let made = service.call_as(&pair.access, "create_user", &user_body(root, user)).await;
            assert_eq!(success(&made), json!({}));
            roots.push(pair);
            users.push(service.login(user).await);
        }
        let [root_a, root_b] = <[Pair; 2]>::try_from(roots).unwrap();
        let [alice, bob] = <[Pair; 2]>::try_from(users).unwrap();
        Self { service, root_a, root_b, alice, bob }
    }

    async fn call(&self, who: &Pair, operation: &str, body: Value) -> tests::app::Answer {
        self.service.call_as(&who.access, operation, &body).await
    }

    async fn app_of(&self, who: &Pair, name: &str) -> Keys {
        keys(&self.call(who, "create_oauth", json!({ "username": name })).await)
    }
}

/// Refused, or answered as if there were nothing.
#[track_caller]
fn gives_nothing(answer: &tests::app::Answer, nothing: &Value) {
    if answer.json()["state"] == true {
        assert_eq!(&success(answer), nothing);
    } else {
        let code = answer.json()["code"].clone();
        assert!([json!(405), json!(1006)].contains(&code), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_foreign_name_is_forbidden_in_every_operation() {
    let house = House::new().await;
    let app = house.app_of(&house.bob, "bob").await;
    for (who, name) in [(&house.alice, "bob"), (&house.root_a, "root-b"), (&house.alice, "root-a")]
    {
        for (operation, body) in [
            ("create_user", user_body(name, "new")),
            ("update_user", json!({ "rootName": name, "userName": "bob", "op": 1 })),
            ("update_user", json!({ "rootName": name, "userName": "bob", "op": -1 })),
            ("get_users", json!({ "rootName": name })),
            ("get_users", json!({ "rootName": name, "userName": "bob" })),
            ("create_oauth", json!({ "username": name })),
            ("get_app_list", json!({ "username": name })),
            ("get_app_list", json!({ "username": name, "appIds": [app.id] })),
            ("delete_app", json!({ "username": name, "appId": app.id })),
        ] {
            let answer = house.call(who, operation, body.clone()).await;
            assert_eq!(answer.json()["code"], 405, "{operation} {body}: {}", answer.text);
            refused(&answer, FORBIDDEN);
        }
    }
    house.service.authorize(&app).await;
    assert_eq!(house.service.user_of(&house.bob.access).await, "bob");
}

#[tokio::test]
async fn an_account_has_its_own_apps() {
    let house = House::new().await;
    let of_alice = house.app_of(&house.alice, "alice").await;
    let of_bob = house.app_of(&house.bob, "bob").await;
    let list = house.call(&house.alice, "get_app_list", json!({ "username": "alice" })).await;
    let expected = json!({ "list": [{ "appId": of_alice.id, "oauthInfo": "" }], "total": 1 });
    assert_eq!(success(&list), expected);
    let both = json!({ "username": "alice", "appIds": [of_alice.id, of_bob.id] });
    let list = house.call(&house.alice, "get_app_list", both).await;
    assert_eq!(success(&list), expected, "an id of another shows nothing");

    let foreign = json!({ "username": "alice", "appId": of_bob.id });
    let answer = house.call(&house.alice, "delete_app", foreign).await;
    gives_nothing(&answer, &json!({ "rowsAffected": 0 }));
    house.service.authorize(&of_bob).await;
    let own = json!({ "username": "alice", "appId": of_alice.id });
    let answer = house.call(&house.alice, "delete_app", own).await;
    assert_eq!(success(&answer), json!({ "rowsAffected": 1 }));
}

#[tokio::test]
async fn an_owner_is_the_same_in_every_letter_case() {
    let house = House::new().await;
    let app = house.app_of(&house.alice, "ALICE").await;
    for name in ["alice", "Alice"] {
        let list = house.call(&house.alice, "get_app_list", json!({ "username": name })).await;
        assert_eq!(success(&list)["total"], 1, "{name}");
    }
    let delete = json!({ "username": "aLICE", "appId": app.id });
    let answer = house.call(&house.alice, "delete_app", delete).await;
    assert_eq!(success(&answer), json!({ "rowsAffected": 1 }));
}

#[tokio::test]
async fn a_root_account_sees_its_own_users_only() {
    let house = House::new().await;
    let alice = json!({ "username": "alice", "userInfo": "e30=" });
    for body in
        [json!({ "rootName": "root-a" }), json!({ "rootName": "root-a", "userName": "alice" })]
    {
        let list = house.call(&house.root_a, "get_users", body).await;
        assert_eq!(success(&list), json!({ "list": [alice] }));
    }
    for name in ["bob", "root-b", "nobody"] {
        let body = json!({ "rootName": "root-a", "userName": name });
        let answer = house.call(&house.root_a, "get_users", body).await;
        gives_nothing(&answer, &json!({ "list": [] }));
    }
}

#[tokio::test]
async fn a_root_account_changes_its_own_users_only() {
    let house = House::new().await;
    let update = json!({ "rootName": "root-a", "op": 1, "userInfo": "bmV3" });
    let own = with(&update, json!({ "userName": "alice" }));
    assert_eq!(success(&house.call(&house.root_a, "update_user", own).await), json!({}));
    let password = json!({ "password": md5_of(&["stolen"]), "userInfo": null });
    for name in ["bob", "root-b"] {
        for over in [json!({}), password.clone(), json!({ "op": -1 })] {
            let body = with(&with(&update, json!({ "userName": name })), over);
            let answer = house.call(&house.root_a, "update_user", body).await;
            let code = answer.json()["code"].clone();
            assert!([json!(405), json!(1006)].contains(&code), "{name}: {}", answer.text);
        }
        refused(&house.service.try_login(name, "stolen").await, WRONG_PASSWORD);
    }
    let info = success(&house.service.login_info(&house.bob.access).await);
    assert_eq!(info["userInfo"], "e30=");
    assert_eq!(house.service.user_of(&house.root_b.access).await, "root-b");
}

#[tokio::test]
async fn an_account_may_read_and_change_itself() {
    let house = House::new().await;
    let see = json!({ "rootName": "alice", "userName": "alice" });
    let list = house.call(&house.alice, "get_users", see).await;
    let alice = json!({ "username": "alice", "userInfo": "e30=" });
    assert_eq!(success(&list), json!({ "list": [alice] }));
    let made = house.call(&house.alice, "get_users", json!({ "rootName": "alice" })).await;
    assert_eq!(success(&made), json!({ "list": [] }), "alice made nobody");

    let update = json!({ "rootName": "alice", "userName": "alice", "op": 1, "userInfo": "bmV3" });
    success(&house.call(&house.alice, "update_user", update.clone()).await);
    let info = success(&house.service.login_info(&house.alice.access).await);
    assert_eq!(info["userInfo"], "bmV3");

    let password = with(&update, json!({ "password": md5_of(&["second"]) }));
    success(&house.call(&house.alice, "update_user", password.clone()).await);
    refused(&house.call(&house.alice, "update_user", password).await, UNAUTHORISED);
    pair(&house.service.try_login("alice", "second").await);
}

#[tokio::test]
async fn a_plain_user_does_not_change_the_root_account_or_others() {
    let house = House::new().await;
    for name in ["root-a", "bob"] {
        let body = json!({
            "rootName": "alice", "userName": name, "op": 1, "password": md5_of(&["stolen"]),
        });
        let answer = house.call(&house.alice, "update_user", body.clone()).await;
        let code = answer.json()["code"].clone();
        assert!([json!(405), json!(1006)].contains(&code), "{name}: {}", answer.text);
        let delete = with(&body, json!({ "op": -1 }));
        let answer = house.call(&house.alice, "update_user", delete).await;
        assert_eq!(answer.json()["state"], false, "{name}: {}", answer.text);
        refused(&house.service.try_login(name, "stolen").await, WRONG_PASSWORD);
        house.service.login(name).await;
    }
}

/// Whoever takes a free name does not get what belonged to its last bearer.
#[tokio::test]
async fn a_namesake_of_a_root_account_does_not_get_its_users() {
    let house = House::new().await;
    let admin = house.service.app.admin().await;
    let delete = json!({ "rootName": "x", "userName": "root-b", "op": -1 });
    success(&house.service.call_as(&admin, "update_user", &delete).await);
    let new = user_body("root-a", "root-b");
    success(&house.call(&house.root_a, "create_user", new).await);
    let namesake = house.service.login("root-b").await;
    let list = house.call(&namesake, "get_users", json!({ "rootName": "root-b" })).await;
    assert_eq!(success(&list), json!({ "list": [] }));
    let steal = json!({
        "rootName": "root-b", "userName": "bob", "op": 1, "password": md5_of(&["stolen"]),
    });
    let answer = house.call(&namesake, "update_user", steal).await;
    assert_eq!(answer.json()["state"], false, "{}", answer.text);
    refused(&house.service.try_login("bob", "stolen").await, WRONG_PASSWORD);
    let answer = house.call(&namesake, "create_user", user_body("root-b", "dave")).await;
    refused(&answer, FORBIDDEN);
}

/// What was entered under a name that nobody had belongs to no later account of that name.
#[tokio::test]
async fn a_namesake_gets_nothing_that_was_entered_under_a_name_only() {
    let service = Service::with(|_| ()).await;
    let admin = service.app.admin().await;
    let app = json!({ "username": "batch", "oauthInfo": "secret-plans" });
    let app = keys(&service.call_as(&admin, "create_oauth", &app).await);
    success(&service.call_as(&admin, "create_user", &user_body("batch", "alice")).await);
    service.app.app_root(1, "batch", CLEAR).await;
    let own = service.login("batch").await;
    let list = json!({ "username": "batch" });
    let nothing = json!({ "list": [], "total": 0 });
    assert_eq!(success(&service.call_as(&own.access, "get_app_list", &list).await), nothing);
    let delete = json!({ "username": "batch", "appId": app.id });
    let deleted = success(&service.call_as(&own.access, "delete_app", &delete).await);
    assert_eq!(deleted["rowsAffected"], 0);
    let users = json!({ "rootName": "batch" });
    let found = success(&service.call_as(&own.access, "get_users", &users).await);
    assert_eq!(found, json!({ "list": [] }));
    // An administrator acts for the name.
    let apps = success(&service.call_as(&admin, "get_app_list", &list).await);
    assert_eq!(apps["total"], 1);
    let found = success(&service.call_as(&admin, "get_users", &users).await);
    assert_eq!(found["list"][0]["username"], "alice");
    let deleted = success(&service.call_as(&admin, "delete_app", &delete).await);
    assert_eq!(deleted["rowsAffected"], 1);
}

/// The names of accounts stand under their own keys only, which erasing them destroys.
#[tokio::test]
async fn the_name_of_an_account_is_not_repeated_where_its_erasure_does_not_reach() {
    let house = House::new().await;
    house.app_of(&house.root_a, "root-a").await;
    let app = &house.service.app;
    let events = app.engine.log().read_after(0, 1_000).unwrap();
    let keys = app.engine.keys();
    let mut looked_at = 0;
    for event in events {
        let json = commands::EventJson::new(&event, keys, commands::Personal::Shown).unwrap();
        if !["app.created.v1", "app_user.registered.v1"].contains(&&*json.kind) {
            continue;
        }
        looked_at += 1;
        let personal = json.personal.unwrap();
        for name in ["owner", "rootName"] {
            assert!(personal.get(name).is_none_or(|it| it == ""), "{personal}");
        }
    }
    assert_eq!(looked_at, 4 + 2, "two roots, two users, an app and the default app");
}

/// A name of blanks is nobody's, and not everybody's.
#[tokio::test]
async fn what_was_entered_under_blanks_belongs_to_no_account() {
    let service = Service::with(|_| ()).await;
    let admin = service.app.admin().await;
    service.app.app_root(1, "root", CLEAR).await;
    let app = json!({ "username": "  ", "oauthInfo": "secret-plans" });
    let app = keys(&service.call_as(&admin, "create_oauth", &app).await);
    success(&service.call_as(&admin, "create_user", &user_body(" ", "alice")).await);
    let own = service.login("root").await;
    for body in [json!({ "username": "root" }), json!({ "appIds": [app.id] })] {
        let apps = success(&service.call_as(&own.access, "get_app_list", &body).await);
        assert_eq!(apps, json!({ "list": [], "total": 0 }));
    }
    let delete = json!({ "username": "root", "appId": app.id });
    let deleted = success(&service.call_as(&own.access, "delete_app", &delete).await);
    assert_eq!(deleted["rowsAffected"], 0);
    let found = json!({ "rootName": "root" });
    let found = success(&service.call_as(&own.access, "get_users", &found).await);
    assert_eq!(found, json!({ "list": [] }));
    let take = json!({ "rootName": "root", "userName": "alice", "op": -1 });
    refused(&service.call_as(&own.access, "update_user", &take).await, NOT_FOUND);
    // An administrator who says the same blanks ends it.
    let delete = json!({ "username": "  ", "appId": app.id });
    let deleted = success(&service.call_as(&admin, "delete_app", &delete).await);
    assert_eq!(deleted["rowsAffected"], 1);
}

/// The key of such an app would outlive the person: the read models need not know of the end yet.
#[tokio::test]
async fn who_is_erased_meanwhile_gets_no_app() {
    let house = House::new().await;
    let app = &house.service.app;
    let alice = "2";
    let head = app.head(TenantId(1));
    let erased = app.engine.handle::<AppUser>(alice, &AppUserCommand::Erase, &head).await.unwrap();
    let answer = house.call(&house.alice, "create_oauth", json!({ "username": "alice" })).await;
    refused(&answer, NOT_FOUND);
    let since = app.engine.log().read_after(erased.position, 100).unwrap();
    assert!(since.is_empty(), "{since:?}");
}
