//! `POST /connect/token`: how clients prove themselves, what they may ask for, and back-off.

use api::{AppSettings, Proxies};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::user::{User, UserCommand};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::app::{Answer, HOST, PASSWORD, TestApp, escape, part_of};

const SECRET: &str = "s3cret:with %odd+signs";

/// The Base64 of a hash, from row 44: 0 is SHA-256, 1 is SHA-512.
async fn hash(app: &TestApp, token: &str, key_type: u8) -> String {
    let body = json!({ "plaintext": SECRET, "keyType": key_type });
    let answer = app.post("/api/Client/1/Secretkey").bearer(token).json(&body).send().await;
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.data().as_str().unwrap().to_owned()
}

/// A client with a secret; members of `over` replace its own.
async fn register(app: &TestApp, client_id: &str, over: Value) -> String {
    let token = app.admin().await;
    let value = hash(app, &token, 1).await;
    let mut body = json!({
        "clientId": client_id, "clientSecrets": [{ "value": value }],
        "allowedGrantTypes": [{ "grantType": "client_credentials" }],
        "allowedScopes": [{ "scope": "oauthapp.user.get" }, { "scope": "orders.read" }],
    });
    for (name, value) in over.as_object().unwrap() {
        body[name] = value.clone();
    }
    app.post("/api/Client").bearer(&token).json(&body).send().await.data();
    token
}

async fn ask(app: &TestApp, fields: &[(&str, &str)]) -> Answer {
    app.post("/connect/token").form(fields).send().await
}

fn credentials<'a>(client_id: &'a str, secret: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", secret)]
}

async fn basic(app: &TestApp, client_id: &str, secret: &str, fields: &[(&str, &str)]) -> Answer {
    let pair = BASE64_STANDARD.encode(format!("{}:{}", escape(client_id), escape(secret)));
    let request = app.post("/connect/token").header("authorization", &format!("Basic {pair}"));
    request.form(fields).send().await
}

#[track_caller]
fn refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.json()["error"], error, "{}", answer.text);
    assert!(answer.headers.get("x-log-position").is_none());
}

#[tokio::test]
async fn a_client_proves_itself_by_basic_or_by_form() {
    let app = TestApp::new().await;
    register(&app, "shop", json!({})).await;
    let by_form = ask(&app, &credentials("shop", SECRET)).await;
    let by_basic = basic(&app, "shop", SECRET, &[("grant_type", "client_credentials")]).await;
    for answer in [&by_form, &by_basic] {
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.position() > 0);
        let json = answer.json();
        assert_eq!((&json["token_type"], &json["expires_in"]), (&json!("Bearer"), &json!(3600)));
        // `orders.read` is allowed, but nobody knows it yet.
        assert_eq!(json["scope"], "oauthapp.user.get");
        let claims = part_of(json["access_token"].as_str().unwrap(), 1);
        assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("shop"), &json!("shop")));
        assert!(claims.get("role").is_none() && claims.get("permission").is_none());
    }
    let token = by_form.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(app.get("/api/User").bearer(&token).send().await.status, 403);
}

#[tokio::test]
async fn both_ways_at_once_and_wrong_proofs_are_refused() {
    let app = TestApp::new().await;
    register(&app, "shop", json!({})).await;
    let both = basic(&app, "shop", SECRET, &credentials("shop", SECRET)).await;
    refused(&both, 400, "invalid_request");
    let two = [("grant_type", "client_credentials"), ("client_id", "other")];
    refused(&basic(&app, "shop", SECRET, &two).await, 400, "invalid_request");
    for (client_id, secret) in [("shop", "wrong"), ("shop", ""), ("nobody", SECRET), ("", SECRET)] {
        refused(&ask(&app, &credentials(client_id, secret)).await, 401, "invalid_client");
        let answer = basic(&app, client_id, secret, &[("grant_type", "client_credentials")]).await;
        refused(&answer, 401, "invalid_client");
        assert_eq!(answer.header("www-authenticate"), "Basic realm=\"chancery\"");
    }
    let long = "x".repeat(2_000);
    refused(&ask(&app, &credentials("shop", &long)).await, 401, "invalid_client");
    for header in ["Basic", "Basic !!!", "Basic c2hvcA==", "Bearer x", "Basic /w=="] {
        let request = app.post("/connect/token").header("authorization", header);
        let answer = request.form(&[("grant_type", "client_credentials")]).send().await;
        refused(&answer, 401, "invalid_client");
    }
    // The hash itself proves nothing.
    let token = app.admin().await;
    let hash = hash(&app, &token, 1).await;
    refused(&ask(&app, &credentials("shop", &hash)).await, 401, "invalid_client");
}

