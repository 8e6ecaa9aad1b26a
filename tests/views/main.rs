//! The read models: lived through, replayed, and from snapshots.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod histories;
mod sealed_values;
mod snapshot_size;
mod views_snapshot;
