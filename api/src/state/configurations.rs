//! The configurations of gateways as they were made last, and what they were made of.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use commands::lock::lock;
use domain::TenantId;
use gateway::configuration::Api;

/// The configuration of a tenant.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    /// The position of the log at which this text began to count.
    pub(crate) position: u64,
    /// JSON.
    pub(crate) text: Bytes,
    /// The SHA-256 of the text as it would be at position 0: reports and events that change nothing of
    /// it, and a start of the program, make no other one.
    pub(crate) tag: String,
}

/// What a configuration was made of.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) from: Fingerprint,
    pub(crate) made: Made,
    /// What was made of each resource, with the position at which it was as it was then.
    pub(crate) apis: HashMap<u32, (u64, Arc<Api>)>,
}

/// What a configuration depends on: resources with the positions at which what they serve changed,
/// products and the tenant with theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    pub(crate) resources: Vec<(u32, u64)>,
    pub(crate) products: Vec<(u64, u64)>,
    pub(crate) tenant: u64,
}

/// The configurations of all tenants whose gateways have asked for one.
#[derive(Debug, Default)]
pub(crate) struct Configurations(Mutex<HashMap<TenantId, Arc<Kept>>>);

impl Configurations {
    /// The one that was made last.
    pub(crate) fn last(&self, tenant: TenantId) -> Option<Arc<Kept>> {
        lock(&self.0).get(&tenant).cloned()
    }

    pub(crate) fn keep(&self, tenant: TenantId, kept: Kept) {
        lock(&self.0).insert(tenant, Arc::new(kept));
    }
}
