//! The wire: the whole program over a log in memory, asked as its clients ask it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod client;
mod client_authentication;
mod endpoints;
mod idempotency;
mod positions;
mod tokens;
mod user;
