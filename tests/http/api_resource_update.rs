//! Rows 3, 5 and 7 of API resources, and their owners.

use serde_json::{Value, json};
use tests::app::{Answer, TestApp};

struct Resources {
    app: TestApp,
    admin: String,
    ann: String,
    /// Sees what is hers only.
    bea: (u32, String),
    id: u64,
}

fn orders() -> Value {
    json!({
        "name": "orders", "displayName": "Orders", "description": "of the shop",
        "scopes": [{ "scope": "orders.read" }, { "scope": "orders.write" }],
        "userClaims": [{ "type": "role" }],
        "secrets": [{ "value": "first-secret", "description": "the first" }],
        "properties": [{ "key": "team", "value": "blue" }],
        "created": "2030-01-02T03:04:05Z",
    })
}

impl Resources {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let admin = app.admin().await;
        let ann = app.user(1, "ann", &[1], "oauthapp.all").await;
        let bea = app.user(1, "bea", &[1], "oauthapp.all").await;
        let ann = app.token_of(ann);
        let id = app.post("/api/ApiResource").bearer(&ann).json(&orders()).send().await.data();
        let bea = (bea, app.token_of(bea));
        Self { app, admin, ann, bea, id: id.as_u64().unwrap() }
    }

    async fn put(&self, token: &str, body: &Value) -> Answer {
        self.app.ask("PUT", "/api/ApiResource").bearer(token).json(body).send().await
    }

    async fn ask(&self, token: &str, method: &str, path: &str) -> Answer {
        let path = format!("/api/ApiResource/{}{path}", self.id);
        self.app.ask(method, &path).bearer(token).send().await
    }

    async fn shown(&self) -> Value {
        self.ask(&self.ann, "GET", "").await.data()
    }

    fn end(&self) -> u64 {
        self.app.engine.log().head().position
    }
}

#[tokio::test]
async fn sent_back_as_it_is_shown_nothing_happens() {
    let it = Resources::new().await;
    let (shown, end) = (it.shown().await, it.end());
    assert_eq!(shown["secrets"][0]["value"], "***");
    assert_eq!(it.put(&it.ann, &shown).await.data(), true);
    assert_eq!((it.end(), it.shown().await), (end, shown));
}

#[tokio::test]
async fn an_update_replaces_the_whole_and_a_masked_secret_stays() {
    let it = Resources::new().await;
    let mut body = it.shown().await;
    body["displayName"] = Value::Null;
    body["scopes"] = json!([{ "scope": "orders.read" }, { "scope": "orders.admin" }]);
    body["secrets"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "value": "second", "type": "SharedSecret" }));
    body["properties"] =
        json!([{ "key": "team", "value": "***" }, { "key": "cost", "value": "7" }]);
    body["lastAccessed"] = json!("2031-01-01T00:00:00Z");
    body["updated"] = json!("2031-01-01T00:00:00Z");
    body.as_object_mut().unwrap().remove("userClaims");
    assert_eq!(it.put(&it.ann, &body).await.data(), true);
    let now = it.shown().await;
    for (member, value) in [
        ("displayName", Value::Null),
        ("lastAccessed", Value::Null),
        ("userClaims", json!([])),
        ("created", json!("2030-01-02 03:04:05")),
    ] {
        assert_eq!(now[member], value, "{member}");
    }
    assert_ne!(now["updated"], "2031-01-01T00:00:00Z");
    let ids = now["secrets"].as_array().unwrap().iter().map(|it| it["id"].clone());
    assert_eq!(ids.collect::<Vec<_>>(), [json!(1), json!(2)]);
    assert_eq!(now["properties"][0]["value"], "blue");
    assert_eq!(now["properties"][1]["value"], "7");
    // What was left behind is free, what was taken is not.
    let other = |scope: &str| json!({ "name": "other", "scopes": [{ "scope": scope }] });
    let post = |body: Value| it.app.post("/api/ApiResource").bearer(&it.ann).json(&body).send();
    let taken = post(other("ORDERS.ADMIN")).await;
    assert_eq!(taken.code(), 417);
    assert!(taken.text.contains("ORDERS.ADMIN"), "{}", taken.text);
    assert_eq!(post(other("orders.write")).await.code(), 200);
    // A secret that was never there is not kept.
    body["secrets"] = json!([{ "id": 9, "value": "***" }]);
    it.put(&it.ann, &body).await.breaks("secrets.value");
    let new = json!({ "name": "third", "secrets": [{ "value": "***" }] });
    it.app.post("/api/ApiResource").bearer(&it.ann).json(&new).send().await.breaks("secrets.value");
}

