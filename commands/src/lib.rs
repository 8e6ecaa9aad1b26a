//! The write side: loads an aggregate, lets it decide, and appends what it decided.

pub mod bootstrap;
mod cache;
mod cloud_event;
mod done;
mod engine;
mod error;
mod event_json;
mod expected;
mod full_event_id;
pub mod halt;
mod hash;
pub mod keys;
mod last_administrator;
pub mod lock;
pub mod log;
pub mod password;
mod password_places;
pub mod password_policy;
pub mod publisher;
mod restore;
pub mod signing;
pub mod tenant_birth;

pub use crate::cloud_event::CloudEvent;
pub use crate::done::Done;
pub use crate::engine::{Draft, Engine, ID_MAX};
pub use crate::error::Error;
pub use crate::event_json::{EventJson, Personal};
pub use crate::expected::Expected;
pub use crate::full_event_id::FullEventId;
pub use crate::last_administrator::{Administrators, ChangedRole, LAST_ADMINISTRATOR, Seen};
pub use crate::restore::note_restore;
