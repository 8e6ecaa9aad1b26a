//! The discovery document (OpenID Connect Discovery 1.0 section 3, RFC 8414) and the keys.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use serde_with::skip_serializing_none;
use warp::http::Method;

use crate::access::clients::discoverable_scopes;
use crate::access::granted::Open;
use crate::access::scopes;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::reply::{ErrorData, Reply};

pub(crate) fn endpoints() -> Vec<Endpoint> {
    let documents = [
        ("/.well-known/openid-configuration", "OpenIdConfiguration"),
        ("/.well-known/oauth-authorization-server", "OAuthServerMetadata"),
    ];
    let summary = "Where the endpoints of this issuer are";
    let documents = documents.map(|(path, operation)| {
        endpoint(Method::GET, path, operation, summary)
            .answers::<IssuerMetadata>()
            .open(configuration)
    });
    let keys = endpoint(
        Method::GET,
        "/.well-known/openid-configuration/jwks",
        "OpenIdKeys",
        "The keys whose signatures count (RFC 7517)",
    );
    let mut endpoints = Vec::from(documents);
    endpoints.push(keys.answers::<KeySet>().open(published_keys));
    endpoints
}

/// Where the endpoints of an issuer are, and what they can do.
#[derive(Serialize, JsonSchema)]
struct IssuerMetadata {
    issuer: String,
    jwks_uri: String,
    token_endpoint: String,
    revocation_endpoint: String,
    token_endpoint_auth_methods_supported: [&'static str; 3],
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    grant_types_supported: [&'static str; 2],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 1],
    scopes_supported: Vec<String>,
    claims_supported: [&'static str; 5],
}

/// Keys whose signatures count.
#[derive(Serialize, JsonSchema)]
struct KeySet {
    #[schemars(with = "Vec<PublicKey>")]
    keys: Vec<Value>,
}

// The stored form has these members.
/// A public key (RFC 7517).
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
struct PublicKey {
    kty: String,
    kid: String,
    r#use: String,
    alg: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl ErrorData for IssuerMetadata {}
impl ErrorData for KeySet {}

async fn configuration(open: Open) -> Outcome {
    let app = &open.call.app;
    let issuer = app.issuer(&open.tenant);
    let mut supported = vec!["oauthapp.all".to_owned(), "isms.all".to_owned()];
    supported.extend(scopes::built_in().into_iter().filter(|it| it != "oauthapp.all"));
    let signing = app.signing_key(open.tenant.data.tenant)?.algorithm.name();
    let tables = app.views.read();
    supported.extend(discoverable_scopes(&tables, open.tenant.data.tenant));
    drop(tables);
    let authentication = ["client_secret_basic", "client_secret_post", "none"];
    let metadata = IssuerMetadata {
        jwks_uri: format!("{issuer}/.well-known/openid-configuration/jwks"),
        token_endpoint: format!("{issuer}/connect/token"),
        revocation_endpoint: format!("{issuer}/connect/revocation"),
        issuer,
        token_endpoint_auth_methods_supported: authentication,
        revocation_endpoint_auth_methods_supported: authentication,
        grant_types_supported: ["client_credentials", "password"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: [signing],
        scopes_supported: supported,
        claims_supported: ["sub", "role", "permission", "client_id", "client_tenant"],
    };
    Ok(Reply::json(&metadata).cache("public, max-age=300"))
}

async fn published_keys(open: Open) -> Outcome {
    let tables = open.call.app.views.read();
    let keys = tables.signing_keys.published(open.tenant.data.tenant, open.call.now);
    drop(tables);
    let keys = keys.iter().filter_map(|it| serde_json::from_str(&it.data.public_jwk).ok());
    let keys = keys.collect::<Vec<Value>>();
    // Short: a new key must be known before the old one ends, and a lost one soon forgotten.
    Ok(Reply::json(&KeySet { keys }).cache("public, max-age=60"))
}
