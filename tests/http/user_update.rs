//! Row 80: `PUT /api/User` (contracts 32), and `POST /api/User/{id}/Erase`.

use domain::user::{User, UserCommand};
use serde_json::{Value, json};
use tests::app::{Answer, PASSWORD, TestApp};

struct People {
    app: TestApp,
    admin: String,
    ann: String,
    ann_id: u32,
}

impl People {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let admin = app.admin().await;
        let ann = json!({
            "userName": "ann", "passwordHash": "grue-Ham7ster", "email": "ann@example.org",
            "phoneNumber": "555 1", "nickName": "Annie", "stature": 1.7, "points": 5,
            "emailConfirmed": true, "status": 3,
            "claims": [
                { "claimType": "permission", "claimValue": "oauthapp.user.all" },
                { "claimType": "team", "claimValue": "blue" },
            ],
            "files": [{ "fileType": 0, "files": "[]" }],
        });
        let ann_id = app.post("/api/User").bearer(&admin).json(&ann).send().await.data();
        let ann_id = ann_id.as_u64().unwrap() as u32;
        let ann = app.sign_in("ann", "grue-Ham7ster").await;
        Self { app, admin, ann, ann_id }
    }

    async fn put(&self, token: &str, mut body: Value) -> Answer {
        body["id"] = body.get("id").cloned().unwrap_or(json!(self.ann_id));
        self.app.ask("PUT", "/api/User").bearer(token).json(&body).send().await
    }

    async fn shown(&self) -> Value {
        let path = format!("/api/User/{}", self.ann_id);
        self.app.get(&path).bearer(&self.admin).send().await.data()
    }

    fn end(&self) -> u64 {
        self.app.engine.log().head().position
    }
}

#[tokio::test]
async fn what_the_body_lacks_stays_and_null_clears() {
    let it = People::new().await;
    let (shown, end) = (it.shown().await, it.end());
    assert_eq!(it.put(&it.admin, shown.clone()).await.data(), it.ann_id);
    assert_eq!((it.end(), it.shown().await), (end, shown.clone()), "sent back as it was read");
    let body = json!({ "NickName": "Ann", "gender": "f", "money": 2.5, "email": " " });
    assert_eq!(it.put(&it.admin, body).await.data(), it.ann_id);
    let now = it.shown().await;
    for (member, value) in [
        ("nickName", json!("Ann")),
        ("gender", json!("f")),
        ("money", json!(2.5)),
        ("email", json!("ann@example.org")),
        ("emailConfirmed", json!(true)),
        ("points", json!(5)),
        ("claims", shown["claims"].clone()),
        ("files", shown["files"].clone()),
    ] {
        assert_eq!(now[member], value, "{member}");
    }
    let body = json!({ "nickName": null, "points": null, "files": null, "phoneNumber": null });
    it.put(&it.admin, body).await.data();
    let now = it.shown().await;
    assert!(now.get("nickName").is_none() && now.get("phoneNumber").is_none(), "{now}");
    assert_eq!((&now["points"], &now["files"]), (&json!(0), &json!([])));
}

/// It is found by what it says now, and what it held is free.
#[tokio::test]
async fn a_new_address_is_found_claimed_and_not_yet_proved() {
    let it = People::new().await;
    it.put(&it.admin, json!({ "email": "new@example.org", "phoneNumber": "555 2" })).await.data();
    let total = |query: &str| {
        let ask = it.app.get(&format!("/api/User?{query}")).bearer(&it.admin);
        async move { ask.send().await.json()["total"].clone() }
    };
    for (query, wanted) in [
        ("q.email=NEW@example.org", 1),
        ("q.email=ann@example.org", 0),
        ("q.phoneNumber=555%202", 1),
        ("q.phoneNumber=555%201", 0),
    ] {
        assert_eq!(total(query).await, wanted, "{query}");
    }
    assert_eq!(it.shown().await["emailConfirmed"], false);
    let ben = json!({ "userName": "ben", "email": "new@example.org" });
    let ben_of = |ben: Value| it.app.post("/api/User").bearer(&it.admin).json(&ben).send();
    assert_eq!(ben_of(ben).await.code(), 100_009);
    let ben = json!({ "userName": "ben", "email": "ann@example.org" });
    let ben = ben_of(ben).await.data();
    let taken = it.put(&it.admin, json!({ "id": ben, "email": "new@example.org" })).await;
    assert_eq!(taken.code(), 417, "{}", taken.text);
}

