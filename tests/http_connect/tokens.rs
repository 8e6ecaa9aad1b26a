//! Bearer tokens: which count, and until when.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::signing_key::{SigningAlgorithm, SigningKey, SigningKeyCommand};
use domain::user::{User, UserCommand};
use domain::{TenantId, Timestamp};
use serde_json::{Value, json};
use tests::app::{
    HOST, PASSWORD, TestApp, merge, now, others_go_on, part_of, payload_of, sign_es256,
    sign_payload, unsigned,
};
use tests::app::{usual_claims, verifier};

async fn status(app: &TestApp, token: &str) -> u16 {
    app.get("/api/Role").bearer(token).send().await.status
}

fn header(kid: &str) -> Value {
    json!({ "typ": "at+jwt", "alg": "ES256", "kid": kid })
}

#[tokio::test]
async fn a_token_says_what_the_contract_promises() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let (header, claims) = (part_of(&token, 0), part_of(&token, 1));
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!(header["kid"], app.key_of(1).0);
    let named = ["iss", "client_id", "client_tenant", "sub", "role", "permission", "scope"];
    let said = named.iter().map(|it| claims[it].clone()).collect::<Vec<_>>();
    let wanted = json!([
        format!("http://{HOST}"), "chancery-cli", { "id": 1, "name": "oauthapp" }, "1",
        ["user", "administrator"], "oauthapp.all", ["oauthapp.all", "isms.all"],
    ]);
    assert_eq!(Value::from(said), wanted);
    assert_eq!(claims["aud"], json!(["oauthapp"]));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    assert_eq!(claims["nbf"], claims["iat"]);
}

#[tokio::test]
async fn tokens_out_of_time_or_for_others_do_not_count() {
    let app = TestApp::new().await;
    let now = now().seconds();
    assert_eq!(status(&app, &app.mint(1, &json!({}))).await, 200);
    let wrong = [
        json!({ "exp": now - 1 }),
        json!({ "exp": now }),
        json!({ "exp": -1 }),
        json!({ "nbf": now + 90 }),
        json!({ "iat": now + 90 }),
        json!({ "jti": "ffffffff000000000000000000000001" }),
        json!({ "iss": "http://localhost" }),
        json!({ "iss": format!("https://{HOST}") }),
        json!({ "iss": null }),
        json!({ "aud": ["orders"] }),
        json!({ "aud": [] }),
        json!({ "aud": null }),
        json!({ "exp": null }),
        json!({ "nbf": null }),
        json!({ "sub": null }),
        json!({ "sub": "99" }),
        json!({ "sub": "0" }),
        json!({ "sub": "admin" }),
        json!({ "sub": "" }),
        json!({ "client_tenant": { "id": 2 } }),
        json!({ "client_tenant": null }),
        json!({ "jti": null }),
        json!({ "exp": "soon" }),
    ];
    for claims in wrong {
        let answer = app.get("/api/Role").bearer(&app.mint(1, &claims)).send().await;
        assert_eq!(answer.status, 401, "{claims}");
        assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
    }
}

#[tokio::test]
async fn the_header_cannot_choose_how_a_token_is_checked() {
    let app = TestApp::new().await;
    let (kid, private) = app.key_of(1);
    let claims = payload_of(&app.mint(1, &json!({})));
    let none = unsigned(&json!({ "typ": "at+jwt", "alg": "none", "kid": kid }), &claims);
    let hs256 = {
        let jwks = app.get("/.well-known/openid-configuration/jwks").send().await.json();
        let public = jwks["keys"][0].to_string();
        let header = json!({ "typ": "at+jwt", "alg": "HS256", "kid": kid });
        let message = unsigned(&header, &claims);
        let key = hmac::Key::new(hmac::HMAC_SHA256, public.as_bytes());
        let tag = hmac::sign(&key, message.as_bytes());
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
    };
    let signed = |header: Value| sign_payload(&header, &claims, &private);
    let good = signed(header(&kid));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    bytes[10] ^= 1;
    let forged = format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(&bytes));
    let other = unsigned(&header(&kid), &claims.replace("\"sub\":\"1\"", "\"sub\":\"2\""));
    let wrong = [
        format!("{none}."),
        none,
        hs256,
        forged,
        format!("{other}.{signature}"),
        format!("{message}."),
        signed(json!({ "typ": "JWT", "alg": "ES256", "kid": kid })),
        signed(json!({ "alg": "ES256", "kid": kid })),
        signed(json!({ "typ": "at+jwt", "alg": "RS256", "kid": kid })),
        signed(json!({ "typ": "at+jwt", "alg": "ES256" })),
        signed(header("another")),
        signed(header("../../etc/passwd")),
        "a.b.c".to_owned(),
        ".".repeat(20),
        "x".repeat(17 * 1024),
    ];
    for token in &wrong {
        assert_eq!(status(&app, token).await, 401, "{token}");
    }
    assert_eq!(status(&app, &good).await, 200);
    for scheme in ["Basic", "Token"] {
        let answer = app.get("/api/Role").header("authorization", &format!("{scheme} {good}"));
        assert_eq!(answer.send().await.status, 401, "{scheme}");
    }
    let lower = app.get("/api/Role").header("authorization", &format!("bearer {good}"));
    assert_eq!(lower.send().await.status, 200, "schemes have no case (RFC 9110 section 11.1)");
}

