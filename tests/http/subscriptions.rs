//! Subscriptions over HTTP: how they begin and end, who decides on them, and their keys, which are
//! shown once.

use domain::subscription::WhichKey;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::app::{Answer, TestApp, now};

const PATH: &str = "/api/Subscription";

struct Shop {
    app: TestApp,
    admin: String,
    ann: String,
    ann_id: u32,
    bob: String,
}

impl Shop {
    /// With a product that approves at once, one that does not, and one that nobody sees.
    async fn new() -> Self {
        let app = TestApp::new().await;
        let admin = app.admin().await;
        let ann_id = app.user(1, "ann", &[1], "oauthapp.all").await;
        let bob = app.user(1, "bob", &[1], "oauthapp.all").await;
        let (ann, bob) = (app.token_of(ann_id), app.token_of(bob));
        let shop = Self { app, admin, ann, ann_id, bob };
        for product in [
            json!({ "id": "gold", "name": "Gold", "published": true, "subscriptionsLimit": 3 }),
            json!({ "id": "asked", "name": "Asked", "published": true, "approvalRequired": true }),
            json!({ "id": "hidden", "name": "Hidden" }),
        ] {
            shop.post(&shop.admin, "/api/ApiResource/Products", &product).await.data();
        }
        shop
    }

    async fn ask(&self, who: &str, method: &str, path: &str) -> Answer {
        self.app.ask(method, path).bearer(who).send().await
    }

    async fn post(&self, who: &str, path: &str, body: &Value) -> Answer {
        self.app.post(path).bearer(who).json(body).send().await
    }

    /// A subscription of somebody.
    async fn subscribe(&self, who: &str, product: &str) -> Value {
        self.post(who, PATH, &json!({ "productId": product, "name": "mine" })).await.data()
    }

    async fn shown(&self, who: &str, id: &Value) -> Value {
        self.ask(who, "GET", &format!("{PATH}/{id}")).await.data()
    }

    async fn decide(&self, who: &str, id: &Value, what: &str) -> Answer {
        self.ask(who, "POST", &format!("{PATH}/{id}/{what}")).await
    }

    async fn new_key(&self, id: &Value, which: &str, body: &Value) -> Answer {
        self.post(&self.ann, &format!("{PATH}/{id}/Keys/{which}"), body).await
    }

    /// Which key of which subscription this is, if it counts by itself so many seconds from now.
    fn opens(&self, key: &Value, later: i64) -> Option<(u32, WhichKey)> {
        let hash = key_hash(key.as_str().unwrap());
        let tables = self.app.views.read();
        let found = tables.subscriptions.by_key(&hash)?;
        let counts = found.life.counts(now().plus_seconds(later));
        counts.then_some((found.row.data.subscription, found.which))
    }

    fn end(&self) -> u64 {
        self.app.engine.log().head().position
    }
}

/// The first half of its SHA-256.
fn key_hash(key: &str) -> [u8; 16] {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key.as_bytes());
    *hash.as_ref().first_chunk().unwrap()
}

/// The kinds of the events after a position.
fn kinds_after(app: &TestApp, position: u64) -> Vec<String> {
    let events = app.engine.log().read_after(position, usize::MAX).unwrap();
    events.iter().map(|it| it.kind.to_string()).collect()
}