#[tokio::test]
async fn administrators_who_edit_at_once_do_not_lose_one_anothers_fields() {
    let it = People::new().await;
    let seen = it.shown().await;
    let mut first = seen.clone();
    first["nickName"] = json!("first");
    it.put(&it.admin, first).await.data();
    let mut second = seen;
    second["remark"] = json!("second");
    let late = it.put(&it.admin, second).await;
    assert_eq!(late.code(), 417, "{}", late.text);
    assert_eq!(it.shown().await["nickName"], "first");
}

/// Each puts its update together from the row before the others.
#[tokio::test]
async fn updates_at_the_same_moment_take_no_field_back() {
    let it = People::new().await;
    let members = ["nickName", "gender", "address", "remark", "countryCode", "description"];
    let updates = members.map(|member| it.put(&it.admin, json!({ member: "set" })));
    for answer in futures_util::future::join_all(updates).await {
        assert_eq!(answer.code(), 200, "{}", answer.text);
    }
    let now = it.shown().await;
    members.iter().for_each(|member| assert_eq!(now[member], "set", "{member}: {now}"));
}

#[tokio::test]
async fn people_change_what_they_say_of_themselves_and_nothing_else() {
    let it = People::new().await;
    let body = json!({ "nickName": "me", "birthday": "1990-01-02 00:00:00", "files": [] });
    assert_eq!(it.put(&it.ann, body).await.data(), it.ann_id);
    let own = it.app.get(&format!("/api/User/{}", it.ann_id)).bearer(&it.ann).send().await.data();
    assert_eq!(it.put(&it.ann, own).await.data(), it.ann_id, "as it was read");
    let end = it.end();
    for body in [
        json!({ "email": "other@example.org" }),
        json!({ "points": 6 }),
        json!({ "roles": [{ "roleId": 4 }] }),
        json!({ "claims": [{ "claimType": "permission", "claimValue": "oauthapp.all" }] }),
        json!({ "lockFlag": true }),
        json!({ "remark": "mine" }),
        json!({ "permission": "screens" }),
    ] {
        assert_eq!(it.put(&it.ann, body.clone()).await.status, 403, "{body}");
    }
    for other in [1, 77] {
        assert_eq!(it.put(&it.ann, json!({ "id": other, "nickName": "x" })).await.status, 403);
    }
    assert_eq!(it.put(&it.admin, json!({ "id": 77 })).await.code(), 404);
    assert_eq!(it.end(), end);
}

#[tokio::test]
async fn rights_and_locks_count_from_the_next_request_on() {
    let it = People::new().await;
    let path = format!("/api/User/{}", it.ann_id);
    let ask = || it.app.get(&path).bearer(&it.ann).send();
    assert_eq!(ask().await.code(), 200);
    it.put(&it.admin, json!({ "lockFlag": true })).await.data();
    assert_eq!(ask().await.status, 401);
    it.put(&it.admin, json!({ "lockFlag": false })).await.data();
    assert_eq!(ask().await.code(), 200);
    it.put(&it.admin, json!({ "claims": null })).await.data();
    assert_eq!(ask().await.status, 403);
    // The last administrator stays one.
    for body in [json!({ "id": 1, "lockFlag": true }), json!({ "id": 1, "roles": null })] {
        assert_eq!(it.put(&it.admin, body).await.code(), 417);
    }
}