#[tokio::test]
async fn tenants_do_not_accept_each_others_tokens() {
    let app = TestApp::new().await;
    let other = "other:8080";
    let tenant = app.tenant(other).await;
    let roles = app.roles(tenant).await;
    let user = app.user(tenant, "zoe", &roles, "oauthapp.all").await;
    let of_other = json!({
        "iss": format!("http://{other}"), "sub": user.to_string(), "role": ["user"],
        "client_tenant": { "id": tenant, "name": "tenant-2" },
    });
    let theirs = app.mint(tenant, &of_other);
    let ours = app.admin().await;
    let at = async |host: &str, token: &str| {
        app.get("/api/Role").host(host).bearer(token).send().await.status
    };
    assert_eq!(at(other, &theirs).await, 200);
    assert_eq!(at(HOST, &ours).await, 200);
    assert_eq!(at(HOST, &theirs).await, 401);
    assert_eq!(at(other, &ours).await, 401);
    // The right claims under the wrong key, and the wrong claims under the right key.
    assert_eq!(at(other, &app.mint(1, &of_other)).await, 401);
    assert_eq!(at(HOST, &app.mint(tenant, &json!({}))).await, 401);
    let mixed = merge(of_other.clone(), &json!({ "client_tenant": { "id": 1 } }));
    assert_eq!(at(other, &app.mint(tenant, &mixed)).await, 401);
    // A user of the first tenant is nobody in the second.
    let lent = merge(of_other, &json!({ "sub": "1" }));
    assert_eq!(at(other, &app.mint(tenant, &lent)).await, 401);
    // What was refused there has not spoilt what is remembered here.
    assert_eq!(at(HOST, &ours).await, 200);
}

#[tokio::test]
async fn a_revoked_token_ends_at_once() {
    let app = TestApp::new().await;
    let (token, other) = (app.admin().await, app.admin().await);
    assert_eq!(status(&app, &token).await, 200);
    let revoke =
        async |fields: &[(&str, &str)]| app.post("/connect/revocation").form(fields).send().await;
    let foreign = revoke(&[("client_id", "nobody"), ("token", &token)]).await;
    assert_eq!((foreign.status, &foreign.json()["error"]), (401, &json!("invalid_client")));
    let done = revoke(&[("client_id", "chancery-cli"), ("token", &token)]).await;
    assert_eq!((done.status, done.text.as_str()), (200, ""));
    assert!(done.position() > 0);
    assert_eq!(status(&app, &token).await, 401);
    assert_eq!(status(&app, &other).await, 200);
    // RFC 7009 section 2.2: whatever does not count is as good as revoked.
    for token in [token.as_str(), "nonsense"] {
        let again = revoke(&[("client_id", "chancery-cli"), ("token", token)]).await;
        assert_eq!(again.status, 200);
    }
    let missing = revoke(&[("client_id", "chancery-cli")]).await;
    assert_eq!((missing.status, &missing.json()["error"]), (400, &json!("invalid_request")));
}

#[tokio::test]
async fn a_new_password_ends_the_tokens_of_before() {
    let app = TestApp::new().await;
    let before = app.admin().await;
    assert_eq!(status(&app, &before).await, 200);
    app.run::<User>(1, "1", UserCommand::SetPassword(verifier().await.into())).await;
    assert_eq!(status(&app, &before).await, 401);
    let after = app.sign_in("admin", PASSWORD).await;
    assert_eq!(status(&app, &after).await, 200);
    assert_eq!(status(&app, &before).await, 401);
}

