//! Gateways over HTTP: how they are registered, their keys, and what they say of themselves.

use serde_json::{Value, json};
use tests::app::{Answer, TestApp};

const PATH: &str = "/api/Gateway";

struct Edge {
    app: TestApp,
    admin: String,
}

impl Edge {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let admin = app.admin().await;
        Self { app, admin }
    }

    async fn ask(&self, method: &str, path: &str) -> Answer {
        self.app.ask(method, path).bearer(&self.admin).send().await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.app.post(path).bearer(&self.admin).json(body).send().await
    }

    /// What a new gateway proves itself with.
    async fn register(&self, name: &str) -> String {
        let made = self.post(PATH, &json!({ "name": name })).await.data();
        format!("{name}:{}", made["key"].as_str().unwrap())
    }

    /// A gateway says something of itself.
    async fn says(&self, proof: &str, what: &str, body: &Value) -> Answer {
        let ask = self.app.post(&format!("{PATH}/{what}")).header("x-chancery-gateway", proof);
        ask.json(body).send().await
    }

    /// The first one of the list.
    async fn shown(&self) -> Value {
        self.ask("GET", PATH).await.data()[0].clone()
    }

    fn end(&self) -> u64 {
        self.app.engine.log().head().position
    }
}

fn applied(position: u64) -> Value {
    json!({
        "position": position, "configuration": "0a".repeat(32), "reloadMicros": 120_000,
        "program": "nginx/1.22.1",
    })
}

fn refused(position: u64) -> Value {
    json!({ "position": position, "reason": "unknown directive \"x\"" })
}

#[tokio::test]
async fn a_gateway_is_registered_reports_and_retires() {
    let it = Edge::new().await;
    let made = it.post(PATH, &json!({ "name": "Edge-1", "kind": "json" })).await;
    assert_eq!(made.header("cache-control"), "no-store");
    let made = made.data();
    let key = made["key"].as_str().unwrap();
    assert!(key.starts_with("chg_") && key.len() == 4 + 43, "{key}");
    let fresh = json!({ "id": 1, "name": "Edge-1", "kind": "json", "keyHint": &key[43..] });
    assert_eq!(it.shown().await, fresh);
    let proof = format!("edge-1:{key}");
    let end = it.end();
    let answer = it.says(&proof, "Applied", &applied(end)).await;
    assert_eq!((answer.data(), answer.position()), (json!(true), end + 1));
    let event = it.app.engine.log().read_at(&[end + 1]).unwrap().remove(0);
    assert_eq!(event.commit.actor.to_string(), "gateway-1");
    let mut wanted = fresh.clone();
    for (name, value) in applied(end).as_object().unwrap() {
        let name = if name == "position" { "appliedPosition" } else { name };
        wanted[name] = value.clone();
    }
    let shown = it.shown().await;
    wanted["lastSeen"] = shown["lastSeen"].clone();
    assert!(wanted["lastSeen"].is_string(), "{shown}");
    assert_eq!(shown, wanted);
    it.says(&proof, "Applied", &applied(end)).await.data();
    assert_eq!(it.end(), end + 1, "the same again is no event");
    it.says(&proof, "Refused", &refused(end + 1)).await.data();
    let shown = it.shown().await;
    assert_eq!(shown["refusedPosition"], end + 1);
    assert_eq!(shown["lastError"], "unknown directive \"x\"");
    assert_eq!(shown["appliedPosition"], end, "the old one serves");
    // A gateway that was restored goes back, and its error is past.
    let mut back = applied(1);
    back["proof"] = json!("position");
    it.says(&proof, "Applied", &back).await.data();
    let shown = it.shown().await;
    assert_eq!((&shown["appliedPosition"], &shown["proof"]), (&json!(1), &json!("position")));
    assert!(shown.get("lastError").is_none() && shown.get("refusedPosition").is_none(), "{shown}");
    assert_eq!(it.ask("DELETE", &format!("{PATH}/1")).await.data(), true);
    assert_eq!(it.ask("GET", PATH).await.data(), json!([]));
    assert_eq!(it.ask("DELETE", &format!("{PATH}/1")).await.code(), 404);
    assert_eq!(it.says(&proof, "Applied", &applied(2)).await.status, 401, "retired");
    // Its name is free, its number is not.
    assert_eq!(it.post(PATH, &json!({ "name": "EDGE-1" })).await.data()["id"], 2);
}

