//! The program notices: it counts, writes a line, and hands over to whoever writes events.

use commands::lock::lock;
use domain::hex;

use super::merged::Found;
use super::sighting::{Outcome, Report, Sighting, address_hash};
use crate::state::app::App;

impl App {
    /// Notes that somebody was refused, or read. It waits for nothing.
    pub(crate) fn notice(&self, sighting: Sighting) {
        if sighting.count == 0 {
            return;
        }
        if sighting.rule.is_refusal() {
            self.counters.count_refusal(sighting.rule);
        }
        let (now, time) = (self.clock.monotonic(), self.clock.now());
        let found = lock(&self.security.merged).note(sighting, now, time);
        self.tell(found);
    }

    /// Tells what is over by now. To be called now and then.
    pub(crate) fn tell_ended_sightings(&self) {
        let found = lock(&self.security.merged).end_due(self.clock.monotonic());
        self.tell(found);
    }

    /// Tells all that was not told yet: the program ends.
    pub(crate) fn end_sightings(&self) {
        let found = lock(&self.security.merged).end_all(self.clock.monotonic());
        self.tell(found);
    }

    fn tell(&self, found: Found) {
        for _ in 0..found.left_out {
            self.counters.count_report(Outcome::LeftOut);
        }
        if found.first_left_out {
            tracing::warn!("more was refused or read than is told one by one: see the figures");
        }
        for report in found.reports {
            self.log_report(&report);
            if self.security.queue.try_send(report).is_err() {
                self.counters.count_report(Outcome::Dropped);
            }
        }
    }

    /// One line, for whoever watches the log lines: no name of a person, and no address unless the
    /// operator wants addresses.
    fn log_report(&self, report: &Report) {
        let Sighting { rule, tenant, who, address, operation, uid, .. } = &report.first;
        let who = who.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let address = match address {
            None => "-".to_owned(),
            Some(it) if self.settings.log_addresses => it.to_canonical().to_string(),
            Some(it) => hex(&address_hash(self.engine.keys(), *it)),
        };
        let uid = uid.map_or_else(|| "-".to_owned(), |it| it.to_string());
        let (reason, count, ended) = (rule.name(), report.count, report.ended);
        match rule.is_refusal() {
            true => {
                tracing::warn!(reason, %tenant, who, address, operation, count, ended, "refused");
            }
            false => {
                tracing::info!(
                    reason, %tenant, who, uid, address, operation, count, ended, "noticed"
                );
            }
        }
    }
}