#[tokio::test]
async fn a_subscription_begins_is_stopped_and_ends() {
    let it = Shop::new().await;
    let end = it.end();
    let body = json!({ "productId": "GOLD", "name": " mine ", "expiresAt": "2999-01-02 03:04:05" });
    let made = it.post(&it.ann, PATH, &body).await;
    assert_eq!(made.header("cache-control"), "no-store");
    let made = made.data();
    assert_eq!((&made["id"], &made["state"]), (&json!(1), &json!("active")));
    let kinds = ["subscription.requested.v1", "subscription.activated.v1"];
    assert_eq!(kinds_after(&it.app, end), kinds);
    let events = it.app.engine.log().read_after(end, usize::MAX).unwrap();
    assert_eq!(events[0].commit.command_id, events[1].commit.command_id, "one commit");
    let keys = [&made["primaryKey"], &made["secondaryKey"]];
    assert_ne!(keys[0], keys[1]);
    for (key, which) in keys.into_iter().zip([WhichKey::Primary, WhichKey::Secondary]) {
        let text = key.as_str().unwrap();
        assert!(text.starts_with("chk_") && text.len() == 4 + 43, "{text}");
        assert_eq!(it.opens(key, 0), Some((1, which)));
    }
    let shown = it.shown(&it.ann, &made["id"]).await;
    let hint = |key: &Value| key.as_str().unwrap()[43..].to_owned();
    let end_of_keys = "2999-01-02 03:04:05";
    let mut wanted = json!({
        "id": 1, "productId": "gold", "name": "mine", "ownerUserId": it.ann_id, "state": "active",
        "created": shown["created"], "expiresAt": end_of_keys,
        "keys": [
            { "which": "primary", "hint": hint(keys[0]), "expiresAt": end_of_keys },
            { "which": "secondary", "hint": hint(keys[1]), "expiresAt": end_of_keys },
        ],
    });
    assert_eq!(shown, wanted);
    // Administrators stop it, and let it go on.
    let why = json!({ "reason": "unpaid" });
    it.post(&it.admin, &format!("{PATH}/1/Suspend"), &why).await.data();
    wanted["state"] = json!("suspended");
    wanted["reason"] = json!("unpaid");
    assert_eq!(it.shown(&it.ann, &json!(1)).await, wanted);
    let end = it.end();
    it.decide(&it.admin, &json!(1), "Suspend").await.data();
    assert_eq!(it.end(), end, "it is suspended already");
    it.decide(&it.admin, &json!(1), "Resume").await.data();
    assert_eq!(it.shown(&it.ann, &json!(1)).await["state"], "active");
    let answer = it.ask(&it.ann, "DELETE", &format!("{PATH}/1")).await;
    assert_eq!(answer.data(), true);
    assert_eq!(it.opens(keys[0], 0), None);
    for method in ["GET", "DELETE"] {
        assert_eq!(it.ask(&it.ann, method, &format!("{PATH}/1")).await.code(), 404, "{method}");
    }
    assert_eq!(it.subscribe(&it.ann, "gold").await["id"], 2, "the number is not used again");
}

#[tokio::test]
async fn somebody_agrees_and_only_the_owner_is_shown_keys() {
    let it = Shop::new().await;
    let made = it.subscribe(&it.ann, "asked").await;
    assert_eq!(made, json!({ "id": 1, "state": "submitted" }));
    let id = &made["id"];
    assert_eq!(it.shown(&it.ann, id).await["keys"], json!([]));
    assert_eq!(it.new_key(id, "primary", &json!({})).await.code(), 417, "it has no keys yet");
    for what in ["Suspend", "Resume"] {
        assert_eq!(it.decide(&it.admin, id, what).await.code(), 417, "{what}");
    }
    // Not by oneself.
    for what in ["Approve", "Reject", "Suspend", "Resume"] {
        assert_eq!(it.decide(&it.ann, id, what).await.status, 403, "{what}");
        assert_eq!(it.decide(&it.bob, id, what).await.code(), 404, "{what}");
    }
    let approved = it.decide(&it.admin, id, "Approve").await;
    assert_eq!(approved.data(), true);
    assert!(!approved.text.contains("chk_"), "{}", approved.text);
    assert_eq!(it.decide(&it.admin, id, "Reject").await.code(), 417, "too late");
    let path = format!("{PATH}/{id}/Keys/secondary");
    assert_eq!(it.post(&it.admin, &path, &json!({})).await.status, 403, "not an administrator");
    let key = it.new_key(id, "secondary", &json!({})).await.data()["key"].clone();
    assert_eq!(it.opens(&key, 0), Some((1, WhichKey::Secondary)));
    let second = it.subscribe(&it.ann, "asked").await;
    let body = json!({ "reason": "  no  " });
    it.post(&it.admin, &format!("{PATH}/2/Reject"), &body).await.data();
    let shown = it.shown(&it.ann, &second["id"]).await;
    assert_eq!((&shown["state"], &shown["reason"]), (&json!("rejected"), &json!("no")));
    assert_eq!(it.decide(&it.admin, &json!(2), "Approve").await.code(), 417);
    assert_eq!(it.ask(&it.ann, "DELETE", &format!("{PATH}/2")).await.data(), true);
}

