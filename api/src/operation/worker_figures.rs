//! What waits for each worker: for health and metrics.

use domain::Aggregate as _;
use domain::delivery::Channel;
use domain::notice::Notice;
use domain::sdk_job::SdkJob;
use projections::DeliveryFigures;

use crate::state::app::App;

/// By the category of its streams.
pub(super) fn worker_figures(app: &App) -> [(&'static str, DeliveryFigures); 4] {
    let now = app.clock.now();
    let tables = app.views.read();
    let of_channel = |it: Channel| (it.category(), tables.deliveries.figures(it, now));
    [
        of_channel(Channel::Mail),
        of_channel(Channel::Sms),
        (Notice::CATEGORY, tables.notices.figures(now)),
        (SdkJob::CATEGORY, tables.sdk_jobs.figures(now)),
    ]
}
