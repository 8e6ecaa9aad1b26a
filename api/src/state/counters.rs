//! Counting requests, refusals and connections. What is counted is printed by
//! `operation/metrics.rs`.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use domain::security::Rule;
use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::MetricFamily;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

use super::security::sighting::Outcome;

/// Buckets in seconds, from a cached answer to a password in a full pool.
const BUCKETS: [f64; 10] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0];

/// What is counted while the program runs.
pub(crate) struct Counters {
    registry: Registry,
    requests: Option<IntCounterVec>,
    seconds: Option<HistogramVec>,
    refusals: Option<IntCounterVec>,
    reports: Option<IntCounterVec>,
    /// What happened to connections; the accept loop counts them.
    pub(crate) door: Arc<DoorFigures>,
}

/// What happened to connections since the start of the program.
#[derive(Debug, Default)]
pub(crate) struct DoorFigures {
    pub(crate) accepted: AtomicU64,
    /// Idle ones that were closed for others.
    pub(crate) made_room: AtomicU64,
    /// Refused, because there was no place.
    pub(crate) refused: AtomicU64,
    /// That ended early: broken, too slow, or their answers were not read.
    pub(crate) broken: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        let registry = Registry::new();
        let requests =
            Opts::new("chancery_http_requests_total", "Requests by operation and status.");
        let seconds =
            HistogramOpts::new("chancery_http_request_seconds", "Time to answer, seconds.");
        let refusals = Opts::new("chancery_refusals_total", "Who was refused, by reason.");
        let reports =
            Opts::new("chancery_security_events_total", "Events about security, by outcome.");
        let refusals = add(&registry, IntCounterVec::new(refusals, &["reason"]));
        let reports = add(&registry, IntCounterVec::new(reports, &["outcome"]));
        // A figure that is there from the beginning can be watched for its first change.
        if let Some(refusals) = &refusals {
            let reasons = Rule::ALL.into_iter().filter(|it| it.is_refusal());
            reasons.for_each(|it| drop(refusals.with_label_values(&[it.name()])));
        }
        if let Some(reports) = &reports {
            Outcome::ALL.into_iter().for_each(|it| drop(reports.with_label_values(&[it.name()])));
        }
        // A process that may not read its own /proc has none of them.
        let _ = registry.register(Box::new(ProcessCollector::for_self()));
        Self {
            refusals,
            reports,
            requests: add(&registry, IntCounterVec::new(requests, &["operation", "status"])),
            seconds: add(
                &registry,
                HistogramVec::new(seconds.buckets(BUCKETS.to_vec()), &["operation"]),
            ),
            door: Arc::default(),
            registry,
        }
    }
}

/// All names are constants and differ. If a metric could not be made, only that one would be
/// missing.
pub(crate) fn add<C: Collector + Clone + 'static>(
    registry: &Registry,
    metric: prometheus::Result<C>,
) -> Option<C> {
    let metric = metric.ok()?;
    registry.register(Box::new(metric.clone())).ok()?;
    Some(metric)
}

impl Counters {
    /// Counts an answered request, and how long the answer took.
    pub(crate) fn count_request(&self, operation: &str, status: &str, took: Duration) {
        if let Some(requests) = &self.requests {
            requests.with_label_values(&[operation, status]).inc();
        }
        if let Some(seconds) = &self.seconds {
            seconds.with_label_values(&[operation]).observe(took.as_secs_f64());
        }
    }

    /// Counts somebody who was refused.
    pub(crate) fn count_refusal(&self, rule: Rule) {
        if let Some(refusals) = &self.refusals {
            refusals.with_label_values(&[rule.name()]).inc();
        }
    }

    /// Counts a report about security by what became of it.
    pub(crate) fn count_report(&self, outcome: Outcome) {
        if let Some(reports) = &self.reports {
            reports.with_label_values(&[outcome.name()]).inc();
        }
    }

    /// What was counted of requests, refusals and reports, for printing.
    pub(crate) fn of_requests(&self) -> Vec<MetricFamily> {
        self.registry.gather()
    }
}
