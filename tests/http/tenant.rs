//! `/api/Tenant`: rows 71, 76 and 77.

use serde_json::json;
use tests::app::TestApp;

#[tokio::test]
async fn own_tenants_are_listed_with_masked_properties() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    app.tenant("Other:8080").await;
    let list = app.get("/api/Tenant?orderby=name&asc=true").bearer(&token).send().await;
    assert!(!list.text.contains("gateway-key-9"), "{}", list.text);
    let json = list.json();
    assert_eq!(json["total"], 2);
    let other = &json["data"][1];
    assert_eq!(other["hosts"], json!([{ "id": 1, "appTenantId": 2, "hostName": "Other:8080" }]));
    assert_eq!(other["properties"][0]["key"], "Azure:ApiManagement:ApiKey");
    assert_eq!(other["properties"][0]["value"], "***");
    assert!(other["claims"].is_array() && other.get("logoUri").is_none());
    let found = app.get("/api/Tenant?q.host=OTHER:8080").bearer(&token).send().await.json();
    assert_eq!((&found["total"], &found["data"][0]["id"]), (&json!(1), &json!(2)));
    let none = app.get("/api/Tenant?q.Host=other").bearer(&token).send().await.json();
    assert_eq!(none["total"], 0);
    let ben = app.user(1, "ben", &[1], "oauthapp.all").await;
    let strangers = app.get("/api/Tenant").bearer(&app.token_of(ben)).send().await.json();
    assert_eq!((&strangers["total"], &strangers["take"]), (&json!(0), &json!(10)));
}

#[tokio::test]
async fn there_are_no_codes_of_tenants() {
    let app = TestApp::new().await;
    assert_eq!(app.get("/api/Tenant/Codes").send().await.json(), json!([]));
}

#[tokio::test]
async fn info_is_public_for_known_hosts_and_404_for_others() {
    let app = TestApp::new().await;
    let known = app.get("/api/Tenant/Info?HOST=LOCALHOST:8080").send().await;
    let wanted =
        r#"{"code":200,"codeName":"Status200OK","data":{"id":1,"name":"oauthapp","claims":{}}}"#;
    assert_eq!(known.text, wanted);
    for query in ["", "?host=", "?host=localhost", "?host=elsewhere:1", "?host=%00"] {
        let answer = app.get(&format!("/api/Tenant/Info{query}")).send().await;
        assert_eq!(answer.code(), 404, "{query}");
        assert!(answer.json().get("data").is_none(), "{query}");
    }
}
