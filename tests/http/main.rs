//! The management API: the whole program over a log in memory, asked as its clients ask it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod api_resource;
mod api_scope;
mod audit;
mod client;
mod client_update;
mod clock;
mod context;
mod documented;
mod endpoints;
mod errors;
mod foreign_callers;
mod idempotency;
mod identity_resource;
mod kept;
mod openapi;
mod operation;
mod origins;
mod positions;
mod reach;
mod role;
mod status_document;
mod swagger_ui;
mod tenant;
mod user;
mod user_register;
mod user_update;
