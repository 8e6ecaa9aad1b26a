//! The program itself: started, asked, killed, damaged, and started again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail them by a panic"
)]

mod administration;
mod app_token;
mod clients;
mod clock;
mod crashes;
mod erasing;
mod erasure;
mod figures;
mod files;
mod fingerprints;
mod frozen;
mod fuzz_files;
mod fuzz_requests;
mod limits;
mod looking;
mod measuring;
mod older_version;
mod operator;
mod options;
mod origins;
mod output;
mod passwords;
mod privacy;
mod private_copies;
mod readme_gateway;
mod restoring;
mod security;
mod stopping;
mod story;
mod streaming;
mod tampering;
mod tenants;
mod uploads;
