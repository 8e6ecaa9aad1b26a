//! The documented resources, one file each: routes, bodies, handlers in the order of the routes.

pub(crate) mod api_resource;
pub(crate) mod api_resource_body;
pub(crate) mod api_resource_clients;
mod api_scope;
pub(crate) mod audit;
mod audit_place;
pub(crate) mod audit_stream;
mod children;
pub(crate) mod client;
pub(crate) mod client_body;
pub(crate) mod role;
pub(crate) mod tenant;
pub(crate) mod user;
pub(crate) mod user_body;
pub(crate) mod user_view;

use crate::access::granted::Open;
use crate::http::codes::ApiCode;
use crate::http::endpoint::{Endpoint, Outcome};
use crate::http::reply::{ErrorData, Reply};

impl ErrorData for Vec<ApiCode> {}
impl ErrorData for i64 {}

/// The endpoints of all resources, in the order of the specification.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    [
        api_resource::endpoints(),
        api_resource_clients::endpoints(),
        api_scope::endpoints(),
        audit::endpoints(),
        audit_stream::endpoints(),
        client::endpoints(),
        role::endpoints(),
        tenant::endpoints(),
        user::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What is shown in place of a secret (spec section 7.3, H15).
pub(crate) const MASKED: &str = "***";

/// The codes of a section that has none of its own.
pub(crate) async fn no_codes(_open: Open) -> Outcome {
    Ok(Reply::json(&[(); 0]))
}
