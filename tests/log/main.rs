//! The log: one contract for all adapters, a naive model beside it, and damage that must show.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by panicking"
)]

mod contract;
mod damage;
mod drafts;
mod last_administrator;
mod long_streams;
mod model;
mod races;
mod restore;
mod store;
mod tenants;
