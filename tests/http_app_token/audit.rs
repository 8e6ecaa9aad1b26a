//! Everything shows in the log for administrators, and no secret does.

use serde_json::{Value, json};
use tests::app::Answer;

use tests::service::{CLEAR, NOT_FOUND, Service, md5_of, pair, refused, success};

/// What must not be readable anywhere, and the last answer of the audit.
async fn story() -> (Service, Vec<String>) {
    let service = Service::open_with(|it| it.grace_seconds = 0).await;
    let app = service.app_of("alice").await;
    let gone = service.app_of("alice").await;
    service.user("alice").await;
    let login = service.login("alice").await;
    let of_app = service.authorize(&app).await;
    let refreshed = pair(&service.refresh(&login.refresh).await);
    refused(&service.refresh(&login.refresh).await, NOT_FOUND);
    let update = json!({
        "rootName": "root", "userName": "alice", "op": 1, "password": md5_of(&["sesame-second-7"]),
        "userInfo": "bmV3",
    });
    success(&service.call("update_user", &update).await);
    let delete = json!({ "appId": gone.id, "username": "alice" });
    success(&service.call("delete_app", &delete).await);
    let delete = json!({ "rootName": "root", "userName": "alice", "op": -1 });
    success(&service.call("update_user", &delete).await);
    let mut secrets = vec![app.secret, gone.secret];
    for pair in [login, of_app, refreshed] {
        secrets.extend([pair.access, pair.refresh]);
    }
    for clear in [CLEAR, "sesame-second-7"] {
        secrets.extend([md5_of(&[clear]), md5_of(&[clear]).to_lowercase(), clear.to_owned()]);
    }
    (service, secrets)
}

async fn audit(service: &Service, query: &str) -> Answer {
    let admin = service.app.admin().await;
    service.app.shows(service.app.engine.log().head().position).await;
    let path = format!("/api/audit/events?limit=1000&{query}");
    let answer = service.app.get(&path).bearer(&admin).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

fn kinds(page: &Answer) -> Vec<String> {
    let events = page.json()["data"].as_array().unwrap().clone();
    events.iter().map(|it| it["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_change_is_in_the_log_under_its_kind() {
    let (service, _) = story().await;
    let page = audit(&service, "").await;
    let kinds = kinds(&page);
    for (kind, least) in [
        ("app.created.v1", 3),
        ("app.deleted.v1", 1),
        ("app_user.registered.v1", 1),
        ("app_user.password_set.v1", 1),
        ("app_user.info_set.v1", 1),
        ("app_user.deleted.v1", 1),
        ("app_token.issued.v2", 2),
        ("app_token.refreshed.v1", 1),
        ("app_token.family_revoked.v1", 1),
    ] {
        let count = kinds.iter().filter(|it| *it == kind).count();
        assert!(count >= least, "{count} times {kind} among {kinds:?}");
    }
    for event in page.json()["data"].as_array().unwrap() {
        for member in ["stream", "kind", "time", "actor", "commandId"] {
            assert!(event[member].as_str().is_some_and(|it| !it.is_empty()), "{member}: {event}");
        }
        assert_eq!(event["tenant"], 1, "{event}");
    }
}

#[tokio::test]
async fn the_log_shows_no_secret() {
    let (service, secrets) = story().await;
    for page in [audit(&service, "").await, audit(&service, "tenant=*").await] {
        for secret in &secrets {
            assert!(!page.text.contains(secret.as_str()), "{secret} is shown");
        }
    }
    let metrics = service.app.get("/metrics").send().await.text;
    let document = service.app.get("/swagger/v1/swagger.json").send().await.text;
    for text in [metrics, document] {
        assert!(!secrets.iter().any(|it| text.contains(it.as_str())));
    }
}

/// The bytes of the log itself: secrets are sealed, tokens are hashes.
#[tokio::test]
async fn the_stored_events_hold_no_secret() {
    let (service, secrets) = story().await;
    let key = service.app_of("zoe").await.key;
    let mut stored = Vec::new();
    for event in service.app.engine.log().read_after(0, 1_000).unwrap() {
        for part in
            [Some(&event.parts.data), event.parts.personal.as_ref(), event.parts.secret.as_ref()]
        {
            stored.extend_from_slice(part.map_or(&[], |it| &it[..]));
        }
    }
    let holds = |text: &str| stored.windows(text.len()).any(|it| it == text.as_bytes());
    assert!(holds(&key), "the key of an app is public: this test looks at the right bytes");
    for secret in &secrets {
        assert!(!holds(secret), "{secret} is stored");
    }
    for personal in ["alice", "bmV3", "eyJuYW1lIjoiZGVtbyJ9", "192.0.2.7"] {
        assert!(!holds(personal), "{personal} is stored in the clear");
    }
}

#[tokio::test]
async fn the_log_says_who_it_was() {
    let service = Service::with(|_| ()).await;
    let admin = service.app.admin().await;
    service.app.app_root(1, "root", CLEAR).await;
    let root = service.login("root").await;
    let of = |answer: &Answer| answer.position();
    let body = tests::service::user_body("root", "alice");
    let by_root = of(&service.call_as(&root.access, "create_user", &body).await);
    let body = json!({ "username": "alice" });
    let by_admin = of(&service.call_as(&admin, "create_oauth", &body).await);
    let page = audit(&service, "").await.json();
    let actor = |position: u64| -> Value {
        let events = page["data"].as_array().unwrap();
        events.iter().find(|it| it["position"] == position).unwrap()["actor"].clone()
    };
    assert_eq!(actor(by_admin), "user-1");
    assert!(actor(by_root).as_str().unwrap().starts_with("app_user-"), "{}", actor(by_root));
}

#[tokio::test]
async fn a_refusal_writes_nothing() {
    let service = Service::open().await;
    service.user("alice").await;
    let app = service.app_of("alice").await;
    let login = service.login("alice").await;
    let head = service.app.engine.log().head().position;
    service.try_login("alice", "wrong").await;
    service.try_login("nobody", CLEAR).await;
    service.call("authorize", &json!({ "appId": app.id })).await;
    service.refresh(&login.access).await;
    service.check("x").await;
    service.call("create_user", &tests::service::user_body("root", "alice")).await;
    let unknown = json!({ "rootName": "root", "userName": "nobody", "op": -1 });
    service.call("update_user", &unknown).await;
    service.call("delete_app", &json!({ "username": "alice", "appId": "none" })).await;
    assert_eq!(service.app.engine.log().head().position, head);
}

/// No operation returns the type of a token, so it is read where it is kept.
#[tokio::test]
async fn a_refresh_keeps_the_type_of_a_token() {
    let service = Service::open().await;
    service.user("alice").await;
    let app = service.app_of("alice").await;
    for (pair_of_old, token_type) in
        [(service.login("alice").await, "login"), (service.authorize(&app).await, "svc")]
    {
        let after = service.app.engine.log().head().position;
        pair(&service.refresh(&pair_of_old.refresh).await);
        let page = audit(&service, &format!("kind=app_token.issued.v2&after={after}")).await;
        let types = page.json()["data"].as_array().unwrap().clone();
        let types = types.iter().map(|it| it["personal"]["tokenType"].clone()).collect::<Vec<_>>();
        assert_eq!(types, [json!(token_type)]);
    }
}
