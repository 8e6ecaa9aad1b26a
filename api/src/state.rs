//! What the whole program shares, and nothing of HTTP: the ground floor of this crate.

pub(crate) mod app;
pub(crate) mod app_token_settings;
pub(crate) mod attempts;
pub(crate) mod clock;
pub(crate) mod counters;
pub(crate) mod hash;
pub(crate) mod network;
pub(crate) mod origins;
pub(crate) mod panics;
pub(crate) mod proxies;
mod recent;
pub(crate) mod seen;
pub(crate) mod send_limits;
pub(crate) mod signer;
pub(crate) mod stream_places;
pub(crate) mod verified_tokens;
