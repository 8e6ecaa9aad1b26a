//! Forgetting persons: the event first, then, when the read models show it, the key; what a crash left is done at the next start.

use std::sync::Arc;

use commands::{Done, Error as CommandError};
use domain::log::CommitHead;
use domain::{Aggregate, AnyEvent, Mark, SubjectId};

use super::failure::Failure;
use super::operator::{called, wait_until_shown};
use super::running::Running;
use crate::access::erasure::destroy_keys;

/// The event first, then the key: after a crash in between, the next start destroys the key. The keys of
/// the person's apps go, too: the read models must know all of those that were made before the event.
pub(crate) async fn forget_person<A: Aggregate>(
    on: &Running,
    id: &str,
    head: &CommitHead,
    subject: SubjectId,
    erased: Result<Done, CommandError>,
) -> Result<String, Failure> {
    let done = erased.map_err(|err| err.to_string())?;
    let shown = wait_until_shown(on, done.position).await;
    let (on_disk, tenant) = (on.clone(), head.tenant);
    tokio::task::spawn_blocking(move || {
        destroy_keys(&on_disk.engine, &on_disk.views, tenant, subject)
    })
    .await
    .map_err(|err| err.to_string())??;
    shown?;
    Ok(format!("{} is forgotten; the history stays whole", called::<A>(id)))
}

/// Destroys the keys of all erased people and deleted apps, in case a crash prevented it before.
pub(crate) fn finish_erasures(on: &Running) -> Result<(), Failure> {
    AnyEvent::kinds_marked(Mark::Erases).try_for_each(|kind| finish_erasures_of(on, kind))
}

fn finish_erasures_of(on: &Running, kind: &str) -> Result<(), Failure> {
    let filter = projections::AuditFilter {
        kind: Some(kind.to_owned()),
        ..projections::AuditFilter::default()
    };
    let mut after = 0;
    loop {
        let (_, positions) = on.views.read().audit.find(&filter, after, 1_000);
        let Some(last) = positions.last() else { return Ok(()) };
        after = *last;
        let log: &Arc<dyn domain::log::EventLog> = on.engine.log();
        for event in log.read_at(&positions)? {
            destroy_keys(&on.engine, &on.views, event.commit.tenant, event.subject)?;
        }
    }
}
