//! Answers: which API scopes does a tenant have, and which of its scopes are taken away?

use domain::api_scope::{ApiScope, ApiScopeFields};
use domain::scope::normalise_scope;

use crate::plain::{PlainData, PlainRow};
use crate::row::Row;
use crate::search::Order;
use crate::table::Table;

/// What the read models know of an API scope.
pub type ApiScopeData = PlainData<ApiScopeFields>;

/// An API scope.
pub type ApiScopeRow = Row<ApiScopeData>;

/// The API scopes, by number.
pub type ApiScopes = Table<ApiScopeData>;

impl PlainData<ApiScopeFields> {
    /// By `name`.
    pub const BY_NAME: Order<Self> = Order::Indexed(0);
}

impl PlainRow for ApiScopeFields {
    type Aggregate = ApiScope;

    fn name_text(name: &str) -> String {
        normalise_scope(name)
    }

    fn found_as(&self) -> &str {
        &self.name
    }
}
