//! The command line: what the binary does besides answering HTTP.

mod admin;
mod administrators;
mod backup;
mod checks;
mod cli;
mod client_shots;
mod descriptors;
mod fingerprint_keys;
mod greeting;
mod home;
mod key_shots;
mod one_shots;
mod panics;
mod private_copy;
mod replay;
mod running;
mod serve;
mod settings;
mod snapshots;
mod socket;
mod telemetry;
mod timekeeper;
mod verify;

pub(crate) use self::cli::Failure;
pub use self::cli::run;
pub(crate) use self::panics::count as panics;
