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
mod auth_server;
mod blob;
mod client;
mod client_update;
mod delivery;
mod gateway;
mod gateway_limits;
mod gateway_releases;
mod gateway_versions;
mod identity_resource;
mod log_event;
mod never_panics;
mod notice;
mod plain;
mod product;
mod random_resource;
mod random_sdk;
mod registered_gateway;
mod resource;
mod resource_update;
mod role;
mod security;
mod signing_key;
mod subscriber;
mod subscription;
mod tenant;
mod token;
mod user;
mod user_rights;
mod user_texts;
mod verification;
