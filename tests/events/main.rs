//! The stored contract: names and bytes of events, and what people and subscribers see of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod actors;
mod bytes;
mod document;
mod golden;
mod json;
mod kinds;
mod samples;
mod upcast;
