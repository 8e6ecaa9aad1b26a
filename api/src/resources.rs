//! The documented resources, one file each: routes, bodies, handlers in the order of the routes.

pub(crate) mod api_resource;
pub(crate) mod api_resource_body;
pub(crate) mod api_resource_clients;
mod api_scope;
pub(crate) mod audit;
mod audit_event;
mod audit_place;
pub(crate) mod audit_stream;
mod children;
pub(crate) mod client;
pub(crate) mod client_body;
mod client_parts;
mod identity_resource;
mod no_codes;
pub(crate) mod role;
mod stamp;
pub(crate) mod tenant;
mod tenant_body;
pub(crate) mod user;
pub(crate) mod user_body;
mod user_distributors;
mod user_erase;
mod user_figures;
mod user_identity;
mod user_register;
mod user_update;
pub(crate) mod user_view;

use crate::http::endpoint::Endpoint;

/// The endpoints of all resources, in the order of the specification.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    [
        api_resource::endpoints(),
        api_resource_clients::endpoints(),
        api_scope::endpoints(),
        audit::endpoints(),
        audit_stream::endpoints(),
        client::endpoints(),
        client_parts::endpoints(),
        identity_resource::endpoints(),
        role::endpoints(),
        tenant::endpoints(),
        user::endpoints(),
        user_distributors::endpoints(),
        user_erase::endpoints(),
        user_register::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
