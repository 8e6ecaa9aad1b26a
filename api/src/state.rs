//! What the whole program shares, and nothing of HTTP: the ground floor of this crate.

pub(crate) mod app;
pub(crate) mod app_token_settings;
pub(crate) mod asked_faces;
pub(crate) mod attempts;
pub(crate) mod clock;
pub(crate) mod configurations;
pub(crate) mod counters;
pub(crate) mod documents;
pub(crate) mod forgetting;
pub(crate) mod gateways_seen;
pub(crate) mod hash;
pub(crate) mod hosts;
pub(crate) mod link_codes;
pub(crate) mod log_lines;
pub(crate) mod network;
pub(crate) mod origins;
pub(crate) mod panics;
pub(crate) mod proxies;
pub(crate) mod rates;
mod recent;
pub(crate) mod sdks;
pub(crate) mod seen;
pub(crate) mod send_limits;
pub(crate) mod signer;
pub(crate) mod stream_places;
pub(crate) mod uploads;
pub(crate) mod verified_tokens;
