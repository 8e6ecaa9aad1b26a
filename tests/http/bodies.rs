//! Bodies of requests, by the OpenAPI document: the least that each operation needs.

use serde_json::{Map, Value, json};
use tests::app::{TestApp, now};
use tests::document::Document;
use tests::service::md5_of;

/// Who registers: the code is wrong, but the body is whole.
fn registration() -> Value {
    json!({
        "countryCode": "86", "nickName": "Ann", "email": "ann@example.com", "gender": "f",
        "address": "Street 1", "stature": 1.7, "weight": 60, "phoneNumber": "13800138001",
        "password": "grue-Ham7ster", "phoneNumberVerifyCode": "000000",
    })
}

/// Bodies about what is current.
fn bodies_of_revisions() -> Vec<(&'static str, Value)> {
    vec![
        ("ApiResourceSetOnlineVersion", json!({})),
        ("ApiResourceRollbackToRevision", json!({})),
        ("ApiResourceRollback", json!({})),
        ("ApiResourcePutRevisionOnline", json!({ "online": true })),
        ("ApiResourcePutLifecycle", json!({})),
        ("ApiResourcePutVersionSet", json!({ "name": "all", "scheme": "Query" })),
        ("ApiResourcePutPolicy", json!({})),
    ]
}

/// Bodies about packages and SDKs.
fn bodies_of_sdks() -> Vec<(&'static str, Value)> {
    let package = json!({
        "name": "orders-client", "publisher": "Shop", "link": "https://shop.example/orders",
        "icon": "https://shop.example/icon.png", "packagePlatform": "npm", "language": "go",
    });
    let npm = json!({
        "name": "orders", "sdkName": "Orders", "homepage": "https://shop.example", "token": "secret",
    });
    let url = tests::documents::url("least");
    vec![
        ("ApiResourcePostPackage", package.clone()),
        ("ApiResourcePutPackage", package),
        ("CodeGenPutNpmOptions", npm),
        ("CodeGenPutGithubOptions", json!({})),
        ("CodeGenPutCommonOptions", json!({})),
        ("CodeGenReleaseSDK", json!({ "apiId": "1", "swaggerUrl": url })),
        ("CodeGenGen", json!({ "genName": "readthedocs.gen", "swaggerUrl": url })),
        ("CodeGenPostHistory", json!({ "sdkName": "orders", "version": "1", "language": "go" })),
        ("CodeGenPostJob", json!({ "apiId": "1", "generator": "go" })),
    ]
}

/// The least that each body needs. Without any one of these members it is refused.
pub fn least_bodies() -> Vec<(&'static str, Value)> {
    let (md5, now) = (md5_of(&["open sesame"]), now().seconds());
    let signature = md5_of(&["bob", &md5, &now.to_string()]);
    let url = tests::documents::url("least");
    let mut bodies = bodies_of_the_gateway();
    bodies.extend(bodies_of_revisions());
    bodies.extend(bodies_of_sdks());
    bodies.extend(vec![
        ("ApiResourcePost", json!({ "name": "another" })),
        ("ApiResourcePut", json!({ "id": 1 })),
        ("ApiResourceImport", json!({ "microServiceName": "imported" })),
        ("ApiResourcePublish", json!({ "apiId": "1", "suffix": "orders", "swaggerUrl": url })),
        ("ApiResourcePublishRevision", json!({ "apiId": "1", "swaggerUrl": url })),
        ("ApiResourcePostRelease", json!({ "aid": "1", "notes": "why" })),
        ("ApiResourcePutRelease", json!({ "notes": "why" })),
        ("ApiResourceVerifyEmail", json!({ "email": "eve@shop.example" })),
        ("ApiResourcePostProduct", json!({ "id": "gold", "name": "Gold" })),
        ("ApiResourcePutProduct", json!({})),
        ("ApiResourcePostAuthServer", json!({ "id": "partner", "name": "Partner" })),
        ("ApiResourcePutAuthServer", json!({})),
        (
            "ApiResourcePostDocument",
            json!({ "openapi": "3.0.3", "info": { "title": "t", "version": "1" }, "paths": {} }),
        ),
        ("ApiResourcePublishVersion", json!({ "revisionId": "1;rev=1", "apiVersionName": "v2" })),
        ("ApiResourcePutClient", json!({})),
        ("ClientPost", json!({ "clientId": "shop" })),
        ("ClientIssueToken", json!({})),
        ("ClientPut", json!({ "id": 2 })),
        ("ClientPostSecret", json!({})),
        ("ClientPutOwner", json!({ "userId": 1 })),
        ("ClientPostSecretkey", json!({ "plaintext": "a-secret-of-the-shop" })),
        ("RolePost", json!({ "name": "driver" })),
        ("RolePut", json!({ "id": 1, "concurrencyStamp": "1" })),
        ("TenantPost", json!({ "name": "another" })),
        ("UserPost", json!({ "userName": "ann" })),
        ("UserRegister", registration()),
        ("UserSmsCode", json!({ "phoneNumber": "13800138001" })),
        ("UserEmailCode", json!({ "email": "ann@example.com" })),
        (
            "UserResetPassword",
            json!({
                "countryCode": "86", "phoneNumber": "13800138001", "password": "grue-Ham7ster",
                "phoneNumberVerifyCode": "000000",
            }),
        ),
        ("UserHead", json!({ "phoneNumber": "13800138000" })),
        ("ConnectToken", json!({ "grant_type": "password" })),
        ("ConnectRevocation", json!({ "token": "none" })),
        ("AppTokenAuthorize", json!({ "appId": "1" })),
        ("AppTokenCheckToken", json!({ "token": "none" })),
        ("AppTokenCreateOauth", json!({ "username": "root" })),
        (
            "AppTokenCreateUser",
            json!({ "rootName": "root", "userName": "bob", "password": md5, "userInfo": "x" }),
        ),
        ("AppTokenDeleteApp", json!({ "username": "root" })),
        ("AppTokenGetAppList", json!({})),
        ("AppTokenGetLoginInfo", json!({ "accessToken": "none" })),
        ("AppTokenGetUsers", json!({ "rootName": "root" })),
        (
            "AppTokenLogin",
            json!({ "username": "bob", "password": md5, "timestamp": now, "token": signature }),
        ),
        ("AppTokenRefreshToken", json!({ "token": "none" })),
        ("AppTokenUpdateUser", json!({ "rootName": "root", "userName": "bob", "op": 1 })),
    ]);
    bodies
}

