//! What a token stands on: the log that knows it, its key, its client, its tenant, its user, and the
//! token that it was made from (contracts, "Tokens").

use std::time::Duration;

use domain::signing_key::{SigningAlgorithm, SigningKey, SigningKeyCommand};
use domain::user::{User, UserCommand};
use serde_json::{Value, json};
use tests::app::{
    TestApp, bind_token_id, merge, part_of, payload_of, sign_es256, sign_payload, usual_claims,
    verifier,
};

async fn status(app: &TestApp, token: &str) -> u16 {
    app.get("/api/Role").bearer(token).send().await.status
}

async fn revoke(app: &TestApp, token: &str) -> bool {
    let form = [("client_id", "chancery-cli"), ("token", token)];
    let answer = app.post("/connect/revocation").form(&form).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    !answer.header("x-log-position").is_empty()
}

fn header(kid: &str) -> Value {
    json!({ "typ": "at+jwt", "alg": "ES256", "kid": kid })
}

/// A4: the private key alone makes nothing that counts.
#[tokio::test]
async fn a_token_that_the_log_never_issued_does_not_count() {
    let app = TestApp::new().await;
    let (kid, private) = app.key_of(1);
    let from =
        app.views.read().users.get(domain::TenantId(1), domain::UserId(1)).unwrap().counts_from;
    let far = json!({ "exp": app.clock.now().seconds() + 20 * 365 * 86_400 });
    for more in [json!({}), json!({ "counts_from": from }), far] {
        let claims = merge(usual_claims(), &merge(json!({ "counts_from": from }), &more));
        let (jti, payload) = bind_token_id(&claims);
        let forged = sign_payload(&header(&kid), &payload, &private);
        assert_eq!(status(&app, &forged).await, 401, "{claims}");
        assert!(!revoke(&app, &forged).await, "nothing was there to be revoked: {jti}");
    }
    let claims = merge(usual_claims(), &json!({ "jti": "ffffffff000000000000000000000001" }));
    assert_eq!(status(&app, &sign_es256(&header(&kid), &claims, &private)).await, 401);
}

/// The name of a token's stream binds its claims: whoever has key and log makes no others for it.
#[tokio::test]
async fn the_claims_of_a_known_token_cannot_be_changed_by_whoever_has_the_key() {
    let app = TestApp::new().await;
    app.user(1, "eve", &[1], "oauthapp.role.get").await;
    let own = app.sign_in("eve", tests::app::PASSWORD).await;
    assert_eq!(status(&app, &own).await, 200);
    let (kid, private) = app.key_of(1);
    let claims = part_of(&own, 1);
    for change in [
        json!({ "permission": "oauthapp.all" }),
        json!({ "role": ["user", "administrator"] }),
        json!({ "sub": "1" }),
        json!({ "exp": claims["exp"].as_i64().unwrap() + 86_400 }),
        json!({ "salt": null }),
    ] {
        let changed = merge(claims.clone(), &change);
        let token = sign_es256(&header(&kid), &changed, &private);
        assert_eq!(status(&app, &token).await, 401, "{change}");
    }
    // The same claims in another order are another payload.
    let same = sign_es256(&header(&kid), &claims, &private);
    assert_eq!(status(&app, &same).await, 401);
    let signed_again = sign_payload(&header(&kid), &payload_of(&own), &private);
    assert_eq!(status(&app, &signed_again).await, 200);
}

#[tokio::test]
async fn the_salt_of_a_token_stands_in_no_event() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let claims = part_of(&token, 1);
    let salt = claims["salt"].as_str().unwrap();
    assert_eq!(salt.len(), 22);
    let other = part_of(&app.admin().await, 1);
    assert_ne!(claims["salt"], other["salt"]);
    let events = app.get("/api/audit/events?kind=token&limit=100").bearer(&token).send().await;
    assert!(events.text.contains(claims["jti"].as_str().unwrap()), "{}", events.text);
    assert!(!events.text.contains(salt), "{}", events.text);
}

/// A14, F20: what is made from a token ends with it.
#[tokio::test]
async fn a_token_that_was_made_from_a_revoked_one_is_revoked() {
    let app = TestApp::new().await;
    let parent = app.admin().await;
    let issue = async |token: &str| {
        let body = json!({ "lifetime": 86_400 });
        app.post("/api/Client/IssueToken").bearer(token).json(&body).send().await
    };
    let child = issue(&parent).await.data().as_str().unwrap().to_owned();
    let (of_parent, of_child) = (part_of(&parent, 1), part_of(&child, 1));
    assert_eq!(of_child["parent"], of_parent["jti"]);
    for name in ["auth_time", "amr", "counts_from", "sub", "scope", "role"] {
        assert_eq!(of_child[name], of_parent[name], "{name}");
    }
    assert_ne!(of_child["salt"], of_parent["salt"]);
    assert_eq!(issue(&child).await.status, 403, "it issues no further one");
    assert_eq!(status(&app, &child).await, 200);
    // A parent that merely expired ends nothing.
    app.clock.pass(Duration::from_secs(3_700));
    assert_eq!((status(&app, &parent).await, status(&app, &child).await), (401, 200));
    assert!(revoke(&app, &parent).await);
    assert_eq!(status(&app, &child).await, 401);
}

