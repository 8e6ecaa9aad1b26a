//! `/metrics`: what a graph needs, in the format of Prometheus. No name of a person is a label.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use commands::publisher::PublisherState;
use prometheus::core::Collector;
use prometheus::{
    Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry,
    TextEncoder,
};
use warp::http::{Method, StatusCode};

use crate::app::{App, last_commit_time};
use crate::http::call::Call;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::reply::Reply;
use crate::http::server::DoorFigures;

/// Seconds: from what a cached answer takes to what a password takes in a full pool.
const BUCKETS: [f64; 10] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0];

/// The counters of the HTTP face, and the gauges that are read when they are asked for.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Option<IntCounterVec>,
    seconds: Option<HistogramVec>,
    log: Option<GaugeVec>,
    publisher: Option<GaugeVec>,
    users: Option<Gauge>,
    due_streams: Option<Gauge>,
    clock_behind: Option<Gauge>,
    connections: Option<IntCounterVec>,
    panics: Option<IntCounter>,
    /// What became of connections; the accept loop counts.
    pub(crate) door: Arc<DoorFigures>,
}

impl Default for Metrics {
    fn default() -> Self {
        let registry = Registry::new();
        let requests =
            Opts::new("chancery_http_requests_total", "Requests by operation and status.");
        let seconds =
            HistogramOpts::new("chancery_http_request_seconds", "Time to answer, seconds.");
        let log = Opts::new("chancery_log", "The log and what follows it, by figure.");
        let connections =
            Opts::new("chancery_connections_total", "What became of connections, by outcome.");
        let publisher = Opts::new("chancery_publisher", "Publishing to NATS, by figure.");
        Self {
            requests: add(&registry, IntCounterVec::new(requests, &["operation", "status"])),
            seconds: add(
                &registry,
                HistogramVec::new(seconds.buckets(BUCKETS.to_vec()), &["operation"]),
            ),
            log: add(&registry, GaugeVec::new(log, &["figure"])),
            publisher: add(&registry, GaugeVec::new(publisher, &["figure"])),
            due_streams: add(
                &registry,
                Gauge::new(
                    "chancery_log_due_streams",
                    "Forgotten streams whose memory is not given back yet.",
                ),
            ),
            clock_behind: add(
                &registry,
                Gauge::new(
                    "chancery_clock_behind_seconds",
                    "How far the clock is behind the last change in the log.",
                ),
            ),
            users: add(&registry, Gauge::new("chancery_users", "Users in use.")),
            connections: add(&registry, IntCounterVec::new(connections, &["outcome"])),
            panics: add(
                &registry,
                IntCounter::new("chancery_panics_total", "Faults of the program itself."),
            ),
            door: Arc::default(),
            registry,
        }
    }
}

/// The names are ours and differ; a metric that cannot be made is missing, and nothing else.
fn add<C: Collector + Clone + 'static>(
    registry: &Registry,
    metric: prometheus::Result<C>,
) -> Option<C> {
    let metric = metric.ok()?;
    registry.register(Box::new(metric.clone())).ok()?;
    Some(metric)
}

/// Brings a counter to a total that is counted elsewhere.
fn raise(counter: &IntCounter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}

impl Metrics {
    pub(crate) fn count_request(&self, operation: &str, status: StatusCode, took: Duration) {
        if let Some(requests) = &self.requests {
            requests.with_label_values(&[operation, status.as_str()]).inc();
        }
        if let Some(seconds) = &self.seconds {
            seconds.with_label_values(&[operation]).observe(took.as_secs_f64());
        }
    }

    fn render(&self, app: &App) -> String {
        let figures = (app.log_figures)();
        let head = app.engine.log().head().position;
        let views = app.views.position();
        if let Some(log) = &self.log {
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
        if let (Some(publisher), Some(status)) = (&self.publisher, app.publisher_status()) {
            let set = |figure: &str, value| publisher.with_label_values(&[figure]).set(value);
            let is = |it: bool| f64::from(u8::from(it));
            set("position", status.published as f64);
            set("lag_events", status.lag as f64);
            set("connected", is(status.state == PublisherState::Publishing));
            set("stopped", is(matches!(status.state, PublisherState::Stopped(_))));
        }
        if let Some(due) = &self.due_streams {
            due.set(app.engine.log().due_streams() as f64);
        }
        if let Some(behind) = &self.clock_behind {
            let now = app.clock.now();
            let last = last_commit_time(&**app.engine.log()).unwrap_or(now);
            behind.set(((last.0 - now.0) as f64 / 1e6).max(0.0));
        }
        if let Some(users) = &self.users {
            users.set(app.views.read().users.count() as f64);
        }
        if let Some(connections) = &self.connections {
            let set = |outcome: &str, total: &AtomicU64| {
                raise(&connections.with_label_values(&[outcome]), total.load(Relaxed));
            };
            set("accepted", &self.door.accepted);
            set("made_room", &self.door.made_room);
            set("refused", &self.door.refused);
            set("broken", &self.door.broken);
        }
        if let Some(panics) = &self.panics {
            raise(panics, crate::program::panics());
        }
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default()
    }
}

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::GET, "/metrics", "Metrics", "Counters and gauges for Prometheus")
            .operation(metrics),
    ]
}

pub(crate) async fn metrics(call: Call) -> Outcome {
    let text = call.app.metrics.render(&call.app);
    Ok(Reply::body("text/plain; version=0.0.4", text.into_bytes()))
}
