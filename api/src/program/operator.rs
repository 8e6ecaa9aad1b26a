//! What an operator does stands in the log as the operator's: the heads of such commits.

use std::time::Duration;

use commands::signing::system_head;
use domain::context::Context;
use domain::log::CommitHead;
use domain::{Actor, Aggregate, StreamId, TenantId, Timestamp};

use super::failure::Failure;
use super::running::Running;

/// How long to wait until the read models show what was done.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);

/// Who, when and by which command, for a commit.
pub(crate) fn head_of(
    on: &Running,
    what: &str,
    tenant: TenantId,
    now: Timestamp,
) -> Result<CommitHead, Failure> {
    let context = Context::of_operation(what).run_by(on.asked_by);
    Ok(CommitHead { context, ..system_head(tenant, Actor::Operator, now)? })
}

/// The head of a commit in the tenant of the aggregate.
pub(crate) fn head_of_owner<A: Aggregate>(
    on: &Running,
    what: &str,
    id: &str,
    now: Timestamp,
) -> Result<CommitHead, Failure> {
    let (log, stream) = (on.engine.log(), StreamId::new(A::CATEGORY, id));
    // The first event only: the stream may be long.
    let first = log.stream_positions(&stream).first().copied();
    let events = log.read_at(first.as_slice())?;
    let tenant = events.first().map(|it| it.commit.tenant);
    let tenant = tenant.ok_or_else(|| format!("there is no {}", called::<A>(id)))?;
    head_of(on, what, tenant, now)
}

/// How an aggregate is called to an operator: `app user 7`.
pub(crate) fn called<A: Aggregate>(id: &str) -> String {
    format!("{} {id}", A::CATEGORY.replace('_', " "))
}

/// Waits until the read models show what was done.
pub(crate) async fn wait_until_shown(on: &Running, position: u64) -> Result<(), Failure> {
    Ok(on.views.wait(position, SHOWN_WITHIN).await?)
}
