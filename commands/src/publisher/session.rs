//! Publishing over one connection, from a known end of the stream, until something goes wrong.

use std::collections::VecDeque;
use std::time::Duration;

use async_nats::header::{
    HeaderMap, NATS_EXPECTED_LAST_SEQUENCE, NATS_EXPECTED_STREAM, NATS_MESSAGE_ID,
};
use async_nats::{Message, StatusCode, Subscriber};
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::Instant;

use super::broker::Broker;
use super::cursor::Cursor;
use super::ended::Ended;
use super::reader::{Outgoing, ReadEnd, Reader, Source};
use super::stream::{STREAM, SUBJECTS, WINDOW_EVENTS_MAX};
use crate::full_event_id::FullEventId;

/// The most payload that waits for its acknowledgement, in bytes: a slow line must be able to
/// carry a window within [`ACKNOWLEDGEMENT_WAIT_MAX`]. A single larger message still goes out.
const WINDOW_BYTES_MAX: usize = 1024 * 1024;

/// How long an acknowledgement may take. Later ones are as good as lost.
const ACKNOWLEDGEMENT_WAIT_MAX: Duration = Duration::from_secs(2);

/// "wrong last sequence", in its two forms; a number of nats-server's `errors.json`.
const CONFLICTS: [u32; 2] = [10071, 10164];

/// What JetStream answers to a publish.
#[derive(Debug, Deserialize)]
struct Acknowledgement {
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    duplicate: bool,
    error: Option<Refused>,
}

#[derive(Debug, Deserialize)]
struct Refused {
    #[serde(default)]
    err_code: u32,
    #[serde(default)]
    description: String,
}

struct InFlight {
    id: FullEventId,
    payload: Bytes,
    /// The last sequence that it was sent with.
    expected: u64,
    sent: Instant,
    /// The sequence that it got, once it is acknowledged.
    sequence: Option<u64>,
}

/// Publishes until it ends. Every message carries the last sequence that it predicts, so that a
/// message which others overtook, or whose forerunner was lost, is refused and never misplaced.
pub(super) struct Session<'a> {
    broker: &'a Broker,
    inbox: String,
    acknowledgements: Subscriber,
    window: VecDeque<InFlight>,
    window_bytes: usize,
    /// One until the broker has stored a message of this session: the events after a cursor that
    /// is behind are answered as duplicates, they take no sequence, and so none can be predicted.
    window_max: usize,
    /// How many left the window, acknowledged. The front of the window has this number.
    done: u64,
    /// The last sequence that the next message expects.
    predicted: u64,
    /// The last event that the broker has, with all before it.
    cursor: Cursor,
}

impl<'a> Session<'a> {
    /// Begins behind `base`, the end of the stream.
    pub(super) async fn start(broker: &'a Broker, base: Cursor) -> Result<Self, Ended> {
        let inbox = broker.client.new_inbox();
        let subscribed = broker.client.subscribe(format!("{inbox}.*")).await;
        let acknowledgements = subscribed.map_err(|err| Ended::Interrupted(err.to_string()))?;
        Ok(Self {
            broker,
            inbox,
            acknowledgements,
            window: VecDeque::with_capacity(WINDOW_EVENTS_MAX),
            window_bytes: 0,
            window_max: 1,
            done: 0,
            predicted: base.sequence,
            cursor: base,
        })
    }

    /// Reads, sends and takes acknowledgements; tells `report` how far it came.
    pub(super) async fn run(
        mut self,
        source: Source,
        mut stop: watch::Receiver<bool>,
        mut report: impl FnMut(Cursor),
    ) -> Ended {
        let mut reader = Reader::start(source, self.cursor.position());
        let mut waiting = VecDeque::new();
        let mut lost = self.broker.lost.clone();
        // Once set, nothing new is taken; it is the answer when the window is empty.
        let mut ending = None;
        loop {
            if let Err(ended) = self.send_all(&mut waiting).await {
                return ended;
            }
            if self.window.is_empty()
                && waiting.is_empty()
                && let Some(ended) = ending
            {
                return ended;
            }
            let deadline = self.deadline();
            tokio::select! {
                message = self.acknowledgements.next() => {
                    let before = self.cursor;
                    let taken = self.take_all(message).await;
                    if self.cursor != before {
                        report(self.cursor);
                    }
                    if let Err(ended) = taken {
                        return ended;
                    }
                }
                batch = reader.next(), if ending.is_none() && waiting.is_empty() => match batch {
                    Ok(batch) => waiting.extend(batch),
                    Err(ReadEnd::Closing) => ending = Some(Ended::Asked),
                    Err(ReadEnd::Failed(why)) => ending = Some(Ended::ForGood(why)),
                },
                () = becomes_true(&mut stop), if !matches!(ending, Some(Ended::Asked)) => {
                    waiting.clear();
                    ending = Some(Ended::Asked);
                }
                () = tokio::time::sleep_until(deadline), if !self.window.is_empty() => {
                    return Ended::Interrupted("an acknowledgement is late".to_owned());
                }
                () = becomes_true(&mut lost) => {
                    return Ended::Interrupted("the connection was lost".to_owned());
                }
            }
        }
    }

