//! The management API: the whole program over a log in memory, asked as its clients ask it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod api_resource;
mod api_resource_documents;
mod api_resource_import;
mod api_resource_releases;
mod api_resource_update;
mod api_scope;
mod as_sent;
mod audit;
mod audit_machine;
mod bad_bodies;
mod blobs;
mod blobs_hostile;
mod blobs_read;
mod bodies;
mod budgets;
mod client;
mod client_update;
mod clock;
mod codegen_jobs;
mod codegen_options;
mod context;
mod documented;
mod endpoints;
mod errors;
mod foreign_callers;
mod gateway_door;
mod gateways;
mod idempotency;
mod identity_resource;
mod kept;
mod look_alikes;
mod openapi;
mod operation;
mod origins;
mod packages;
mod positions;
mod products;
mod publishing;
mod reach;
mod role;
mod security;
mod status_document;
mod subscribers;
mod subscriptions;
mod swagger_ui;
mod tenant;
mod user;
mod user_register;
mod user_update;
