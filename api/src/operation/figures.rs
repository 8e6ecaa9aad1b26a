//! Figures that are read when they are asked for, counted elsewhere or not at all: each by a name of
//! its own that ends with its unit, as Prometheus expects.

use prometheus::proto::MetricFamily;
use prometheus::{Counter, CounterVec, Gauge, GaugeVec, Opts, Registry};

use crate::state::counters::add;

/// The figures of one answer.
#[derive(Default)]
pub(super) struct Figures(Registry);

impl Figures {
    /// What goes up and down.
    pub(super) fn gauge(&self, name: &str, help: &str, value: f64) {
        if let Some(gauge) = add(&self.0, Gauge::new(name, help)) {
            gauge.set(value);
        }
    }

    /// Whether something is so: 1, else 0.
    pub(super) fn flag(&self, name: &str, help: &str, is: bool) {
        self.gauge(name, help, f64::from(u8::from(is)));
    }

    /// What only goes up while the process lives.
    pub(super) fn counter(&self, name: &str, help: &str, value: f64) {
        if let Some(counter) = add(&self.0, Counter::new(name, help)) {
            counter.inc_by(value);
        }
    }

    /// One gauge for each value of a label.
    pub(super) fn gauges(&self, name: &str, help: &str, label: &str, values: &[(&str, f64)]) {
        let Some(gauges) = add(&self.0, GaugeVec::new(Opts::new(name, help), &[label])) else {
            return;
        };
        values.iter().for_each(|(of, value)| gauges.with_label_values(&[*of]).set(*value));
    }

    /// One counter for each value of a label.
    pub(super) fn counters(&self, name: &str, help: &str, label: &str, values: &[(&str, f64)]) {
        let Some(counters) = add(&self.0, CounterVec::new(Opts::new(name, help), &[label])) else {
            return;
        };
        values.iter().for_each(|(of, value)| counters.with_label_values(&[*of]).inc_by(*value));
    }

    /// All of them, for printing.
    pub(super) fn gather(&self) -> Vec<MetricFamily> {
        self.0.gather()
    }
}
