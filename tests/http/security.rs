//! Who is refused, and who reads: in the figures and in the log.

use commands::{EventJson, Personal};
use domain::user::{User, UserCommand};
use serde_json::{Value, json};
use tests::app::{Answer, PASSWORD, TestApp, others_go_on};

const HERE: &str = "192.0.2.7";

async fn noticing() -> TestApp {
    let app = TestApp::new().await;
    app.write_security_events();
    app
}

/// What the log has of them by now.
async fn events(app: &TestApp) -> Vec<EventJson> {
    others_go_on().await;
    let events = app.engine.log().read_after(0, 10_000).unwrap();
    let events = events.iter().filter(|it| it.stream.category() == "security");
    events.map(|it| EventJson::new(it, app.engine.keys(), Personal::Shown).unwrap()).collect()
}

/// Rule, account and count of each; of a count that was told later, only the count.
fn told(events: &[EventJson]) -> Vec<Value> {
    let told = events.iter().map(|it| match it.data.get("rule") {
        Some(rule) => json!([rule, it.data["who"], it.data["count"]]),
        None => it.data["count"].clone(),
    });
    told.collect()
}

async fn sign_in(app: &TestApp, name: &str, password: &str) -> Answer {
    let form = [
        ("grant_type", "password"),
        ("client_id", "chancery-cli"),
        ("username", name),
        ("password", password),
    ];
    app.post("/connect/token").from(HERE).form(&form).send().await
}

#[tokio::test]
async fn wrong_passwords_are_told_as_one() {
    let app = noticing().await;
    for _ in 0..3 {
        assert_eq!(sign_in(&app, "admin", "grue-Ham7ster").await.status, 400);
    }
    assert_eq!(sign_in(&app, "Nobody-of-us", "grue-Ham7ster").await.status, 400);
    let events = events(&app).await;
    assert_eq!(
        told(&events),
        [json!(["wrongPassword", "user-1", 1]), json!(2), json!(["wrongPassword", null, 1])]
    );
    assert_eq!(
        (events[1].kind.as_str(), &events[1].stream),
        ("security.counted.v1", &events[0].stream)
    );
    assert_eq!(events[1].data["ended"], false);
    let first = &events[0];
    assert_eq!((first.actor.as_str(), first.subject), ("system", Some(1)));
    assert_eq!(first.operation.as_deref(), Some("ConnectToken"));
    assert_eq!(first.data["addressHash"].as_str().unwrap().len(), 32);
    assert_eq!(first.data["addressHash"], events[2].data["addressHash"], "one network");
    // The address stands under the key of the account only; of an unknown one nothing is said.
    assert_eq!(first.personal, Some(json!({ "address": HERE })));
    assert_eq!((&events[2].personal, events[2].subject), (&None, None));
    let data = events.iter().map(|it| it.data.to_string()).collect::<String>();
    assert!(!data.contains(HERE) && !data.contains("Nobody"), "{data}");
    assert_eq!(app.refusals("wrong_password").await, 4);
    assert_eq!(app.refusals("missing_right").await, 0);
}

#[tokio::test]
async fn a_right_password_of_whoever_may_not_sign_in_is_no_wrong_one() {
    let app = noticing().await;
    let user = app.user(1, "ann", &[1], "oauthapp.all").await;
    app.run::<User>(1, &user.to_string(), UserCommand::SetEnabled(false)).await;
    assert_eq!(sign_in(&app, "ann", PASSWORD).await.status, 400);
    assert_eq!(told(&events(&app).await), [json!(["notLetIn", format!("user-{user}"), 1])]);
    assert_eq!((app.refusals("not_let_in").await, app.refusals("wrong_password").await), (1, 0));
}

#[tokio::test]
async fn a_try_before_the_wait_is_over_is_told() {
    let app = noticing().await;
    let mut wrong = 0;
    while sign_in(&app, "admin", "grue-Ham7ster").await.status == 400 {
        wrong += 1;
    }
    assert_eq!(app.refusals("wrong_password").await, wrong);
    assert_eq!(app.refusals("too_many_tries").await, 1);
    let last = events(&app).await.pop().unwrap();
    assert_eq!(told(&[last]), [json!(["tooManyTries", "user-1", 1])]);
}

#[tokio::test]
async fn a_wrong_secret_of_a_client_is_told() {
    let app = noticing().await;
    let admin = app.admin().await;
    let body = json!({
        "clientId": "shop", "allowedGrantTypes": [{ "grantType": "client_credentials" }],
        "allowedScopes": [{ "scope": "oauthapp.user.get" }],
    });
    app.post("/api/Client").bearer(&admin).json(&body).send().await.data();
    for client in ["shop", "no-such-shop"] {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("client_secret", "grue-Ham7ster"),
        ];
        assert_eq!(app.post("/connect/token").form(&form).send().await.status, 401);
    }
    let events = events(&app).await;
    assert_eq!(
        told(&events),
        [json!(["wrongClientSecret", "client-shop", 1]), json!(["wrongClientSecret", null, 1])]
    );
    assert_eq!(app.refusals("wrong_client_secret").await, 2);
}

