//! Signals of the server that there is something new: Server-Sent Events with positions.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::backoff::Backoff;
use super::server::{Server, ServerError};

/// A stream in which nothing came for so long is dead: the server sends a comment every 15 s.
const SILENCE_MAX: Duration = Duration::from_secs(45);

/// The longest line, in bytes.
const LINE_BYTES_MAX: usize = 4_096;

/// The longest wait before the stream is opened again.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// A task that listens, until this is dropped.
pub(super) struct Signals {
    positions: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Signals {
    pub(super) fn listen(server: Arc<Server>) -> Self {
        let (sender, positions) = watch::channel(0);
        let task = tokio::spawn(async move {
            let mut backoff = Backoff::new(WAIT_MAX);
            loop {
                match listen(&server, &sender, &mut backoff).await {
                    Ok(()) => tracing::debug!("the stream of changes ended"),
                    Err(err) => tracing::debug!(error = %err, "no stream of changes"),
                }
                tokio::time::sleep(backoff.wait()).await;
            }
        });
        Self { positions, task }
    }

    /// Waits for a signal that was not waited for yet.
    pub(super) async fn next(&mut self) {
        if self.positions.changed().await.is_err() {
            // The task never ends by itself; polling goes on without it.
            std::future::pending::<()>().await;
        }
    }

    /// Passes over the signals so far.
    pub(super) fn forget(&mut self) {
        self.positions.mark_unchanged();
    }
}

/// Reads one stream to its end.
async fn listen(
    server: &Server,
    sender: &watch::Sender<u64>,
    backoff: &mut Backoff,
) -> Result<(), ServerError> {
    let mut answer = server.changes().await?;
    // Whatever happened while nobody listened is asked for now.
    sender.send_modify(|_| ());
    let mut lines = Lines::default();
    loop {
        let Ok(part) = tokio::time::timeout(SILENCE_MAX, answer.chunk()).await else {
            return Err(ServerError::Away);
        };
        let Some(part) = part.map_err(|_| ServerError::Away)? else { return Ok(()) };
        backoff.reset();
        for position in lines.take_in(&part)? {
            sender.send_modify(|it| *it = position);
        }
    }
}

/// The lines of a stream, of which a part may be here.
#[derive(Default)]
struct Lines {
    rest: Vec<u8>,
}

#[derive(Deserialize)]
struct Signal {
    position: u64,
}

impl Lines {
    /// The positions in the lines that are complete now. Comments and other fields mean nothing.
    fn take_in(&mut self, part: &[u8]) -> Result<Vec<u64>, ServerError> {
        let mut found = Vec::new();
        for byte in part {
            if *byte != b'\n' {
                if self.rest.len() == LINE_BYTES_MAX {
                    return Err(ServerError::Answer("has a line that is too long"));
                }
                self.rest.push(*byte);
                continue;
            }
            let line = std::mem::take(&mut self.rest);
            let data = line.strip_prefix(b"data:").map(serde_json::from_slice::<Signal>);
            found.extend(data.and_then(Result::ok).map(|it| it.position));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_however_the_stream_is_cut() {
        let stream = b": hello\n\nid: 7\ndata: {\"position\":7}\r\n\ndata:{\"position\":8,\"x\":1}\n\ndata: x\n\n";
        for size in 1..stream.len() {
            let mut lines = Lines::default();
            let mut found = Vec::new();
            for part in stream.chunks(size) {
                found.extend(lines.take_in(part).unwrap());
            }
            assert_eq!(found, [7, 8], "{size}");
        }
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut lines = Lines::default();
        assert!(lines.take_in(&[b'a'; LINE_BYTES_MAX]).is_ok());
        assert!(lines.take_in(b"a").is_err());
    }
}
