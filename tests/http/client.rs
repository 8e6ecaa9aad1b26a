//! `/api/Client`: rows 38, 39, 41, 43 and 44.

use serde_json::{Value, json};
use tests::app::{PASSWORD, TestApp, now, part_of};

async fn with_token() -> (TestApp, String) {
    let app = TestApp::new().await;
    let token = app.admin().await;
    (app, token)
}

#[tokio::test]
async fn a_client_has_the_documented_defaults() {
    let (app, token) = with_token().await;
    let made = app.post("/api/Client").bearer(&token).json(&json!({ "CLIENTID": "shop" }));
    assert_eq!(made.send().await.data(), 2);
    let client = app.get("/api/Client/2").bearer(&token).send().await.data();
    let wanted = json!({
        "id": 2, "clientId": "shop", "enabled": true, "protocolType": "oidc",
        "requireClientSecret": true, "allowRememberConsent": true, "requirePkce": true,
        "frontChannelLogoutSessionRequired": true, "backChannelLogoutSessionRequired": true,
        "identityTokenLifetime": 300, "accessTokenLifetime": 3600,
        "authorizationCodeLifetime": 300, "absoluteRefreshTokenLifetime": 2_592_000,
        "slidingRefreshTokenLifetime": 1_296_000, "refreshTokenUsage": 1,
        "refreshTokenExpiration": 1, "accessTokenType": 0, "enableLocalLogin": true,
        "includeJwtId": false, "clientClaimsPrefix": "client_", "deviceCodeLifetime": 300,
    });
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(&client[name], value, "{name}");
    }
    assert!(client.get("consentLifetime").is_none() && client.get("clientName").is_none());
}

/// H15.
#[tokio::test]
async fn secrets_are_masked_wherever_they_are_read() {
    let (app, token) = with_token().await;
    let body = json!({
        "clientId": "shop",
        "clientSecrets": [{ "value": "HASHED-9000", "description": "first" }],
        "redirectUris": [{ "redirectUri": "https://example.org/back" }],
    });
    app.post("/api/Client").bearer(&token).json(&body).send().await.data();
    for path in ["/api/Client/2", "/api/Client", "/api/audit/events"] {
        let answer = app.get(path).bearer(&token).send().await;
        assert!(!answer.text.contains("HASHED-9000"), "{path}");
        assert!(answer.text.contains("\"***\""), "{path}");
    }
    let client = app.get("/api/Client/2").bearer(&token).send().await.data();
    let secret = &client["clientSecrets"][0];
    assert_eq!((&secret["value"], &secret["type"]), (&json!("***"), &json!("SharedSecret")));
    let uri = json!([{ "id": 1, "clientId": 2, "redirectUri": "https://example.org/back" }]);
    assert_eq!(client["redirectUris"], uri);
}

#[tokio::test]
async fn a_client_is_its_owners_only() {
    let (app, token) = with_token().await;
    app.post("/api/Client").bearer(&token).json(&json!({ "clientId": "shop" })).send().await.data();
    let ben = app.user(1, "ben", &[1], "oauthapp.all").await;
    let other = app.token_of(ben);
    let list = app.get("/api/Client").bearer(&other).send().await.json();
    assert_eq!((&list["total"], &list["data"]), (&json!(0), &json!([])));
    assert_eq!(app.get("/api/Client/2").bearer(&other).send().await.code(), 404);
    for id in ["0", "-3", "4294967298", "77"] {
        let answer = app.get(&format!("/api/Client/{id}")).bearer(&token).send().await;
        assert_eq!(answer.code(), 404, "{id}");
    }
    app.get("/api/Client/abc").bearer(&token).send().await.breaks("id");
}

