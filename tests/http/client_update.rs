//! `/api/Client`: rows 40, 42 and 45, secrets and owners.

use domain::user::{User, UserCommand};
use serde_json::{Value, json};
use tests::app::{Answer, TestApp};

struct Shop {
    app: TestApp,
    admin: String,
    ann: String,
    ann_id: u32,
}

impl Shop {
    /// Ann has the client 2, `shop`, with a secret and a property, that gets tokens for `orders.read`
    /// of her API.
    async fn open() -> Self {
        let app = TestApp::new().await;
        let admin = app.admin().await;
        let ann_id = app.user(1, "ann", &[1], "oauthapp.all").await;
        let ann = app.token_of(ann_id);
        let it = Self { app, admin, ann, ann_id };
        let api = json!({ "name": "orders", "scopes": [{ "scope": "orders.read" }] });
        it.ask("POST", "/api/ApiResource", &it.ann, api).await.data();
        let shop = json!({
            "clientId": "shop", "clientName": "Shop", "description": "sells",
            "allowedScopes": [{ "scope": "orders.read" }, { "scope": "oauthapp.user.get" }],
            "allowedGrantTypes": [{ "grantType": "client_credentials" }],
            "properties": [{ "key": "colour", "value": "red" }],
            "consentLifetime": 77,
        });
        assert_eq!(it.ask("POST", "/api/Client", &it.ann, shop).await.data(), 2);
        it
    }

    async fn ask(&self, method: &str, path: &str, token: &str, body: Value) -> Answer {
        let ask = self.app.ask(method, path).bearer(token);
        if body.is_null() { ask.send().await } else { ask.json(&body).send().await }
    }

    async fn put(&self, token: &str, body: Value) -> Answer {
        self.ask("PUT", "/api/Client", token, body).await
    }

    async fn shown(&self) -> Value {
        self.ask("GET", "/api/Client/2", &self.ann, Value::Null).await.data()
    }

    async fn new_secret(&self) -> (u64, String) {
        let made = self.ask("POST", "/api/Client/2/Secrets", &self.ann, json!({})).await;
        assert_eq!(made.header("cache-control"), "no-store");
        let made = made.data();
        (made["id"].as_u64().unwrap(), made["value"].as_str().unwrap().to_owned())
    }

    async fn token(&self, client: &str, secret: &str) -> Answer {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("client_secret", secret),
        ];
        self.app.post("/connect/token").form(&form).send().await
    }

    fn end(&self) -> u64 {
        self.app.engine.log().head().position
    }
}

#[tokio::test]
async fn a_client_sent_back_as_it_was_read_changes_nothing() {
    let it = Shop::open().await;
    it.new_secret().await;
    let (shown, end) = (it.shown().await, it.end());
    assert_eq!(it.put(&it.ann, shown.clone()).await.data(), true);
    assert_eq!((it.end(), it.shown().await), (end, shown));
}

/// Texts and some numbers stay, null clears them; the rest gets its default, lists are emptied.
#[tokio::test]
async fn an_update_keeps_clears_and_replaces_as_it_is_documented() {
    let it = Shop::open().await;
    let body =
        json!({ "id": 2, "CLIENTNAME": "Shop 2", "description": "  ", "requirePkce": false });
    assert_eq!(it.put(&it.ann, body).await.data(), true);
    let now = it.shown().await;
    assert_eq!((&now["clientName"], &now["description"]), (&json!("Shop 2"), &json!("sells")));
    assert_eq!((&now["clientId"], &now["consentLifetime"]), (&json!("shop"), &json!(77)));
    assert_eq!((&now["requirePkce"], &now["allowedScopes"]), (&json!(false), &json!([])));
    assert_eq!(now["properties"], json!([]));
    let body = json!({ "id": 2, "description": null, "consentLifetime": null });
    assert_eq!(it.put(&it.ann, body).await.data(), true);
    let now = it.shown().await;
    assert!(now.get("description").is_none() && now.get("consentLifetime").is_none(), "{now}");
    assert_eq!(now["requirePkce"], true, "absent gets the default");
    for (body, field) in [
        (json!({ "id": 2, "clientId": null }), "clientId"),
        (json!({ "id": 2, "accessTokenLifetime": 0 }), "accessTokenLifetime"),
        (json!({ "id": 2, "redirectUris": [{ "redirectUri": "/x" }] }), "redirectUris"),
        (json!({ "id": 2, "clientName": 7 }), "clientName"),
        (json!({ "id": 2, "clientSecrets": [{ "id": 9, "value": "***" }] }), "clientSecrets.value"),
    ] {
        let end = it.end();
        it.put(&it.ann, body).await.breaks(field);
        assert_eq!(it.end(), end);
    }
    let taken = it.put(&it.ann, json!({ "id": 2, "clientId": "chancery-cli" })).await;
    assert_eq!(taken.code(), 417);
}

