//! The read side: follows the log and keeps, for each question, the answer ready.

mod audit;
mod catch_up;
mod clients;
mod follower;
mod index;
mod kept;
mod next_snapshot;
mod page;
mod resources;
mod roles;
mod rows;
mod sealed;
mod signing_keys;
mod snapshot;
mod tables;
mod tenants;
mod tokens;
mod user_search;
mod users;
mod views;

pub use crate::audit::{Audit, AuditFilter};
pub use crate::catch_up::catch_up;
pub use crate::clients::{ClientRow, Clients};
pub use crate::follower::follow;
pub use crate::next_snapshot::next_snapshot;
pub use crate::page::{Page, Paging};
pub use crate::resources::{ApiRow, ReleaseRow, ResourceRow, Resources, RevisionRow, revision_id};
pub use crate::roles::{RoleRow, Roles};
pub use crate::signing_keys::{SigningKeyRow, SigningKeys};
pub use crate::snapshot::SNAPSHOT_REVISION;
pub use crate::tables::Tables;
pub use crate::tenants::{TenantRow, Tenants};
pub use crate::tokens::Tokens;
pub use crate::user_search::{Search, UserFilter, UserOrder};
pub use crate::users::{UserRow, Users};
pub use crate::views::{ViewError, Views};
