//! Gateways: the neutral configuration that the server writes and a gateway reads, the policies that
//! are enforced there, how nginx is told all of it, and the follower that keeps a gateway up to date.
//!
//! The server uses [`configuration`] and [`policy`]; a gateway's program uses the rest. Nothing here
//! knows the log: a follower reads *the configuration at a position*, and a signal that it misses
//! costs time, never correctness.

pub mod configuration;
pub mod follow;
pub mod nginx;
pub mod policy;
