//! The documented resources, one file each: routes, bodies, handlers in the order of the routes.

mod api_policy;
pub(crate) mod api_resource;
pub(crate) mod api_resource_body;
pub(crate) mod api_resource_clients;
mod api_resource_documents;
mod api_resource_gateway_body;
mod api_resource_gateways;
mod api_resource_import;
mod api_resource_owners;
mod api_resource_packages;
mod api_resource_publish;
mod api_resource_releases;
mod api_resource_revisions;
mod api_resource_subscribers;
mod api_resource_versions;
mod api_scope;
pub(crate) mod audit;
mod audit_event;
mod audit_place;
pub(crate) mod audit_stream;
mod auth_server;
mod blob;
mod blob_arrival;
mod blob_base64;
pub(crate) mod blob_file;
mod blob_multipart;
mod blob_upload;
mod children;
pub(crate) mod client;
pub(crate) mod client_body;
mod client_parts;
mod codegen;
mod codegen_history;
mod codegen_job_body;
mod codegen_jobs;
mod codegen_options;
mod codegen_release;
mod codegen_resource;
mod gateway;
mod gateway_door;
mod gateway_reports;
mod identity_resource;
mod no_codes;
mod product;
pub(crate) mod role;
mod stamp;
mod subscription;
mod subscription_states;
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
        api_resource_publish::endpoints(),
        api_resource_versions::endpoints(),
        api_resource_revisions::endpoints(),
        api_resource_gateways::endpoints(),
        api_policy::endpoints(),
        api_resource_documents::endpoints(),
        api_resource_import::endpoints(),
        api_resource_owners::endpoints(),
        api_resource_releases::endpoints(),
        api_resource_packages::endpoints(),
        api_resource_clients::endpoints(),
        api_resource_subscribers::endpoints(),
        auth_server::endpoints(),
        product::endpoints(),
        api_scope::endpoints(),
        audit::endpoints(),
        audit_stream::endpoints(),
        blob::endpoints(),
        blob_upload::endpoints(),
        client::endpoints(),
        client_parts::endpoints(),
        codegen::endpoints(),
        codegen_options::endpoints(),
        codegen_release::endpoints(),
        codegen_jobs::endpoints(),
        codegen_history::endpoints(),
        gateway::endpoints(),
        gateway_door::endpoints(),
        gateway_reports::endpoints(),
        identity_resource::endpoints(),
        role::endpoints(),
        subscription::endpoints(),
        subscription_states::endpoints(),
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
