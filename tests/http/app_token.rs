//! The app-token service: its eleven operations as their clients call them.

mod administration;
mod apps;
mod audit;
mod authorize;
mod clock;
mod decoding;
mod envelope;
mod examples;
mod labels;
mod linked;
mod linked_administration;
mod login;
mod operator;
mod ownership;
mod refresh;
mod required;
mod revocation;
pub mod service;
mod signatures;
mod tenants;
mod tokens;
mod users;
