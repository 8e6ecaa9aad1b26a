//! What a body says and the entity has is kept and shown, not taken with 200 and lost.

use serde_json::{Value, json};
use tests::app::TestApp;

async fn with_token() -> (TestApp, String) {
    let app = TestApp::new().await;
    let token = app.admin().await;
    (app, token)
}

/// Creates a row and shows it.
async fn shown(app: &TestApp, token: &str, path: &str, body: &Value) -> Value {
    let made = app.post(path).bearer(token).json(body).send().await.data();
    app.get(&format!("{path}/{made}")).bearer(token).send().await.data()
}

#[track_caller]
fn has(shown: &Value, wanted: &Value) {
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(&shown[name], value, "{name}: {shown}");
    }
}

#[tokio::test]
async fn the_dates_of_clients_and_resources_are_what_the_caller_says() {
    let (app, token) = with_token().await;
    let dates = json!({
        "created": "2021-01-02 03:04:05", "updated": "2022-01-02 03:04:05",
        "lastAccessed": "2023-01-02 03:04:05",
    });
    let mut client = dates.clone();
    client["clientId"] = json!("shop");
    has(&shown(&app, &token, "/api/Client", &client).await, &dates);
    let listed = app.get("/api/Client?q.clientId=shop").bearer(&token).send().await.json();
    has(&listed["data"][0], &dates);
    let mut resource = dates.clone();
    resource["name"] = json!("orders");
    has(&shown(&app, &token, "/api/ApiResource", &resource).await, &dates);
    has(&app.get("/api/ApiResource").bearer(&token).send().await.json()["data"][0], &dates);
    // A later change wins.
    let publication =
        json!({ "apiId": "1", "suffix": "orders", "swaggerUrl": tests::documents::url("kept") });
    let publish = app.ask("PUT", "/api/ApiResource/1/Publish").bearer(&token).json(&publication);
    assert_eq!(publish.send().await.data(), true);
    let changed = app.get("/api/ApiResource/1").bearer(&token).send().await.data();
    assert!(changed["updated"].as_str().unwrap() > "2024", "{changed}");
    assert_eq!(changed["lastAccessed"], dates["lastAccessed"]);
    // Without them there is nothing to show.
    let plain = shown(&app, &token, "/api/Client", &json!({ "clientId": "plain" })).await;
    assert!(plain.get("updated").is_none() && plain.get("lastAccessed").is_none(), "{plain}");
}

fn members() -> Value {
    json!({
        "userKey": "0f8fad5b-d9cb-469f-a165-70867728950e", "twoFactorEnabled": true,
        "lockoutEnabled": true, "lockoutEnd": "2031-05-07 08:09:10", "accessFailedCount": 3,
        "permission": "screen.one,screen.two",
    })
}

#[tokio::test]
async fn every_member_of_a_user_is_kept() {
    let (app, token) = with_token().await;
    let mut body = members();
    body["userName"] = json!("ann");
    body["logins"] = json!([
        { "loginProvider": "GitHub", "providerKey": "4711", "providerDisplayName": "Git Hub" },
        { "loginProvider": "Weixin", "providerKey": "ann" },
    ]);
    let user = shown(&app, &token, "/api/User", &body).await;
    has(&user, &members());
    let mut logins = body["logins"].clone();
    logins[0]["userId"] = json!(2);
    logins[1]["userId"] = json!(2);
    assert_eq!(user["logins"], logins);
    assert_eq!(user["concurrencyStamp"], "1");
    let found = async |query: &str| {
        let list = app.get(&format!("/api/User?{query}")).bearer(&token).send().await.json();
        (list["total"].clone(), list["data"][0]["logins"].clone())
    };
    let one = (json!(1), body["logins"].clone());
    assert_eq!(found("q.providerName=GitH").await, one);
    assert_eq!(found("q.providerKey=47").await, one);
    assert_eq!(found("q.providerName=Weixin&q.providerKey=ann").await, one);
    for query in ["q.providerName=itHub", "q.providerName=GitHub&q.providerKey=ann"] {
        assert_eq!(found(query).await.0, 0, "{query}");
    }
}