#[tokio::test]
async fn a_token_that_ended_is_told_from_one_that_was_never_issued() {
    let app = noticing().await;
    let user = app.user(1, "ann", &[1], "oauthapp.all").await;
    let token = app.token_of(user);
    let path = "/api/User?take=1";
    assert_eq!(app.get(path).bearer(&token).send().await.status, 200);
    app.run::<User>(1, &user.to_string(), UserCommand::SetEnabled(false)).await;
    assert_eq!(app.get(path).bearer(&token).send().await.status, 401);
    let foreign = app.mint(1, &json!({ "jti": "f".repeat(32) }));
    assert_eq!(app.get(path).bearer(&foreign).send().await.status, 401);
    // A token that is over, and none at all, are no refusals to tell of.
    let past =
        app.mint(1, &json!({ "exp": 1_700_000_000, "iat": 1_699_999_000, "nbf": 1_699_999_000 }));
    assert_eq!(app.get(path).bearer(&past).send().await.status, 401);
    assert_eq!(app.get(path).send().await.status, 401);
    let events = events(&app).await;
    assert_eq!(
        told(&events),
        [json!(["endedToken", format!("user-{user}"), 1]), json!(["foreignToken", null, 1])]
    );
    assert_eq!(events[0].actor, "system", "whoever has the token may be somebody else");
    assert_eq!((app.refusals("ended_token").await, app.refusals("foreign_token").await), (1, 1));
}

#[tokio::test]
async fn a_missing_right_is_told_wherever_it_is_found_missing() {
    let app = noticing().await;
    let user = app.user(1, "ann", &[1], "oauthapp.all").await;
    let token = app.token_of(user);
    let id = "0123456789abcdef0123456789abcdef";
    let ask = app.get("/api/audit/events").bearer(&token).header("x-request-id", id);
    assert_eq!(ask.send().await.status, 403);
    // This one is found by the handler.
    let body =
        json!({ "userName": "eve", "passwordHash": "grue-Ham7ster", "remark": "x", "money": 7 });
    assert_eq!(app.post("/api/User").bearer(&token).json(&body).send().await.status, 403);
    let events = events(&app).await;
    let who = format!("user-{user}");
    assert_eq!(told(&events), [json!(["missingRight", who, 1]), json!(2)]);
    assert_eq!((&events[0].actor, events[0].correlation_id.as_str()), (&who, id));
    assert_eq!(events[0].operation.as_deref(), Some("AuditEvents"));
    assert_eq!(app.refusals("missing_right").await, 2);
}

#[tokio::test]
async fn reading_the_log_and_many_users_is_told() {
    let app = noticing().await;
    let admin = app.admin().await;
    for n in 0..50 {
        app.user(1, &format!("user-number-{n}"), &[1], "oauthapp.user.get").await;
    }
    app.get("/api/User?take=49").bearer(&admin).send().await.data();
    assert_eq!(told(&events(&app).await), [Value::Null; 0], "49 are not many");
    app.get("/api/User?take=1").bearer(&admin).send().await.data();
    for _ in 0..3 {
        assert_eq!(app.get("/api/audit/events").bearer(&admin).send().await.status, 200);
    }
    let stream = app.get("/api/audit/stream").bearer(&admin).open().await;
    let events = events(&app).await;
    assert_eq!(
        told(&events),
        [
            json!(["usersListed", "user-1", 50]),
            json!(["auditRead", "user-1", 1]),
            json!(2),
            json!(["auditFollowed", "user-1", 1]),
        ]
    );
    assert!(events.iter().all(|it| it.actor == "user-1"));
    drop(stream);
}

/// What is noticed of somebody who is erased cannot be read any more.
#[tokio::test]
async fn an_address_goes_with_the_person() {
    let app = noticing().await;
    let user = app.user(1, "ann", &[1], "oauthapp.all").await;
    sign_in(&app, "ann", "grue-Ham7ster").await;
    let personal = |events: Vec<EventJson>| events[0].personal.clone();
    assert_eq!(personal(events(&app).await), Some(json!({ "address": HERE })));
    let admin = app.admin().await;
    let erased = app.post(&format!("/api/User/{user}/Erase")).bearer(&admin).send().await;
    assert_eq!(erased.status, 200, "{}", erased.text);
    assert_eq!(personal(events(&app).await), None);
}
