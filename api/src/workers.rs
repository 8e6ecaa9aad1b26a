//! Work that follows the log: what was decided, and must be done outside.
//!
//! The intent is an event in the commit of its cause; a read model knows what is pending; the driver
//! gives it to a worker, and the worker notes what became of it as an event. So nothing is lost by a
//! crash; what was done and not noted is done twice.

pub(crate) mod deliveries;
mod driver;
pub(crate) mod leaving;
mod notice_round;
mod notice_text;
pub(crate) mod notices;
pub(crate) mod sdk_jobs;
mod security;
mod service_name;
mod subscribe_text;
mod texts;

pub(crate) use driver::drive;
pub use security::write_security_events;
