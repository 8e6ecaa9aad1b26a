//! The read models: lived through, replayed, and from snapshots.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod blobs;
mod histories;
mod keys;
mod letters;
mod sdks;
mod sealed_values;
mod snapshot_size;
mod told;
mod views_snapshot;
