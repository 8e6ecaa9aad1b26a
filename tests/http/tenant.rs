//! `/api/Tenant`: rows 71 to 77.

use serde_json::{Value, json};
use tests::app::TestApp;

/// H15.
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

fn shop() -> Value {
    json!({
        "name": "shop", "description": "A shop", "ownerUserId": 99,
        "hosts": [{ "hostName": "shop.example:8080" }, { "hostName": "www.shop.example" }],
        "claims": [{ "claimType": "colour", "claimValue": "red" }, { "claimType": " " }],
        "properties": [
            { "key": "Google:ClientSecret", "value": "a-secret-of-google" },
            { "key": "Passwords:MinLength", "value": "9" },
        ],
    })
}

#[tokio::test]
async fn a_tenant_is_created_shown_updated_and_deleted() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let created = app.post("/api/Tenant").bearer(&admin).json(&shop()).send().await;
    assert_eq!(created.data(), 2, "{}", created.text);
    let shown = async || app.get("/api/Tenant/2").bearer(&admin).send().await.data();
    let before = shown().await;
    assert_eq!((&before["ownerUserId"], &before["status"]), (&json!(1), &json!(1)));
    assert_eq!(before["properties"][0]["value"], "***");
    assert_eq!(before["properties"][1]["value"], "9", "a setting of the program");
    assert_eq!(before["claims"].as_array().unwrap().len(), 1);
    // It was born with all that a tenant needs.
    let at = "shop.example:8080";
    let info = app.get("/api/Tenant/Info?host=www.shop.example").host(at).send().await;
    assert_eq!(info.data()["claims"], json!({ "colour": "red" }));
    let document = app.get("/.well-known/openid-configuration").host(at).send().await.json();
    assert_eq!(document["issuer"], "http://shop.example:8080");
    assert!(document["scopes_supported"].to_string().contains("\"openid\""), "{document}");
    let keys = app.get("/.well-known/openid-configuration/jwks").host(at).send().await.json();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
    {
        let tables = app.views.read();
        let names = tables.roles.of(domain::TenantId(2));
        let names = names.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
        assert_eq!(names, ["user", "partner", "developer", "administrator"]);
    }

    let put = |body: Value| app.ask("PUT", "/api/Tenant").bearer(&admin).json(&body).send();
    let position = app.engine.log().head().position;
    assert_eq!(put(before.clone()).await.data(), true);
    assert_eq!(app.engine.log().head().position, position, "the same body twice");
    // What is absent or blank: names and hosts stay, public and private data go, and so does a text
    // that is null.
    let body = json!({ "id": 2, "name": " ", "description": null, "theme": "dark" });
    assert_eq!(put(body).await.data(), true);
    let after = shown().await;
    assert_eq!((&after["name"], &after["theme"]), (&json!("shop"), &json!("dark")));
    assert_eq!((&after["hosts"], &after["status"]), (&before["hosts"], &json!(1)));
    assert!(after.get("description").is_none(), "{after}");
    assert_eq!((&after["claims"], &after["properties"]), (&json!([]), &json!([])));

    // A disabled tenant answers nothing, and says so; its tokens do not count.
    put(json!({ "id": 2, "status": 2 })).await.data();
    let asked = app.get("/.well-known/openid-configuration").host(at).send().await;
    assert_eq!(asked.status, 503, "{}", asked.text);
    assert!(asked.headers.contains_key("retry-after"));
    put(json!({ "id": 2, "status": 1 })).await.data();

    let delete = |id: u32| app.ask("DELETE", &format!("/api/Tenant/{id}")).bearer(&admin).send();
    assert_eq!(delete(2).await.data(), true);
    assert_eq!(delete(2).await.code(), 404);
    assert_eq!(app.get("/api/Tenant/2").bearer(&admin).send().await.code(), 404);
    assert_eq!(app.get("/.well-known/openid-configuration").host(at).send().await.status, 400);
    assert_eq!(delete(1).await.code(), 417, "the one in use, the first, and the last");
    let again = app.post("/api/Tenant").bearer(&admin).json(&shop()).send().await;
    assert_eq!(again.data(), 3, "the hosts are free again, the number is not");
}

