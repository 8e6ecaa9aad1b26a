//! Values that may be secrets: sealed in the log, shown to whoever may read the row.

use bytes::Bytes;
use projections::{Views, catch_up, next_snapshot};
use serde_json::{Value, json};
use tests::app::TestApp;

/// Values of properties of a client and a resource, and the salt of a client.
const VALUES: [&str; 3] = ["client-key-9000", "client-salt-9001", "resource-key-9002"];

/// Client 2 and resource 1, each with a property.
async fn with_values(app: &TestApp, token: &str) {
    let client = json!({
        "clientId": "shop",
        "properties": [{ "key": "billing", "value": VALUES[0] }],
        "pairWiseSubjectSalt": VALUES[1],
    });
    app.post("/api/Client").bearer(token).json(&client).send().await.data();
    let resource = json!({
        "name": "orders",
        "properties": [{ "key": "upstream", "value": VALUES[2] }],
    });
    app.post("/api/ApiResource").bearer(token).json(&resource).send().await.data();
}

fn holds_any(text: &[u8]) -> bool {
    VALUES.iter().any(|it| text.windows(it.len()).any(|at| at == it.as_bytes()))
}

#[tokio::test]
async fn values_of_properties_stand_in_no_event_in_clear_and_keys_do() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    with_values(&app, &token).await;
    for event in app.engine.log().read_after(0, 1_000).unwrap() {
        assert!(!holds_any(&event.parts.data), "{}", event.kind);
        let secret = event.parts.secret.unwrap_or_default();
        assert!(!holds_any(&secret), "{}", event.kind);
    }
    let audit = app.get("/api/audit/events?limit=1000").bearer(&token).send().await;
    assert!(!holds_any(audit.text.as_bytes()), "{}", audit.text);
    for key in ["billing", "upstream"] {
        assert!(audit.text.contains(key), "{key}");
    }
}

async fn shown(app: &TestApp, token: &str) -> (Value, Value) {
    let client = app.get("/api/Client/2").bearer(token).send().await.data();
    let resource = app.get("/api/ApiResource/1").bearer(token).send().await.data();
    (client, resource)
}

#[tokio::test]
async fn whoever_may_read_the_row_sees_the_values() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    with_values(&app, &token).await;
    let (client, resource) = shown(&app, &token).await;
    assert_eq!(client["pairWiseSubjectSalt"], VALUES[1]);
    assert_eq!(client["properties"][0]["key"], "billing");
    assert_eq!(client["properties"][0]["value"], VALUES[0]);
    assert_eq!(resource["properties"][0]["key"], "upstream");
    assert_eq!(resource["properties"][0]["value"], VALUES[2]);
    let list = app.get("/api/Client?q.ClientID=shop").bearer(&token).send().await.json();
    assert_eq!(list["data"][0]["properties"][0]["value"], VALUES[0]);
}

/// A row of a snapshot is made from events whose parts are still sealed.
#[tokio::test]
async fn a_snapshot_keeps_them_sealed_and_answers_as_before() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    with_values(&app, &token).await;
    let (log, keys) = (app.engine.log(), app.engine.keys().clone());
    let first = next_snapshot(None, &**log, keys.clone(), log.head().position).unwrap();
    // One more commit of the resource: its events stand in two snapshots.
    let publish =
        json!({ "apiId": "1", "suffix": "orders", "swaggerUrl": tests::documents::url("sealed") });
    app.ask("PUT", "/api/ApiResource/1/Publish").bearer(&token).json(&publish).send().await.data();
    let last = Bytes::from(first.clone());
    let second = next_snapshot(Some(last), &**log, keys.clone(), log.head().position).unwrap();
    for body in [first, second] {
        assert!(!holds_any(&body));
        let views = Views::from_snapshot(body.into(), keys.clone()).unwrap();
        catch_up(&**log, &views, &|_| ()).unwrap();
        let tables = views.read();
        let resource = tables.resources.get(domain::TenantId(1), 1).unwrap();
        assert_eq!(tables.resources.property_values(resource), [VALUES[2]]);
        let secrets = tables.clients.secrets(tables.clients.identified("shop").unwrap());
        assert_eq!(secrets.property_values, [VALUES[0]]);
        assert_eq!(secrets.pair_wise_subject_salt.as_deref(), Some(VALUES[1]));
        assert!(*tables == *app.views.read(), "not what the log makes");
    }
}

#[tokio::test]
async fn secrets_of_a_client_and_a_resource_are_numbered_from_one() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let secrets = json!([{ "id": 9, "value": "a" }, { "value": "b" }]);
    let client = json!({ "clientId": "shop", "clientSecrets": secrets });
    app.post("/api/Client").bearer(&token).json(&client).send().await.data();
    let resource = json!({ "name": "orders", "secrets": secrets });
    app.post("/api/ApiResource").bearer(&token).json(&resource).send().await.data();
    let (client, resource) = shown(&app, &token).await;
    for secrets in [&client["clientSecrets"], &resource["secrets"]] {
        let ids = secrets.as_array().unwrap().iter().map(|it| it["id"].clone());
        assert_eq!(ids.collect::<Vec<_>>(), [1, 2]);
    }
}
