//! What every test is written in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "test support"
)]

pub mod bench;
pub mod given;
pub mod nats;
pub mod samples;
