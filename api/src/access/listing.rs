//! Lists: answered from the indexes of the read models, or off the threads that serve requests.

use projections::{Page, Query, RowData, Table, Tables};

use super::granted::Granted;
use crate::http::error::ApiError;
use crate::http::opening::open_rows;

impl Granted {
    /// The rows of a page of a table.
    pub(crate) async fn page<D: RowData>(
        &self,
        table: impl FnOnce(&Tables) -> &Table<D>,
        query: Query<D>,
    ) -> Result<Page<D>, ApiError> {
        let search = self.ask(|tables| table(tables).search(query));
        let caller = (self.tenant_id(), self.caller.actor());
        open_rows(&self.call.app, caller, search.looks_at(), || search.finish()).await
    }
}
