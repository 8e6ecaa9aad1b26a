//! Answers: which authorization servers does a tenant have?

use domain::auth_server::{AuthServer, AuthServerFields};

use crate::plain::{PlainData, PlainRow};
use crate::row::Row;
use crate::table::Table;

/// What the read models know of an authorization server.
pub type AuthServerData = PlainData<AuthServerFields>;

/// An authorization server.
pub type AuthServerRow = Row<AuthServerData>;

/// The authorization servers, by number.
pub type AuthServers = Table<AuthServerData>;

impl PlainRow for AuthServerFields {
    type Aggregate = AuthServer;

    fn name_text(name: &str) -> String {
        name.to_ascii_lowercase()
    }

    fn found_as(&self) -> &str {
        &self.code
    }
}
