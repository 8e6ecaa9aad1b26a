//! The follower: keeps a gateway at the configuration of the server, proves it, and reports.
//!
//! It is state-based. A signal only says that there is something new; what counts is what the server
//! answers to a question for the configuration, and that question is asked every 30 s anyway. So a
//! lost signal, a killed follower and a restarted server cost time, never correctness.

mod backoff;
mod files;
mod follower;
mod health;
mod json_target;
mod key_file;
mod nginx_target;
mod proc;
mod program;
mod proof;
mod report;
mod server;
mod signals;
mod target;
mod upstreams;

pub use self::files::{Lock, State};
pub use self::follower::{FollowError, Settings, follow};
pub use self::health::Health;
pub use self::json_target::{JsonSettings, JsonTarget};
pub use self::key_file::KeyFile;
pub use self::nginx_target::{Master, NginxSettings, NginxTarget};
pub use self::report::{Proof, Report, cleaned_reason};
pub use self::server::server_url;
pub use self::target::{Applied, NotApplied, Standing, Target, Wanted};
pub use self::upstreams::{Allowed, PatternRefused};
