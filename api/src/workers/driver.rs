//! The one loop of all workers: finds what is due, runs some of it at a time, and sleeps until there
//! is more.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{StreamId, Timestamp};
use projections::Tables;
use tokio::task::{Id, JoinSet};

use crate::state::app::App;

/// How many jobs of a worker run at a time, unless it says otherwise.
const JOBS_MAX: usize = 4;

/// The longest sleep: the wall clock may be set.
const SLEEP_MAX: Duration = Duration::from_secs(30);

/// The shortest, so that what cannot be noted does not keep a processor busy.
const SLEEP_MIN: Duration = Duration::from_millis(50);

/// How long running jobs may take to end with the program.
const END_TIME_MAX: Duration = Duration::from_secs(5);

/// What a kind of work is. Each job is a stream.
pub(crate) trait Worker: Send + Sync + 'static {
    /// As the operator is told.
    fn name(&self) -> &'static str;

    /// What is due, the oldest first. Some may be running already.
    fn due<'a>(
        &'a self,
        tables: &'a Tables,
        now: Timestamp,
    ) -> Box<dyn Iterator<Item = &'a StreamId> + 'a>;

    /// How many jobs run at a time.
    fn places(&self) -> usize {
        JOBS_MAX
    }

    /// When the next job is due.
    fn next_due(&self, tables: &Tables, now: Timestamp) -> Option<Timestamp>;

    /// Does it, and notes what became of it. Returns once the read models show that.
    fn run(&self, app: &Arc<App>, job: StreamId) -> impl Future<Output = ()> + Send;
}

/// Runs a worker until the program ends.
pub(crate) async fn drive<W: Worker>(app: Arc<App>, worker: W) {
    let worker = Arc::new(worker);
    let places = worker.places();
    let mut running = JoinSet::new();
    let mut jobs: HashMap<Id, StreamId> = HashMap::new();
    loop {
        let position = app.views.position();
        let now = app.clock.now();
        let (due, next) = {
            let tables = app.views.read();
            let is_free = |job: &&StreamId| !jobs.values().any(|it| it == *job);
            let due =
                worker.due(&tables, now).filter(is_free).take(places.saturating_sub(jobs.len()));
            (due.cloned().collect::<Vec<_>>(), worker.next_due(&tables, now))
        };
        for job in due {
            let (app, worker, of) = (app.clone(), worker.clone(), job.clone());
            let task = running.spawn(async move { worker.run(&app, of).await });
            jobs.insert(task.id(), job);
        }
        let sleep = match next {
            // All places are taken: the next end of a job wakes this loop.
            _ if jobs.len() >= places => SLEEP_MAX,
            Some(next) => {
                let micros = u64::try_from(next.0 - now.0).unwrap_or(0);
                Duration::from_micros(micros).clamp(SLEEP_MIN, SLEEP_MAX)
            }
            None => SLEEP_MAX,
        };
        tokio::select! {
            () = app.stopped() => break,
            Some(ended) = running.join_next_with_id() => {
                let id = match ended {
                    Ok((id, ())) => id,
                    Err(err) => {
                        tracing::error!(worker = worker.name(), error = %err, "a job failed");
                        err.id()
                    }
                };
                jobs.remove(&id);
            }
            _ = app.views.wait(position + 1, sleep) => (),
        }
    }
    let end = async { while running.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(END_TIME_MAX, end).await;
}
