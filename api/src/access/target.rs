//! What a handler may change: a `Target`. It is made only from a row that was looked up for the
//! caller, or from what the log says of one that ended, never from an id of a request, so a handler
//! without the check does not compile.

use std::marker::PhantomData;

use commands::{Done, Draft, Error, Expected};
use domain::app::App as AppAggregate;
use domain::app_token::AppToken;
use domain::app_user::AppUser;
use domain::blob::Blob;
use domain::client::Client;
use domain::log::{CommitHead, LogError};
use domain::resource::Resource;
use domain::sdk_job::SdkJob;
use domain::user::{User, UserCommand};
use domain::{Aggregate, StreamId, TenantId, UserId};
use projections::{AppTokenRow, BlobRow, RowData, SdkJobRow};

use super::administrators::change_user;
use crate::state::app::App;

/// An aggregate that the caller may change.
#[derive(Debug)]
pub(crate) struct Target<A> {
    id: String,
    aggregate: PhantomData<fn() -> A>,
}

impl<A: Aggregate> Target<A> {
    /// From a row of a tenant, if a rule allows the caller to change it.
    pub(crate) fn of<R: Row<Aggregate = A>>(
        row: &R,
        tenant: TenantId,
        rule: impl FnOnce(&R) -> bool,
    ) -> Option<Self> {
        let may = row.tenant() == tenant && rule(row);
        may.then(|| Self { id: row.id(), aggregate: PhantomData })
    }
}

impl Target<User> {
    /// A user of a tenant who was deleted, and so is in no read model, but not forgotten yet.
    pub(crate) fn deleted(
        app: &App,
        tenant: TenantId,
        user: UserId,
    ) -> Result<Option<Self>, LogError> {
        let stream = StreamId::new(User::CATEGORY, user);
        let (state, _) = app.engine.load::<User>(&stream)?;
        let log = app.engine.log();
        let first = log.stream_positions(&stream).first().copied();
        let first = log.read_at(first.as_slice())?;
        let is_of_tenant = first.first().is_some_and(|it| it.commit.tenant == tenant);
        let is_deleted = matches!(state, User::Deleted { .. });
        let target = || Self { id: user.to_string(), aggregate: PhantomData };
        Ok((is_of_tenant && is_deleted).then(target))
    }
}

impl<A: Changed> Target<A> {
    /// Runs a command against it.
    pub(crate) async fn change(
        &self,
        app: &App,
        command: &A::Command,
        head: &CommitHead,
        expected: Expected,
    ) -> Result<Done, Error> {
        A::change(app, &self.id, command, head, expected).await
    }
}

impl<A: ChangedTogether> Target<A> {
    /// As [`Target::change`]; `also` adds more to the same commit.
    pub(crate) async fn change_with(
        &self,
        app: &App,
        command: &A::Command,
        head: &CommitHead,
        expected: Expected,
        also: impl Fn(&mut Draft<'_>) -> Result<(), Error> + Send + Sync,
    ) -> Result<Done, Error> {
        let filled = app.engine.transact(head, |draft| {
            draft.at::<A>(&self.id, expected)?;
            draft.decide::<A>(&self.id, command)?;
            also(draft)
        });
        filled.await.map(|((), done)| done)
    }
}

/// A row of the read models, and the aggregate that it represents.
pub(crate) trait Row {
    /// What changes it.
    type Aggregate: Aggregate;

    /// Whose row it is.
    fn tenant(&self) -> TenantId;

    /// The id of its stream.
    fn id(&self) -> String;
}

impl<D: RowData> Row for projections::Row<D> {
    type Aggregate = D::Aggregate;

    fn tenant(&self) -> TenantId {
        D::tenant(self)
    }

    fn id(&self) -> String {
        self.number.to_string()
    }
}

impl Row for AppTokenRow {
    type Aggregate = AppToken;

    fn tenant(&self) -> TenantId {
        self.data.tenant
    }

    fn id(&self) -> String {
        self.id.to_string()
    }
}

impl Row for SdkJobRow {
    type Aggregate = SdkJob;

    fn tenant(&self) -> TenantId {
        self.wanted.tenant
    }

    fn id(&self) -> String {
        self.id.to_string()
    }
}

impl Row for BlobRow {
    type Aggregate = Blob;

    fn tenant(&self) -> TenantId {
        self.data.tenant
    }

    fn id(&self) -> String {
        BlobRow::id(self).to_owned()
    }
}

/// How commands against an aggregate are run.
pub(crate) trait Changed: Aggregate {
    /// Runs a command.
    fn change(
        app: &App,
        id: &str,
        command: &Self::Command,
        head: &CommitHead,
        expected: Expected,
    ) -> impl Future<Output = Result<Done, Error>> + Send {
        app.engine.handle_at::<Self>(id, command, head, expected)
    }
}

/// What may be changed in one commit with others: no rule looks beyond it.
pub(crate) trait ChangedTogether: Changed {}

impl ChangedTogether for Client {}
impl ChangedTogether for Resource {}

impl Changed for SdkJob {}
impl Changed for AppAggregate {}
impl Changed for AppToken {}
impl Changed for AppUser {}
impl Changed for Client {}
impl Changed for Resource {}

/// The last administrator is protected at every face.
impl Changed for User {
    async fn change(
        app: &App,
        id: &str,
        command: &UserCommand,
        head: &CommitHead,
        expected: Expected,
    ) -> Result<Done, Error> {
        let user = UserId(id.parse().unwrap_or(0));
        change_user(&app.engine, &app.views, user, command, head, expected).await
    }
}
