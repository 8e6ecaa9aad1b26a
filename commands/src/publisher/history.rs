//! Whether what the broker has is of this history of this log, and what to do if it is not.
//!
//! A log that was restored from a backup, or whose copy runs somewhere else, gives positions out a
//! second time. Going on then would leave a stream that is neither the one history nor the other,
//! so publishing stops until a person has chosen.

use std::collections::HashSet;
use std::sync::Arc;

use async_nats::jetstream::message::StreamMessage;
use domain::log::{EventLog, LogError};

use super::ended::Ended;
use super::stream::{STREAM, SUBJECTS};
use crate::full_event_id::FullEventId;

/// How many events are read in one go.
const READ_AT_ONCE_MAX: usize = 256;

/// The log that ids are compared with.
pub(super) struct Checked(pub(super) Arc<dyn EventLog>);

/// The id that a message bears.
pub(super) fn id_of(message: &StreamMessage) -> Result<FullEventId, Ended> {
    let id = message.headers.get(async_nats::header::NATS_MESSAGE_ID);
    id.and_then(|it| FullEventId::parse(it.as_str())).ok_or_else(|| {
        let sequence = message.sequence;
        Ended::ForGood(format!(
            "message {sequence} of the stream {STREAM} is not an event of any log: keep others \
             from publishing to {SUBJECTS}, delete that message if it is the last one and else the \
             stream (a purge is not enough), and start again"
        ))
    })
}

impl Checked {
    /// Returns the id if the event stands in the log where it says. `sequence` is that of the
    /// message which bears it; none for the saved cursor.
    pub(super) async fn check(
        &self,
        id: FullEventId,
        sequence: Option<u64>,
    ) -> Result<FullEventId, Ended> {
        let log = self.0.clone();
        let stands = tokio::task::spawn_blocking(move || id.stands_in(&*log)).await;
        // The runtime is shutting down.
        let stands = stands.map_err(|_| Ended::Asked)?;
        match stands.map_err(|err| Ended::ForGood(err.to_string()))? {
            true => Ok(id),
            false => Err(Ended::ForGood(self.refusal(id, sequence))),
        }
    }

    /// Looks whether messages are events of this history one after the other, behind the event
    /// `before`. Repeated ones do no harm; behind a message that is gone, all may follow.
    pub(super) async fn check_tail(
        &self,
        mut before: Option<FullEventId>,
        tail: Vec<Option<(u64, FullEventId)>>,
    ) -> Result<(), Ended> {
        for message in &tail {
            if let (Some((sequence, id)), Some(before)) = (message, before)
                && id.position > before.position + 1
            {
                return Err(Ended::ForGood(format!(
                    "the stream {STREAM} lacks the events between position {} and message \
                     {sequence}: keep others from publishing to {SUBJECTS}, delete the stream (a \
                     purge is not enough) and start again to publish this log from its beginning",
                    before.position
                )));
            }
            before = message.map(|(_, id)| id);
        }
        let log = self.0.clone();
        let tail = tail.into_iter().flatten().collect();
        let foreign = tokio::task::spawn_blocking(move || find_foreign(&*log, tail)).await;
        // The runtime is shutting down.
        let foreign = foreign.map_err(|_| Ended::Asked)?;
        match foreign.map_err(|err| Ended::ForGood(err.to_string()))? {
            None => Ok(()),
            Some((sequence, id)) => Err(Ended::ForGood(self.refusal(id, Some(sequence)))),
        }
    }

    fn refusal(&self, id: FullEventId, sequence: Option<u64>) -> String {
        let (log, head) = (self.0.id(), self.0.head().position);
        let FullEventId { log: its_log, event, position } = id;
        if its_log != log {
            return format!(
                "the stream {STREAM} belongs to the log {its_log}, this is the log {log}: give \
                 another NATS server or account, or delete the stream to publish this log from its \
                 beginning"
            );
        }
        let what = if position > head {
            format!(
                "the stream {STREAM} ends at position {position}, this log at {head}: the log has \
                 lost its end or is an old copy"
            )
        } else {
            let who = sequence.map_or_else(
                || "the saved cursor of the publisher".to_owned(),
                |it| format!("message {it} of the stream {STREAM}"),
            );
            format!(
                "{who} is the event {event} at position {position}, and this log has another event \
                 there: the log was restored, or a copy of it publishes too"
            )
        };
        format!(
            "{what}. Run the log that was published, or delete the stream {STREAM} (a purge is not \
             enough) and start again to publish this log from its beginning"
        )
    }
}

/// The first message that is not an event of this history. Each block of the log is read once.
fn find_foreign(
    log: &dyn EventLog,
    mut tail: Vec<(u64, FullEventId)>,
) -> Result<Option<(u64, FullEventId)>, LogError> {
    tail.sort_unstable_by_key(|(_, id)| id.position);
    let mut foreign = Vec::new();
    for part in tail.chunks(READ_AT_ONCE_MAX) {
        let mut positions = part.iter().map(|(_, id)| id.position).collect::<Vec<_>>();
        positions.dedup();
        let events = log.read_at(&positions)?;
        let here = events.iter().map(|it| FullEventId::of(log.id(), it)).collect::<HashSet<_>>();
        foreign.extend(part.iter().filter(|(_, id)| !here.contains(id)).copied());
    }
    Ok(foreign.into_iter().min_by_key(|(sequence, _)| *sequence))
}

/// What published messages left no trace of.
pub(super) fn unknown_end(sequence: u64) -> Ended {
    Ended::ForGood(format!(
        "the stream {STREAM} has had {sequence} messages and has none now, and no cursor was saved \
         here: how far this log was published is unknown. Delete the stream (a purge is not \
         enough) to publish the log from its beginning, or restore the file `publisher` of the \
         data folder"
    ))
}
