//! Samples of what stands beside APIs at the gateway: products and authorization servers.

use domain::auth_server::{AuthServer, AuthServerEvent, AuthServerFields};
use domain::product::{Product, ProductChange, ProductEvent, ProductFields, Rate};

use super::scopes::{live_plain, plain};
use super::{Sample, list, text};
use crate::life::Lives;

/// What every rule accepts.
pub fn product_fields() -> ProductFields {
    ProductFields {
        code: "starter".to_owned(),
        name: text("name"),
        description: Some(text("description")),
        terms: Some(text("terms")),
        subscription_required: true,
        approval_required: true,
        subscriptions_limit: Some(95),
        published: true,
        rate: Some(Rate { calls: 96, seconds: 97 }),
    }
}

/// What every rule accepts.
pub fn auth_server_fields() -> AuthServerFields {
    let url = |path: &str| Some(format!("https://id.example/{path}"));
    AuthServerFields {
        code: "partner-id".to_owned(),
        name: text("name"),
        description: Some(text("description")),
        issuer: url("issuer"),
        client_registration_endpoint: url("register"),
        authorization_endpoint: url("authorize"),
        authorization_methods: list(&["GET"]),
        client_authentication_method: list(&["Basic"]),
        token_body_parameters: list(&["resource"]),
        token_endpoint: url("token"),
        support_state: true,
        default_scope: Some("orders.read".to_owned()),
        grant_types: list(&["authorizationCode"]),
        bearer_token_sending_methods: list(&["authorizationHeader"]),
        client_id: Some("gateway".to_owned()),
        resource_owner_username: Some("robot".to_owned()),
        secret_names: list(&["clientSecret"]),
    }
}

pub(super) fn all() -> Vec<Sample> {
    // Switches that are told apart.
    let more = vec![
        ProductChange::SubscriptionRequired(false),
        ProductChange::ApprovalRequired(true),
        ProductChange::Published(false),
    ];
    [
        plain::<ProductEvent, _>(94, product_fields(), vec![("more", more)]),
        plain::<AuthServerEvent, _>(98, auth_server_fields(), Vec::new()),
    ]
    .concat()
}

/// Brings about every event of them.
pub async fn live(life: &mut impl Lives) {
    live_plain::<Product, _>(life, 94, product_fields()).await;
    live_plain::<AuthServer, _>(life, 98, auth_server_fields()).await;
}
