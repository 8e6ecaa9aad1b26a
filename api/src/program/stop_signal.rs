//! The signals that tell the server to stop: SIGTERM, SIGINT, and SIGHUP of a terminal that is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::failure::Failure;
use crate::state::log_lines;

/// Whether a signal to stop has come. The first process of a container gets no other than those that
/// it listens to, so this begins before all else.
pub(crate) struct StopSignal {
    /// The server has something to end in order.
    serving: Arc<AtomicBool>,
    given: watch::Receiver<bool>,
}

impl StopSignal {
    /// Listens from now on. Until [`StopSignal::given`] is asked for, a signal ends the process at once:
    /// a start that is cut off leaves nothing that the next one could not read.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let serving = Arc::new(AtomicBool::new(false));
        let (giving, given) = watch::channel(false);
        let is_serving = serving.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => (),
                _ = interrupt.recv() => (),
                _ = hangup.recv() => (),
            }
            if !is_serving.load(Relaxed) {
                tracing::info!("stopped while starting");
                log_lines::finish();
                std::process::exit(0);
            }
            giving.send_replace(true);
        });
        Ok(Self { serving, given })
    }

    /// Resolves when a signal has come.
    pub(crate) async fn given(mut self) {
        self.serving.store(true, Relaxed);
        // If nobody listens any more, there is nothing to wait for.
        let _ = self.given.wait_for(|it| *it).await;
    }
}
