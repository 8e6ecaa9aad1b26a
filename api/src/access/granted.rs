//! A call that was let through, and all that it may do: ask the read models, create, change.

use std::collections::HashMap;
use std::sync::Arc;

use commands::{Done, Draft, Expected};
use domain::context::Context;
use domain::log::CommitHead;
use domain::{Aggregate, TenantId, UserId};
use projections::{Tables, TenantRow};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use warp::http::header::IF_MATCH;

use super::rights::{caller_of_now, check_needs};
use super::target::{Changed, ChangedTogether, Row, Target};
use super::verify::Caller;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::needs::Needs;
use crate::state::budgets::{Bill, Writer};

/// How often an update is put together, because others change the same row.
const UPDATE_TRIES_MAX: u32 = 8;

/// A call on a host of a tenant, by anybody.
pub(crate) struct Open {
    pub(crate) call: Call,
    pub(crate) tenant: Arc<TenantRow>,
}

/// A call by somebody who has what the endpoint needs.
pub(crate) struct Granted {
    pub(crate) call: Call,
    pub(crate) tenant: Arc<TenantRow>,
    pub(crate) caller: Caller,
    pub(super) needs: Needs,
}

impl Granted {
    /// Checks again, before anything is written, that the token counts and grants this: the token
    /// or rights may have ended while the request waited for a position, for its body or for a
    /// hash.
    pub(crate) fn confirm(&self) -> Result<(), ApiError> {
        let caller = caller_of_now(&self.call, &self.tenant, self.call.app.clock.now())?;
        check_needs(self.needs, &caller)?;
        if self.caller.is_administrator() && !caller.is_administrator() {
            return Err(ApiError::Forbidden("the user is no administrator any more".to_owned()));
        }
        Ok(())
    }

