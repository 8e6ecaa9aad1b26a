//! Who may see and do what. A handler reaches data only through what `require` or `admit` returned:
//! a handler without the check does not compile.

pub(crate) mod administrators;
mod blobs;
pub(crate) mod clients;
pub(crate) mod erasure;
pub(crate) mod gateway_key;
pub(crate) mod granted;
pub(crate) mod guard;
pub(crate) mod issue;
pub(crate) mod listing;
pub(crate) mod new_key;
pub(crate) mod placement;
pub(crate) mod plain;
pub(crate) mod rights;
pub(crate) mod scopes;
pub(crate) mod sdk_jobs;
pub(crate) mod short_id;
pub(crate) mod subscriber_links;
pub(crate) mod target;
pub(crate) mod tenant_settings;
pub(crate) mod tenants;
pub(crate) mod token_id;
pub(crate) mod users;
pub(crate) mod verifications;
pub(crate) mod verify;
