//! `/metrics`: figures in the format of Prometheus. No label has the name of a person.

use std::sync::atomic::Ordering::Relaxed;

use commands::publisher::PublisherState;
use prometheus::{Gauge, GaugeVec, IntCounter, IntCounterVec, Opts, Registry, TextEncoder};
use warp::http::Method;

use super::worker_figures::worker_figures;
use crate::http::call::Call;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::reply::Reply;
use crate::state::app::{App, last_commit_time};
use crate::state::counters::add;
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
fn figures_of_now(app: &App) -> Registry {
    let registry = Registry::new();
    add_log(&registry, app);
    add_publisher(&registry, app);
    add_connections(&registry, app);
    add_workers(&registry, app);
    add_objects(&registry, app);
    let behind = {
        let now = app.clock.now();
        let last = last_commit_time(&**app.engine.log()).unwrap_or(now);
        ((last.0 - now.0) as f64 / 1e6).max(0.0)
    };
    let gauges = [
        (
            "chancery_log_due_streams",
            "Forgotten streams whose memory is not given back yet.",
            app.engine.log().due_streams() as f64,
        ),
        (
            "chancery_clock_behind_seconds",
            "How far the clock is behind the last change in the log.",
            behind,
        ),
        ("chancery_users", "Users in use.", app.views.read().users.count() as f64),
    ];
    for (name, help, value) in gauges {
        if let Some(gauge) = add(&registry, Gauge::new(name, help)) {
            gauge.set(value);
        }
    }
    let totals = [
        ("chancery_panics_total", "Faults of the program itself.", panics::count()),
        (
            "chancery_log_lines_lost_total",
            "Log lines that standard error did not take.",
            log_lines::lost(),
        ),
    ];
    for (name, help, value) in totals {
        if let Some(total) = add(&registry, IntCounter::new(name, help)) {
            total.inc_by(value);
        }
    }
    registry
}

fn add_log(registry: &Registry, app: &App) {
    let help = Opts::new("chancery_log", "The log and what follows it, by figure.");
    let Some(log) = add(registry, GaugeVec::new(help, &["figure"])) else { return };
    let figures = (app.log_figures)();
    let head = app.engine.log().head().position;
    let views = app.views.position();
    let set = |figure: &str, value: f64| log.with_label_values(&[figure]).set(value);
    set("head_position", head as f64);
    set("views_position", views as f64);
    set("views_lag_events", head.saturating_sub(views) as f64);
    set("views_stopped", f64::from(u8::from(app.views.stopped().is_some())));
    set("commits_total", figures.commits as f64);
    set("blocks_total", figures.blocks as f64);
    set("bytes_total", figures.bytes as f64);
    set("refused_total", figures.refused as f64);
    set("sync_seconds_total", figures.sync_seconds);
    set("disk_full", f64::from(u8::from(figures.disk_full)));
}

fn add_publisher(registry: &Registry, app: &App) {
    let Some(status) = app.publisher_status() else { return };
    let help = Opts::new("chancery_publisher", "Publishing to NATS, by figure.");
    let Some(publisher) = add(registry, GaugeVec::new(help, &["figure"])) else { return };
    let set = |figure: &str, value| publisher.with_label_values(&[figure]).set(value);
    let is = |it: bool| f64::from(u8::from(it));
    set("position", status.published as f64);
    set("lag_events", status.lag as f64);
    set("connected", is(status.state == PublisherState::Publishing));
    set("stopped", is(matches!(status.state, PublisherState::Stopped(_))));
}

fn add_workers(registry: &Registry, app: &App) {
    let help = Opts::new("chancery_worker", "What waits for workers, by worker and figure.");
    let Some(workers) = add(registry, GaugeVec::new(help, &["worker", "figure"])) else { return };
    for (name, of) in worker_figures(app) {
        let set = |figure: &str, value: f64| {
            workers.with_label_values(&[name, figure]).set(value);
        };
        set("pending", of.pending as f64);
        set("failing", of.failing as f64);
        set("oldest_seconds", of.oldest_seconds as f64);
        set("given_up", of.given_up as f64);
    }
}

fn add_objects(registry: &Registry, app: &App) {
    let help = Opts::new("chancery_objects_bytes", "What stands beside the log, by prefix.");
    let Some(bytes) = add(registry, GaugeVec::new(help, &["prefix"])) else { return };
    let taken = app.views.read().blobs.use_of_all();
    bytes.with_label_values(&["blobs"]).set(taken.bytes as f64);
}

fn add_connections(registry: &Registry, app: &App) {
    let help = Opts::new("chancery_connections_total", "What became of connections, by outcome.");
    let Some(connections) = add(registry, IntCounterVec::new(help, &["outcome"])) else { return };
    let door = &app.counters.door;
    let outcomes = [
        ("accepted", &door.accepted),
        ("made_room", &door.made_room),
        ("refused", &door.refused),
        ("broken", &door.broken),
    ];
    for (outcome, total) in outcomes {
        connections.with_label_values(&[outcome]).inc_by(total.load(Relaxed));
    }
}