#[tokio::test]
async fn secrets_count_as_sha_256_and_sha_512_until_they_expire() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let (sha256, sha512) = (hash(&app, &token, 0).await, hash(&app, &token, 1).await);
    let secrets = [
        ("sha256", json!([{ "value": sha256 }]), true),
        ("sha512", json!([{ "value": sha512 }]), true),
        ("both", json!([{ "value": "other" }, { "value": sha256 }]), true),
        ("expired", json!([{ "value": sha256, "expiration": "2020-01-01 00:00:00" }]), false),
        ("later", json!([{ "value": sha256, "expiration": "2999-01-01" }]), true),
        (
            "renewed",
            json!([{ "value": sha256, "expiration": "2020-01-01" },
                           { "value": sha512 }]),
            true,
        ),
        ("none", json!([]), false),
    ];
    for (client_id, secrets, counts) in secrets {
        register(&app, client_id, json!({ "clientSecrets": secrets })).await;
        let answer = ask(&app, &credentials(client_id, SECRET)).await;
        assert_eq!(answer.status == 200, counts, "{client_id}: {}", answer.text);
    }
    register(&app, "off", json!({ "enabled": false })).await;
    refused(&ask(&app, &credentials("off", SECRET)).await, 401, "invalid_client");
}

#[tokio::test]
async fn grants_are_for_those_who_may_use_them() {
    let app = TestApp::new().await;
    register(&app, "shop", json!({})).await;
    let mut fields = credentials("shop", SECRET);
    for (grant, error) in [
        ("password", "unauthorized_client"),
        ("authorization_code", "unsupported_grant_type"),
        ("CLIENT_CREDENTIALS", "unsupported_grant_type"),
        ("", "invalid_request"),
    ] {
        fields[0].1 = grant;
        refused(&ask(&app, &fields).await, 400, error);
    }
    let grants = json!([{ "grantType": "client_credentials" }, { "grantType": "password" }]);
    let public = json!({
        "requireClientSecret": false, "clientSecrets": [], "allowedGrantTypes": grants,
    });
    register(&app, "public", public).await;
    refused(&ask(&app, &credentials("public", "")).await, 400, "unauthorized_client");
    let password = [
        ("grant_type", "password"),
        ("client_id", "public"),
        ("username", "admin"),
        ("password", PASSWORD),
    ];
    refused(&ask(&app, &password).await, 400, "unauthorized_client");
    let first_party = credentials("chancery-cli", "");
    refused(&ask(&app, &first_party).await, 400, "unauthorized_client");
}

#[tokio::test]
async fn parameters_that_are_sent_twice_are_refused() {
    let app = TestApp::new().await;
    register(&app, "shop", json!({})).await;
    for twice in [("client_id", "shop"), ("grant_type", "client_credentials"), ("scope", "x")] {
        let mut fields = credentials("shop", SECRET);
        fields.push(("scope", "oauthapp.user.get"));
        fields.push(twice);
        refused(&ask(&app, &fields).await, 400, "invalid_request");
    }
}

