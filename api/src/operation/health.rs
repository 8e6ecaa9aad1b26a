//! `/health/live` and `/health/ready`: whether to restart this process, and whether to send
//! requests to it. `/health`: the work that waits.

use schemars::JsonSchema;
use serde::Serialize;
use warp::http::{Method, StatusCode};

use super::worker_figures::worker_figures;
use crate::http::call::Call;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::reply::{ErrorData, Reply};
use crate::state::app::App;

/// How far the read models may lag before requests should go elsewhere, in events.
const READY_LAG_MAX: u64 = 10_000;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::GET, "/health", "Health", "The work that waits")
            .answers::<Health>()
            .operation(health),
        endpoint(Method::GET, "/health/live", "HealthLive", "Whether the process runs")
            .answers::<Live>()
            .operation(live),
        endpoint(Method::GET, "/health/ready", "HealthReady", "Whether the process can answer")
            .answers::<Readiness>()
            .or_answers::<Readiness>(StatusCode::SERVICE_UNAVAILABLE, "Others should answer.")
            .operation(ready),
    ]
}

/// The work that waits. None of it keeps the process from answering.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PendingWork")]
struct Health {
    workers: Vec<WorkerHealth>,
}

/// What waits for one worker.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PendingWorkOfWorker")]
struct WorkerHealth {
    /// `mail`, `sms`, `notice` or `sdk_job`.
    name: &'static str,
    /// What is to be sent.
    pending: usize,
    /// How many of these failed at least once.
    failing: usize,
    /// How long the oldest of them has waited, in seconds.
    oldest_seconds: i64,
    /// What was given up, and could still be retried: `chancery workers retry`.
    given_up: usize,
}

/// The process runs.
#[derive(Serialize, JsonSchema)]
struct Live {
    /// `live`.
    status: &'static str,
}

/// Whether the process can answer.
#[derive(Serialize, JsonSchema)]
struct Readiness {
    /// `ready`, or what stands in the way.
    status: &'static str,
    /// How far the read models are.
    position: u64,
    /// Where the log ends.
    head: u64,
    /// How many events the read models have still to read.
    lag: u64,
}

impl ErrorData for Health {}
impl ErrorData for Live {}
impl ErrorData for Readiness {}

async fn health(call: Call) -> Outcome {
    let workers = worker_figures(&call.app).map(|(name, figures)| WorkerHealth {
        name,
        pending: figures.pending,
        failing: figures.failing,
        oldest_seconds: figures.oldest_seconds,
        given_up: figures.given_up,
    });
    Ok(Reply::json(&Health { workers: workers.into() }))
}

async fn live(_call: Call) -> Outcome {
    Ok(Reply::json(&Live { status: "live" }))
}

async fn ready(call: Call) -> Outcome {
    let head = call.app.engine.log().head().position;
    let at = call.app.views.position();
    let (ready, word) = readiness(&call.app);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = Readiness { status: word, position: at, head, lag: head.saturating_sub(at) };
    Ok(Reply::json(&body).status(status))
}

/// Whether requests are welcome, and what stands in the way.
pub(super) fn readiness(app: &App) -> (bool, &'static str) {
    let lag = app.engine.log().head().position.saturating_sub(app.views.position());
    let signs = {
        let tables = app.views.read();
        let mut tenants = tables.tenants.all().map(|it| it.data.tenant);
        tenants.all(|it| tables.signing_keys.of(it).next().is_some())
    };
    if app.views.stopped().is_some() {
        (false, "stopped: an event cannot be read")
    } else if lag > READY_LAG_MAX {
        (false, "behind")
    } else if !signs {
        (false, "a tenant has no signing key: chancery keys rotate")
    } else if (app.log_figures)().disk_full {
        // Reads go on: others have the same disk, or none at all.
        (true, "read-only: the disk is nearly full")
    } else {
        (true, "ready")
    }
}
