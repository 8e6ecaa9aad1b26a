//! HTTP without any endpoint: declaring, routing, reading, answering, serving.

pub(crate) mod call;
pub(crate) mod codes;
pub(crate) mod commit;
pub(crate) mod cross_origin;
pub(crate) mod endpoint;
pub(crate) mod error;
pub(crate) mod face;
pub(crate) mod ignored;
pub(crate) mod input;
pub(crate) mod members;
pub(crate) mod needs;
pub(crate) mod noticing;
pub(crate) mod opening;
pub(crate) mod order;
pub(crate) mod paging;
pub(crate) mod path;
pub(crate) mod problem;
pub(crate) mod reply;
pub(crate) mod router;
pub(crate) mod server;
pub(crate) mod time;
