//! The wire: the whole program over a log in memory, asked as its clients ask it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod api_resource;
mod api_scope;
mod app_token;
mod audit;
mod client;
mod client_authentication;
mod client_standing;
mod clock;
mod context;
mod discovery;
mod documented;
mod endpoints;
mod errors;
mod histories;
mod idempotency;
mod identity_resource;
mod kept;
mod openapi;
mod operation;
mod origins;
mod positions;
mod reach;
mod role;
mod scopes;
mod sealed_values;
mod snapshot_size;
mod standing;
mod status_document;
mod swagger_ui;
mod tenant;
mod tokens;
mod user;
mod views_snapshot;
