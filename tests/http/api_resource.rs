//! `/api/ApiResource`: rows 1, 2, 4 and 8 to 13, and the story of an API at the gateway.

use domain::resource::POLICY_BYTES_MAX;
use serde_json::{Value, json};
use tests::app::{Answer, TestApp};
use tests::documents;

fn url() -> String {
    documents::url("orders")
}

async fn with_token() -> (TestApp, String) {
    let app = TestApp::new().await;
    let token = app.admin().await;
    (app, token)
}

async fn create(app: &TestApp, token: &str, body: Value) -> i64 {
    app.post("/api/ApiResource").bearer(token).json(&body).send().await.data().as_i64().unwrap()
}

async fn put(app: &TestApp, token: &str, path: &str, body: Value) -> Answer {
    app.ask("PUT", path).bearer(token).json(&body).send().await
}

async fn post(app: &TestApp, token: &str, path: &str, body: Value) -> Answer {
    app.post(path).bearer(token).json(&body).send().await
}

#[track_caller]
fn failed(answer: &Answer, code: i64, name: &str) {
    assert_eq!((answer.code(), &answer.json()["codeName"]), (code, &json!(name)));
    assert_eq!(answer.json()["data"], false, "{}", answer.text);
    assert!(answer.headers.get("x-log-position").is_none());
}

