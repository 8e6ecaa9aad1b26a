//! Makes the third frozen store, once: API resources with whole faces, releases, products, authorization
//! servers, subscriptions and gateways.
//!
//! `CHANCERY_GOLDEN=write cargo test -p tests --test program frozen::apis` makes it where there is none.

use serde_json::{Value, json};
use tests::documents::{document, serve, url};
use tests::nats::NatsServer;
use tests::process::{PASSWORD, Program};

use super::make::{Maker, is_to_be_made, keep, texts};
use super::truth::{APIS, ISSUER, Truth};

const ANN: &str = "grue-Ham7ster";

/// Products, one of which ends, and authorization servers.
async fn products(it: &mut Maker) {
    for (id, approval) in [("gold", false), ("asked", true), ("gone", false)] {
        let product = json!({ "id": id, "name": id, "published": true, "approvalRequired": approval,
            "subscriptionsLimit": 3, "rateCalls": 100, "rateSeconds": 60 });
        it.does("admin", "POST", "/api/ApiResource/Products", product).await;
    }
    let change = json!({ "name": "Gold", "description": "all APIs" });
    it.does("admin", "PUT", "/api/ApiResource/Products/gold", change).await;
    it.does("admin", "DELETE", "/api/ApiResource/Products/gone", Value::Null).await;
    for id in ["partner", "left"] {
        let server = json!({ "id": id, "name": id, "issuer": "https://login.example.org",
            "clientId": "chancery", "clientSecret": "auth-key-9021" });
        it.does("admin", "POST", "/api/ApiResource/AuthServers", server).await;
    }
    let change = json!({ "name": "The partner" });
    it.does("admin", "PUT", "/api/ApiResource/AuthServers/partner", change).await;
    it.does("admin", "DELETE", "/api/ApiResource/AuthServers/left", Value::Null).await;
}

