//! Writes what was noticed about security into the log, one after the other. What the log does not
//! take is counted and given up: the log line was there before.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use commands::Error;
use commands::signing::system_head;
use domain::context::Context;
use domain::log::CommitHead;
use domain::security::{Security, SecurityCommand, SecurityNoticed, SecurityPersonal, Told};
use domain::{Actor, TenantId};
use tokio::sync::mpsc::Receiver;

use crate::state::app::App;
use crate::state::security::sighting::{Outcome, Report, address_hash};

/// How often it is looked for what is over.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How long writing may take when the program ends.
const END_TIME_MAX: Duration = Duration::from_secs(3);

/// Writes into the log what is noticed about security. Runs until the program ends.
pub async fn write_security_events(app: Arc<App>) {
    let Some(mut reports) = app.security.take_reports() else { return };
    let mut stopped = Box::pin(app.stopped());
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            () = &mut stopped => break,
            _ = look.tick() => app.tell_ended_sightings(),
            Some(report) = reports.recv() => write(&app, report).await,
        }
    }
    app.end_sightings();
    let _ = tokio::time::timeout(END_TIME_MAX, write_all(&app, &mut reports)).await;
}

async fn write_all(app: &App, reports: &mut Receiver<Report>) {
    while let Ok(report) = reports.try_recv() {
        write(app, report).await;
    }
}

async fn write(app: &App, report: Report) {
    let outcome = match try_write(app, &report, address_of(app, &report)).await {
        // The person may have been erased just now.
        Err(_) => try_write(app, &report, None).await,
        written => written,
    };
    app.counters.count_report(match outcome {
        Ok(()) => Outcome::Written,
        Err(err) => {
            let rule = report.first.rule.name();
            tracing::debug!(error = %err, rule, "an event about security was not written");
            Outcome::Failed
        }
    });
}

async fn try_write(app: &App, report: &Report, address: Option<IpAddr>) -> Result<(), Error> {
    let first = &report.first;
    let keys = app.engine.keys();
    let noticed = SecurityNoticed {
        tenant: first.tenant,
        rule: first.rule,
        who: first.who.as_ref().map(ToString::to_string),
        address_hash: first.address.map(|it| address_hash(keys, it)).unwrap_or_default(),
        since: report.since,
        count: report.count,
    };
    let personal = address.map(|it| SecurityPersonal { address: it.to_canonical().to_string() });
    let (last_at, ended) = (report.last_at, report.ended);
    let command = SecurityCommand::Tell(Box::new(Told { noticed, personal, last_at, ended }));
    let actor = first.who.clone().filter(|_| first.proven).unwrap_or(Actor::System);
    let head = system_head(first.tenant, actor, app.clock.now())?;
    let context = Context::of_operation(first.operation).run_by(first.uid);
    let head = CommitHead { correlation: first.request, context, ..head };
    app.engine.handle::<Security>(&report.id, &command, &head).await.map(drop)
}

/// The address, where it may be told: under the key of somebody who has an account now.
fn address_of(app: &App, report: &Report) -> Option<IpAddr> {
    let address = report.first.address?;
    let tables = app.views.read();
    let tenant: TenantId = report.first.tenant;
    let is_known = match report.first.who {
        Some(Actor::User(user)) => tables.users.get(tenant, user).is_some(),
        Some(Actor::AppUser(user)) => tables.app_users.get(tenant, user).is_some(),
        _ => false,
    };
    is_known.then_some(address)
}
