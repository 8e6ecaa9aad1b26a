//! The real generator, the real compiler and the real sandbox.
//!
//! Without them (tests/install-codegen) these tests say so and pass; with `CI` or
//! `CHANCERY_NEEDS_CODEGEN` set they fail. With `CHANCERY_ALL_GENERATORS` set all generators are tried
//! that are allowed by default, not only the usual ones.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod compiling;
mod documents;
mod generating;
mod harness;
mod hostile;
mod sandboxed;
mod scan;
