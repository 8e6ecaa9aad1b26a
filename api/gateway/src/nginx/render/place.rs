//! Where the writer of a file is.

use super::services::Services;
use crate::nginx::options::RenderOptions;

/// Where the writer is.
pub(super) struct Place<'a> {
    pub(super) options: &'a RenderOptions,
    pub(super) services: &'a Services,
    /// The number of the tenant.
    pub(super) tenant: u32,
    /// How many APIs and versions were written, in all servers.
    pub(super) api: usize,
    pub(super) version: usize,
}
