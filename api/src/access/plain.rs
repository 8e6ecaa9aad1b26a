//! Plain aggregates of a tenant (`domain::plain`): found, created, changed and deleted alike. Who may
//! do so was asked before: by what their endpoints need.

use std::sync::Arc;

use bytes::Bytes;
use commands::{Done, Expected};
use domain::children::PropertyValue;
use domain::plain::{PlainCommand, PlainCreated};
use projections::{PlainData, PlainRow, Row, Table, Tables};

use super::granted::Granted;
use super::target::Changed;
use crate::http::codes;
use crate::http::error::ApiError;

/// Fields, and what is wished of the values of their properties.
pub(crate) type Wished<F> = (F, Vec<PropertyValue>);

/// Where the rows are.
pub(crate) type In<F> = fn(&Tables) -> &Table<PlainData<F>>;

impl Granted {
    /// One of the tenant.
    ///
    /// # Errors
    /// Not found.
    pub(crate) fn plain<F: PlainRow>(
        &self,
        tables: &Tables,
        table: In<F>,
        id: i64,
    ) -> Result<Arc<Row<PlainData<F>>>, ApiError> {
        // A number that no id can have names nothing.
        let row = table(tables).get(self.tenant_id(), u32::try_from(id).unwrap_or(0));
        row.cloned().ok_or_else(|| ApiError::not_found(F::CALLED))
    }

    /// One of the tenant, by its name.
    ///
    /// # Errors
    /// Not found.
    pub(crate) fn plain_named<F: PlainRow>(
        &self,
        tables: &Tables,
        table: In<F>,
        name: &str,
    ) -> Result<Arc<Row<PlainData<F>>>, ApiError> {
        let row = table(tables).named(self.tenant_id(), name.trim());
        row.cloned().ok_or_else(|| ApiError::not_found(F::CALLED))
    }

    /// The number of the one that the path names.
    ///
    /// # Errors
    /// Not found.
    pub(crate) fn plain_id<F: PlainRow>(&self, table: In<F>) -> Result<i64, ApiError> {
        let row = self.ask(|tables| self.plain_named(tables, table, self.call.parameter(0)))?;
        Ok(row.data.id.into())
    }

    /// Whether one more may be created; how many there are is asked of the read models.
    ///
    /// # Errors
    /// Not allowed, where the tenant has as many as it may.
    pub(crate) fn has_place<F: PlainRow>(&self, table: In<F>, most: usize) -> Result<(), ApiError> {
        let count = self.ask(|tables| table(tables).all_of(self.tenant_id()).count());
        match count < most {
            true => Ok(()),
            false => {
                let why = format!("the tenant may have {most} of these");
                Err(ApiError::business(codes::EXPECTATION_FAILED, why))
            }
        }
    }

    /// Creates one. Its number, and what that led to.
    pub(crate) async fn create_plain<F: PlainRow>(
        &self,
        body: &Bytes,
        (fields, properties): Wished<F>,
    ) -> Result<(i64, Done), ApiError> {
        let tenant = self.tenant_id();
        let create = |number: u64| {
            let created = PlainCreated { id: number as u32, tenant };
            PlainCommand::Create(created, Box::new(fields.clone()), properties.clone())
        };
        let (number, done) = self.create::<F::Aggregate>(body, create).await?;
        Ok((number as i64, done))
    }

    /// Changes one, from what it is now.
    pub(crate) async fn update_plain<F: PlainRow<Aggregate: Changed>>(
        &self,
        body: &Bytes,
        table: In<F>,
        id: i64,
        wished: impl Fn(&F) -> Result<Wished<F>, ApiError>,
    ) -> Result<Done, ApiError> {
        let mut tries = 0;
        loop {
            let row = self.ask(|tables| self.plain(tables, table, id))?;
            let (fields, properties) = wished(&row.fields)?;
            let command = PlainCommand::Update(Box::new(fields), properties);
            let target = self.target_of(&*row, F::CALLED)?;
            let done = self.submit_at(&target, body, command, Expected::At(row.version)).await;
            if !self.must_try_again(&done, &mut tries, false).await {
                return done;
            }
        }
    }

    /// Deletes one.
    pub(crate) async fn delete_plain<F: PlainRow<Aggregate: Changed>>(
        &self,
        table: In<F>,
        id: i64,
    ) -> Result<Done, ApiError> {
        let row = self.ask(|tables| self.plain(tables, table, id))?;
        self.submit(&self.target_of(&*row, F::CALLED)?, &[], PlainCommand::Delete).await
    }
}
