//! Who sees and changes whom: lineage, rights of now, and the last administrator.

use std::sync::Arc;

use domain::tenant::{Tenant, TenantCommand};
use domain::user::{User, UserCommand};
use serde_json::{Value, json};
use tests::app::{Answer, PASSWORD, TestApp};

/// Users of the first tenant below user 1: `ann` and `bob`, who may do all that `user.*` is, and
/// `kid`, whom ann brought in.
struct People {
    app: TestApp,
    admin: String,
    ann: String,
    ann_id: u32,
    bob_id: u32,
    kid_id: i64,
}

const BOB_PHONE: &str = "555 777";

async fn people() -> People {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let ann_id = app.user(1, "ann", &[1], "oauthapp.user.all").await;
    let bob = json!({
        "userName": "bob", "phoneNumber": BOB_PHONE, "email": "bob@example.org",
        "address": "Hidden Lane 7",
    });
    let bob_id = app.post("/api/User").bearer(&admin).json(&bob).send().await.data();
    let ann = app.sign_in("ann", PASSWORD).await;
    let kid = json!({ "userName": "kid", "phoneNumber": "555 888" });
    let kid_id = app.post("/api/User").bearer(&ann).json(&kid).send().await.data();
    let (bob_id, kid_id) = (bob_id.as_u64().unwrap() as u32, kid_id.as_i64().unwrap());
    People { app, admin, ann, ann_id, bob_id, kid_id }
}

impl People {
    async fn ask(&self, method: &str, path: &str, token: &str) -> Answer {
        self.app.ask(method, path).bearer(token).send().await
    }

    async fn post(&self, token: &str, body: Value) -> Answer {
        self.app.post("/api/User").bearer(token).json(&body).send().await
    }
}

/// Whom one may not see is answered, word for word, as whom there is not.
#[tokio::test]
async fn whoever_is_no_administrator_sees_and_deletes_whoever_stands_below_only() {
    let it = people().await;
    for other in [1, it.bob_id] {
        for method in ["GET", "DELETE"] {
            let hidden = it.ask(method, &format!("/api/User/{other}"), &it.ann).await;
            let absent = it.ask(method, "/api/User/999", &it.ann).await;
            assert_eq!((hidden.code(), &hidden.text), (404, &absent.text), "{method} {other}");
        }
    }
    let hidden = it.ask("GET", "/api/User/Head?PhoneNumber=555%20777", &it.ann).await;
    assert_eq!((hidden.status, hidden.text.as_str()), (404, "0"));
    let shown = it.ask("GET", "/api/User/Head?PhoneNumber=555%20777", &it.admin).await;
    assert_eq!(shown.text, it.bob_id.to_string());
    let below = it.ask("GET", "/api/User/Head?PhoneNumber=555%20888", &it.ann).await;
    assert_eq!(below.text, it.kid_id.to_string());
    for filter in ["q.email=bob@example.org", "q.phoneNumber=555%20777", "q.name=bob"] {
        let list = it.ask("GET", &format!("/api/User?{filter}"), &it.ann).await;
        assert_eq!(list.json()["total"], 0, "{filter}");
    }
    // The name of the parent is that of somebody else, too.
    let list = it.ask("GET", "/api/User?asc=true", &it.ann).await.json();
    assert_eq!(list["total"], 2);
    assert!(list["data"][0].get("parentUserName").is_none(), "{list}");
    assert_eq!(list["data"][1]["parentUserName"], "ann");
    let own = it.ask("GET", &format!("/api/User/{}", it.ann_id), &it.ann).await;
    assert_eq!(own.data()["userName"], "ann");
    let kid = format!("/api/User/{}", it.kid_id);
    assert_eq!(it.ask("GET", &kid, &it.ann).await.data()["userName"], "kid");
    assert_eq!(it.ask("DELETE", &kid, &it.ann).await.data(), it.kid_id);
    for user in [1, it.ann_id, it.bob_id] {
        let path = format!("/api/User/{user}");
        assert_eq!(it.ask("GET", &path, &it.admin).await.code(), 200, "{user}");
    }
}

#[tokio::test]
async fn an_address_and_a_number_are_those_of_one_user() {
    let it = people().await;
    let end = it.app.engine.log().head().position;
    for (body, what) in [
        (json!({ "userName": "late", "phoneNumber": BOB_PHONE }), "DuplicatePhoneNumber"),
        (
            json!({ "userName": "late", "phoneNumber": "777", "countryCode": "555" }),
            "DuplicatePhoneNumber",
        ),
        (json!({ "userName": "late", "email": "BOB@Example.org" }), "DuplicateEmail"),
    ] {
        let refused = it.post(&it.ann, body).await;
        assert_eq!(refused.code(), 100_009, "{}", refused.text);
        assert!(refused.text.contains(what), "{}", refused.text);
    }
    assert_eq!(it.app.engine.log().head().position, end);
    // Whoever is deleted gives both back.
    let path = format!("/api/User/{}", it.bob_id);
    assert_eq!(it.ask("DELETE", &path, &it.admin).await.data(), it.bob_id);
    let late = json!({ "userName": "late", "phoneNumber": BOB_PHONE, "email": "bob@example.org" });
    let late = it.post(&it.ann, late).await.data();
    let found = it.ask("GET", "/api/User/Head?PhoneNumber=555%20777", &it.ann).await;
    assert_eq!(found.text, late.to_string());
}

