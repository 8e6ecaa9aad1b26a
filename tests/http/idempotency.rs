//! `Idempotency-Key`: a request that is sent again is not done again.

use serde_json::{Value, json};
use tests::app::{Answer, PASSWORD, TestApp};
use tests::documents;

async fn create(app: &TestApp, token: &str, key: &str, body: &Value) -> Answer {
    let ask = app.post("/api/User").bearer(token).header("idempotency-key", key);
    ask.json(body).send().await
}

#[tokio::test]
async fn the_same_request_again_gets_the_same_id_and_position() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let body = json!({ "userName": "ann", "passwordHash": PASSWORD });
    let first = create(&app, &token, "key-1", &body).await;
    assert!(first.headers.get("idempotent-replay").is_none());
    let head = app.engine.log().head().position;
    let second = create(&app, &token, "key-1", &body).await;
    assert_eq!((second.data(), second.position()), (first.data(), first.position()));
    assert_eq!(second.header("idempotent-replay"), "true");
    assert_eq!(app.engine.log().head().position, head, "nothing was written");
    let other_key = create(&app, &token, "key-2", &body).await;
    assert_eq!(other_key.code(), 100_009);
}

#[tokio::test]
async fn requests_side_by_side_make_one_user() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let body = json!({ "userName": "ann" });
    let (a, b, c) = tokio::join!(
        create(&app, &token, "key", &body),
        create(&app, &token, "key", &body),
        create(&app, &token, "key", &body),
    );
    assert_eq!((a.data(), b.data()), (b.data(), c.data()));
    assert_eq!(app.get("/api/User").bearer(&token).send().await.json()["total"], 2);
}

#[tokio::test]
async fn another_body_under_the_same_key_is_422() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    create(&app, &token, "key", &json!({ "userName": "ann" })).await.data();
    let answer = create(&app, &token, "key", &json!({ "userName": "bob" })).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert_eq!(answer.json()["codeName"], "UnprocessableEntity");
    assert_eq!(app.get("/api/User").bearer(&token).send().await.json()["total"], 2);
}

#[tokio::test]
async fn a_key_has_1_to_64_visible_characters() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let body = json!({ "userName": "ann" });
    for key in ["", "a b", &"x".repeat(65), "tab\there"] {
        create(&app, &token, key, &body).await.breaks("Idempotency-Key");
    }
    create(&app, &token, &"~".repeat(64), &body).await.data();
}

#[tokio::test]
async fn keys_of_other_actors_and_other_routes_are_other_keys() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let ben = app.user(1, "ben", &[1], "oauthapp.all").await;
    let ann = create(&app, &token, "key", &json!({ "userName": "ann" })).await;
    let same_name = create(&app, &app.token_of(ben), "key", &json!({ "userName": "ann" })).await;
    assert_eq!(same_name.code(), 100_009, "judged anew, not answered with another's id");
    let role = app.post("/api/Role").bearer(&token).header("idempotency-key", "key");
    let role = role.json(&json!({ "userName": "ann", "name": "guest" })).send().await;
    assert_ne!(role.position(), ann.position());
    assert!(role.headers.get("idempotent-replay").is_none());
}

#[tokio::test]
async fn the_same_key_for_another_path_is_422() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let ids = [app.user(1, "ann", &[1], "x").await, app.user(1, "bob", &[1], "x").await];
    let delete = async |id: u32| {
        let ask = app.ask("DELETE", &format!("/api/User/{id}")).bearer(&token);
        ask.header("idempotency-key", "gone").send().await
    };
    let first = delete(ids[0]).await;
    assert_eq!(first.data(), ids[0]);
    let again = delete(ids[0]).await;
    assert_eq!((again.data(), again.position()), (json!(ids[0]), first.position()));
    assert_eq!(again.header("idempotent-replay"), "true");
    assert_eq!(delete(ids[1]).await.status, 422);
    assert_eq!(app.get(&format!("/api/User/{}", ids[1])).bearer(&token).send().await.code(), 200);
}

