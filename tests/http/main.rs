//! The wire: the whole program over a log in memory, asked as its clients ask it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod api_resource;
mod app_token;
mod audit;
mod client;
mod client_authentication;
mod context;
mod discovery;
mod endpoints;
mod errors;
mod idempotency;
mod operation;
mod positions;
mod role;
mod sealed_values;
mod tenant;
mod tokens;
mod user;
mod views_snapshot;
