//! `/metrics`: figures in the format of Prometheus. No label has the name of a person.

use std::sync::atomic::Ordering::Relaxed;

use commands::publisher::PublisherState;
use projections::DeliveryFigures;
use prometheus::TextEncoder;
use warp::http::Method;

use super::figures::Figures;
use super::folder_figures::add_folder;
use super::health::readiness;
use super::worker_figures::worker_figures;
use crate::http::call::Call;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::reply::Reply;
use crate::state::app::{App, last_commit_time};
use crate::state::{log_lines, panics};

/// The text format of Prometheus.
const METRICS_TYPE: &str = "text/plain; version=0.0.4";

/// What that is, for the document.
pub(crate) const METRICS_ABOUT: &str = "Figures in the text format of Prometheus.";

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::GET, "/metrics", "Metrics", "Counters and gauges for Prometheus")
            .answers_text(METRICS_TYPE, METRICS_ABOUT)
            .operation(metrics),
    ]
}

pub(crate) async fn metrics(call: Call) -> Outcome {
    let mut families = call.app.counters.of_requests();
    families.extend(figures_of_now(&call.app).gather());
    let text = TextEncoder::new().encode_to_string(&families).unwrap_or_default();
    Ok(Reply::body("text/plain; version=0.0.4", text.into_bytes()))
}

/// The figures that are read when they are asked for, counted elsewhere or not at all.
fn figures_of_now(app: &App) -> Figures {
    let figures = Figures::default();
    figures.gauges(
        "chancery_build_info",
        "Which version this is; always 1.",
        "version",
        &[(env!("CARGO_PKG_VERSION"), 1.0)],
    );
    add_log(&figures, app);
    add_views(&figures, app);
    add_folder(&figures, app);
    add_publisher(&figures, app);
    add_connections(&figures, app);
    add_workers(&figures, app);
    let taken = app.views.read().blobs.use_of_all();
    figures.gauges(
        "chancery_objects_bytes",
        "What stands beside the log, by prefix.",
        "prefix",
        &[("blobs", taken.bytes as f64)],
    );
    let now = app.clock.now();
    let last = last_commit_time(&**app.engine.log()).unwrap_or(now);
    figures.gauge(
        "chancery_clock_behind_seconds",
        "How far the clock is behind the last change in the log.",
        ((last.0 - now.0) as f64 / 1e6).max(0.0),
    );
    figures.counter(
        "chancery_panics_total",
        "Faults of the program itself.",
        panics::count() as f64,
    );
    figures.counter(
        "chancery_log_lines_lost_total",
        "Log lines that standard error did not take.",
        log_lines::lost() as f64,
    );
    figures
}

fn add_log(figures: &Figures, app: &App) {
    let log = (app.log_figures)();
    let head = app.engine.log().head().position;
    figures.gauge("chancery_log_position", "How many events the log has.", head as f64);
    for (name, help, value) in [
        ("chancery_log_commits_total", "Commits that were made durable.", log.commits as f64),
        ("chancery_log_blocks_total", "Blocks that were made durable, each by one sync.", {
            log.blocks as f64
        }),
        ("chancery_log_written_bytes_total", "The bytes of these blocks.", log.bytes as f64),
        ("chancery_log_sync_seconds_total", "The time that storing and syncing took.", {
            log.sync_seconds
        }),
    ] {
        figures.counter(name, help, value);
    }
    figures.counters(
        "chancery_log_refused_total",
        "Commits that were refused: others were first or have the value, or the disk is nearly full.",
        "reason",
        &[("conflict", log.refused as f64), ("disk_full", log.refused_full as f64)],
    );
    figures.flag(
        "chancery_disk_full",
        "Whether changes are refused because the disk is nearly full.",
        log.disk_full,
    );
    figures.gauge(
        "chancery_log_due_streams",
        "Forgotten streams whose memory is not given back yet.",
        app.engine.log().due_streams() as f64,
    );
    figures.gauge(
        "chancery_snapshot_position",
        "Up to which position the snapshots reach; the next start reads the rest of the log.",
        log.snapshot_position as f64,
    );
}

fn add_views(figures: &Figures, app: &App) {
    let (ready, _) = readiness(app);
    figures.flag("chancery_ready", "Whether /health/ready says that requests are welcome.", ready);
    let head = app.engine.log().head().position;
    let views = app.views.position();
    figures.gauge("chancery_views_position", "How far the read models are.", views as f64);
    figures.gauge(
        "chancery_views_lag_events",
        "How many events the read models have still to read.",
        head.saturating_sub(views) as f64,
    );
    figures.flag(
        "chancery_views_stopped",
        "Whether the read models met an event that they cannot read.",
        app.views.stopped().is_some(),
    );
    figures.gauge("chancery_users", "Users in use.", app.views.read().users.count() as f64);
}

fn add_publisher(figures: &Figures, app: &App) {
    let Some(status) = app.publisher_status() else { return };
    figures.gauge(
        "chancery_publisher_position",
        "Up to which position events are on NATS.",
        status.published as f64,
    );
    figures.gauge(
        "chancery_publisher_lag_events",
        "How many events are not on NATS yet.",
        status.lag as f64,
    );
    figures.flag(
        "chancery_publisher_connected",
        "Whether events are being published to NATS.",
        status.state == PublisherState::Publishing,
    );
    figures.flag(
        "chancery_publisher_stopped",
        "Whether publishing has stopped for good: log and stream disagree.",
        matches!(status.state, PublisherState::Stopped(_)),
    );
}

fn add_workers(figures: &Figures, app: &App) {
    let of = worker_figures(app);
    let each = |value: fn(&DeliveryFigures) -> f64| of.map(|(name, it)| (name, value(&it)));
    for (name, help, values) in [
        ("chancery_worker_pending", "What is to be done, by worker.", each(|it| it.pending as f64)),
        ("chancery_worker_failing", "How much of that failed at least once, by worker.", {
            each(|it| it.failing as f64)
        }),
        ("chancery_worker_oldest_seconds", "How long the oldest of it has waited, by worker.", {
            each(|it| it.oldest_seconds as f64)
        }),
        ("chancery_worker_given_up", "What was given up and could be retried, by worker.", {
            each(|it| it.given_up as f64)
        }),
    ] {
        figures.gauges(name, help, "worker", &values);
    }
}

fn add_connections(figures: &Figures, app: &App) {
    let door = &app.counters.door;
    let outcomes = [
        ("accepted", &door.accepted),
        ("made_room", &door.made_room),
        ("refused", &door.refused),
        ("broken", &door.broken),
    ];
    figures.counters(
        "chancery_connections_total",
        "What became of connections, by outcome.",
        "outcome",
        &outcomes.map(|(outcome, total)| (outcome, total.load(Relaxed) as f64)),
    );
}
