//! Publishing at the gateway: what a revision is, which documents are taken, and where requests may
//! go. It puts faces together; whether one is published is for `domain::resource` to say.

pub(crate) mod configuration;
pub(crate) mod document;
pub(crate) mod door;
pub(crate) mod face;
pub(crate) mod live;
pub(crate) mod notices;
pub(crate) mod owners;
pub(crate) mod reason;
pub(crate) mod revision;
