//! The HTTP interface and the command line: requests and answers, and who may do what.
//!
//! The folders are floors, each of which knows only those below: `state`, `http`, `access`,
//! `publishing`, then `resources`, `connect`, `operation` and `workers` side by side, `app_token`, `endpoints`, `program`, `bench`,
//! `cli` (docs/architecture.md; `tests/house` holds it).

mod access;
mod app_token;
pub mod bench;
mod cli;
mod connect;
mod endpoints;
mod http;
mod operation;
mod program;
mod publishing;
mod resources;
mod state;
mod workers;

pub use crate::app_token::registration::add_app_root;
pub use crate::cli::run;
pub use crate::endpoints::{all as endpoints, routes};
pub use crate::http::endpoint::{Access, Endpoint};
pub use crate::http::needs::{Code, Needs};
pub use crate::http::router::Peer;
pub use crate::state::app::{App, AppSettings, LogFigures, StatsOf};
pub use crate::state::app_token_settings::{AdminMode, AppTokenSettings};
pub use crate::state::budgets::BudgetSettings;
pub use crate::state::clock::Clock;
pub use crate::state::origins::Origins;
pub use crate::state::proxies::Proxies;
pub use crate::state::sdks::SdkSettings;
pub use crate::state::uploads::UploadSettings;
pub use crate::workers::write_security_events;
