//! The whole API on one page.

use crate::app_token;
use crate::connect::{discovery, revocation, token};
use crate::http::endpoint::Endpoint;
use crate::operation::{health, metrics, openapi};
use crate::resources::{api_resource, audit, audit_stream, client, role, tenant, user};

/// Those that show figures of the program, which an operator may want at an address of their own.
pub(crate) fn figures() -> Vec<Endpoint> {
    let mut endpoints = all();
    endpoints.retain(shows_figures);
    endpoints.extend(health::endpoints());
    endpoints
}

/// Those that an operator may not want to show everybody.
pub(crate) fn shows_figures(endpoint: &Endpoint) -> bool {
    endpoint.path.ends_with("/metrics")
}

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