#[tokio::test]
async fn after_a_rotation_the_new_key_signs_and_the_old_one_verifies_until_its_end() {
    let app = TestApp::new().await;
    let old = app.admin().await;
    let old_kid = part_of(&old, 0)["kid"].as_str().unwrap().to_owned();
    let new_kid = app.rotate(1, SigningAlgorithm::Es256).await;
    let until = now().plus_seconds(3_600);
    app.run::<SigningKey>(1, &old_kid, SigningKeyCommand::Retire { until }).await;
    let new = app.admin().await;
    assert_eq!(part_of(&new, 0)["kid"], new_kid);
    assert_eq!((status(&app, &old).await, status(&app, &new).await), (200, 200));
    let keys = app.get("/.well-known/openid-configuration/jwks").send().await.json();
    assert_eq!(keys["keys"][0]["kid"], new_kid);
    assert_eq!(keys["keys"][1]["kid"], old_kid);
    assert!(keys.to_string().find("\"d\"").is_none(), "a private part is published");
}

#[tokio::test]
async fn a_retired_key_verifies_to_the_end_of_its_tokens_however_long_it_is_published() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let kid = part_of(&token, 0)["kid"].as_str().unwrap().to_owned();
    assert_eq!(status(&app, &token).await, 200);
    app.rotate(1, SigningAlgorithm::Es256).await;
    app.run::<SigningKey>(1, &kid, SigningKeyCommand::Retire { until: Timestamp(1) }).await;
    assert_eq!(status(&app, &token).await, 200);
    let keys = app.get("/.well-known/openid-configuration/jwks").send().await.json();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn eddsa_and_rs256_sign_and_verify() {
    for (algorithm, key_type) in
        [(SigningAlgorithm::EdDsa, "OKP"), (SigningAlgorithm::Rs256, "RSA")]
    {
        let app = TestApp::signing_with(algorithm).await;
        let token = app.admin().await;
        assert_eq!(part_of(&token, 0)["alg"], algorithm.name());
        assert_eq!(status(&app, &token).await, 200);
        let (rest, signature) = token.rsplit_once('.').unwrap();
        let cut = &signature[..signature.len() - 4];
        assert_eq!(status(&app, &format!("{rest}.{cut}AAAA")).await, 401);
        let keys = app.get("/.well-known/openid-configuration/jwks").send().await.json();
        assert_eq!(keys["keys"][0]["kty"], key_type);
        let document = app.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(document["issuer"], format!("http://{HOST}"));
    }
}

#[tokio::test]
async fn a_key_of_another_kind_does_not_verify_under_its_neighbours_name() {
    let app = TestApp::new().await;
    let kid = app.rotate(1, SigningAlgorithm::EdDsa).await;
    let (_, private) = app.key_of(1);
    let claims = usual_claims();
    for alg in ["ES256", "EdDSA"] {
        let header = json!({ "typ": "at+jwt", "alg": alg, "kid": kid });
        assert_eq!(status(&app, &sign_es256(&header, &claims, &private)).await, 401, "{alg}");
    }
    assert!(app.views.read().signing_keys.published(TenantId(1), now()).len() == 2);
}

/// A token that ends while its request waits gives nothing: not a change, not another token.
#[tokio::test]
async fn a_request_that_waited_is_judged_by_what_is_now() {
    let app = TestApp::new().await;
    app.user(1, "chief", &[1, 4], "oauthapp.all").await;
    for end in [UserCommand::SetEnabled(false), UserCommand::SetPassword(verifier().await.into())] {
        let chief = app.sign_in("chief", PASSWORD).await;
        let waiting = |path: &'static str, body: serde_json::Value| {
            let next = app.engine.log().head().position + 1;
            let ask = app.post(path).bearer(&chief).json(&body);
            ask.header("x-min-position", &next.to_string()).send()
        };
        let user = waiting("/api/User", json!({ "userName": "backdoor" }));
        let token = waiting("/api/Client/IssueToken", json!({ "lifetime": 3600 }));
        let ends = async {
            others_go_on().await;
            app.run::<User>(1, "2", end).await;
        };
        let (user, token, ()) = tokio::join!(user, token, ends);
        assert_eq!((user.status, token.status), (401, 401), "{} {}", user.text, token.text);
        app.run::<User>(1, "2", UserCommand::SetEnabled(true)).await;
    }
}

/// Whether a user may sign in is no question of clocks.
#[tokio::test]
async fn who_was_disabled_by_a_slow_clock_has_no_tokens_either() {
    let app = TestApp::new().await;
    let number = app.user(1, "chief", &[1, 4], "oauthapp.all").await.to_string();
    let chief = app.sign_in("chief", PASSWORD).await;
    assert_eq!(status(&app, &chief).await, 200);
    let mut head = app.head(domain::TenantId(1));
    head.time = head.time.plus_seconds(-60);
    let disable = UserCommand::SetEnabled(false);
    let done = app.engine.handle::<User>(&number, &disable, &head).await.unwrap();
    app.shows(done.position).await;
    assert_eq!(status(&app, &chief).await, 401);
}
