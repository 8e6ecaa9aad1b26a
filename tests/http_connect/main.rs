//! OAuth 2 and OpenID Connect, as clients ask for tokens and as tokens count.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod client_authentication;
mod client_standing;
mod discovery;
mod scopes;
mod standing;
mod tokens;
