//! Removes the bytes of uploaded files and of SDKs that no event names: the program ended between keeping
//! them and saying so, or between the event that a file ended and removing it, or the log has forgotten
//! the job that made them.

use std::sync::Arc;
use std::time::Duration;

use domain::{Sha256, TenantId};
use outside::{BlobPlace, ObjectKind};

use crate::state::app::App;

/// How often it looks.
const SWEEP_EVERY: Duration = Duration::from_secs(24 * 3_600);

/// How old bytes must be: an event may be on its way to younger ones.
const AGE_SECONDS_MIN: i64 = 24 * 3_600;

/// How many files of a kind one look removes.
const REMOVED_MAX: usize = 10_000;

/// Runs until the program ends.
pub(crate) async fn run(app: Arc<App>) {
    loop {
        sweep_blobs(&app).await;
        for kind in ObjectKind::SWEPT {
            sweep_made(&app, kind).await;
        }
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}

async fn sweep_blobs(app: &App) {
    let objects = &app.settings.objects;
    let before = app.clock.now().seconds() - AGE_SECONDS_MIN;
    let mut unnamed = Vec::new();
    let looked = objects.each_blob_before(before, |place| {
        if unnamed.len() < REMOVED_MAX && !is_named(app, &place) {
            unnamed.push(place);
        }
    });
    if looked.await.is_err() {
        tracing::warn!("uploaded files that nobody names could not be looked for");
    }
    let mut removed = 0;
    for place in &unnamed {
        removed += usize::from(objects.remove_blob(place).await.is_ok());
    }
    if removed > 0 {
        tracing::info!(removed, "removed the bytes of uploaded files that no event names");
    }
}

/// What jobs made.
async fn sweep_made(app: &App, kind: ObjectKind) {
    let objects = &app.settings.objects;
    let before = app.clock.now().seconds() - AGE_SECONDS_MIN;
    // A job that names it now has made it young again.
    let named = app.views.read().sdk_jobs.names();
    let mut unnamed = Vec::new();
    let looked = objects.each_before(kind, before, |name| {
        if unnamed.len() < REMOVED_MAX && !named.contains(&Sha256(name)) {
            unnamed.push(name);
        }
    });
    if looked.await.is_err() {
        tracing::warn!(?kind, "what jobs made and nobody names could not be looked for");
    }
    let mut removed = 0;
    for name in &unnamed {
        removed += usize::from(objects.remove(kind, name).await.is_ok());
    }
    if removed > 0 {
        tracing::info!(?kind, removed, "removed what jobs made and no event names");
    }
}

fn is_named(app: &App, place: &BlobPlace) -> bool {
    let tenant = TenantId(place.tenant());
    let id = place.file().split('.').next().unwrap_or_default();
    let tables = app.views.read();
    tables.blobs.get(tenant, id).is_some_and(|it| it.data.file == place.file())
}
