//! stub

pub mod nats;
