//! The process: its commands, its settings and its data folder; what the binary does besides
//! answering HTTP.

pub(crate) mod admin;
mod admin_server;
mod administrators;
mod backup;
mod checks;
mod client_shots;
mod descriptors;
mod erasures;
pub(crate) mod failure;
mod fingerprint_keys;
pub(crate) mod gateway;
mod greeting;
mod home;
mod key_shots;
mod messengers;
mod new_password;
mod new_user;
mod object_sweep;
pub(crate) mod one_shots;
mod operator;
mod private_copy;
mod progress;
pub(crate) mod replay;
mod request;
mod running;
mod sdks;
pub(crate) mod serve;
pub(crate) mod settings;
mod snapshots;
mod socket;
pub(crate) mod telemetry;
pub(crate) mod tenant_shots;
mod timekeeper;
pub(crate) mod verify;
pub(crate) mod worker_shots;
