//! The read side: follows the log and keeps, for each question, the answer ready.

mod app_tokens;
mod app_users;
mod apps;
mod audit;
mod catch_up;
mod clients;
mod follower;
mod found;
mod index;
mod kept;
mod next_snapshot;
mod page;
mod resources;
mod roles;
mod row;
mod row_section;
mod rows;
mod sealed;
mod search;
mod signing_keys;
mod snapshot;
mod table;
mod tables;
mod tenants;
mod tokens;
mod user_row;
mod user_search;
mod users;
mod views;

pub use crate::app_tokens::{AppTokenRow, AppTokens};
pub use crate::app_users::{AppUserRow, AppUsers};
pub use crate::apps::{AppRow, Apps};
pub use crate::audit::{Audit, AuditFilter};
pub use crate::catch_up::catch_up;
pub use crate::clients::{ClientData, ClientRow, Clients};
pub use crate::follower::follow;
pub use crate::found::Key;
pub use crate::next_snapshot::next_snapshot;
pub use crate::page::{Page, Paging};
pub use crate::resources::{
    ApiRow, ReleaseRow, ResourceData, ResourceRow, Resources, RevisionRow, revision_id,
};
pub use crate::roles::{RoleRow, Roles};
pub use crate::row::{Row, RowData};
pub use crate::sealed::Keys;
pub use crate::search::{Filter, Order, Query, Search};
pub use crate::signing_keys::{SigningKeyRow, SigningKeys};
pub use crate::snapshot::snapshot_revision;
pub use crate::table::Table;
pub use crate::tables::Tables;
pub use crate::tenants::{TenantData, TenantRow, Tenants};
pub use crate::tokens::Tokens;
pub use crate::user_row::{UserData, UserRow};
pub use crate::user_search::UserFilter;
pub use crate::users::Users;
pub use crate::views::{ViewError, Views};