#[tokio::test]
async fn what_a_user_may_do_and_is_known_by_only_administrators_say() {
    let app = TestApp::new().await;
    let ben = app.user(1, "ben", &[1], "oauthapp.all").await;
    let token = app.token_of(ben);
    let mut bodies = members().as_object().unwrap().clone();
    bodies.insert("logins".to_owned(), json!([{ "loginProvider": "a", "providerKey": "b" }]));
    for (name, value) in bodies {
        let body = json!({ "userName": "ann", name.clone(): value });
        let answer = app.post("/api/User").bearer(&token).json(&body).send().await;
        assert_eq!(answer.status, 403, "{name}: {}", answer.text);
    }
}

#[tokio::test]
async fn what_a_member_of_a_user_cannot_hold_is_refused() {
    let (app, token) = with_token().await;
    let login = json!({ "loginProvider": "GitHub", "providerKey": "1" });
    for (member, value, field) in [
        ("userKey", json!("no guid"), "userKey"),
        ("userKey", json!("0f8fad5b-d9cb-469f-a165-70867728950"), "userKey"),
        ("logins", json!([{ "loginProvider": "GitHub" }]), "logins.providerKey"),
        ("logins", json!([login, login]), "logins"),
        ("permission", json!("x".repeat(4_001)), "permission"),
    ] {
        let body = json!({ "userName": "ann", member: value });
        app.post("/api/User").bearer(&token).json(&body).send().await.breaks(field);
    }
    let wrong = json!({ "userName": "ann", "files": [{ "fileType": "Song", "files": "x" }] });
    let answer = app.post("/api/User").bearer(&token).json(&wrong).send().await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    let umlaut = json!({ "userName": "umlaut-ä" });
    let umlaut = app.post("/api/User").bearer(&token).json(&umlaut).send().await;
    assert_eq!(umlaut.code(), 100_009);
    assert!(umlaut.text.contains("InvalidUserName"), "{}", umlaut.text);
}

#[tokio::test]
async fn the_type_of_a_file_may_be_named() {
    let (app, token) = with_token().await;
    let files = [json!(0), json!("Image"), json!("video"), json!(1), json!("Document"), json!(2)];
    let files = files.map(|it| json!({ "fileType": it, "files": "x" }));
    let user =
        shown(&app, &token, "/api/User", &json!({ "userName": "ann", "files": files })).await;
    let types = user["files"].as_array().unwrap().iter().map(|it| it["fileType"].clone());
    assert_eq!(types.collect::<Vec<_>>(), [0, 0, 1, 1, 2, 2].map(|it| json!(it)));
}

/// Spec section 5.9.10.
#[tokio::test]
async fn who_has_no_address_gets_one_of_its_key() {
    let (app, token) = with_token().await;
    for (name, email) in [("ann", json!(null)), ("eve", json!("")), ("kim", json!("  "))] {
        let body = json!({ "userName": name, "email": email });
        let user = shown(&app, &token, "/api/User", &body).await;
        let key = user["userKey"].as_str().unwrap().replace('-', "");
        let address = format!("{key}@unknow.com");
        assert_eq!(user["email"], address);
        let path = format!("/api/User?q.email={address}");
        assert_eq!(app.get(&path).bearer(&token).send().await.json()["total"], 1);
    }
    let own = json!({ "userName": "bob", "email": "bob@example.org" });
    assert_eq!(shown(&app, &token, "/api/User", &own).await["email"], "bob@example.org");
}

#[tokio::test]
async fn a_stamp_changes_with_every_change_and_is_ignored_in_a_body() {
    let (app, token) = with_token().await;
    let made = json!({ "name": "auditor", "concurrencyStamp": "mine" });
    app.post("/api/Role").bearer(&token).json(&made).send().await.data();
    let roles = app.get("/api/Role").bearer(&token).send().await.json();
    let stamps = roles["data"].as_array().unwrap().iter().map(|it| &it["concurrencyStamp"]);
    assert!(stamps.collect::<Vec<_>>().iter().all(|it| **it == "1"), "{roles}");
    let body = json!({ "userName": "ann", "concurrencyStamp": "mine" });
    assert_eq!(shown(&app, &token, "/api/User", &body).await["concurrencyStamp"], "1");
    app.run::<domain::user::User>(1, "2", domain::user::UserCommand::SetEnabled(false)).await;
    let user = app.get("/api/User/2").bearer(&token).send().await.data();
    assert_eq!(user["concurrencyStamp"], "2");
}