#[tokio::test]
async fn two_who_edit_at_once_do_not_lose_one_anothers_fields() {
    let it = Shop::open().await;
    let seen = it.app.get("/api/Client/2").bearer(&it.ann).send().await;
    let tag = seen.header("etag").to_owned();
    let mut first = seen.data();
    first["clientName"] = json!("first");
    assert_eq!(it.put(&it.admin, first).await.data(), true);
    let mut second = seen.data();
    second["description"] = json!("second");
    let late = it.app.ask("PUT", "/api/Client").bearer(&it.ann).header("if-match", &tag);
    assert_eq!(late.json(&second).send().await.status, 412);
    assert_eq!(it.shown().await["clientName"], "first");
}

#[tokio::test]
async fn secrets_are_made_kept_and_taken_away() {
    let it = Shop::open().await;
    let (first, one) = it.new_secret().await;
    let (second, two) = it.new_secret().await;
    assert_eq!((first, second), (1, 2));
    let shown = it.shown().await;
    assert!(!shown.to_string().contains(&one), "{shown}");
    assert_eq!(shown["clientSecrets"][1]["value"], "***");
    for secret in [&one, &two] {
        assert_eq!(it.token("shop", secret).await.json()["scope"], "orders.read");
    }
    // An update keeps what it names, and no more.
    let mut body = shown.clone();
    body["clientSecrets"] = json!([shown["clientSecrets"][1]]);
    assert_eq!(it.put(&it.ann, body).await.data(), true);
    assert_eq!(it.token("shop", &one).await.json()["error"], "invalid_client");
    assert_eq!(it.token("shop", &two).await.status, 200);
    let (third, three) = it.new_secret().await;
    assert_eq!(third, 3, "1 is not used again");
    let path = format!("/api/Client/2/Secrets/{second}");
    assert_eq!(it.ask("DELETE", &path, &it.ann, Value::Null).await.data(), true);
    assert_eq!(it.ask("DELETE", &path, &it.ann, Value::Null).await.code(), 404);
    assert_eq!(it.token("shop", &two).await.json()["error"], "invalid_client");
    assert_eq!(it.token("shop", &three).await.status, 200);
    // Shown once: the same request again is told so.
    let again = || {
        let ask = it.app.post("/api/Client/2/Secrets").bearer(&it.ann);
        ask.header("idempotency-key", "once").json(&json!({})).send()
    };
    again().await.data();
    let repeated = again().await;
    assert!(repeated.status >= 400, "{repeated:?}");
}

/// Two at once: one value counts, and only that one is shown.
#[tokio::test]
async fn of_two_requests_with_one_key_one_shows_a_secret() {
    let it = Shop::open().await;
    let ask = || {
        let ask = it.app.post("/api/Client/2/Secrets").bearer(&it.ann);
        ask.header("idempotency-key", "twice").json(&json!({})).send()
    };
    let (one, other) = tokio::join!(ask(), ask());
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", one.text, other.text);
}

