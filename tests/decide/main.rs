//! The rules, one file an aggregate, in the grammar of given, when, then.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod api_scope;
mod app_token;
mod client;
mod client_update;
mod delivery;
mod gateway;
mod identity_resource;
mod log_event;
mod never_panics;
mod plain;
mod resource;
mod role;
mod signing_key;
mod tenant;
mod token;
mod user;
mod user_rights;
mod verification;