#[tokio::test]
async fn only_administrators_delete_whoever_may_do_more_than_others() {
    let it = people().await;
    let claim = json!({ "claimType": "permission", "claimValue": "orders.read" });
    let clerk = json!({ "userName": "clerk", "parentUserID": it.ann_id, "claims": [claim] });
    let partner =
        json!({ "userName": "partner", "parentUserID": it.ann_id, "roles": [{ "roleId": 2 }] });
    for body in [clerk, partner] {
        let user = it.post(&it.admin, body).await.data();
        let path = format!("/api/User/{user}");
        assert_eq!(it.ask("GET", &path, &it.ann).await.code(), 200);
        let refused = it.ask("DELETE", &path, &it.ann).await;
        assert_eq!(refused.status, 403, "{}", refused.text);
        assert_eq!(it.ask("DELETE", &path, &it.admin).await.data(), user);
    }
}

#[tokio::test]
async fn confirmations_balances_and_marks_are_an_administrators() {
    let it = people().await;
    let members = json!({
        "emailConfirmed": true, "phoneNumberConfirmed": true, "lockFlag": true, "status": 1,
        "dataAmount": -1, "points": 7, "money": 123_456.78,
    });
    for (name, value) in members.as_object().unwrap() {
        let body = json!({ "userName": "eve", name.as_str(): value });
        let refused = it.post(&it.ann, body.clone()).await;
        assert_eq!(refused.status, 403, "{name}");
        assert!(refused.text.contains(name.as_str()), "{}", refused.text);
        let user = it.post(&it.admin, body).await.data();
        let path = format!("/api/User/{user}");
        assert_eq!(it.ask("GET", &path, &it.admin).await.data()[name], *value);
        it.ask("DELETE", &path, &it.admin).await.data();
    }
    // What says nothing may be said.
    let blank = json!({
        "userName": "eve", "emailConfirmed": false, "lockFlag": false, "money": 0, "points": 0,
    });
    it.post(&it.ann, blank).await.data();
}

#[tokio::test]
async fn a_new_user_stands_below_somebody_whom_its_maker_may_see() {
    let it = people().await;
    for parent in [1, it.bob_id, 999] {
        let body = json!({ "userName": "eve", "parentUserID": parent });
        let refused = it.post(&it.ann, body).await;
        let errors = refused.json()["errors"].clone();
        refused.breaks("parentUserID");
        let absent = json!({ "userName": "eve", "parentUserID": 998 });
        assert_eq!(errors, it.post(&it.ann, absent).await.json()["errors"]);
    }
    let below = json!({ "userName": "eve", "parentUserID": it.kid_id });
    let below = it.post(&it.ann, below).await.data();
    let shown = it.ask("GET", &format!("/api/User/{below}"), &it.ann).await.data();
    assert_eq!(shown["lineage"], format!("/1/{}/{}/{below}/", it.ann_id, it.kid_id));
    // Whoever names no parent is it.
    let kid = it.ask("GET", &format!("/api/User/{}", it.kid_id), &it.ann).await.data();
    assert_eq!(kid["parentUserID"], it.ann_id);
}

/// A token says what was; the row says what is. Both must grant it.
#[tokio::test]
async fn a_right_that_was_taken_away_is_gone_with_the_next_request() {
    let it = people().await;
    let boss = it.app.user(1, "boss", &[1, 4], "oauthapp.all").await;
    let token = it.app.sign_in("boss", PASSWORD).await;
    let audit = "/api/audit/events";
    assert_eq!(it.ask("GET", audit, &token).await.status, 200);
    let set = async |roles: &[u32], permission: &str| {
        let claim = domain::user::UserClaim {
            id: 1,
            claim_type: "permission".to_owned(),
            value: permission.to_owned(),
        };
        let rights = UserCommand::SetRights { roles: roles.to_vec(), permissions: vec![claim] };
        it.app.run::<User>(1, &boss.to_string(), rights).await;
    };
    set(&[1], "oauthapp.all").await;
    assert_eq!(it.ask("GET", audit, &token).await.status, 403, "the role is gone");
    let path = format!("/api/User/{}", it.bob_id);
    assert_eq!(it.ask("GET", &path, &token).await.code(), 404, "so is its reach");
    set(&[1, 4], "oauthapp.user.all,oauthapp.audit.stream").await;
    assert_eq!(it.ask("GET", audit, &token).await.status, 403, "the permission is gone");
    assert_eq!(it.ask("GET", &path, &token).await.code(), 200, "what is left counts");
    set(&[4], "oauthapp.all").await;
    assert_eq!(it.ask("GET", &path, &token).await.status, 403, "the role `user` is gone");
    set(&[1, 4], "oauthapp.all").await;
    assert_eq!(it.ask("GET", audit, &token).await.status, 200);
    // What is given stands in a new token only.
    let rights = UserCommand::SetRights { roles: vec![1, 4], permissions: Vec::new() };
    it.app.run::<User>(1, &it.ann_id.to_string(), rights).await;
    assert_eq!(it.ask("GET", audit, &it.ann).await.status, 403);
    assert_eq!(it.ask("GET", "/api/User", &it.ann).await.status, 403, "no permission is left");
}