#[tokio::test]
async fn a_deleted_client_ends_with_its_tokens_and_its_name_is_never_given_again() {
    let it = Shop::open().await;
    let (_, secret) = it.new_secret().await;
    let mut body = it.shown().await;
    body["clientId"] = json!("market");
    assert_eq!(it.put(&it.ann, body).await.data(), true);
    assert_eq!(it.token("shop", &secret).await.json()["error"], "invalid_client");
    assert_eq!(it.token("market", &secret).await.status, 200);
    let gone = || it.ask("DELETE", "/api/Client/2", &it.ann, Value::Null);
    assert_eq!(gone().await.data(), true);
    assert_eq!(gone().await.code(), 404);
    assert_eq!(it.token("market", &secret).await.json()["error"], "invalid_client");
    for name in ["shop", "market"] {
        let again = it.ask("POST", "/api/Client", &it.admin, json!({ "clientId": name })).await;
        assert_eq!(again.code(), 417, "{name}");
    }
    let list = it.ask("GET", "/api/Client", &it.admin, Value::Null).await.json();
    assert_eq!(list["total"], 1);
    assert_eq!(it.app.get("/api/Client/Codes").send().await.json(), json!([]));
}

#[tokio::test]
async fn administrators_see_and_change_every_client_and_the_programs_own_stays() {
    let it = Shop::open().await;
    let all = it.ask("GET", "/api/Client", &it.admin, Value::Null).await.json();
    let own = it.ask("GET", "/api/Client", &it.ann, Value::Null).await.json();
    assert_eq!((&all["total"], &own["total"]), (&json!(2), &json!(1)));
    let body = json!({ "id": 2, "nonEditable": true });
    assert_eq!(it.put(&it.admin, body).await.data(), true);
    for (token, body) in [
        (&it.ann, json!({ "id": 2, "nonEditable": false })),
        (&it.admin, json!({ "id": 2, "clientName": "x", "nonEditable": true })),
    ] {
        assert_eq!(it.put(token, body).await.code(), 417);
    }
    assert_eq!(it.ask("DELETE", "/api/Client/2", &it.ann, Value::Null).await.code(), 417);
    assert_eq!(it.put(&it.admin, json!({ "id": 2, "nonEditable": false })).await.data(), true);
    for body in [json!({ "id": 1 }), json!({ "id": 1, "enabled": false })] {
        assert_eq!(it.put(&it.admin, body).await.code(), 417);
    }
    assert_eq!(it.ask("DELETE", "/api/Client/1", &it.admin, Value::Null).await.code(), 417);
}

/// Whoever knows a secret of a client would otherwise get rights by giving the client away.
#[tokio::test]
async fn a_client_is_handed_over_to_whoever_adds_nothing_to_it() {
    let it = Shop::open().await;
    let ben = it.app.user(1, "ben", &[1], "oauthapp.all").await;
    let body = json!({ "userName": "kid", "passwordHash": "grue-Ham7ster" });
    let kid = it.ask("POST", "/api/User", &it.ann, body).await.data().as_u64().unwrap() as u32;
    let hand = |token: String, user: u32| {
        let body = json!({ "userId": user });
        let ask = it.app.ask("PUT", "/api/Client/2/Owner").bearer(&token);
        async move { ask.json(&body).send().await }
    };
    // Whom Ann does not see is as good as nobody.
    for user in [1, ben, 77] {
        hand(it.ann.clone(), user).await.breaks("userId");
    }
    assert_eq!(hand(it.ann.clone(), kid).await.data(), true);
    assert_eq!(hand(it.ann.clone(), kid).await.code(), 404, "it is Ann's no more");
    // An administrator would bring built-in scopes, Ann her API: that is for administrators to give.
    assert_eq!(hand(it.admin.clone(), it.ann_id).await.data(), true);
    let rights = UserCommand::SetRights { roles: vec![1, 4], permissions: Vec::new() };
    it.app.run::<User>(1, &kid.to_string(), rights).await;
    assert_eq!(hand(it.ann.clone(), kid).await.code(), 417);
    assert_eq!(hand(it.admin.clone(), kid).await.data(), true);
}