#[tokio::test]
async fn hosts_are_unique_and_move_between_tenants_in_one_commit() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    app.post("/api/Tenant").bearer(&admin).json(&shop()).send().await.data();
    let taken = json!({ "name": "second", "hosts": [{ "hostName": "SHOP.example:8080" }] });
    let refused = app.post("/api/Tenant").bearer(&admin).json(&taken).send().await;
    assert_eq!(refused.code(), 417, "{}", refused.text);
    assert!(refused.text.contains("host name already exists"), "{}", refused.text);
    let free = json!({ "name": "second", "hosts": [{ "hostName": "second.example" }] });
    let second = app.post("/api/Tenant").bearer(&admin).json(&free).send().await.data();
    let hosts = json!([{ "hostName": "second.example" }, { "hostName": "shop.example:8080" }]);
    let body = json!({ "id": second, "hosts": hosts });
    let put = |query: &str| {
        app.ask("PUT", &format!("/api/Tenant{query}")).bearer(&admin).json(&body).send()
    };
    assert_eq!(put("").await.code(), 417);
    let position = app.engine.log().head().position;
    assert_eq!(put("?moveHosts=true").await.data(), true);
    let events = app.engine.log().read_after(position, 10).unwrap();
    assert_eq!(events.len(), 2, "one for each tenant");
    assert_eq!(events[0].commit, events[1].commit, "one commit");
    let info = app.get("/api/Tenant/Info?host=shop.example:8080").send().await.data();
    assert_eq!(info["id"], second);
    let left = app.get("/api/Tenant/2").bearer(&admin).send().await.data();
    assert_eq!(
        left["hosts"],
        json!([{ "id": 1, "appTenantId": 2, "hostName": "www.shop.example" }])
    );
}

#[tokio::test]
async fn owners_change_their_tenant_and_only_the_first_tenant_sets_hosts_and_status() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    app.post("/api/Tenant").bearer(&admin).json(&shop()).send().await.data();
    let ben = app.user(1, "ben", &[1], "oauthapp.all").await;
    let ben_token = app.token_of(ben);
    let create = app.post("/api/Tenant").bearer(&ben_token).json(&json!({ "name": "bens" }));
    assert_eq!(create.send().await.status, 403);
    assert_eq!(app.get("/api/Tenant/2").bearer(&ben_token).send().await.code(), 404);
    // An administrator of another tenant makes none either, and sees none but its own.
    let other = app.tenant("other:8080").await;
    let roles = app.roles(other).await;
    let boss = app.user(other, "boss", &roles[..2], "oauthapp.all").await;
    let token = app.mint(
        other,
        &json!({
            "iss": "http://other:8080", "sub": boss.to_string(), "client_tenant": { "id": other },
            "role": ["user", "administrator"],
        }),
    );
    let ask = |method: &str, path: &str| app.ask(method, path).host("other:8080").bearer(&token);
    let create = ask("POST", "/api/Tenant").json(&json!({ "name": "bosses" })).send().await;
    assert_eq!(create.status, 403, "{}", create.text);
    assert_eq!(ask("GET", "/api/Tenant").send().await.json()["total"], 0, "user 1 owns it");

    // The owner of a tenant, in it.
    let name = |name: &str| json!({ "id": other, "name": name });
    let owned = app.owned_tenant("mine:8080", domain::UserId(boss)).await;
    let rename = ask("PUT", "/api/Tenant").json(&json!({ "id": owned, "name": "mine" })).send();
    assert_eq!(rename.await.data(), true);
    assert_eq!(ask("PUT", "/api/Tenant").json(&name("not mine")).send().await.code(), 404);
    let body = json!({ "id": owned, "status": 2 });
    assert_eq!(ask("PUT", "/api/Tenant").json(&body).send().await.status, 403);
    let body = json!({ "id": owned, "hosts": [] });
    assert_eq!(ask("PUT", "/api/Tenant").json(&body).send().await.status, 403);
    assert_eq!(ask("PUT", "/api/Tenant?moveHosts=true").json(&body).send().await.status, 403);
    assert_eq!(ask("GET", "/api/Tenant").send().await.json()["total"], 1);
}

#[tokio::test]
async fn one_of_many_who_claim_a_host_gets_it() {
    const RACERS: usize = 100;
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let body = json!({ "name": "racer", "hosts": [{ "hostName": "wanted.example" }] });
    let race = (0..RACERS).map(|_| app.post("/api/Tenant").bearer(&admin).json(&body).send());
    let answers = futures_util::future::join_all(race).await;
    let won = answers.iter().filter(|it| it.code() == 200).count();
    let lost = answers.iter().filter(|it| it.code() == 417).count();
    assert_eq!((won, lost), (1, RACERS - 1));
}