/// Rights that end while a request waits for its body do not write any more.
#[tokio::test]
async fn a_token_issued_with_more_than_the_row_has_grants_what_the_row_has() {
    let it = people().await;
    let claims = json!({
        "sub": it.ann_id.to_string(), "role": ["user", "administrator"],
        "permission": "oauthapp.all", "scope": ["oauthapp.all"],
    });
    let forged = it.app.mint(1, &claims);
    assert_eq!(it.ask("GET", "/api/User", &forged).await.json()["total"], 2);
    assert_eq!(it.ask("GET", "/api/audit/events", &forged).await.status, 403);
    assert_eq!(it.ask("GET", "/api/Role", &forged).await.status, 403);
    let gives = json!({ "userName": "eve", "roles": [{ "roleId": 4 }] });
    assert_eq!(it.post(&forged, gives).await.status, 403);
}

/// 25 pairs of administrators who delete each other at the same moment: one of each is refused when
/// no third one is left.
#[tokio::test]
async fn of_two_administrators_who_delete_each_other_one_stays() {
    let app = Arc::new(TestApp::new().await);
    let mut boss = (1, app.admin().await);
    for round in 0..25 {
        let name = format!("second{round}");
        let second = app.user(1, &name, &[1, 4], "oauthapp.all").await;
        let token = app.sign_in(&name, PASSWORD).await;
        let delete = async |user: u32, token: &str| {
            app.ask("DELETE", &format!("/api/User/{user}")).bearer(token).send().await
        };
        let (one, other) = tokio::join!(delete(second, &boss.1), delete(boss.0, &token));
        let deleted = [&one, &other].map(|it| it.status == 200 && it.code() == 200);
        assert_eq!(deleted.iter().filter(|it| **it).count(), 1, "{} {}", one.text, other.text);
        let refused = if deleted[0] { &other } else { &one };
        // Too late to be refused by the rule: its token ended with its user.
        let by_rule = refused.status == 200 && refused.code() == 417;
        assert!(by_rule || refused.status == 401, "{}", refused.text);
        if deleted[1] {
            boss = (second, token);
        }
        let list = app.get("/api/User?q.role=administrator").bearer(&boss.1).send().await.json();
        assert_eq!(list["total"], 1, "{list}");
    }
}

/// Whoever is disabled or locked, has no password or may not do everything is not enough.
#[tokio::test]
async fn whoever_cannot_act_is_no_administrator_who_is_left() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let locked = json!({ "userName": "locked", "lockFlag": true, "roles": [{ "roleId": 4 }] });
    app.post("/api/User").bearer(&admin).json(&locked).send().await.data();
    let silent = json!({ "userName": "silent", "roles": [{ "roleId": 4 }] });
    app.post("/api/User").bearer(&admin).json(&silent).send().await.data();
    app.user(1, "narrow", &[1, 4], "oauthapp.user.all").await;
    let asleep = app.user(1, "asleep", &[1, 4], "oauthapp.all").await;
    app.run::<User>(1, &asleep.to_string(), UserCommand::SetEnabled(false)).await;
    // As whoever was an administrator a moment ago: by the role of the token and of the row.
    let other = app.user(1, "other", &[1, 4], "oauthapp.all").await;
    let token = app.sign_in("other", PASSWORD).await;
    let path = format!("/api/User/{other}");
    assert_eq!(app.ask("DELETE", "/api/User/1").bearer(&token).send().await.data(), 1);
    assert_eq!(app.ask("DELETE", &path).bearer(&token).send().await.status, 403);
    app.run::<Tenant>(1, "1", TenantCommand::SetAppTokenLink(true)).await;
    let end = json!({ "rootName": "x", "userName": "other", "op": -1 });
    let ask = app.post("/oauth2/api/v1/oauth.update_user").bearer(&token).json(&end);
    assert_eq!(ask.send().await.json()["code"], 405);
}
