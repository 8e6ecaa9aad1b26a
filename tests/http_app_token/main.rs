//! The app-token service: its eleven operations as their clients call them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod administration;
mod apps;
mod audit;
mod authorize;
mod clock;
mod decoding;
mod envelope;
mod examples;
mod labels;
mod linked;
mod linked_administration;
mod login;
mod operator;
mod ownership;
mod refresh;
mod refusals;
mod required;
mod revocation;
mod signatures;
mod tenants;
mod tokens;
mod users;