    /// Begins a change, which is paid for when it is done. An administrator has a budget of its own and
    /// no other: so somebody can end what uses up the tenant's.
    ///
    /// # Errors
    /// When the caller, its network or its tenant has written too much.
    pub(crate) fn bill(&self, head: &CommitHead) -> Result<Bill<'_>, ApiError> {
        let writer = Writer::new(self.tenant_id(), &self.caller.actor(), self.call.peer);
        let writer = if self.caller.is_administrator() { writer.alone() } else { writer };
        Ok(self.call.app.bill(writer, head)?)
    }

    /// Runs a question on the read models; their lock is held meanwhile.
    pub(crate) fn ask<T>(&self, question: impl FnOnce(&Tables) -> T) -> T {
        question(&self.call.app.views.read())
    }

    /// The tenant's number.
    pub(crate) fn tenant_id(&self) -> TenantId {
        self.tenant.data.tenant
    }

    /// The caller's number; 0 for a token without a user.
    pub(crate) fn user(&self) -> UserId {
        self.caller.user
    }

    /// A JSON body, and its bytes.
    pub(crate) async fn json<T: DeserializeOwned>(
        &mut self,
    ) -> Result<(T, bytes::Bytes), ApiError> {
        self.call.json().await
    }

    /// A JSON body and its bytes, or none.
    pub(crate) async fn optional_json<T: DeserializeOwned + Default>(
        &mut self,
    ) -> Result<(T, bytes::Bytes), ApiError> {
        self.call.optional_json().await
    }

    /// What an earlier request with the same `Idempotency-Key` created, if there was one: so that
    /// costly work, such as hashing a password, is not repeated.
    pub(crate) fn earlier_answer(&self, body: &[u8]) -> Result<Option<(u64, Done)>, ApiError> {
        match self.call.find_repeated(&self.head(body)?)? {
            Some(done) => Ok(Some((self.call.app.engine.number_at(done.first)?, done))),
            None => Ok(None),
        }
    }

    /// What an earlier request with the same `Idempotency-Key` led to, if there was one: so that costly
    /// work, such as fetching a document, is not repeated.
    pub(crate) fn repeated(&self, body: &[u8]) -> Result<Option<Done>, ApiError> {
        self.call.find_repeated(&self.head(body)?)
    }

    /// Runs a command against a new aggregate, and waits until the read models show it.
    pub(crate) async fn create<A: Aggregate>(
        &self,
        body: &[u8],
        command: impl Fn(u64) -> A::Command + Send + Sync,
    ) -> Result<(u64, Done), ApiError> {
        self.create_with::<A>(body, command, |_, _| Ok(())).await
    }

    /// As [`Granted::create`]; `also` adds more to the same commit.
    pub(crate) async fn create_with<A: Aggregate>(
        &self,
        body: &[u8],
        command: impl Fn(u64) -> A::Command + Send + Sync,
        also: impl Fn(&mut Draft<'_>, u64) -> Result<(), commands::Error> + Send + Sync,
    ) -> Result<(u64, Done), ApiError> {
        let head = self.head(body)?;
        let engine = &self.call.app.engine;
        if let Some(done) = self.call.find_repeated(&head)? {
            return Ok((engine.number_at(done.first)?, done));
        }
        self.confirm()?;
        let bill = self.bill(&head)?;
        let created = engine.create_with::<A>(command, also, &head).await;
        let (number, done) = created.map_err(|err| name_largest(err.into(), body))?;
        bill.pay(&done);
        self.call.app.settle(&done).await;
        Ok((number, done))
    }

    /// Runs a command, and waits until the read models show it.
    pub(crate) async fn submit<A: Changed>(
        &self,
        target: &Target<A>,
        body: &[u8],
        command: A::Command,
    ) -> Result<Done, ApiError> {
        self.submit_at(target, body, command, Expected::Any).await
    }

    /// As [`Granted::submit`], from the version that the body names, if `If-Match` names none.
    pub(crate) async fn submit_at<A: Changed>(
        &self,
        target: &Target<A>,
        body: &[u8],
        command: A::Command,
        of_body: Expected,
    ) -> Result<Done, ApiError> {
        let app = &self.call.app;
        let run = |head: CommitHead, expected| async move {
            target.change(app, &command, &head, expected).await
        };
        self.submit_by(body, of_body, run).await
    }

    /// As [`Granted::submit_at`]; `also` adds more to the same commit.
    pub(crate) async fn submit_with<A: ChangedTogether>(
        &self,
        target: &Target<A>,
        body: &[u8],
        command: A::Command,
        of_body: Expected,
        also: impl Fn(&mut Draft<'_>) -> Result<(), commands::Error> + Send + Sync,
    ) -> Result<Done, ApiError> {
        let app = &self.call.app;
        let run = |head: CommitHead, expected| async move {
            target.change_with(app, &command, &head, expected, also).await
        };
        self.submit_by(body, of_body, run).await
    }

    pub(super) async fn submit_by<F: Future<Output = Result<Done, commands::Error>> + Send>(
        &self,
        body: &[u8],
        of_body: Expected,
        run: impl FnOnce(CommitHead, Expected) -> F + Send,
    ) -> Result<Done, ApiError> {
        let head = self.head(body)?;
        if let Some(done) = self.call.find_repeated(&head)? {
            return Ok(done);
        }
        self.confirm()?;
        let expected = match self.call.if_match()? {
            Expected::Any => of_body,
            by_header => by_header,
        };
        let bill = self.bill(&head)?;
        let done = run(head, expected).await;
        let done = done.map_err(|err| name_largest(err.into(), body))?;
        bill.pay(&done);
        self.call.app.settle(&done).await;
        Ok(done)
    }

    /// Whether an update that was put together from the row as it is shown must be put together again:
    /// the row has changed meanwhile, and a field would be taken back. Not if the caller named the
    /// version that it wants to change.
    pub(crate) async fn must_try_again(
        &self,
        result: &Result<Done, ApiError>,
        tries: &mut u32,
        names_version: bool,
    ) -> bool {
        let by_header = self.call.headers.contains_key(IF_MATCH);
        *tries += 1;
        let again = matches!(result, Err(ApiError::Changed))
            && *tries < UPDATE_TRIES_MAX
            && !names_version
            && !by_header;
        if again {
            self.call.app.show_all().await;
        }
        again
    }

    /// A row that was looked up for the caller, to be changed.
    ///
    /// # Errors
    /// Not found, where it is of another tenant.
    pub(crate) fn target_of<R: Row>(
        &self,
        row: &R,
        what: &str,
    ) -> Result<Target<R::Aggregate>, ApiError> {
        let target = Target::of(row, self.tenant_id(), |_| true);
        target.ok_or_else(|| ApiError::not_found(what))
    }

    /// The head of a commit: who, when, and in what context.
    pub(crate) fn head(&self, body: &[u8]) -> Result<CommitHead, ApiError> {
        let head = self.call.head(self.tenant_id(), self.caller.actor(), body)?;
        let context = Context::of_operation(self.call.operation);
        Ok(CommitHead { context: context.through(&self.caller.claims.client_id), ..head })
    }
}

/// If a commit is too large, the error names the member of the body that should be smaller.
fn name_largest(err: ApiError, body: &[u8]) -> ApiError {
    let ApiError::TooLarge { field, bytes_max } = err else { return err };
    let members = serde_json::from_slice::<HashMap<String, Box<RawValue>>>(body).ok();
    let largest = members.into_iter().flatten().max_by_key(|(_, value)| value.get().len());
    let field = if field == "body" { largest.map_or(field, |(name, _)| name) } else { field };
    ApiError::TooLarge { field, bytes_max }
}