#[tokio::test]
async fn a_scope_is_granted_if_it_is_allowed_and_known_here() {
    let app = TestApp::new().await;
    let token = register(&app, "shop", json!({})).await;
    let mut fields = credentials("shop", SECRET);
    fields.push(("scope", "orders.read"));
    refused(&ask(&app, &fields).await, 400, "invalid_scope");
    let resource = |name: &str, enabled: bool, scope: &str| json!({ "name": name, "enabled": enabled, "scopes": [{ "scope": scope }] });
    let add = async |body: Value| {
        app.post("/api/ApiResource").bearer(&token).json(&body).send().await.data()
    };
    add(resource("orders", true, "orders.read")).await;
    let granted = ask(&app, &fields).await.json();
    assert_eq!(granted["scope"], "orders.read");
    let token = granted["access_token"].as_str().unwrap();
    assert_eq!(part_of(token, 1)["aud"], json!(["orders"]));
    // For another audience: it opens nothing here.
    assert_eq!(app.get("/api/Role").bearer(token).send().await.status, 401);
    for scope in ["oauthapp.all", "nonsense", "ORDERS.READ", "orders.read nonsense"] {
        fields[3].1 = scope;
        refused(&ask(&app, &fields).await, 400, "invalid_scope");
    }
    fields[3].1 = "orders.read  orders.read oauthapp.user.get";
    let both = ask(&app, &fields).await.json();
    assert_eq!(both["scope"], "orders.read oauthapp.user.get");
    let aud = &part_of(both["access_token"].as_str().unwrap(), 1)["aud"];
    assert_eq!(aud, &json!(["oauthapp", "orders"]));
}

#[tokio::test]
async fn clients_and_scopes_of_another_tenant_are_unknown() {
    let app = TestApp::new().await;
    app.tenant("other:8080").await;
    register(&app, "shop", json!({})).await;
    let fields = credentials("shop", SECRET);
    let there = app.post("/connect/token").host("other:8080").form(&fields).send().await;
    refused(&there, 401, "invalid_client");
    let here = app.post("/connect/token").host(&HOST.to_uppercase()).form(&fields).send().await;
    assert_eq!(here.status, 200, "hosts have no case");
}

