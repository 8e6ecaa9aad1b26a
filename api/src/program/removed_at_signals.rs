//! A temporary folder goes away with its process, also where a signal ends that.

use std::path::Path;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::Failure;

/// How often the removal of a folder that is being written to is tried.
const REMOVALS_MAX: u32 = 20;

/// How long to wait between two.
const REMOVE_EVERY: Duration = Duration::from_millis(20);

/// The signals that end a process which does not expect them.
const SIGNALS: [(SignalKind, &str); 3] = [
    (SignalKind::interrupt(), "SIGINT"),
    (SignalKind::terminate(), "SIGTERM"),
    (SignalKind::hangup(), "SIGHUP"),
];

/// Waits for signals on a thread of its own; it ends with the process. A signal removes the folder, and
/// ends the process.
pub(crate) fn remove_at_signals(
    folder: &Path,
    what: &'static str,
    remove: impl Fn() -> std::io::Result<()> + Send + 'static,
) -> Result<(), Failure> {
    let folder = folder.to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let listening = runtime.enter();
    let signals = SIGNALS.map(|(kind, name)| Ok((signal(kind)?, kind.as_raw_value(), name)));
    let signals = signals.into_iter().collect::<std::io::Result<Vec<_>>>()?;
    drop(listening);
    let wait = move || {
        let (number, name) = runtime.block_on(first(signals));
        let left = (0..REMOVALS_MAX).all(|_| {
            let left = remove().is_err() && folder.exists();
            if left {
                std::thread::sleep(REMOVE_EVERY);
            }
            left
        });
        let folder = folder.display();
        match left {
            true => say(&format!("{name}: {folder} could not be removed; remove it")),
            false => say(&format!("{name}: {what} {folder} is removed")),
        }
        std::process::exit(128 + number);
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(wait)?;
    Ok(())
}

/// The number and the name of the first signal that comes.
async fn first(signals: Vec<(Signal, i32, &'static str)>) -> (i32, &'static str) {
    let waiting = signals.into_iter().map(|(mut signal, number, name)| {
        Box::pin(async move {
            signal.recv().await;
            (number, name)
        })
    });
    futures_util::future::select_all(waiting).await.0
}

/// The listener may be gone.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "chancery: {text}");
}