#[tokio::test]
async fn a_taken_client_id_is_417_even_for_another_user() {
    let (app, token) = with_token().await;
    let ben = app.user(1, "ben", &[1], "oauthapp.all").await;
    let body = json!({ "clientId": "shop" });
    app.post("/api/Client").bearer(&token).json(&body).send().await.data();
    for token in [token, app.token_of(ben)] {
        let answer = app.post("/api/Client").bearer(&token).json(&body).send().await;
        assert_eq!((answer.code(), &answer.json()["data"]), (417, &json!(0)));
        assert_eq!(answer.json()["codeName"], "ExpectationFailed");
    }
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let (app, token) = with_token().await;
    let with = |name: &str, value: Value| {
        let mut body = json!({ "clientId": "shop" });
        body[name] = value;
        body
    };
    let cases = [
        (json!({}), "clientId"),
        (with("clientId", json!("a b")), "clientId"),
        (with("clientId", json!("x".repeat(201))), "clientId"),
        // It would be the `sub` of user 1 in the client's own tokens.
        (with("clientId", json!("1")), "clientId"),
        (with("clientName", json!("x".repeat(201))), "clientName"),
        (with("accessTokenLifetime", json!(0)), "accessTokenLifetime"),
        (with("accessTokenLifetime", json!("3600")), "accessTokenLifetime"),
        (with("refreshTokenUsage", json!(2)), "refreshTokenUsage"),
        (with("redirectUris", json!([{ "redirectUri": "/relative" }])), "redirectUris"),
        (with("allowedScopes", json!([{ "scope": "a b" }])), "allowedScopes"),
        (with("allowedScopes", json!("openid")), "allowedScopes"),
        (with("clientSecrets", json!([{}])), "clientSecrets.value"),
        (
            with(
                "allowedGrantTypes",
                json!([{ "grantType": "implicit" },
                                             { "grantType": "authorization_code" }]),
            ),
            "allowedGrantTypes",
        ),
    ];
    for (body, field) in cases {
        app.post("/api/Client").bearer(&token).json(&body).send().await.breaks(field);
    }
    assert_eq!(app.get("/api/Client").bearer(&token).send().await.json()["total"], 1);
}

#[tokio::test]
async fn the_list_pages_orders_and_filters() {
    let (app, token) = with_token().await;
    for name in ["c", "a", "b"] {
        let body = json!({ "clientId": name, "clientName": format!("Name {name}") });
        app.post("/api/Client").bearer(&token).json(&body).send().await.data();
    }
    let page = async |query: &str| {
        let json = app.get(&format!("/api/Client?{query}")).bearer(&token).send().await.json();
        let ids = json["data"].as_array().unwrap().iter().map(|it| it["id"].as_i64().unwrap());
        (json["total"].as_i64().unwrap(), ids.collect::<Vec<_>>())
    };
    assert_eq!(page("").await, (4, vec![1, 2, 3, 4]));
    assert_eq!(page("skip=1&take=2").await, (4, vec![2, 3]));
    assert_eq!(page("asc=false").await, (4, vec![4, 3, 2, 1]));
    assert_eq!(page("orderby=clientId&asc=true&take=3").await, (4, vec![3, 4, 2]));
    assert_eq!(page("orderby=ClientId&take=1").await, (4, vec![1]));
    assert_eq!(page("orderby=nonsense").await, (4, vec![4, 3, 2, 1]));
    assert_eq!(page("q.clientid=a").await, (1, vec![3]));
    assert_eq!(page("q.ClientID=A").await, (0, vec![]));
    assert_eq!(page("q.ClientName=Name%20b").await, (1, vec![4]));
}