#[tokio::test]
async fn a_resource_that_is_not_editable_is_changed_by_nobody_but_opened_by_an_administrator() {
    let it = Resources::new().await;
    let mut body = it.shown().await;
    body["nonEditable"] = json!(true);
    it.put(&it.ann, &body).await.data();
    body["nonEditable"] = json!(false);
    assert_eq!(it.put(&it.ann, &body).await.code(), 417);
    assert_eq!(it.ask(&it.ann, "DELETE", "").await.code(), 417);
    assert_eq!(it.put(&it.admin, &body).await.data(), true);
    assert_eq!(it.ask(&it.ann, "DELETE", "").await.data(), true);
}

#[tokio::test]
async fn a_deleted_resource_is_gone_and_its_name_scopes_and_path_are_free() {
    let it = Resources::new().await;
    let publish = json!({ "apiId": it.id.to_string(), "suffix": "orders", "swaggerUrl": tests::documents::url("update") });
    let path = format!("/api/ApiResource/{}/Publish", it.id);
    it.app.ask("PUT", &path).bearer(&it.ann).json(&publish).send().await.data();
    assert_eq!(it.ask(&it.bea.1, "DELETE", "").await.code(), 404, "of somebody else");
    assert_eq!(it.ask(&it.ann, "DELETE", "").await.data(), true);
    for (method, path) in [("DELETE", ""), ("GET", ""), ("GET", "/Versions"), ("GET", "/Owners")] {
        assert_eq!(it.ask(&it.ann, method, path).await.code(), 404, "{method} {path}");
    }
    let list = it.app.get("/api/ApiResource?q.name=ORDERS").bearer(&it.ann).send().await.json();
    assert_eq!(list["total"], 0);
    let again = it.app.post("/api/ApiResource").bearer(&it.bea.1).json(&orders()).send().await;
    let again = again.data();
    assert_ne!(again, it.id, "the number is not");
    let path = format!("/api/ApiResource/{again}/Publish");
    let publish = json!({ "apiId": again.to_string(), "suffix": "orders", "swaggerUrl": tests::documents::url("update") });
    assert_eq!(it.app.ask("PUT", &path).bearer(&it.bea.1).json(&publish).send().await.data(), true);
}

#[tokio::test]
async fn the_list_is_cut_by_the_days_on_which_resources_were_created() {
    let it = Resources::new().await;
    for (name, created) in [("one", "2030-01-01T23:59:59Z"), ("three", "2030-01-03T00:00:00Z")] {
        let body = json!({ "name": name, "created": created });
        it.app.post("/api/ApiResource").bearer(&it.ann).json(&body).send().await.data();
    }
    for (query, names) in [
        ("", &["orders", "one", "three"][..]),
        ("startTime=2030-01-02", &["orders", "three"]),
        ("endTime=2030-01-02", &["orders", "one"]),
        ("startTime=2030-01-02&endTime=2030-01-02", &["orders"]),
        ("startTime=2030-01-04", &[]),
    ] {
        let path = format!("/api/ApiResource?{query}");
        let list = it.app.get(&path).bearer(&it.ann).send().await.json();
        let found = list["data"].as_array().unwrap().iter().map(|it| it["name"].clone());
        assert_eq!(found.collect::<Vec<_>>(), names, "{query}");
        assert_eq!(list["total"], names.len(), "{query}");
    }
}

