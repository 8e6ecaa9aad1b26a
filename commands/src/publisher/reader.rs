//! Reads the log ahead of the publisher and makes messages, off the async threads.

use std::sync::Arc;

use bytes::Bytes;
use domain::log::{EventLog, LogError};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::subject::subject_of;
use crate::cloud_event::CloudEvent;
use crate::event_json::{EventJson, Personal};
use crate::full_event_id::FullEventId;
use crate::keys::Keyring;

/// The most events that are read and encoded in one go.
const BATCH_EVENTS_MAX: usize = 256;

/// How many batches wait, ready to be sent.
const BATCHES_MAX: usize = 2;

/// Where events come from, and how they are dressed.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) log: Arc<dyn EventLog>,
    pub(super) keys: Arc<Keyring>,
    pub(super) personal: Personal,
}

/// An event, ready to be sent.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) id: FullEventId,
    pub(super) subject: String,
    pub(super) payload: Bytes,
}

/// Why no more events come.
#[derive(Debug, Clone)]
pub(super) enum ReadEnd {
    /// The log is closing.
    Closing,
    /// The log cannot be read on; waiting does not mend that.
    Failed(String),
}

/// A task that reads until it is dropped.
#[derive(Debug)]
pub(super) struct Reader {
    batches: mpsc::Receiver<Result<Vec<Outgoing>, ReadEnd>>,
    task: JoinHandle<()>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Reader {
    /// Begins behind a position.
    pub(super) fn start(source: Source, after: u64) -> Self {
        let (sender, batches) = mpsc::channel(BATCHES_MAX);
        let task = tokio::spawn(async move {
            let end = read_on(&source, after, &sender).await;
            // Nobody listens when the publisher begins again elsewhere.
            let _ = sender.send(Err(end)).await;
        });
        Self { batches, task }
    }

    /// The next events, in order and without a gap.
    pub(super) async fn next(&mut self) -> Result<Vec<Outgoing>, ReadEnd> {
        self.batches.recv().await.unwrap_or(Err(ReadEnd::Closing))
    }
}

async fn read_on(
    source: &Source,
    after: u64,
    sender: &mpsc::Sender<Result<Vec<Outgoing>, ReadEnd>>,
) -> ReadEnd {
    let mut position = after;
    loop {
        if let Err(err) = source.log.wait_past(position).await {
            return end_of(&err);
        }
        let from = source.clone();
        let read = tokio::task::spawn_blocking(move || read_batch(&from, position)).await;
        let Ok((batch, end)) = read else { return ReadEnd::Closing };
        position = batch.last().map_or(position, |it| it.id.position);
        if !batch.is_empty() && sender.send(Ok(batch)).await.is_err() {
            return ReadEnd::Closing;
        }
        if let Some(end) = end {
            return end;
        }
    }
}

/// The events that can be published, and what stands in the way of the next one.
fn read_batch(source: &Source, after: u64) -> (Vec<Outgoing>, Option<ReadEnd>) {
    let events = match source.log.read_after(after, BATCH_EVENTS_MAX) {
        Ok(events) => events,
        Err(err) => return (Vec::new(), Some(end_of(&err))),
    };
    if events.is_empty() {
        let why = format!("the log has no event after position {after}");
        return (Vec::new(), Some(ReadEnd::Failed(why)));
    }
    let mut batch = Vec::with_capacity(events.len());
    for (event, expected) in events.iter().zip(after + 1..) {
        if event.position != expected {
            let why = format!("the log has no event at position {expected}");
            return (batch, Some(ReadEnd::Failed(why)));
        }
        let id = FullEventId::of(source.log.id(), event);
        let encoded = EventJson::new(event, &source.keys, source.personal)
            .map_err(|err| err.to_string())
            .and_then(|it| encode(id, &it));
        match encoded {
            Ok(payload) => batch.push(Outgoing { id, subject: subject_of(event), payload }),
            Err(why) => {
                let why = format!("the event at position {expected} cannot be read: {why}");
                return (batch, Some(ReadEnd::Failed(why)));
            }
        }
    }
    (batch, None)
}

fn encode(id: FullEventId, event: &EventJson) -> Result<Bytes, String> {
    let bytes = serde_json::to_vec(&CloudEvent::new(id, event));
    bytes.map(Bytes::from).map_err(|err| err.to_string())
}

fn end_of(err: &LogError) -> ReadEnd {
    match err {
        LogError::Closing => ReadEnd::Closing,
        err => ReadEnd::Failed(err.to_string()),
    }
}
