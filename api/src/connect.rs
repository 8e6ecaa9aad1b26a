//! The OAuth 2 and OpenID Connect interface of a tenant.

pub(crate) mod client_authentication;
pub(crate) mod discovery;
pub(crate) mod face;
pub(crate) mod revocation;
pub(crate) mod token;
