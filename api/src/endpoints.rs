//! The whole API on one page.

use crate::app_token;
use crate::connect::{discovery, revocation, token};
use crate::http::endpoint::Endpoint;
use crate::operation::{health, metrics, openapi};
use crate::resources::{api_resource, audit, audit_stream, client, role, tenant, user};

/// Every endpoint there is.
pub fn all() -> Vec<Endpoint> {
    [
        api_resource::endpoints(),
        audit::endpoints(),
        audit_stream::endpoints(),
        client::endpoints(),
        role::endpoints(),
        tenant::endpoints(),
        user::endpoints(),
        discovery::endpoints(),
        revocation::endpoints(),
        token::endpoints(),
        app_token::endpoints(),
        health::endpoints(),
        metrics::endpoints(),
        openapi::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