#[tokio::test]
async fn a_key_is_replaced_while_the_other_one_counts() {
    let it = Shop::new().await;
    let made = it.subscribe(&it.ann, "gold").await;
    let (first, second, id) = (&made["primaryKey"], &made["secondaryKey"], &made["id"]);
    let answer = it.new_key(id, "PRIMARY", &json!({})).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let other = &answer.data()["key"];
    assert_eq!(it.opens(first, 0), None, "without oldFor it ends at once");
    assert_eq!(it.opens(other, 0), Some((1, WhichKey::Primary)));
    assert_eq!(it.opens(second, 0), Some((1, WhichKey::Secondary)));
    let third = &it.new_key(id, "primary", &json!({ "oldFor": 60 })).await.data()["key"];
    assert_eq!(it.opens(other, 50), Some((1, WhichKey::Primary)));
    assert_eq!(it.opens(other, 61), None);
    assert_eq!(it.opens(third, 61), Some((1, WhichKey::Primary)));
    let shown = it.shown(&it.ann, id).await;
    assert!(shown["keys"][0]["oldKeyUntil"].is_string(), "{shown}");
    assert!(shown["keys"][1].get("oldKeyUntil").is_none(), "{shown}");
    let until = now().plus_seconds(100).wire();
    let short = it.new_key(id, "secondary", &json!({ "expiresAt": until })).await.data();
    assert_eq!(it.opens(&short["key"], 98), Some((1, WhichKey::Secondary)));
    assert_eq!(it.opens(&short["key"], 101), None, "a key with an end ends then");
    for (body, field) in [
        (json!({ "oldFor": 2_592_001 }), "oldFor"),
        (json!({ "oldFor": -1 }), "oldFor"),
        (json!({ "expiresAt": "2001-01-01" }), "expiresAt"),
    ] {
        it.new_key(id, "primary", &body).await.breaks(field);
    }
    it.new_key(id, "third", &json!({})).await.breaks("which");
    it.new_key(id, "primary", &json!({ "oldFor": 2_592_000 })).await.data();
}

#[tokio::test]
async fn keys_are_shown_once_and_stand_nowhere_else() {
    let it = Shop::new().await;
    let made = it.subscribe(&it.ann, "gold").await;
    let replaced = it.new_key(&made["id"], "primary", &json!({ "oldFor": 60 })).await.data();
    let keys = [&made["primaryKey"], &made["secondaryKey"], &replaced["key"]];
    let paths = ["/api/audit/events?limit=1000", PATH, "/api/Subscription/1"];
    for path in paths {
        let answer = it.ask(&it.admin, "GET", path).await;
        assert_eq!(answer.status, 200, "{path}");
        for key in keys {
            let key = key.as_str().unwrap();
            assert!(!answer.text.contains(&key[4..]), "{path} shows a key: {}", answer.text);
            assert!(!answer.text.contains(&key[20..]), "{path} shows much of a key");
        }
    }
    for event in it.app.engine.log().read_after(0, usize::MAX).unwrap() {
        for key in keys {
            let key = key.as_str().unwrap().as_bytes();
            let has = event.parts.data.windows(20).any(|it| it == &key[10..30]);
            assert!(!has, "{} has a key", event.kind);
        }
    }
}