#[tokio::test]
async fn secretkey_hashes_as_asked() {
    let (app, token) = with_token().await;
    let head = app.engine.log().head().position;
    let hash = async |body: Value| {
        let ask = app.post("/api/Client/9/Secretkey").bearer(&token).json(&body);
        ask.send().await
    };
    let sha256 = "RThGKz1gcO9QYjIWb1+IrgOGtqqzEiczf2eQyblxxR4=";
    let sha512 =
        "vmI7aPggiHRI7Q5wSOheeRkVHkY8io8tD+zKtwqveNoE2JpGeb4nHRg4qexhlFq7wkeNTCQb7zSFruMTTOyn0g==";
    let plain = "a-plain-secret-of-us";
    let body = |key_type: Value| json!({ "plaintext": plain, "keyType": key_type });
    assert_eq!(hash(json!({ "plaintext": plain })).await.data(), sha512);
    for key_type in [json!(0), json!("Sha256"), json!("sha256"), json!(7)] {
        assert_eq!(hash(body(key_type)).await.data(), sha256);
    }
    for key_type in [json!(1), json!("Sha512"), json!(null)] {
        assert_eq!(hash(body(key_type)).await.data(), sha512);
    }
    hash(json!({})).await.breaks("plaintext");
    hash(json!({ "plaintext": " " })).await.breaks("plaintext");
    // What the token endpoint takes, and what cannot be guessed as fast as it is hashed.
    for (plain, fits) in [
        ("x".repeat(15), false),
        ("x".repeat(16), true),
        ("ж".repeat(15), false),
        ("ж".repeat(512), true),
        ("ж".repeat(513), false),
        ("x".repeat(1_024), true),
        ("x".repeat(1_025), false),
    ] {
        let answer = hash(json!({ "plaintext": plain })).await;
        match fits {
            true => drop(answer.data()),
            false => answer.breaks("plaintext"),
        }
    }
    assert_eq!(hash(body(json!("md5"))).await.status, 400);
    let odd = app.post("/api/Client/x/Secretkey").bearer(&token).json(&body(json!(0)));
    odd.send().await.breaks("id");
    assert_eq!(app.engine.log().head().position, head, "nothing is written");
}

/// H9.
#[tokio::test]
async fn an_issued_token_lives_a_day_at_most_and_issues_no_other() {
    let (app, token) = with_token().await;
    let issue = async |token: &str, body: Value| {
        app.post("/api/Client/IssueToken").bearer(token).json(&body).send().await
    };
    for (lifetime, seconds) in [(0, 3600), (-5, 3600), (60, 60), (86_400, 86_400)] {
        let answer = issue(&token, json!({ "Lifetime": lifetime })).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.position() > 0, "an issued token is an event");
        let issued = answer.data().as_str().unwrap().to_owned();
        let claims = part_of(&issued, 1);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), seconds);
        assert!((claims["iat"].as_i64().unwrap() - now().seconds()).abs() < 60);
        for same in ["sub", "client_id", "client_tenant", "role", "permission", "scope", "aud"] {
            assert_eq!(claims[same], part_of(&token, 1)[same], "{same}");
        }
        assert_eq!(app.get("/api/Role").bearer(&issued).send().await.status, 200);
        assert_eq!(issue(&issued, json!({})).await.status, 403, "no renewal of renewals");
    }
    issue(&token, json!({ "lifetime": 86_401 })).await.breaks("lifetime");
    issue(&token, json!({ "lifetime": i64::MAX })).await.breaks("lifetime");
    issue(&token, json!({ "lifetime": "long" })).await.breaks("lifetime");
}

#[tokio::test]
async fn issuing_a_token_is_no_new_proof_of_the_user() {
    let app = TestApp::new().await;
    let token = app.mint(1, &json!({ "auth_time": 1_700_000_000 }));
    let answer = app.post("/api/Client/IssueToken").bearer(&token).json(&json!({})).send().await;
    let issued = answer.data().as_str().unwrap().to_owned();
    assert_eq!(part_of(&issued, 1)["auth_time"], 1_700_000_000);
}

#[tokio::test]
async fn an_issued_token_says_the_permission_as_the_first_one_did() {
    let app = TestApp::new().await;
    app.user(1, "ann", &[1], "OAuthApp.All,Orders.Read").await;
    let token = app.sign_in("ann", PASSWORD).await;
    let answer = app.post("/api/Client/IssueToken").bearer(&token).json(&json!({})).send().await;
    let issued = answer.data().as_str().unwrap().to_owned();
    assert_eq!(part_of(&issued, 1)["permission"], "OAuthApp.All,Orders.Read");
}
