//! What is left after a power cut, a kill and a failed sync: every acknowledged commit, whole.
//!
//! `recorder.c` writes down what a child process does to its data folder and what it syncs;
//! `disk` makes from that the disks that a power cut could have left; `check` opens them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by panicking"
)]

mod check;
mod child;
mod disk;
mod failed_sync;
mod kill;
mod power_cut;
mod recording;