/// Row 43 copies from when the presented token's credentials count, never from when those of now do.
#[tokio::test]
async fn a_new_password_ends_the_tokens_that_were_made_from_older_ones() {
    let app = TestApp::new().await;
    let parent = app.admin().await;
    let body = json!({ "lifetime": 600 });
    let child = app.post("/api/Client/IssueToken").bearer(&parent).json(&body).send().await;
    let child = child.data().as_str().unwrap().to_owned();
    app.run::<User>(1, "1", UserCommand::SetPassword(verifier().await.into())).await;
    assert_eq!((status(&app, &parent).await, status(&app, &child).await), (401, 401));
}

/// F12: whoever caches the published keys for as long as they may has a new key before it signs.
#[tokio::test]
async fn a_new_key_is_published_before_it_signs() {
    let app = TestApp::new().await;
    let old = app.key_of(1).0;
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa, SigningAlgorithm::Rs256] {
        let app = TestApp::new().await;
        let old = app.key_of(1).0;
        let new = app.add_key(1, algorithm, false).await;
        let until = app.clock.now();
        app.run::<SigningKey>(1, &old, SigningKeyCommand::Retire { until }).await;
        let jwks = app.get("/.well-known/openid-configuration/jwks").send().await;
        assert!(jwks.text.contains(&new), "{}", jwks.text);
        let signs = async || part_of(&app.admin().await, 0)["kid"].as_str().unwrap().to_owned();
        assert_eq!(signs().await, old);
        app.clock.pass(Duration::from_secs(100));
        assert_eq!(signs().await, old);
        app.clock.pass(Duration::from_secs(30));
        assert_eq!(signs().await, new, "{algorithm:?}");
        let document = app.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(document["id_token_signing_alg_values_supported"], json!([algorithm.name()]));
        // Tokens of a retired key count until they expire, however long it is published.
        let token = app.admin().await;
        assert_eq!(status(&app, &token).await, 200);
    }
    // By the monotonic clock, where the wall clock was ahead when the key was made.
    let head = domain::log::CommitHead {
        time: app.clock.now().plus_seconds(86_400),
        ..app.head(domain::TenantId(1))
    };
    let key =
        commands::signing::make_signing_key(domain::TenantId(1), SigningAlgorithm::Es256, false);
    let mut draft = app.engine.draft(head);
    let new =
        commands::signing::add_signing_key(&mut draft, app.engine.keys(), key.unwrap()).unwrap();
    let done = draft.commit().await.unwrap();
    app.shows(done.position).await;
    assert_eq!(part_of(&app.admin().await, 0)["kid"], old);
    app.clock.pass(Duration::from_secs(121));
    assert_eq!(part_of(&app.admin().await, 0)["kid"], new);
}

#[tokio::test]
async fn a_key_that_was_ended_makes_no_token_count_whatever_the_clock_says() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let old = app.key_of(1).0;
    let new = app.add_key(1, SigningAlgorithm::Es256, false).await;
    let end = SigningKeyCommand::End { reason: "leaked".to_owned() };
    app.run::<SigningKey>(1, &old, end).await;
    assert_eq!(status(&app, &token).await, 401);
    app.clock.shift_wall(-86_400);
    assert_eq!(status(&app, &token).await, 401);
    // The successor signs at once: there is no other.
    app.clock.shift_wall(86_400);
    let after = app.admin().await;
    assert_eq!(part_of(&after, 0)["kid"], new);
    assert_eq!(status(&app, &after).await, 200);
    let jwks = app.get("/.well-known/openid-configuration/jwks").send().await;
    assert!(!jwks.text.contains(&old), "{}", jwks.text);
    // Without any key nothing can be signed, and readiness says so.
    app.run::<SigningKey>(1, &new, SigningKeyCommand::End { reason: "leaked".to_owned() }).await;
    let ready = app.get("/health/ready").send().await;
    assert_eq!(ready.status, 503, "{}", ready.text);
    let refused = app.try_sign_in("admin", tests::app::PASSWORD).await;
    assert_eq!((refused.status, &refused.json()["error"]), (500, &json!("server_error")));
}

#[tokio::test]
async fn a_locked_user_has_no_tokens_and_gets_none() {
    let app = TestApp::new().await;
    let claims = json!({ "sub": "1", "counts_from": 1 });
    assert_eq!(status(&app, &app.mint(1, &claims)).await, 401, "from other credentials");
    let claims = json!({ "client_id": "nobody" });
    assert_eq!(status(&app, &app.mint(1, &claims)).await, 401, "an unknown client");
}
