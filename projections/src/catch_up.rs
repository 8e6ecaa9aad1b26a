//! Taking in a long history: decoded on several threads, folded in order.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use domain::log::{EventLog, LogError};

use crate::tables::decode;
use crate::views::Views;

/// How many events one thread decodes before it folds them.
const CHUNK_EVENTS: u64 = 2_048;

/// Takes in everything up to the durable head. `progress` is told positions, now and then.
///
/// May block for long; not for a thread that serves requests.
///
/// # Errors
/// When the log cannot be read or an event cannot be decoded; the views stop before it.
pub fn catch_up(
    log: &dyn EventLog,
    views: &Views,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), LogError> {
    let head = log.head().position;
    let start = views.position();
    let next = AtomicU64::new(0);
    let turn = Turn::default();
    let threads = thread::available_parallelism().map_or(1, usize::from).min(4);
    thread::scope(|scope| {
        let workers = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let chunk = next.fetch_add(1, Relaxed);
                        let after = start + chunk * CHUNK_EVENTS;
                        if after >= head {
                            return Ok(());
                        }
                        let count = CHUNK_EVENTS.min(head - after);
                        take_in(log, views, after, count as usize, chunk, &turn)?;
                        progress(after + count);
                    }
                })
            })
            .collect::<Vec<_>>();
        let results = workers.into_iter().map(|it| match it.join() {
            Ok(result) => result,
            Err(_) => Err(LogError::Store("a decoding thread panicked".to_owned())),
        });
        results.collect::<Vec<_>>().into_iter().collect::<Result<(), _>>()
    })
    .inspect_err(|err| views.stop(err))
}

fn take_in(
    log: &dyn EventLog,
    views: &Views,
    after: u64,
    count: usize,
    chunk: u64,
    turn: &Turn,
) -> Result<(), LogError> {
    let decoded = log.read_after(after, count).and_then(|events| {
        let decoded = events
            .iter()
            .map(|it| {
                decode(it, views.keys())
                    .map_err(|why| LogError::Unreadable { position: it.position, why })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok((events, decoded))
    });
    if !turn.wait(chunk) {
        // An earlier chunk failed: the views stand before it, and stay there.
        return Ok(());
    }
    match decoded {
        Ok((events, decoded)) => {
            views.fold(&events, decoded);
            turn.pass(true);
            Ok(())
        }
        Err(err) => {
            turn.pass(false);
            Err(err)
        }
    }
}

/// Lets the threads fold one after the other, in the order of their chunks.
#[derive(Default)]
struct Turn {
    /// The chunk whose turn it is; `None` after a failure.
    next: Mutex<Option<u64>>,
    passed: Condvar,
}

impl Turn {
    /// Waits for a chunk's turn; `false` if it will never come.
    fn wait(&self, chunk: u64) -> bool {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match *next {
                Some(turn) if turn == chunk => return true,
                // The very first chunk opens the round.
                None if chunk == 0 => return true,
                Some(u64::MAX) => return false,
                Some(_) | None => {
                    next = self.passed.wait(next).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    fn pass(&self, well: bool) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = Some(if well { next.unwrap_or(0) + 1 } else { u64::MAX });
        self.passed.notify_all();
    }
}
