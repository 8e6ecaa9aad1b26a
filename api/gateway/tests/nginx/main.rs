//! A real nginx, told by a real follower what to serve, before upstreams and a server of ours.
//!
//! Without nginx these tests say so and pass; with `CI` or `CHANCERY_NEEDS_NGINX` set they fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test fails by panicking, and a story is told in one piece"
)]

mod client;
mod double;
mod following;
mod golden;
mod harness;
mod paths;
mod policies;
mod random;
mod reloads;
mod serving;
mod upstream;