#[tokio::test]
async fn owners_are_equals_and_the_last_one_stays() {
    let it = Resources::new().await;
    let (bea, token) = (it.bea.0, it.bea.1.clone());
    assert_eq!(it.ask(&token, "GET", "").await.code(), 404);
    // Whom one does not see is nobody: a user sees those below.
    assert_eq!(it.ask(&it.ann, "PUT", "/Owners/1").await.code(), 404);
    assert_eq!(it.ask(&it.ann, "PUT", "/Owners/77").await.code(), 404);
    let never = it.app.ask("DELETE", "/api/ApiResource/77/Owners/1").bearer(&token).send().await;
    assert_eq!(never.code(), 404);
    assert_eq!(it.ask(&token, "DELETE", "/Owners/1").await.text, never.text);
    let owner = format!("/Owners/{bea}");
    assert_eq!(it.ask(&it.admin, "PUT", &owner).await.data(), true);
    let end = it.end();
    assert_eq!(it.ask(&it.admin, "PUT", &owner).await.data(), true);
    assert_eq!(it.end(), end, "the same again writes nothing");
    let list = it.ask(&token, "GET", "/Owners").await.data();
    let names = list.as_array().unwrap().iter().map(|it| it["userName"].clone());
    assert_eq!(names.collect::<Vec<_>>(), [json!("ann"), json!("bea")]);
    let found = it.app.get("/api/ApiResource").bearer(&token).send().await.json();
    assert_eq!(found["total"], 1, "{found}");
    let body = json!({ "id": it.id, "description": "changed by bea" });
    assert_eq!(it.put(&token, &body).await.data(), true);
    let ann = list[0]["userId"].clone();
    assert_eq!(it.ask(&token, "DELETE", &format!("/Owners/{ann}")).await.data(), true);
    assert_eq!(it.ask(&it.ann, "GET", "").await.code(), 404, "she is none any more");
    assert_eq!(it.ask(&token, "DELETE", &format!("/Owners/{ann}")).await.code(), 404);
    assert_eq!(it.ask(&token, "DELETE", &owner).await.code(), 417);
    // Without a living owner, administrators add one.
    it.app.ask("DELETE", &format!("/api/User/{bea}")).bearer(&it.admin).send().await.data();
    assert_eq!(it.ask(&it.admin, "GET", "/Owners").await.data()[0]["userName"], Value::Null);
    assert_eq!(it.ask(&it.admin, "PUT", &format!("/Owners/{ann}")).await.data(), true);
    assert_eq!(it.ask(&it.ann, "GET", "").await.code(), 200);
}

#[tokio::test]
async fn its_codes_are_the_documented_ones() {
    let app = TestApp::new().await;
    let codes = app.get("/api/ApiResource/Codes").send().await.json();
    let codes = codes.as_array().unwrap().iter();
    let codes = codes.map(|it| (it["code"].as_i64().unwrap(), it["name"].as_str().unwrap()));
    let wanted = [
        (300_001, "Versions_IdCanNotBeNull"),
        (300_002, "Versions_GetDetailFailed"),
        (300_003, "Versions_GetVersionListFailed"),
        (300_004, "PublishRevision_GetDetailFailed"),
        (300_005, "PublishRevision_PublishFailed"),
        (300_006, "PublishRevision_CreateReleaseFailed"),
        (300_007, "Releases_IdCanNotBeNull"),
        (300_008, "Releases_GetVersionListFailed"),
        (300_009, "Subscription_PostFailed"),
        (300_010, "Subscription_VerfifyCodeFailed"),
        (300_010, "Subscription_VerifyEmailFailed"),
        (300_010, "SetOnlineVersion_PostFailed"),
        (300_011, "Publish_PublishFailed"),
        (300_012, "Subscription_DelSubscriptionFailed"),
        (300_013, "VerifyEmail_AddEmailFailed"),
        (300_014, "Packages_PostFailed"),
        (300_015, "Packages_DelPackageFailed"),
        (300_016, "Packages_PutPackageFailed"),
    ];
    assert_eq!(codes.collect::<Vec<_>>(), wanted);
}
