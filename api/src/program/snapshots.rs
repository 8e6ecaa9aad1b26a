//! Writes snapshots from time to time, without slowing commits, and at a graceful stop.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use commands::keys::Keyring;
use commands::log::{SledLog, read_snapshot, write_snapshot};
use domain::log::{EventLog as _, LogError};
use domain::{AnyEvent, Mark};
use projections::{AuditFilter, Views, next_snapshot, snapshot_revision};

use super::running::{Running, views_snapshot_path};

/// A snapshot is due after this many events at least: a start reads those in a tenth of a second.
const EVERY_EVENTS_MIN: u64 = 20_000;

/// And after this part of the whole log: the longer the log, the more a snapshot costs.
const EVERY_PART: u64 = 20;

/// After how long one that could not be made is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(60);

/// How often to check whether one is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Brings both snapshots up to the durable head.
pub(crate) fn snapshot(log: &SledLog, keys: &Arc<Keyring>, folder: &Path) -> Result<u64, LogError> {
    let header = log.snapshot_header(snapshot_revision());
    log.snapshot_index()?;
    let path = views_snapshot_path(folder);
    let last = read_snapshot(&path, snapshot_revision(), log.id()).ok();
    let last = last.filter(|(header, _)| log.fits(header)).map(|(_, body)| body);
    let body = next_snapshot(last, log, keys.clone(), header.position)?;
    write_snapshot(&path, &header, &body)
        .map_err(|err| LogError::Store(format!("writing the snapshot of the views: {err}")))?;
    Ok(header.position)
}

/// Makes snapshots until `stop`, in a thread of its own.
pub(crate) fn start(running: &Running, stop: Arc<AtomicBool>) -> std::thread::JoinHandle<()> {
    let (log, folder) = (running.log.clone(), running.folder.clone());
    let keys = running.engine.keys().clone();
    let views = running.views.clone();
    let written = running.snapshot_position.clone();
    let mut last = written.load(Relaxed);
    let mut failed: Option<Instant> = None;
    std::thread::spawn(move || {
        while !stop.load(Relaxed) {
            std::thread::park_timeout(LOOK_EVERY);
            let head = log.head().position;
            let waits = head.saturating_sub(last) < EVERY_EVENTS_MIN.max(head / EVERY_PART);
            let failed_lately = failed.is_some_and(|it| it.elapsed() < RETRY_AFTER);
            if failed_lately || (waits && !has_erased(&views, last)) {
                continue;
            }
            match snapshot(&log, &keys, &folder) {
                Ok(position) => {
                    (last, failed) = (position, None);
                    written.store(position, Relaxed);
                    tracing::info!(position, "snapshots made");
                }
                Err(err) => {
                    // The only loss is a slower start; but the last one may still have the hashes of
                    // somebody who was erased.
                    failed = Some(Instant::now());
                    tracing::warn!(error = %err, "snapshots could not be made");
                }
            }
        }
    })
}

/// Whether somebody was erased since the last snapshot. That one has the hashes by which the person
/// was found, and somebody with the keys of the installation could test names on them.
fn has_erased(views: &Views, since: u64) -> bool {
    let tables = views.read();
    AnyEvent::kinds_marked(Mark::Erases).any(|kind| {
        let filter = AuditFilter { kind: Some(kind.to_owned()), ..AuditFilter::default() };
        !tables.audit.find(&filter, since, 1).1.is_empty()
    })
}