#[tokio::test]
async fn wrong_bodies_of_tenants_are_refused_by_field_and_write_nothing() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let position = app.engine.log().head().position;
    let many = |count: usize, one: fn(usize) -> Value| (0..count).map(one).collect::<Value>();
    let cases = [
        ("name", json!(" ")),
        ("name", json!("x".repeat(201))),
        ("name", json!("a\u{0}b")),
        ("name", json!(["a"])),
        ("theme", json!("x".repeat(201))),
        ("status", json!(3)),
        ("status", json!(-1)),
        ("status", json!("enabled")),
        ("identityServerIssuerUri", json!("https://a.example")),
        ("hosts.hostName", json!([{ "hostName": "a b" }])),
        ("hosts.hostName", json!([{ "hostName": "" }])),
        ("hosts.hostName", json!([{ "hostName": "b\u{fc}cher.example" }])),
        ("hosts", json!([{ "hostName": "a.example" }, { "hostName": "A.EXAMPLE" }])),
        ("hosts", many(101, |n| json!({ "hostName": format!("h{n}.example") }))),
        ("hosts", json!("a.example")),
        ("claims.claimType", json!([{ "claimType": "x".repeat(251) }])),
        ("claims.claimType", json!([{ "claimType": "a" }, { "claimType": "a" }])),
        ("claims", many(101, |n| json!({ "claimType": format!("c{n}") }))),
        ("properties", json!([{ "key": "a", "value": "1" }, { "key": "a", "value": "2" }])),
        ("properties", many(101, |n| json!({ "key": format!("k{n}"), "value": "1" }))),
        ("properties.value", json!([{ "key": "a", "value": "***" }])),
        ("properties.value", json!([{ "key": "a", "value": "x".repeat(2_001) }])),
        ("properties.value", json!([{ "key": "Codes:TenantDaily", "value": "-1" }])),
        ("logoUri", json!("x".repeat(2_001))),
        ("description", json!("x".repeat(1_001))),
        ("cacheDuration", json!(1.5)),
    ];
    for (field, value) in cases {
        let member = field.split('.').next().unwrap();
        let mut body = json!({ "name": "wrong", member: value });
        let created = app.post("/api/Tenant").bearer(&admin).json(&body).send().await;
        assert_eq!(created.status, 400, "{field} {body}: {}", created.text);
        let errors = created.json()["errors"].as_object().unwrap().clone();
        let named = errors.keys().any(|it| it == field || it.starts_with(member));
        assert!(named, "{field}: {}", created.text);
        if field == "name" && body["name"] == " " {
            continue; // Kept by an update.
        }
        body["id"] = json!(1);
        let updated = app.ask("PUT", "/api/Tenant").bearer(&admin).json(&body).send().await;
        assert_eq!(updated.status, 400, "{field} {body}: {}", updated.text);
    }
    let doubled = app.post("/api/Tenant").bearer(&admin);
    let doubled = doubled.body("application/json", r#"{"name":"a","NAME":"b"}"#).send().await;
    assert_eq!(doubled.status, 400, "{}", doubled.text);
    for id in [json!(0), json!(-1), json!(99), json!(i64::MAX)] {
        let body = json!({ "id": id, "name": "nobody" });
        let answer = app.ask("PUT", "/api/Tenant").bearer(&admin).json(&body).send().await;
        assert_eq!(answer.code(), 404, "{id}: {}", answer.text);
    }
    assert_eq!(app.engine.log().head().position, position);
}

/// H6: the owner in a body takes no tenant over.
#[tokio::test]
async fn the_owner_in_a_body_takes_no_tenant_over() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    app.post("/api/Tenant").bearer(&admin).json(&shop()).send().await.data();
    let ben = app.user(1, "ben", &[1], "oauthapp.all").await;
    let take = json!({ "id": 2, "ownerUserId": ben, "name": "bens" });
    let put = app.ask("PUT", "/api/Tenant").bearer(&app.token_of(ben)).json(&take).send().await;
    assert_eq!(put.code(), 404);
    app.ask("PUT", "/api/Tenant").bearer(&admin).json(&take).send().await.data();
    let shown = app.get("/api/Tenant/2").bearer(&admin).send().await.data();
    assert_eq!((&shown["ownerUserId"], &shown["name"]), (&json!(1), &json!("bens")));
}