/// Those about subscriptions and gateways.
fn bodies_of_the_gateway() -> Vec<(&'static str, Value)> {
    vec![
        ("GatewayPost", json!({ "name": "edge" })),
        ("GatewayPostKey", json!({})),
        (
            "GatewayApplied",
            json!({
                "position": 1, "configuration": "0f".repeat(32), "reloadMicros": 120_000,
                "program": "nginx/1.22.1",
            }),
        ),
        ("GatewayRefused", json!({ "position": 1, "reason": "unknown directive" })),
        ("SubscriptionPost", json!({ "productId": "gold", "name": "mine" })),
        ("SubscriptionReject", json!({})),
        ("SubscriptionSuspend", json!({})),
        ("SubscriptionResume", json!({})),
        ("SubscriptionPostKey", json!({})),
    ]
}

/// The operations of the document: method, path and what it says.
pub fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, it)| (method.to_uppercase(), path.clone(), it))
    });
    all.collect()
}

pub fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// The schema of an operation's body, and its media type.
pub fn body_of<'a>(document: &'a Document, operation: &'a Value) -> Option<(&'a str, &'a Value)> {
    let content = operation["requestBody"]["content"].as_object()?;
    let (media, content) = content.iter().next()?;
    Some((media, document.resolve(&content["schema"])))
}

/// The least body where any values do: a text for each text that is required, and 1 for each number.
pub fn plain_body(schema: &Value) -> Value {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let value = |name: &str| match schema["properties"][name]["type"].as_str() {
        Some("integer") => json!(1),
        _ => json!(format!("a-{name}")),
    };
    let members = required.iter().filter_map(Value::as_str);
    members.map(|name| (name.to_owned(), value(name))).collect::<Map<_, _>>().into()
}

/// What requests name by `1`, or by its key: made by an administrator. Returns what a gateway proves
/// itself with.
pub async fn rows_of_the_gateway(app: &TestApp, token: &str) -> String {
    let post = async |path: &str, body: Value| {
        app.post(path).bearer(token).json(&body).send().await.data()
    };
    for (id, approval) in [("silver", false), ("asked-for", true)] {
        let product = json!({ "id": id, "name": "x", "approvalRequired": approval });
        post("/api/ApiResource/Products", product).await;
    }
    // One that is active, and one that somebody may reject.
    for (number, product) in [(1, "silver"), (2, "asked-for")] {
        let made = post("/api/Subscription", json!({ "productId": product, "name": "x" })).await;
        assert_eq!(made["id"], number);
    }
    let gateway = post("/api/Gateway", json!({ "name": "first" })).await;
    assert_eq!(gateway["id"], 1);
    format!("first:{}", gateway["key"].as_str().unwrap())
}

/// A path with the parameters of the rows that [`rows_of_the_gateway`] makes.
pub fn path_of_the_gateway(path: &str) -> String {
    let path = path.replace("/api/Subscription/{id}/Reject", "/api/Subscription/2/Reject");
    path.replace("{which}", "primary")
        .replace("{language}", "angular2")
        .replace("{packageId}", "orders-client")
}
