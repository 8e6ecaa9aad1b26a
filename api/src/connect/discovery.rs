//! The discovery document (OpenID Connect Discovery 1.0 section 3, RFC 8414) and the keys.

use serde_json::{Value, json};
use warp::http::Method;

use crate::access::clients::discoverable_scopes;
use crate::access::granted::Open;
use crate::access::scopes;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::reply::Reply;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            Method::GET,
            "/.well-known/openid-configuration",
            "OpenIdConfiguration",
            "Where the endpoints of this issuer are",
        )
        .open(configuration),
        endpoint(
            Method::GET,
            "/.well-known/openid-configuration/jwks",
            "OpenIdKeys",
            "The keys whose signatures count (RFC 7517)",
        )
        .open(keys),
    ]
}

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
    Ok(Reply::json(&json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/openid-configuration/jwks"),
        "token_endpoint": format!("{issuer}/connect/token"),
        "revocation_endpoint": format!("{issuer}/connect/revocation"),
        "token_endpoint_auth_methods_supported": authentication,
        "revocation_endpoint_auth_methods_supported": authentication,
        "grant_types_supported": ["client_credentials", "password"],
        "response_types_supported": Value::Array(Vec::new()),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [signing],
        "scopes_supported": supported,
        "claims_supported": ["sub", "role", "permission", "client_id", "client_tenant"],
    }))
    .cache("public, max-age=300"))
}

async fn keys(open: Open) -> Outcome {
    let tables = open.call.app.views.read();
    let keys = tables.signing_keys.published(open.tenant.data.tenant, open.call.now);
    drop(tables);
    let keys = keys.iter().filter_map(|it| serde_json::from_str(&it.data.public_jwk).ok());
    let keys = keys.collect::<Vec<Value>>();
    // Short: a new key must be known before the old one ends, and a lost one soon forgotten.
    Ok(Reply::json(&json!({ "keys": keys })).cache("public, max-age=60"))
}