#[tokio::test]
async fn the_gateway_story_from_the_first_publication_to_a_second_version() {
    let (app, token) = with_token().await;
    let id = create(&app, &token, json!({ "name": "orders", "displayName": "Orders" })).await;
    assert_eq!(id, 1);
    let get = async |path: &str| app.get(path).bearer(&token).send().await;
    let never = get("/api/ApiResource/1/PublishConfiguration").await;
    assert_eq!(never.text, r#"{"code":200,"codeName":"Status200OK"}"#);
    let unpublished = get("/api/ApiResource/1/Versions").await;
    assert_eq!(unpublished.code(), 300_002);
    assert_eq!(unpublished.json()["codeName"], "Versions_GetDetailFailed");
    let early = json!({ "apiId": "1", "swaggerUrl": url() });
    let early = post(&app, &token, "/api/ApiResource/1/PublishRevision", early).await;
    failed(&early, 300_004, "PublishRevision_GetDetailFailed");
    let online = post(&app, &token, "/api/ApiResource/1/Versions/1;rev=1", json!({})).await;
    failed(&online, 300_010, "SetOnlineVersion_PostFailed");

    let publication = json!({
        "apiId": "1", "suffix": "Orders1", "swaggerUrl": url(), "name": "Orders API",
        "authorizationServerId": "chancery", "scope": "orders.read", "policy": "<policies/>",
    });
    let published = put(&app, &token, "/api/ApiResource/1/Publish", publication.clone()).await;
    assert_eq!(published.data(), true);
    let again = put(&app, &token, "/api/ApiResource/1/Publish", publication.clone()).await;
    assert_eq!(again.data(), true, "publishing again updates");
    let kept = get("/api/ApiResource/1/PublishConfiguration").await.data();
    for (name, value) in publication.as_object().unwrap() {
        assert_eq!(&kept[name], value, "{name}");
    }

    let revision =
        json!({ "ApiId": "1", "SwaggerUrl": documents::url("orders-2"), "releaseNote": "faster" });
    let revision = post(&app, &token, "/api/ApiResource/1/PublishRevision", revision).await;
    assert_eq!(revision.data(), true);
    let versions = get("/api/ApiResource/1/Versions").await;
    assert_eq!(versions.header("cache-control"), "private, max-age=60");
    assert_eq!(versions.header("vary"), "Authorization");
    assert!(
        versions.text.starts_with(r#"{"take":1,"skip":0,"code":200,"codeName":"Status200OK","#)
    );
    let api = versions.json()["data"][0].clone();
    assert_eq!((&api["id"], &api["apiRevision"]), (&json!("/apis/1"), &json!("1")));
    assert_eq!((&api["name"], &api["path"]), (&json!("Orders API"), &json!("Orders1")));
    assert_eq!(api["revisions"][1]["apiId"], "/apis/1;rev=2");
    assert_eq!(api["revisions"][1]["description"], "faster");
    assert_eq!(api["revisions"][1]["isCurrent"], false);

    let online = post(&app, &token, "/api/ApiResource/1/Versions/1;rev=2", json!({})).await;
    assert_eq!(online.data(), true);
    let encoded = app.post("/api/ApiResource/1/Versions/1%3Brev%3D2").bearer(&token).send().await;
    assert_eq!(encoded.data(), true, "without a body, and percent-encoded");
    let api = get("/api/ApiResource/1/Versions").await.json()["data"][0].clone();
    assert_eq!((&api["apiRevision"], &api["isCurrent"]), (&json!("2"), &json!(true)));

    let version = json!({ "revisionId": "1;rev=1", "apiVersionName": "V2" });
    let path = "/api/ApiResource/1/PublishVersion";
    assert_eq!(post(&app, &token, path, version.clone()).await.data(), true);
    let versions = get("/api/ApiResource/1/Versions").await.json();
    assert_eq!(versions["total"], 2);
    let second = &versions["data"][1];
    assert_eq!((&second["apiVersion"], &second["path"]), (&json!("v2"), &json!("Orders1")));
    assert_eq!(second["id"].as_str().unwrap().len(), "/apis/".len() + 32);
    assert_eq!(post(&app, &token, path, version).await.code(), 417);
    let unknown = json!({ "revisionId": "1;rev=9", "apiVersionName": "v3" });
    assert_eq!(post(&app, &token, path, unknown).await.code(), 404);
    let blank = json!({ "revisionId": "1", "apiVersionName": " " });
    post(&app, &token, path, blank).await.breaks("apiVersionName");
}

#[tokio::test]
async fn what_the_gateway_refuses_has_the_code_of_its_row() {
    let (app, token) = with_token().await;
    create(&app, &token, json!({ "name": "orders" })).await;
    create(&app, &token, json!({ "name": "bills" })).await;
    let good = json!({ "apiId": "1", "suffix": "orders", "swaggerUrl": url() });
    let path = "/api/ApiResource/1/Publish";
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for body in [
        with("suffix", json!("")),
        with("suffix", Value::Null),
        with("swaggerUrl", json!(" ")),
        with("apiId", json!("2")),
        with("apiId", json!("orders")),
    ] {
        let answer = put(&app, &token, path, body).await;
        failed(&answer, 300_011, "Publish_PublishFailed");
    }
    for (body, field) in [
        (with("apiId", json!("")), "apiId"),
        (with("suffix", json!("a/b")), "suffix"),
        (with("suffix", json!("x".repeat(33))), "suffix"),
        (with("swaggerUrl", json!("file:///etc/passwd")), "swaggerUrl"),
        (with("name", json!("x".repeat(301))), "name"),
        (with("productIds", json!("p")), "productIds"),
    ] {
        put(&app, &token, path, body).await.breaks(field);
    }
    let large = put(&app, &token, path, with("policy", json!("x".repeat(60_000)))).await;
    assert_eq!(large.status, 413);
    assert!(large.json()["errors"]["policy"][0].is_string(), "{}", large.text);
    put(&app, &token, path, good).await.data();
    let taken = json!({ "apiId": "2", "suffix": "ORDERS", "swaggerUrl": url() });
    let taken = put(&app, &token, "/api/ApiResource/2/Publish", taken).await;
    failed(&taken, 300_011, "Publish_PublishFailed");
    let revision = "/api/ApiResource/1/PublishRevision";
    let blank = post(&app, &token, revision, json!({ "apiId": "1", "swaggerUrl": "" })).await;
    failed(&blank, 300_005, "PublishRevision_PublishFailed");
    let unknown = post(&app, &token, revision, json!({ "apiId": "9", "swaggerUrl": url() })).await;
    failed(&unknown, 300_004, "PublishRevision_GetDetailFailed");
    post(&app, &token, revision, json!({})).await.breaks("apiId");
    for id in ["1;rev=9", "1;rev=0", "1;rev=x", "9", "1;rev=4294967297"] {
        let path = format!("/api/ApiResource/1/Versions/{id}");
        let answer = post(&app, &token, &path, json!({})).await;
        failed(&answer, 300_010, "SetOnlineVersion_PostFailed");
    }
    let blank = post(&app, &token, "/api/ApiResource/1/Versions/%20", json!({})).await;
    assert_eq!(blank.code(), 404);
}

#[tokio::test]
async fn a_resource_is_its_owners_only_whatever_is_asked_of_it() {
    let (app, token) = with_token().await;
    create(&app, &token, json!({ "name": "orders" })).await;
    let ben = app.user(1, "ben", &[1], "oauthapp.all").await;
    let other = app.token_of(ben);
    let rows = [
        ("GET", ""),
        ("PUT", "/Publish"),
        ("POST", "/PublishRevision"),
        ("POST", "/PublishVersion"),
        ("GET", "/PublishConfiguration"),
        ("GET", "/Versions"),
        ("POST", "/Versions/1"),
    ];
    for (method, rest) in rows {
        for (token, id) in [(&other, "1"), (&token, "77"), (&token, "0"), (&token, "4294967297")] {
            let path = format!("/api/ApiResource/{id}{rest}");
            let answer = app.ask(method, &path).bearer(token).json(&json!({})).send().await;
            assert_eq!(answer.code(), 404, "{method} {path}");
        }
        let path = format!("/api/ApiResource/x{rest}");
        let answer = app.ask(method, &path).bearer(&token).json(&json!({})).send().await;
        answer.breaks("id");
    }
    let list = app.get("/api/ApiResource").bearer(&other).send().await.json();
    assert_eq!(list["total"], 0, "whoever owns none sees none");
}

#[tokio::test]
async fn lists_expand_what_is_asked_and_details_show_all_but_secrets() {
    let (app, token) = with_token().await;
    let body = json!({
        "name": "Orders", "scopes": [{ "scope": "orders.read" }], "userClaims": [{ "type": "role" }],
        "secrets": [{ "value": "RESOURCE-SECRET-1" }],
        "properties": [{ "key": "team", "value": "blue" }],
    });
    create(&app, &token, body).await;
    let list = async |query: &str| {
        let json = app.get(&format!("/api/ApiResource?{query}")).bearer(&token).send().await.json();
        json["data"].clone()
    };
    let bare = list("").await[0].clone();
    for absent in ["scopes", "userClaims", "secrets", "properties", "displayName", "updated"] {
        assert!(bare.get(absent).is_none(), "{absent}");
    }
    let scopes = list("q.expandscopes=TRUE").await[0]["scopes"].clone();
    assert_eq!(scopes, json!([{ "id": 1, "apiResourceId": 1, "scope": "orders.read" }]));
    assert_eq!(list("q.expandClaims=true").await[0]["userClaims"][0]["type"], "role");
    assert_eq!(list("q.name=oRDERS").await.as_array().unwrap().len(), 1);
    assert_eq!(list("q.name=order").await, json!([]));
    let flag = app.get("/api/ApiResource?q.expandScopes=7").bearer(&token).send().await;
    flag.breaks("q.expandScopes");
    let detail = app.get("/api/ApiResource/1").bearer(&token).send().await;
    assert!(!detail.text.contains("RESOURCE-SECRET-1"));
    assert_eq!(detail.data()["secrets"][0]["value"], "***");
    assert_eq!(detail.data()["properties"][0]["value"], "blue");
}

#[tokio::test]
async fn wrong_resources_are_refused_by_field_and_taken_names_by_417() {
    let (app, token) = with_token().await;
    let cases = [
        (json!({}), "name"),
        (json!({ "name": "x".repeat(201) }), "name"),
        (json!({ "name": "OAuthApp" }), "name"),
        (json!({ "name": "a", "scopes": [{ "scope": "oauthapp.all" }] }), "scopes.scope"),
        (json!({ "name": "a", "scopes": [{ "scope": "a b" }] }), "scopes.scope"),
        (json!({ "name": "a", "scopes": [7] }), "scopes[0]"),
        (json!({ "name": "a", "enabled": "yes" }), "enabled"),
        (json!({ "name": "a", "secrets": [{}] }), "secrets.value"),
    ];
    for (body, field) in cases {
        post(&app, &token, "/api/ApiResource", body).await.breaks(field);
    }
    create(&app, &token, json!({ "name": "orders" })).await;
    let taken = post(&app, &token, "/api/ApiResource", json!({ "name": "ORDERS" })).await;
    assert_eq!((taken.code(), &taken.json()["data"]), (417, &json!(0)));
}

/// JSON may say each byte of a policy in six, which is more than other endpoints take.
#[tokio::test]
async fn the_largest_policy_is_taken_however_it_is_written() {
    let (app, token) = with_token().await;
    create(&app, &token, json!({ "name": "orders" })).await;
    let (url, text) = (url(), "\\u0078".repeat(4_000));
    let publish = async |policy: String| {
        let body = format!(
            r#"{{"apiId":"1","suffix":"orders","swaggerUrl":"{url}","name":"n","policy":"{policy}","description":"{text}"}}"#
        );
        let ask = app.ask("PUT", "/api/ApiResource/1/Publish").bearer(&token);
        ask.body("application/json", body).send().await
    };
    let policy = |bytes: usize| {
        let (begin, end) = ("<policies><!--", "--></policies>");
        let policy = format!("{begin}{}{end}", "x".repeat(bytes - begin.len() - end.len()));
        policy.bytes().map(|it| format!("\\u{it:04x}")).collect::<String>()
    };
    let written = policy(POLICY_BYTES_MAX);
    assert!(written.len() + text.len() > 256 * 1024, "this would show nothing");
    assert_eq!(publish(written).await.data(), true);
    let large = publish(policy(POLICY_BYTES_MAX + 9 * 1024)).await;
    assert_eq!(large.status, 413);
    let limit = (6 * POLICY_BYTES_MAX + 48 * 1024).to_string();
    assert!(large.json()["errors"]["body"][0].as_str().unwrap().contains(&limit), "{}", large.text);
}

/// Contracts 30: administrators act on every row of their tenant, others on their own.
#[tokio::test]
async fn administrators_see_and_publish_the_resources_of_others_and_others_do_not() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let ann = app.user(1, "ann", &[1], "oauthapp.all").await;
    let ann = app.token_of(ann);
    let ben = app.user(1, "ben", &[1], "oauthapp.all").await;
    let ben = app.token_of(ben);
    let body = serde_json::json!({ "name": "anns" });
    let id = app.post("/api/ApiResource").bearer(&ann).json(&body).send().await.data();
    let path = format!("/api/ApiResource/{id}");
    let total = async |token: &str| {
        app.get("/api/ApiResource").bearer(token).send().await.json()["total"].clone()
    };
    for (token, seen) in [(&ann, 1), (&admin, 1), (&ben, 0)] {
        assert_eq!(total(token).await, seen);
        let code = if seen == 1 { 200 } else { 404 };
        assert_eq!(app.get(&path).bearer(token).send().await.code(), code);
        let publish = serde_json::json!({
            "apiId": id.to_string(), "suffix": "anns", "swaggerUrl": url(),
        });
        let publish = app.ask("PUT", &format!("{path}/Publish")).bearer(token).json(&publish);
        assert_eq!(publish.send().await.code(), code);
    }
}
