//! What is true: the aggregates, their commands and events, and the rules between them.
//!
//! No I/O, no clock, no randomness, no other crate of this workspace. Read in this order.

mod actor;
mod aggregate;
mod ids;
mod kind;
mod refusal;
mod stream;
mod unseen;

pub mod changes;
pub mod check;
pub mod children;
pub mod codec;
pub mod commit;
pub mod context;
pub mod credentials;
pub mod day_subject;
pub mod delivery;
pub mod event;
pub mod forgetting;
pub mod hashed;
pub mod log;
pub mod log_event;
pub mod mail_address;
pub mod plain;
pub mod uri;

pub mod account;
pub mod api_key;
pub mod api_scope;
pub mod app;
pub mod app_token;
pub mod app_user;
pub mod auth_server;
pub mod blob;
pub mod client;
pub mod gateway;
pub mod identity_resource;
pub mod notice;
pub mod product;
pub mod resource;
pub mod role;
pub mod scope;
pub mod sdk_job;
mod secret_list;
pub mod security;
pub mod signing_key;
pub mod subscriber;
pub mod subscription;
pub mod tenant;
pub mod token;
pub mod user;
pub mod verification;

mod any_event;

pub use crate::actor::{Actor, NoActor};
pub use crate::aggregate::{Aggregate, Claim, Decision};
pub use crate::any_event::{AGGREGATES, AnyEvent};
pub use crate::event::{Fact, Parts, Recorded, StoredEvent, Unreadable};
pub use crate::ids::{
    ClientName, CommandId, EventId, LogId, Sha256, SubjectId, SubjectRange, SubscriberId, TenantId,
    Timestamp, UserId, hex,
};
pub use crate::kind::{AggregateInfo, ClaimKind, Ids, Kind, Mark};
pub use crate::refusal::Refusal;
pub use crate::stream::{STREAM_ID_BYTES_MAX, StreamId};