    fn deadline(&self) -> Instant {
        let oldest = self.window.front().map_or_else(Instant::now, |it| it.sent);
        oldest + ACKNOWLEDGEMENT_WAIT_MAX
    }

    /// Sends what the window has room for.
    async fn send_all(&mut self, waiting: &mut VecDeque<Outgoing>) -> Result<(), Ended> {
        while let Some(next) = waiting.front() {
            let full = self.window.len() >= self.window_max
                || self.window_bytes + next.payload.len() > WINDOW_BYTES_MAX;
            if full && !self.window.is_empty() {
                break;
            }
            let Some(next) = waiting.pop_front() else { break };
            self.send(next).await?;
        }
        Ok(())
    }

    async fn send(&mut self, event: Outgoing) -> Result<(), Ended> {
        let number = self.done + self.window.len() as u64;
        let mut headers = HeaderMap::new();
        headers.insert(NATS_MESSAGE_ID, event.id.to_string());
        headers.insert(NATS_EXPECTED_STREAM, STREAM);
        headers.insert(NATS_EXPECTED_LAST_SEQUENCE, self.predicted.to_string());
        self.window_bytes += event.payload.len();
        self.window.push_back(InFlight {
            id: event.id,
            payload: event.payload.clone(),
            expected: self.predicted,
            sent: Instant::now(),
            sequence: None,
        });
        self.predicted += 1;
        let reply = format!("{}.{number}", self.inbox);
        let client = &self.broker.client;
        let sent = client
            .publish_with_reply_and_headers(event.subject, reply, headers, event.payload)
            .await;
        sent.map_err(|err| {
            Ended::Interrupted(format!("the event at position {}: {err}", event.id.position))
        })
    }

    /// Takes an acknowledgement, and those that came with it.
    async fn take_all(&mut self, first: Option<Message>) -> Result<(), Ended> {
        let mut next = first;
        loop {
            let Some(message) = next else {
                return Err(Ended::Interrupted("the connection was closed".to_owned()));
            };
            self.take(&message).await?;
            match self.acknowledgements.next().now_or_never() {
                Some(message) => next = message,
                None => return Ok(()),
            }
        }
    }

    async fn take(&mut self, message: &Message) -> Result<(), Ended> {
        let number = message.subject.rsplit('.').next().and_then(|it| it.parse::<u64>().ok());
        let Some(number) = number else { return Ok(()) };
        if message.status == Some(StatusCode::NO_RESPONDERS) {
            return Err(Ended::Interrupted("no stream takes the events".to_owned()));
        }
        let Acknowledgement { seq, duplicate, error } = serde_json::from_slice(&message.payload)
            .map_err(|err| Ended::Interrupted(format!("an acknowledgement: {err}")))?;
        if let Some(Refused { err_code, description }) = error {
            return Err(match CONFLICTS.contains(&err_code) {
                true => Ended::Conflict,
                false => Ended::Interrupted(match self.in_flight(number) {
                    Some(it) => format!("the event at position {}: {description}", it.id.position),
                    None => description,
                }),
            });
        }
        let index = number.checked_sub(self.done).and_then(|it| usize::try_from(it).ok());
        let alone = self.window.len() == 1;
        let Some(entry) = index.and_then(|it| self.window.get_mut(it)) else { return Ok(()) };
        if duplicate {
            check_duplicate(self.broker, entry, seq).await?;
        }
        if seq == entry.expected + 1 {
            self.window_max = WINDOW_EVENTS_MAX;
        } else if duplicate && alone {
            // Published before, and gone from the stream since.
            self.predicted = entry.expected;
        } else {
            return Err(Ended::Conflict);
        }
        entry.sequence = Some(seq);
        self.advance();
        Ok(())
    }

    fn in_flight(&self, number: u64) -> Option<&InFlight> {
        let index = number.checked_sub(self.done).and_then(|it| usize::try_from(it).ok());
        self.window.get(index?)
    }

    /// Only what is acknowledged with everything before it counts.
    fn advance(&mut self) {
        while let Some(InFlight { id, payload, sequence: Some(sequence), .. }) = self.window.front()
        {
            self.window_bytes -= payload.len();
            let sequence = self.cursor.sequence.max(*sequence);
            self.cursor = Cursor { id: Some(*id), sequence };
            self.done += 1;
            self.window.pop_front();
        }
    }
}

/// Also where nobody is left who could say so.
async fn becomes_true(flag: &mut watch::Receiver<bool>) {
    // What it lends must not be held across an await of the caller.
    drop(flag.wait_for(|it| *it).await);
}

/// The broker says that it had the id before. The event counts as published only if what stands
/// there is the event: others who may publish can copy an id. The broker forgets ids after a while
/// (its `duplicate_window`), and the event is taken then.
///
/// Where the message is gone, it was ours: nobody knows the id of an event before it is published.
async fn check_duplicate(broker: &Broker, sent: &InFlight, sequence: u64) -> Result<(), Ended> {
    match broker.message(sequence).await? {
        Some(there) if there.payload != sent.payload => Err(Ended::Interrupted(format!(
            "message {sequence} of the stream {STREAM} bears the id of the event at position {} \
             and is not that event: keep others from publishing to {SUBJECTS}",
            sent.id.position
        ))),
        _ => Ok(()),
    }
}