/// An API that is changed, published, revised, released, rolled back, and has a second version.
async fn published(it: &mut Maker) {
    let policy = json!({ "refuse": "Breaking", "upstreams": ["*.svc.example"] });
    it.does("admin", "PUT", "/api/ApiResource/Policy", policy).await;
    let orders = json!({ "name": "orders", "scopes": [{ "scope": "orders.read" }],
        "secrets": [{ "value": "of-the-api-9022" }], "properties": [{ "key": "team", "value": "blue-9023" }] });
    let api = it.does("ann", "POST", "/api/ApiResource", orders).await;
    let path = format!("/api/ApiResource/{api}");
    let change =
        json!({ "id": api, "displayName": "Orders", "secrets": [{ "id": 1, "value": "***" }] });
    it.does("ann", "PUT", "/api/ApiResource", change).await;
    for owner in [1, 3] {
        it.does("admin", "PUT", &format!("{path}/Owners/{owner}"), json!({})).await;
    }
    it.does("admin", "DELETE", &format!("{path}/Owners/3"), Value::Null).await;
    let publish = json!({ "apiId": api.to_string(), "suffix": "orders", "name": "Orders",
        "swaggerUrl": url("frozen"), "productIds": ["gold"], "authorizationServerId": "chancery",
        "scope": "orders.read", "policy": "<policies />", "notes": "the first" });
    it.does("ann", "PUT", &format!("{path}/Publish"), publish).await;
    let mut broken = document("frozen-2");
    broken["paths"]["/orders"]["get"]["parameters"][0]["required"] = json!(true);
    let revise = json!({ "apiId": api.to_string(), "releaseNote": "q is needed",
        "swaggerUrl": serve("frozen-2", broken.to_string()), "acknowledgeBreaking": true });
    it.does("admin", "POST", &format!("{path}/PublishRevision"), revise).await;
    for (revision, notes) in [(2, "stricter"), (1, "too strict")] {
        let release = json!({ "aid": format!("{api};rev={revision}"), "notes": notes });
        it.does("ann", "POST", &format!("{path}/Releases"), release).await;
    }
    let list = it.does("ann", "GET", &format!("{path}/Releases?apiId={api}"), Value::Null).await;
    let id = |n: usize| list[n]["id"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let other = json!({ "notes": "much too strict" });
    it.does("ann", "PUT", &format!("{path}/Releases/{}", id(0)), other).await;
    it.does("ann", "DELETE", &format!("{path}/Releases/{}", id(1)), Value::Null).await;
    for name in ["v2", "v3"] {
        let version = json!({ "revisionId": format!("{api};rev=2"), "apiVersionName": name });
        it.does("ann", "POST", &format!("{path}/PublishVersion"), version).await;
    }
    let versions = it.does("ann", "GET", &format!("{path}/Versions"), Value::Null).await;
    let of = |n: usize| versions[n]["id"].as_str().unwrap().trim_start_matches("/apis/").to_owned();
    let set = json!({ "name": "Orders", "scheme": "Header", "parameter": "x-version" });
    it.does("ann", "PUT", &format!("{path}/VersionSet"), set).await;
    let ends = json!({ "deprecatedAt": "2026-01-01 00:00:00", "sunsetAt": "2028-01-01 00:00:00" });
    it.does("ann", "PUT", &format!("{path}/Versions/{}/Lifecycle", of(1)), ends).await;
    it.does("ann", "DELETE", &format!("{path}/Versions/{}", of(2)), Value::Null).await;
    let online = format!("{path}/Revisions/{api};rev=2/Online");
    it.does("ann", "PUT", &online, json!({ "online": false })).await;
    it.numbers.insert("orders".to_owned(), api.to_string());
    // One that is served no longer, and one that ended.
    for name in ["stock", "bills"] {
        let api = it.does("ann", "POST", "/api/ApiResource", json!({ "name": name })).await;
        let path = format!("/api/ApiResource/{api}");
        let publish =
            json!({ "apiId": api.to_string(), "suffix": name, "swaggerUrl": url("frozen") });
        it.does("ann", "PUT", &format!("{path}/Publish"), publish).await;
        let end = if name == "stock" { format!("{path}/Publish") } else { path };
        it.does("ann", "DELETE", &end, Value::Null).await;
    }
}

/// Subscriptions in every state.
async fn subscriptions(it: &mut Maker) {
    let mut made = Vec::new();
    for product in ["gold", "gold", "asked", "asked"] {
        let body = json!({ "productId": product, "name": product });
        made.push(it.does("ann", "POST", "/api/Subscription", body).await["id"].clone());
    }
    let path = |n: usize| format!("/api/Subscription/{}", made[n]);
    let key = format!("{}/Keys/secondary", path(0));
    it.does("ann", "POST", &key, json!({ "oldFor": 3600 })).await;
    for what in ["Suspend", "Resume"] {
        let why = json!({ "reason": "unpaid" });
        it.does("admin", "POST", &format!("{}/{what}", path(0)), why).await;
    }
    it.does("ann", "DELETE", &path(1), Value::Null).await;
    it.does("admin", "POST", &format!("{}/Approve", path(2)), json!({})).await;
    it.does("admin", "POST", &format!("{}/Reject", path(3)), json!({ "reason": "no" })).await;
}

/// A gateway that reports, and one that is retired.
async fn gateways(it: &mut Maker) {
    let edge = it.does("admin", "POST", "/api/Gateway", json!({ "name": "edge" })).await;
    let path = format!("/api/Gateway/{}", edge["id"]);
    let key = it.does("admin", "POST", &format!("{path}/Key"), json!({ "oldFor": 60 })).await;
    let says = async |what: &str, body: Value| {
        let url = it.program.url(&format!("/api/Gateway/{what}"));
        let proof = format!("edge:{}", key["key"].as_str().unwrap());
        let ask = it.program.client.post(url).header("x-chancery-gateway", proof).json(&body);
        assert_eq!(ask.send().await.unwrap().status(), 200, "{what}");
    };
    let applied = json!({ "position": 30, "configuration": "0a".repeat(32), "reloadMicros": 120_000,
        "program": "nginx/1.22.1" });
    says("Applied", applied).await;
    says("Refused", json!({ "position": 31, "reason": "unknown directive" })).await;
    let old = it.does("admin", "POST", "/api/Gateway", json!({ "name": "old" })).await;
    it.does("admin", "DELETE", &format!("/api/Gateway/{}", old["id"]), Value::Null).await;
}

async fn look(it: &mut Maker) {
    let orders = format!("/api/ApiResource/{}", it.numbers["orders"]);
    let of_orders = [
        "",
        "/Versions",
        "/Revisions",
        "/VersionSet",
        "/PublishConfiguration",
        "/Owners",
        "/Gateways",
    ];
    for path in of_orders {
        it.note("ann", "GET", &format!("{orders}{path}"), None).await;
    }
    let api = it.numbers["orders"].clone();
    for path in [
        format!("{orders}/Releases?apiId={api}"),
        format!("{orders}/Revisions/{api};rev=1"),
        format!("{orders}/Revisions/{api};rev=2/Document"),
        format!("{orders}/Revisions/{api};rev=2/Diff"),
        "/api/ApiResource".to_owned(),
        "/api/ApiResource/Policy".to_owned(),
        "/api/ApiResource/Products".to_owned(),
        "/api/ApiResource/Products/gold".to_owned(),
        "/api/ApiResource/AuthServers".to_owned(),
        "/api/ApiResource/AuthServers/partner".to_owned(),
        "/api/Subscription".to_owned(),
        "/api/Gateway".to_owned(),
        "/api/audit/events?limit=20".to_owned(),
    ] {
        it.note("admin", "GET", &path, None).await;
    }
    assert_eq!(it.note("ann", "GET", "/api/Gateway", None).await, 403);
}

async fn make(nats: &str) {
    let mut program = Program::new(&[]);
    program.set_variable("CHANCERY_PUBLIC_URL", ISSUER);
    program.set_arguments(&["--nats", nats]);
    program.start().await;
    let mut it = Maker::new(program);
    it.new_token("admin", "admin", PASSWORD).await;
    let everything = json!([{ "claimType": "permission", "claimValue": "oauthapp.all" }]);
    for name in ["ann", "bea"] {
        let user = json!({ "userName": name, "passwordHash": ANN, "claims": everything });
        it.does("admin", "POST", "/api/User", user).await;
    }
    it.new_token("ann", "ann", ANN).await;
    products(&mut it).await;
    published(&mut it).await;
    subscriptions(&mut it).await;
    gateways(&mut it).await;
    // When gateways called is forgotten at a start.
    it.program.stop().await;
    it.program.start().await;
    look(&mut it).await;
    let passwords = texts(&[("admin", PASSWORD), ("ann", ANN)]);
    keep(APIS, it, Truth { passwords, ..Truth::default() }, nats).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_frozen_apis_are_there_and_are_made_once() {
    if is_to_be_made(APIS) {
        let server = NatsServer::start();
        make(&server.url()).await;
    }
}