#[tokio::test]
async fn who_is_no_gateway_of_this_tenant_says_nothing() {
    let it = Edge::new().await;
    let proof = it.register("edge").await;
    it.register("other").await;
    let key = proof.split_once(':').unwrap().1;
    let end = it.end();
    let [too_short, twisted] = [&key[..40], &format!("{key}x")].map(|it| format!("edge:{it}"));
    let stolen = format!("other:{key}");
    for wrong in ["", "edge", "edge:", ":", key, &too_short, &twisted, &stolen, "none:chg_x"] {
        for what in ["Applied", "Refused"] {
            let answer = it.says(wrong, what, &applied(1)).await;
            assert_eq!(answer.status, 401, "{wrong}");
            assert_eq!(answer.json()["codeName"], "Unauthorized");
            assert_eq!(answer.header("www-authenticate"), "Chancery-Gateway realm=\"chancery\"");
            assert!(!answer.text.contains("chg_"), "{}", answer.text);
        }
    }
    // No token stands for it.
    assert_eq!(it.post("/api/Gateway/Applied", &applied(1)).await.status, 401);
    it.app.tenant("far:8080").await;
    let ask = it.app.post("/api/Gateway/Applied").host("far:8080");
    let far = ask.header("x-chancery-gateway", &proof).json(&applied(1)).send().await;
    assert_eq!(far.status, 401, "a gateway of another tenant");
    let bare = it.app.post("/api/Gateway/Applied").json(&applied(1)).send().await;
    assert_eq!(bare.status, 401);
    let events = it.app.engine.log().read_after(end, usize::MAX).unwrap();
    assert!(events.iter().all(|it| !it.kind.starts_with("gateway.")));
    it.says(&proof, "Applied", &applied(1)).await.data();
}

#[tokio::test]
async fn a_report_names_what_is_wrong_with_it() {
    let it = Edge::new().await;
    let proof = it.register("edge").await;
    let end = it.end();
    it.says(&proof, "Applied", &applied(end + 1)).await.breaks("position");
    it.says(&proof, "Refused", &refused(end + 1)).await.breaks("position");
    for (member, value) in [
        ("position", json!(null)),
        ("position", json!(-1)),
        ("configuration", json!("0a")),
        ("configuration", json!("zz".repeat(32))),
        ("reloadMicros", json!(null)),
        ("program", json!(" ")),
        ("program", json!("x".repeat(101))),
        ("proof", json!("x".repeat(101))),
    ] {
        let mut body = applied(1);
        body[member] = value;
        it.says(&proof, "Applied", &body).await.breaks(member);
    }
    for (member, value) in
        [("position", json!(null)), ("reason", json!("")), ("reason", json!("x".repeat(501)))]
    {
        let mut body = refused(1);
        body[member] = value;
        it.says(&proof, "Refused", &body).await.breaks(member);
    }
    assert_eq!(it.end(), end);
}

