//! Publishing to a real nats-server: nothing is lost, doubled or misplaced, whatever breaks.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail them by a panic"
)]

mod contents;
mod ends;
mod histories;
mod installation;
mod interruptions;
mod proxy;
mod publishing;
mod reasons;
mod subjects;