#[tokio::test]
async fn a_repeated_request_makes_nothing_and_shows_no_key() {
    let it = Shop::new().await;
    let post = async |path: &str, key: &str, body: &Value| {
        let ask = it.app.post(path).bearer(&it.ann).header("idempotency-key", key);
        ask.json(body).send().await
    };
    let gold = json!({ "productId": "gold", "name": "mine" });
    let first = post(PATH, "k-1", &gold).await;
    let end = it.end();
    let again = post(PATH, "k-1", &gold).await;
    assert_eq!((first.code(), again.status), (200, 409), "{}", again.text);
    assert!(!again.text.contains("chk_"), "{}", again.text);
    let asked = json!({ "productId": "asked", "name": "mine" });
    let first = post(PATH, "k-2", &asked).await;
    let again = post(PATH, "k-2", &asked).await;
    assert_eq!((first.data(), first.position()), (again.data(), again.position()));
    assert_eq!(again.header("idempotent-replay"), "true");
    assert_eq!(it.end(), end + 1);
    let path = format!("{PATH}/1/Keys/primary");
    let first = post(&path, "k-3", &json!({})).await;
    let again = post(&path, "k-3", &json!({})).await;
    assert_eq!((first.code(), again.status), (200, 409), "{}", again.text);
    assert_eq!(it.opens(&first.data()["key"], 0), Some((1, WhichKey::Primary)), "the first counts");
    // Side by side.
    let all = (0..5).map(|_| post(PATH, "k-4", &gold));
    let statuses = join_all(all).await.iter().map(|it| it.status).collect::<Vec<_>>();
    assert_eq!(statuses.iter().filter(|it| **it == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|it| [200, 409].contains(it)), "{statuses:?}");
}

#[tokio::test]
async fn a_user_has_as_many_as_the_product_allows_though_twenty_ask_at_once() {
    let it = Shop::new().await;
    let body = json!({ "productId": "gold", "name": "mine" });
    let codes = async || {
        let answers = join_all((0..20).map(|_| it.post(&it.ann, PATH, &body))).await;
        answers.iter().map(Answer::code).collect::<Vec<_>>()
    };
    let first = codes().await;
    assert_eq!(first.iter().filter(|it| **it == 200).count(), 3, "{first:?}");
    assert!(first.iter().all(|it| [200, 417].contains(it)), "{first:?}");
    assert!(codes().await.iter().all(|it| *it == 417));
    // Another user has places of its own, and one that is given back is free.
    it.subscribe(&it.bob, "gold").await;
    let list = it.ask(&it.ann, "GET", PATH).await.json();
    assert_eq!(list["total"], 3);
    let id = &list["data"][1]["id"];
    it.ask(&it.ann, "DELETE", &format!("{PATH}/{id}")).await.data();
    assert_eq!(it.subscribe(&it.ann, "gold").await["state"], "active");
    assert_eq!(it.post(&it.ann, PATH, &body).await.code(), 417);
}

#[tokio::test]
async fn a_user_has_a_hundred_where_the_product_says_no_number() {
    let it = Shop::new().await;
    for _ in 0..100 {
        it.subscribe(&it.ann, "asked").await;
    }
    let body = json!({ "productId": "asked", "name": "mine" });
    assert_eq!(it.post(&it.ann, PATH, &body).await.code(), 417);
    // To all products.
    let gold = json!({ "productId": "gold", "name": "mine" });
    assert_eq!(it.post(&it.ann, PATH, &gold).await.code(), 417);
    it.subscribe(&it.bob, "gold").await;
}