#[tokio::test]
async fn wrong_passwords_are_slowed_down_by_account_with_retry_after() {
    let app = TestApp::new().await;
    let sign_in = async |name: &str, password: &str| {
        let form = [
            ("grant_type", "password"),
            ("client_id", "chancery-cli"),
            ("username", name),
            ("password", password),
        ];
        app.post("/connect/token").from("192.0.2.1").form(&form).send().await
    };
    for name in ["admin", "nobody"] {
        // Side by side, so that no time passes: the first five are free. The right password has
        // to wait like a wrong one, or it could be told apart.
        let passwords = ["wrong", "wrong", "wrong", "wrong", "wrong", "wrong", PASSWORD];
        let answers = join_all(passwords.map(|it| sign_in(name, it))).await;
        for answer in &answers[..5] {
            refused(answer, 400, "invalid_grant");
        }
        for answer in &answers[5..] {
            assert_eq!((answer.status, answer.header("retry-after")), (429, "1"), "{name}");
            refused(answer, 429, "temporarily_unavailable");
        }
    }
    app.user(1, "ben", &[1], "x").await;
    assert_eq!(sign_in("ben", PASSWORD).await.status, 200, "another account is free");
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_caller_has_an_address_of_its_own() {
    let proxies = Proxies::new(vec!["10.0.0.1/32".parse().unwrap()]);
    let app = TestApp::with(AppSettings { proxies, ..AppSettings::default() }).await;
    let sign_in = async |peer: &str, forwarded: &str, name: &str, password: &str| {
        let form = [
            ("grant_type", "password"),
            ("client_id", "chancery-cli"),
            ("username", name),
            ("password", password),
        ];
        let ask = app.post("/connect/token").from(peer).header("x-forwarded-for", forwarded);
        ask.form(&form).send().await.status
    };
    // More than are free for an address.
    for n in 0..51 {
        let status = sign_in("10.0.0.1", "192.0.2.1", &format!("guess{n}"), "wrong").await;
        assert_eq!(status, if n < 50 { 400 } else { 429 }, "{n}");
    }
    let neighbour = sign_in("10.0.0.1", "192.0.2.2", "admin", PASSWORD).await;
    assert_eq!(neighbour, 200, "another caller of the same proxy");
    let forged = sign_in("10.0.0.1", "192.0.2.77, 192.0.2.1", "admin", PASSWORD).await;
    assert_eq!(forged, 429, "what a caller writes before the proxy's own word");
    let direct = sign_in("192.0.2.1", "192.0.2.2", "admin", PASSWORD).await;
    assert_eq!(direct, 429, "a stranger is no proxy");
}

#[tokio::test]
async fn what_is_missing_or_too_long_is_told_without_a_hash() {
    let app = TestApp::new().await;
    let base = [("grant_type", "password"), ("client_id", "chancery-cli")];
    let with = |more: &[(&'static str, &'static str)]| [&base[..], more].concat();
    refused(&ask(&app, &with(&[])).await, 400, "invalid_request");
    refused(&ask(&app, &with(&[("username", "admin")])).await, 400, "invalid_request");
    let long: &str = "x".repeat(300).leak();
    let long = with(&[("username", "admin"), ("password", long)]);
    refused(&ask(&app, &long).await, 400, "invalid_grant");
    let scope = with(&[("username", "admin"), ("password", "wrong"), ("scope", "nonsense")]);
    refused(&ask(&app, &scope).await, 400, "invalid_scope");
    let json = app.post("/connect/token").json(&json!({})).send().await;
    refused(&json, 400, "invalid_request");
    let no_utf8 = app.post("/connect/token");
    let no_utf8 = no_utf8.body("application/x-www-form-urlencoded", b"a=\xff").send().await;
    refused(&no_utf8, 400, "invalid_request");
}

/// RFC 6749 section 2.3.1: guessing must be hindered, wherever a client proves itself.
#[tokio::test]
async fn wrong_secrets_of_a_client_are_slowed_down_and_its_own_network_is_not() {
    let app = TestApp::new().await;
    register(&app, "shop", json!({})).await;
    let ask = async |path: &str, address: &str, client_id: &str, secret: &str| {
        let mut form = credentials(client_id, secret);
        form.push(("token", "x"));
        app.post(path).from(address).form(&form).send().await
    };
    let (token, revocation) = ("/connect/token", "/connect/revocation");
    // Both doors count together, and an unknown client like a known one.
    for client_id in ["shop", "nobody"] {
        for path in [token, revocation, token, revocation, token] {
            refused(&ask(path, "203.0.113.9", client_id, "guess").await, 401, "invalid_client");
        }
        for path in [token, revocation] {
            // The right one is not looked at either.
            let answer = ask(path, "203.0.113.9", client_id, SECRET).await;
            assert_eq!((answer.status, answer.header("retry-after")), (429, "1"), "{client_id}");
        }
    }
    let basic = BASE64_STANDARD.encode("shop:guess");
    let basic =
        app.post(token).from("203.0.113.9").header("authorization", &format!("Basic {basic}"));
    assert_eq!(basic.form(&[("grant_type", "client_credentials")]).send().await.status, 429);
    for _ in 0..8 {
        assert_eq!(ask(token, "192.0.2.1", "shop", SECRET).await.status, 200, "its own network");
    }
}

#[tokio::test]
async fn a_network_that_guesses_secrets_of_many_clients_has_to_wait() {
    let app = TestApp::new().await;
    register(&app, "shop", json!({})).await;
    let ask = async |address: &str, client_id: &str, secret: &str| {
        let form = credentials(client_id, secret);
        app.post("/connect/token").from(address).form(&form).send().await.status
    };
    for n in 0..50 {
        assert_eq!(ask("203.0.113.9", &format!("guess{n}"), "guess").await, 401, "{n}");
    }
    assert_eq!(ask("203.0.113.9", "shop", SECRET).await, 429);
    assert_eq!(ask("192.0.2.1", "shop", SECRET).await, 200);
    let passwords = app.post("/connect/token").from("203.0.113.9");
    let form = [
        ("grant_type", "password"),
        ("client_id", "chancery-cli"),
        ("username", "admin"),
        ("password", PASSWORD),
    ];
    assert_eq!(passwords.form(&form).send().await.status, 429, "one count for a network");
}

/// Tries in flight are no failures.
#[tokio::test]
async fn many_right_passwords_at_once_all_succeed() {
    let app = TestApp::new().await;
    let answers = join_all((0..12).map(|_| app.try_sign_in("admin", PASSWORD))).await;
    for answer in answers {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

/// Nobody may learn the password of an account that is disabled.
#[tokio::test]
async fn the_right_password_of_a_disabled_account_counts_as_a_wrong_one() {
    let app = TestApp::new().await;
    let user = app.user(1, "ben", &[1], "x").await;
    app.run::<User>(1, &user.to_string(), UserCommand::SetEnabled(false)).await;
    for n in 0..6 {
        let password = if n == 4 { PASSWORD } else { "wrong" };
        let answer = app.try_sign_in("ben", password).await;
        assert_eq!(answer.status, if n < 5 { 400 } else { 429 }, "{n}");
    }
}

#[tokio::test]
async fn strangers_do_not_lock_an_administrator_out() {
    let app = TestApp::new().await;
    let sign_in = async |address: &str, password: &str| {
        let form = [
            ("grant_type", "password"),
            ("client_id", "chancery-cli"),
            ("username", "admin"),
            ("password", password),
        ];
        app.post("/connect/token").from(address).form(&form).send().await.status
    };
    for _ in 0..5 {
        assert_eq!(sign_in("203.0.113.9", "wrong").await, 400);
    }
    assert_eq!(sign_in("203.0.113.9", PASSWORD).await, 429);
    assert_eq!(sign_in("192.0.2.1", PASSWORD).await, 200);
}

/// How long somebody must wait is no matter of the time of day.
#[tokio::test]
async fn a_clock_that_is_set_back_makes_nobody_wait_longer() {
    let app = TestApp::new().await;
    app.clock.shift_wall(86_400);
    for _ in 0..5 {
        assert_eq!(app.try_sign_in("admin", "wrong").await.status, 400);
    }
    app.clock.shift_wall(-86_400);
    let waits = app.try_sign_in("admin", PASSWORD).await;
    assert_eq!((waits.status, waits.header("retry-after")), (429, "1"));
    app.clock.pass(std::time::Duration::from_secs(1));
    assert_eq!(app.try_sign_in("admin", PASSWORD).await.status, 200);
}

/// Each half of HTTP Basic is one value: nothing in it ends it.
#[tokio::test]
async fn what_stands_behind_an_ampersand_belongs_to_the_secret() {
    let app = TestApp::new().await;
    register(&app, "shop", json!({})).await;
    let raw = async |pair: String| {
        let pair = BASE64_STANDARD.encode(pair);
        let request = app.post("/connect/token").from("192.0.2.1");
        let request = request.header("authorization", &format!("Basic {pair}"));
        request.form(&[("grant_type", "client_credentials")]).send().await
    };
    let secret = escape(SECRET);
    for pair in [
        format!("shop:{secret}&junk"),
        format!("shop:{secret}&x=y"),
        format!("shop&junk=1:{secret}"),
        format!("shop:{secret}%FF"),
    ] {
        refused(&raw(pair).await, 401, "invalid_client");
    }
    // Encoded as the rule says, and as it is.
    assert_eq!(raw(format!("shop:{secret}")).await.status, 200);
    assert_eq!(raw(format!("shop:{SECRET}")).await.status, 200);
    for (client_id, plain) in [("amp", "a-secret-with&and="), ("plus", "a-secret+with%41all")] {
        let token = app.admin().await;
        let body = json!({ "plaintext": plain });
        let hash = app.post("/api/Client/1/Secretkey").bearer(&token).json(&body).send().await;
        let secrets = json!([{ "value": hash.data() }]);
        register(&app, client_id, json!({ "clientSecrets": secrets })).await;
        assert_eq!(raw(format!("{client_id}:{}", escape(plain))).await.status, 200, "{plain}");
        assert_eq!(raw(format!("{client_id}:{plain}")).await.status, 200, "{plain}");
    }
}
