//! Small promises of the documented interface that hold for many rows: paths, dates, the form of
//! failures, and members that are always there.

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::documents;

async fn with_token() -> (TestApp, String) {
    let app = TestApp::new().await;
    let token = app.admin().await;
    (app, token)
}

#[tokio::test]
async fn one_slash_at_the_end_of_a_path_says_nothing() {
    let (app, token) = with_token().await;
    for path in ["/api/User/", "/api/user/1/", "/api/User/Codes/", "/api/ApiResource/"] {
        let answer = app.get(path).bearer(&token).send().await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    }
    for path in ["/api/User//", "//api/User", "/api//User", "/", "/metrics/", "/health/live/"] {
        assert_eq!(app.get(path).bearer(&token).send().await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_literal_path_has_its_own_methods_only() {
    let (app, token) = with_token().await;
    for (path, allow) in [
        ("/api/User/Codes", "GET, HEAD"),
        ("/api/user/head", "GET, HEAD"),
        ("/api/Client/IssueToken", "POST"),
        ("/api/User/7", "DELETE, GET, HEAD"),
    ] {
        let options = app.ask("OPTIONS", path).send().await;
        assert_eq!((options.status, options.header("allow")), (405, allow), "{path}");
    }
    assert_eq!(app.ask("DELETE", "/api/User/Codes").bearer(&token).send().await.status, 405);
}

/// Spec section 1.1.
#[tokio::test]
async fn words_win_over_ids_and_the_earlier_ones_first() {
    let (app, token) = with_token().await;
    app.get("/api/User/abc").bearer(&token).send().await.breaks("id");
    let list = app.get("/api/apiresource/products").bearer(&token).send().await;
    assert_eq!(list.data(), serde_json::json!([]));
    // A product of the name of an operation.
    let product = app.ask("PUT", "/api/ApiResource/Products/Publish").bearer(&token);
    let product = product.json(&serde_json::json!({ "name": "x" })).send().await;
    assert!(product.text.contains("product not found"), "{}", product.text);
}

#[tokio::test]
async fn no_list_takes_a_time_that_is_no_date() {
    let (app, token) = with_token().await;
    for path in ["/api/ApiResource", "/api/Client", "/api/Tenant", "/api/User"] {
        for name in ["startTime", "endTime"] {
            let garbage = format!("{path}?{name}=garbage");
            app.get(&garbage).bearer(&token).send().await.breaks(name);
            for date in ["2026-11-28", "2026/11/28", "2026-1-2", "2026-11-28T10:00:00Z", ""] {
                let good = format!("{path}?{name}={date}");
                let answer = app.get(&good).bearer(&token).send().await;
                assert_eq!(answer.status, 200, "{good}: {}", answer.text);
            }
        }
    }
}

#[tokio::test]
async fn a_list_that_fails_is_an_empty_page() {
    let (app, token) = with_token().await;
    let made = app.post("/api/ApiResource").bearer(&token).json(&json!({ "name": "orders" }));
    made.send().await.data();
    for (path, code) in [("1", 300_002), ("7", 404)] {
        let path = format!("/api/ApiResource/{path}/Versions");
        let failed = app.get(&path).bearer(&token).send().await.json();
        assert_eq!(failed["code"], code);
        let page = json!({ "take": 0, "skip": 0, "total": 0, "data": [] });
        for (name, value) in page.as_object().unwrap() {
            assert_eq!(&failed[name], value, "{name}: {failed}");
        }
    }
}

#[tokio::test]
async fn whoever_asks_for_no_number_is_told_which_field_is_missing() {
    let (app, token) = with_token().await;
    for body in [json!({}), json!({ "phoneNumber": null }), json!({ "phoneNumber": " " })] {
        app.get("/api/User/Head").bearer(&token).json(&body).send().await.breaks("phoneNumber");
    }
    app.get("/api/User/Head").bearer(&token).send().await.breaks("phoneNumber");
    let text = app.get("/api/User/Head").bearer(&token).body("text/plain", "{}").send().await;
    assert_eq!(text.status, 415);
}

#[tokio::test]
async fn a_version_at_the_gateway_has_every_documented_member() {
    let (app, token) = with_token().await;
    let ask = async |method: &str, path: &str, body: Value| -> Value {
        let path = format!("/api/ApiResource{path}");
        let asked = app.ask(method, &path).bearer(&token);
        match body {
            Value::Null => asked.send().await.json()["data"].clone(),
            body => asked.json(&body).send().await.data(),
        }
    };
    ask("POST", "", json!({ "name": "orders" })).await;
    let publication =
        json!({ "apiId": "1", "suffix": "orders", "swaggerUrl": documents::url("documented") });
    ask("PUT", "/1/Publish", publication).await;
    let kept = ask("GET", "/1/PublishConfiguration", Value::Null).await;
    assert!(kept.get("productIds").is_none(), "none was sent: {kept}");
    let first = ask("GET", "/1/Versions", Value::Null).await[0].clone();
    assert_eq!(first["serviceUrl"], "https://api.example.org/v1");
    let names = json!({ "header": "Ocp-Apim-Subscription-Key", "query": "subscription-key" });
    assert_eq!(first["subscriptionKeyParameterNames"], names);
    for absent in ["apiVersionSetId", "apiRevisionDescription", "apiVersion"] {
        assert!(first.get(absent).is_none(), "{absent}: {first}");
    }
    let mut new = documents::document("new");
    new["servers"][0]["url"] = json!("http://new.example");
    let new = documents::serve("documented-new", new.to_string());
    let revision = json!({ "apiId": "1", "swaggerUrl": new, "releaseNote": "new" });
    ask("POST", "/1/PublishRevision", revision).await;
    ask("POST", "/1/Versions/1;rev=2", json!({})).await;
    let version = json!({ "revisionId": "1;rev=1", "apiVersionName": "v2" });
    ask("POST", "/1/PublishVersion", version).await;
    let versions = ask("GET", "/1/Versions", Value::Null).await;
    assert_eq!(versions[0]["apiRevisionDescription"], "new");
    assert_eq!(versions[0]["serviceUrl"], "http://new.example");
    assert_eq!(versions[1]["serviceUrl"], "https://api.example.org/v1");
    // The first API is of the set, too, that its second version made.
    let set = &versions[1]["apiVersionSetId"];
    assert!(set.is_string() && *set == versions[0]["apiVersionSetId"], "{versions}");
    let rebuilt = ask("GET", "/1/Versions", Value::Null).await;
    assert_eq!(rebuilt, versions);
}
