//! The discovery document and the keys.

use serde_json::json;
use tests::app::TestApp;

#[tokio::test]
async fn the_document_names_the_endpoints_of_the_issuer_of_the_host() {
    let app = TestApp::new().await;
    app.tenant("other:8080").await;
    for host in ["localhost:8080", "other:8080"] {
        let answer = app.get("/.well-known/openid-configuration").host(host).send().await;
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        let document = answer.json();
        assert_eq!(document["issuer"], format!("http://{host}"));
        assert_eq!(document["token_endpoint"], format!("http://{host}/connect/token"));
        let jwks = format!("http://{host}/.well-known/openid-configuration/jwks");
        assert_eq!(document["jwks_uri"], jwks);
    }
}

#[tokio::test]
async fn scopes_are_listed_if_their_resource_wants_it() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    for (name, shown, enabled) in [("seen", true, true), ("hid", false, true), ("off", true, false)]
    {
        let body = json!({
            "name": name, "showInDiscoveryDocument": shown, "enabled": enabled,
            "scopes": [{ "scope": format!("{name}.read") }],
        });
        app.post("/api/ApiResource").bearer(&token).json(&body).send().await.data();
    }
    let document = app.get("/.well-known/openid-configuration").send().await.json();
    let listed = |scope: &str| {
        let scopes = document["scopes_supported"].as_array().unwrap();
        scopes.iter().filter(|it| *it == scope).count()
    };
    let counts = ["seen.read", "hid.read", "off.read", "oauthapp.all", "isms.all"].map(listed);
    assert_eq!(counts, [1, 0, 0, 1, 1]);
}

#[tokio::test]
async fn the_keys_of_a_tenant_are_its_own_and_public_only() {
    let app = TestApp::new().await;
    let tenant = app.tenant("other:8080").await;
    let path = "/.well-known/openid-configuration/jwks";
    for (host, tenant) in [("localhost:8080", 1), ("other:8080", tenant)] {
        let keys = app.get(path).host(host).send().await.json()["keys"].clone();
        assert_eq!(keys.as_array().unwrap().len(), 1);
        let key = keys[0].as_object().unwrap();
        let members = key.keys().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
        assert_eq!(key["kid"], app.key_of(tenant).0);
    }
}

#[tokio::test]
async fn clients_of_oauth_find_the_same_document_where_rfc_8414_puts_it() {
    let app = TestApp::new().await;
    app.tenant("other:8080").await;
    for host in ["localhost:8080", "other:8080"] {
        let openid = app.get("/.well-known/openid-configuration").host(host).send().await;
        let oauth = app.get("/.well-known/oauth-authorization-server").host(host).send().await;
        assert_eq!(oauth.json()["issuer"], format!("http://{host}"));
        assert_eq!(oauth.json(), openid.json());
        assert_eq!(oauth.header("cache-control"), openid.header("cache-control"));
    }
}
