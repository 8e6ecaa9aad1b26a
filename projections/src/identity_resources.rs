//! Answers: which identity resources does a tenant have, and which scopes are theirs?

use domain::identity_resource::{IdentityResource, IdentityResourceFields};
use domain::scope::normalise_scope;

use crate::found::Key;
use crate::plain::{PlainData, PlainRow};
use crate::row::Row;
use crate::search::Order;
use crate::table::Table;

/// What the read models know of an identity resource.
pub type IdentityResourceData = PlainData<IdentityResourceFields>;

/// An identity resource.
pub type IdentityResourceRow = Row<IdentityResourceData>;

/// The identity resources, by number.
pub type IdentityResources = Table<IdentityResourceData>;

impl PlainData<IdentityResourceFields> {
    /// By `name`.
    pub const BY_NAME: Order<Self> = Order::Indexed(0);
    /// By `created`.
    pub const BY_CREATED: Order<Self> = Order::Indexed(1);
}

impl PlainRow for IdentityResourceFields {
    type Aggregate = IdentityResource;

    fn name_text(name: &str) -> String {
        normalise_scope(name)
    }

    fn found_as(&self) -> &str {
        &self.name
    }

    fn second_order(&self) -> Option<Key> {
        Some(Key::from(self.created))
    }
}