#[tokio::test]
async fn a_token_is_not_given_twice() {
    let app = TestApp::new().await;
    let form = [
        ("grant_type", "password"),
        ("client_id", "chancery-cli"),
        ("username", "admin"),
        ("password", PASSWORD),
    ];
    let ask = async || {
        app.post("/connect/token").header("idempotency-key", "once").form(&form).send().await
    };
    let first = ask().await;
    assert_eq!(first.status, 200);
    let second = ask().await;
    assert_eq!(second.status, 409, "{}", second.text);
    let token = first.json()["access_token"].as_str().unwrap().to_owned();
    assert!(!second.text.contains(&token));
    let issue = async |body: Value| {
        let ask = app.post("/api/Client/IssueToken").bearer(&token);
        ask.header("idempotency-key", "once").json(&body).send().await
    };
    assert_eq!(issue(json!({})).await.status, 200);
    assert_eq!(issue(json!({})).await.status, 409);
    assert_eq!(issue(json!({ "lifetime": 60 })).await.status, 422);
}

#[tokio::test]
async fn every_create_and_gateway_row_is_repeatable() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let (url, next) = (documents::url("first"), documents::url("second"));
    let publish = json!({ "apiId": "1", "suffix": "orders", "swaggerUrl": url });
    let writes = [
        ("POST", "/api/Role", json!({ "name": "guest" })),
        ("POST", "/api/Client", json!({ "clientId": "shop" })),
        ("POST", "/api/ApiResource", json!({ "name": "orders" })),
        ("PUT", "/api/ApiResource/1/Publish", publish),
        ("POST", "/api/ApiResource/1/PublishRevision", json!({ "apiId": "1", "swaggerUrl": next })),
        (
            "POST",
            "/api/ApiResource/1/PublishVersion",
            json!({ "revisionId": "1", "apiVersionName": "v2" }),
        ),
        ("POST", "/api/ApiResource/1/Versions/1;rev=2", json!({})),
    ];
    for (method, path, body) in writes {
        let ask = async || {
            let ask = app.ask(method, path).bearer(&token).header("idempotency-key", "again");
            ask.json(&body).send().await
        };
        let (first, second) = (ask().await, ask().await);
        assert_eq!(first.data(), second.data(), "{path}");
        assert_eq!(first.position(), second.position(), "{path}");
        assert_eq!(second.header("idempotent-replay"), "true", "{path}");
    }
}

/// The key of fingerprints is replaced every day: whoever asks again a little later still gets the
/// same answer, and whoever asks after its key is gone is refused, not done twice.
#[tokio::test]
async fn a_repetition_is_known_across_a_change_of_the_key() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let body = json!({ "userName": "ann" });
    let first = create(&app, &token, "key", &body).await;
    let keys = app.engine.keys();
    let day = commands::keys::FINGERPRINT_KEY_SECONDS;
    let start = tests::app::now();
    keys.rotate_fingerprint_key(start).unwrap();
    let again = create(&app, &token, "key", &body).await;
    assert_eq!((again.data(), again.position()), (first.data(), first.position()));
    assert_eq!(again.header("idempotent-replay"), "true");
    let other = create(&app, &token, "key", &json!({ "userName": "bob" })).await;
    assert_eq!(other.status, 422);
    // A token is not repeated either way: 409, as before the change.
    let form = [
        ("grant_type", "password"),
        ("client_id", "chancery-cli"),
        ("username", "admin"),
        ("password", PASSWORD),
    ];
    let sign_in = async || {
        app.post("/connect/token").header("idempotency-key", "once").form(&form).send().await.status
    };
    assert_eq!(sign_in().await, 200);
    keys.rotate_fingerprint_key(start.plus_seconds(day)).unwrap();
    assert_eq!(sign_in().await, 409);
    keys.rotate_fingerprint_key(start.plus_seconds(2 * day)).unwrap();
    assert_eq!(sign_in().await, 422);
    assert_eq!(create(&app, &token, "key", &body).await.status, 422);
    assert_eq!(app.get("/api/User").bearer(&token).send().await.json()["total"], 2);
}

#[tokio::test]
async fn the_query_is_a_part_of_what_is_said_and_the_version_is_not() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let post = async |query: &str| {
        let ask = app.post(&format!("/api/Role{query}")).bearer(&token);
        ask.header("idempotency-key", "key").json(&json!({ "name": "guest" })).send().await
    };
    let first = post("").await.data();
    assert_eq!(post("?api-version=1.0").await.data(), first);
    assert_eq!(post("?also=1").await.status, 422);
}
