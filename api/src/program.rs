//! The command line: what the binary does besides answering HTTP.

mod admin;
mod backup;
mod cli;
mod fingerprint_keys;
mod home;
mod one_shots;
mod private_copy;
mod replay;
mod running;
mod serve;
mod settings;
mod snapshots;
mod socket;
mod telemetry;
mod verify;

pub(crate) use self::cli::Failure;
pub use self::cli::run;