#[tokio::test]
async fn wrong_updates_are_refused_by_field() {
    let it = People::new().await;
    let end = it.end();
    for (body, field) in [
        (json!({ "userName": "other" }), "userName"),
        (json!({ "passwordHash": PASSWORD }), "passwordHash"),
        (json!({ "parentUserID": 77 }), "parentUserID"),
        (json!({ "userKey": "x" }), "userKey"),
        (json!({ "email": "no" }), "email"),
        (json!({ "nickName": "x".repeat(257) }), "nickName"),
        (json!({ "nickName": "a\u{1}" }), "nickName"),
        (json!({ "money": 1e300 }), "money"),
        (json!({ "status": "x" }), "status"),
        (json!({ "roles": [{ "roleId": 77 }] }), "roles.roleId"),
    ] {
        it.put(&it.admin, body).await.breaks(field);
    }
    assert_eq!(it.end(), end);
    it.app.run::<User>(1, &it.ann_id.to_string(), UserCommand::Delete).await;
    assert_eq!(it.put(&it.admin, json!({ "nickName": "x" })).await.code(), 404);
}

#[tokio::test]
async fn an_erased_person_is_forgotten_in_what_was_said_later_too() {
    let it = People::new().await;
    it.put(&it.admin, json!({ "nickName": "Hidden Name", "email": "late@example.org" }))
        .await
        .data();
    let path = format!("/api/User/{}/Erase", it.ann_id);
    let erase = |token: String| {
        let ask = it.app.post(&path).bearer(&token);
        async move { ask.send().await }
    };
    assert_eq!(erase(it.ann.clone()).await.status, 403);
    assert_eq!(it.app.post("/api/User/1/Erase").bearer(&it.admin).send().await.status, 403);
    let erased = erase(it.admin.clone()).await;
    assert_eq!(erased.data(), it.end());
    assert_eq!(erase(it.admin.clone()).await.code(), 404);
    assert_eq!(it.app.try_sign_in("ann", "grue-Ham7ster").await.json()["error"], "invalid_grant");
    let audit = it.app.get("/api/audit/events?limit=1000").bearer(&it.admin).send().await;
    assert!(audit.text.contains("user.updated.v1"), "{}", audit.text);
    for said in ["Hidden Name", "late@example.org", "Annie"] {
        assert!(!audit.text.contains(said), "{said}");
    }
    // Who was deleted before is forgotten, too, and by administrators of the tenant only.
    let zed = json!({ "userName": "zed", "nickName": "Gone Name" });
    let zed = it.app.post("/api/User").bearer(&it.admin).json(&zed).send().await.data();
    let path = format!("/api/User/{zed}");
    it.app.ask("DELETE", &path).bearer(&it.admin).send().await.data();
    let erase = || it.app.post(&format!("{path}/Erase")).bearer(&it.admin);
    let foreign = it.app.tenant("far:8080").await;
    let roles = it.app.roles(foreign).await;
    let boss = it.app.user(foreign, "boss", &roles, "oauthapp.all").await;
    let claims = json!({
        "iss": "http://far:8080", "sub": boss.to_string(), "role": ["user", "administrator"],
        "client_tenant": { "id": foreign },
    });
    let boss = it.app.mint(foreign, &claims);
    let far = it.app.post(&format!("{path}/Erase")).host("far:8080").bearer(&boss);
    assert_eq!(far.send().await.code(), 404);
    assert_eq!(erase().send().await.data(), it.end());
    assert_eq!(erase().send().await.code(), 404);
    let audit = it.app.get("/api/audit/events?limit=1000").bearer(&it.admin).send().await;
    assert!(!audit.text.contains("Gone Name"), "{}", audit.text);
    // The address is free.
    let again = json!({ "userName": "ann", "email": "late@example.org" });
    let again = it.app.post("/api/User").bearer(&it.admin).json(&again).send().await;
    assert_eq!(again.code(), 200, "{}", again.text);
}