#[tokio::test]
async fn a_key_is_replaced_and_the_old_one_counts_for_a_while() {
    let it = Edge::new().await;
    let first = it.register("edge").await;
    let path = format!("{PATH}/1/Key");
    let replace = async |body: Value| {
        let key = it.post(&path, &body).await.data()["key"].as_str().unwrap().to_owned();
        format!("edge:{key}")
    };
    let status = async |proof: &str| it.says(proof, "Applied", &applied(1)).await.status;
    let second = replace(json!({})).await;
    assert_eq!((status(&first).await, status(&second).await), (401, 200), "at once");
    let third = replace(json!({ "oldFor": 60 })).await;
    assert_eq!((status(&second).await, status(&third).await), (200, 200));
    assert!(it.shown().await["oldKeyUntil"].is_string());
    it.app.clock.shift_wall(59);
    assert_eq!(status(&second).await, 200);
    it.app.clock.shift_wall(2);
    assert_eq!((status(&second).await, status(&third).await), (401, 200), "its time is over");
    it.post(&path, &json!({ "oldFor": 2_592_001 })).await.breaks("oldFor");
    assert_eq!(it.post(&format!("{PATH}/7/Key"), &json!({})).await.code(), 404);
}

#[tokio::test]
async fn keys_are_shown_once_and_stand_nowhere_else() {
    let it = Edge::new().await;
    let post = async |path: &str, body: &Value| {
        let ask = it.app.post(path).bearer(&it.admin).header("idempotency-key", "once");
        ask.json(body).send().await
    };
    let body = json!({ "name": "edge" });
    let key_path = format!("{PATH}/1/Key");
    let mut keys = Vec::new();
    for (path, body) in [(PATH, &body), (&*key_path, &json!({}))] {
        let first = post(path, body).await.data();
        keys.push(first["key"].as_str().unwrap().to_owned());
        let end = it.end();
        let again = post(path, body).await;
        assert_eq!(again.status, 409, "{path}: {}", again.text);
        assert_eq!(it.end(), end, "{path}");
    }
    for path in [PATH, "/api/audit/events?limit=1000"] {
        let answer = it.ask("GET", path).await;
        for key in &keys {
            assert!(!answer.text.contains(&key[10..]), "{path} shows a key: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn administrators_register_a_hundred_gateways_with_names_of_their_own() {
    let it = Edge::new().await;
    for number in 0..100 {
        it.register(&format!("edge-{number}")).await;
        if number == 0 {
            let taken = it.post(PATH, &json!({ "name": "EDGE-0" })).await;
            assert_eq!(taken.code(), 417);
            assert!(taken.text.contains("gateway name"), "{}", taken.text);
        }
    }
    assert_eq!(it.post(PATH, &json!({ "name": "one-more" })).await.code(), 417);
    it.ask("DELETE", &format!("{PATH}/7")).await.data();
    it.register("one-more").await;
    for (body, field) in [
        (json!({}), "name"),
        (json!({ "name": "a b" }), "name"),
        (json!({ "name": "a:b" }), "name"),
        (json!({ "name": "a", "kind": "x y" }), "kind"),
    ] {
        it.ask("DELETE", &format!("{PATH}/8")).await;
        it.post(PATH, &body).await.breaks(field);
    }
    let ann = it.app.user(1, "ann", &[1], "oauthapp.all").await;
    let ann = it.app.token_of(ann);
    for (method, path) in [
        ("GET", PATH),
        ("POST", PATH),
        ("DELETE", "/api/Gateway/1"),
        ("POST", "/api/Gateway/1/Key"),
    ] {
        let ask = it.app.ask(method, path).bearer(&ann).json(&json!({ "name": "ann" }));
        assert_eq!(ask.send().await.status, 403, "{method} {path}");
    }
}

#[tokio::test]
async fn a_repeated_report_is_noted_once() {
    let it = Edge::new().await;
    let proof = it.register("edge").await;
    let end = it.end();
    let report = async |body: &Value| {
        let ask = it.app.post("/api/Gateway/Refused").header("x-chancery-gateway", &proof);
        ask.header("idempotency-key", "once").json(body).send().await
    };
    let first = report(&refused(1)).await;
    it.says(&proof, "Applied", &applied(1)).await.data();
    let again = report(&refused(1)).await;
    assert_eq!((first.position(), again.position()), (end + 1, end + 1));
    assert_eq!(again.header("idempotent-replay"), "true");
    assert_eq!(report(&refused(2)).await.status, 422);
}
