//! Removes the subscribers of API resources that were deleted.

use std::sync::Arc;

use commands::signing::system_head;
use domain::context::Context;
use domain::log::CommitHead;
use domain::subscriber::{RemovedBy, Subscriber, SubscriberCommand};
use domain::{Actor, StreamId, SubscriberId, TenantId, Timestamp};
use projections::Tables;

use super::deliveries::NOT_NOTED_PAUSE;
use super::driver::Worker;
use crate::state::app::App;
use crate::state::forgetting::forget_subscribers;

/// How many are removed in one commit.
const REMOVED_AT_ONCE_MAX: usize = 50;

/// Each job is the stream of a deleted resource.
pub(crate) struct Leaving;

impl Worker for Leaving {
    fn name(&self) -> &'static str {
        "subscriber"
    }

    fn due<'a>(
        &'a self,
        tables: &'a Tables,
        _now: Timestamp,
    ) -> Box<dyn Iterator<Item = &'a StreamId> + 'a> {
        Box::new(tables.left_over.iter())
    }

    fn next_due(&self, _tables: &Tables, _now: Timestamp) -> Option<Timestamp> {
        None
    }

    async fn run(&self, app: &Arc<App>, job: StreamId) {
        if let Err(err) = remove_all(app, &job).await {
            tracing::warn!(%job, error = %err, "subscribers of a deleted resource are still there");
            tokio::time::sleep(NOT_NOTED_PAUSE).await;
        }
    }
}

async fn remove_all(app: &Arc<App>, job: &StreamId) -> Result<(), commands::Error> {
    let Some(resource) = job.number().and_then(|it| u32::try_from(it).ok()) else { return Ok(()) };
    let mut last = 0;
    loop {
        let some = some_of(app, resource, last);
        let Some((tenant, highest)) = some.last().map(|it| (it.1, it.0.0)) else { return Ok(()) };
        let head = head(tenant, app.clock.now())?;
        let remove = SubscriberCommand::Remove(RemovedBy::Resource);
        let filled = app.engine.transact(&head, |draft| {
            let mut all = some.iter();
            all.try_for_each(|(it, _)| draft.decide::<Subscriber>(&it.to_string(), &remove))
        });
        let ((), done) = filled.await?;
        app.settle(&done).await;
        forget_subscribers(app, some.iter().map(|it| it.0).collect()).await;
        last = highest;
    }
}

/// The next ones behind a number, each with its tenant: a resource has one.
fn some_of(app: &App, resource: u32, last: u32) -> Vec<(SubscriberId, TenantId)> {
    let tables = app.views.read();
    let rows = tables.subscribers.next_of(resource, last, u64::MAX).take(REMOVED_AT_ONCE_MAX);
    rows.map(|it| (it.data.subscriber, it.data.tenant)).collect()
}

fn head(tenant: TenantId, now: Timestamp) -> Result<CommitHead, commands::Error> {
    let context = Context::of_operation("subscriber");
    Ok(CommitHead { context, ..system_head(tenant, Actor::System, now)? })
}