#[tokio::test]
async fn everybody_lists_their_own_and_administrators_all() {
    let it = Shop::new().await;
    for (who, name) in [(&it.ann, "b"), (&it.bob, "c"), (&it.ann, "a")] {
        let body = json!({ "productId": "gold", "name": name });
        it.post(who, PATH, &body).await.data();
    }
    let names = async |who: &str, query: &str| {
        let list = it.ask(who, "GET", &format!("{PATH}?{query}")).await.json();
        let rows = list["data"].as_array().unwrap().iter().map(|it| it["name"].clone());
        (list["total"].clone(), rows.collect::<Vec<_>>())
    };
    assert_eq!(names(&it.ann, "").await, (json!(2), vec![json!("b"), json!("a")]));
    assert_eq!(names(&it.bob, "").await, (json!(1), vec![json!("c")]));
    assert_eq!(names(&it.admin, "take=1&skip=1").await, (json!(3), vec![json!("c")]));
    let by_name = names(&it.admin, "orderby=name&asc=true").await.1;
    assert_eq!(by_name, ["a", "b", "c"]);
    let by_owner = names(&it.admin, "orderby=ownerUserId").await.1;
    assert_eq!(by_owner, ["c", "a", "b"]);
    let body = json!({ "productId": "gold", "name": "d" });
    let far = it.app.tenant("far:8080").await;
    let roles = it.app.roles(far).await;
    let boss = it.app.user(far, "boss", &roles, "oauthapp.all").await;
    let claims = json!({
        "iss": "http://far:8080", "sub": boss.to_string(), "role": ["user", "administrator"],
        "client_tenant": { "id": far },
    });
    let boss = it.app.mint(far, &claims);
    let list = it.app.get(PATH).host("far:8080").bearer(&boss).send().await.json();
    assert_eq!(list["total"], 0);
    it.app.post(PATH).host("far:8080").bearer(&boss).json(&body).send().await.breaks("productId");
}

#[tokio::test]
async fn one_subscribes_to_what_one_sees_and_says_it_well() {
    let it = Shop::new().await;
    let end = it.end();
    for (body, field) in [
        (json!({ "name": "mine" }), "productId"),
        (json!({ "productId": "none", "name": "mine" }), "productId"),
        (json!({ "productId": "hidden", "name": "mine" }), "productId"),
        (json!({ "productId": "gold" }), "name"),
        (json!({ "productId": "gold", "name": " " }), "name"),
        (json!({ "productId": "gold", "name": "x".repeat(301) }), "name"),
        (json!({ "productId": "gold", "name": "x", "expiresAt": "2001-01-01" }), "expiresAt"),
        (json!({ "productId": "gold", "name": "x", "expiresAt": "soon" }), "expiresAt"),
    ] {
        it.post(&it.ann, PATH, &body).await.breaks(field);
    }
    assert_eq!(it.end(), end);
    // Administrators try what nobody sees yet.
    let made = it.subscribe(&it.admin, "hidden").await;
    assert_eq!(made["state"], "active");
    let long = json!({ "reason": "x".repeat(501) });
    let path = format!("{PATH}/{}/Suspend", made["id"]);
    it.post(&it.admin, &path, &long).await.breaks("reason");
}

#[tokio::test]
async fn a_request_is_judged_by_the_product_of_now() {
    let it = Shop::new().await;
    let change = json!({ "approvalRequired": true });
    let change =
        it.app.ask("PUT", "/api/ApiResource/Products/gold").bearer(&it.admin).json(&change);
    let change = change.send();
    let body = json!({ "productId": "gold", "name": "mine" });
    let (changed, made) = tokio::join!(change, it.post(&it.ann, PATH, &body));
    assert_eq!((changed.code(), made.code()), (200, 200));
    // What it is comes of the product as it was in the log before the request.
    let events = it.app.engine.log().read_after(0, usize::MAX).unwrap();
    let at = |kind: &str| events.iter().rfind(|it| &*it.kind == kind).map(|it| it.position);
    let approved = at("subscription.activated.v1").is_some();
    let product_first = at("product.updated.v1") < at("subscription.requested.v1");
    assert_eq!(approved, !product_first);
}
