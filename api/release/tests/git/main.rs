//! Commits, pushed by the real git over files, ssh and HTTP; and remotes that refuse, move, hang, lead
//! elsewhere, or want more than a push.
//!
//! Without sshd the tests with it say so and pass; with `CI` or `CHANCERY_NEEDS_SSHD` set they fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test fails by panicking, and a story is told in one piece"
)]

mod ending;
mod file;
mod harness;
mod http;
mod server;
mod ssh;
mod sshd;
