//! What every test is written in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "test support"
)]

pub mod app;
pub mod bench;
pub mod document;
pub mod documents;
pub mod folders;
pub mod fuzz;
pub mod given;
pub mod life;
pub mod log;
pub mod nats;
pub mod process;
pub mod samples;
pub mod service;
pub mod tokens;
