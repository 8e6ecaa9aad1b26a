//! What a snapshot of the read models holds: the audit index, and the events that still matter,
//! as they stand in the log. Personal and secret parts stay sealed.
//!
//! So there is one way to make a row, from its events, and no second format of rows. The next
//! snapshot is made from the last one and the tail of the log, beside the live tables.

use std::collections::HashSet;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use bytes::Bytes;
use domain::log::{EventLog, LogError, OpenParts};
use domain::{AnyEvent, Recorded, StreamId, Timestamp};

use crate::audit::Audit;
use crate::kept::{self, Cut, Kept, Kinds, malformed, user_change};
use crate::sealed::Keys;
use crate::tables::{Change, Tables, decode};
use crate::users::Lookups;
use crate::views::Views;

/// Changes with this format, and with what the read models make of events.
pub const SNAPSHOT_REVISION: u32 = 3;

/// How many events of the tail are read at a time.
const BATCH_EVENTS: usize = 4_096;

/// How many events of a snapshot are decoded at a time.
const CHUNK_EVENTS: u32 = 1_024;

/// How many threads decode, and how many chunks each may be ahead.
const DECODERS: usize = 2;
const DECODED_CHUNKS_MAX: usize = 4;

impl Views {
    /// Read models from the body of a snapshot.
    ///
    /// # Errors
    /// When the body cannot be read, or an event in it cannot be decoded.
    pub fn from_snapshot(body: Bytes, keys: Arc<dyn OpenParts>) -> io::Result<Self> {
        let mut from = Cut(&body);
        let head = Head::decode(&mut from)?;
        let keys = Keys(keys);
        let mut tables = Tables::new(keys.clone());
        tables.audit = head.audit;
        let chunks = chunks(&mut from)?;
        // Decoding is most of the work: on two threads. The rows are made in order.
        thread::scope(|scope| {
            let decoders = (0..DECODERS).map(|n| {
                let (chunks, kinds, keys) = (&chunks, &head.kinds, &keys);
                let (sender, receiver) = sync_channel(DECODED_CHUNKS_MAX);
                scope.spawn(move || {
                    for chunk in chunks.iter().skip(n).step_by(DECODERS) {
                        let decoded = decode_chunk(chunk, kinds, keys);
                        let failed = decoded.is_err();
                        if sender.send(decoded).is_err() || failed {
                            return;
                        }
                    }
                });
                receiver
            });
            let decoders = decoders.collect::<Vec<_>>();
            for decoder in decoders.iter().cycle().take(chunks.len()) {
                let decoded = decoder.recv();
                for (recorded, change) in
                    decoded.map_err(|_| io::Error::other("a decoding thread panicked"))??
                {
                    tables.change(&recorded, change);
                }
            }
            io::Result::Ok(())
        })?;
        tables.position = head.position;
        tables.now = head.now;
        tables.tokens.forget(head.now);
        Ok(Self::with(tables))
    }
}

/// All of a snapshot but its events.
#[derive(Default)]
struct Head {
    position: u64,
    now: Timestamp,
    audit: Audit,
    kinds: Kinds,
}

impl Head {
    fn encode(&self, out: &mut Vec<u8>) -> io::Result<()> {
        out.extend_from_slice(&self.position.to_le_bytes());
        out.extend_from_slice(&self.now.0.to_le_bytes());
        self.audit.encode(out)?;
        self.kinds.encode(out);
        Ok(())
    }

    fn decode(from: &mut Cut<'_>) -> io::Result<Self> {
        let position = u64::from_le_bytes(from.array()?);
        let now = Timestamp(i64::from_le_bytes(from.array()?));
        let audit = Audit::decode(&mut from.0)?;
        Ok(Self { position, now, audit, kinds: Kinds::decode(from)? })
    }
}

/// Some events of a snapshot, one after the other.
struct Chunk<'a> {
    events: u32,
    bytes: &'a [u8],
}

/// Finds the chunks, which stand behind the head.
fn chunks<'a>(from: &mut Cut<'a>) -> io::Result<Vec<Chunk<'a>>> {
    let mut chunks = Vec::new();
    while !from.0.is_empty() {
        let events = u32::from_le_bytes(from.array()?);
        let length = u32::from_le_bytes(from.array()?) as usize;
        chunks.push(Chunk { events, bytes: from.take(length)? });
    }
    Ok(chunks)
}

fn decode_chunk(
    chunk: &Chunk<'_>,
    kinds: &Kinds,
    keys: &Keys,
) -> io::Result<Vec<(Recorded, Change)>> {
    // A copy that no other thread counts the users of.
    let bytes = Bytes::copy_from_slice(chunk.bytes);
    let mut from = Cut(&bytes);
    let events = (0..chunk.events).map(|_| {
        let (recorded, lookups) = Kept::next(&mut from)?.recorded(&bytes, kinds)?;
        let change = match recorded.stream.category() {
            "user" => user_change(&recorded, lookups),
            _ => decode(&recorded, keys),
        };
        Ok((recorded, change.map_err(io::Error::other)?))
    });
    events.collect()
}

/// Makes the body of the next snapshot, up to `head`, from the last one and the tail.
///
/// # Errors
/// When the log or the last snapshot cannot be read.
pub fn next_snapshot(
    last: Option<Bytes>,
    log: &dyn EventLog,
    keys: Arc<dyn OpenParts>,
    head: u64,
) -> Result<Vec<u8>, LogError> {
    let store = |err: io::Error| LogError::Store(format!("the snapshot of the views: {err}"));
    let last = last.unwrap_or_default();
    let mut events = Cut(&last);
    let mut next = match last.is_empty() {
        true => Head::default(),
        false => Head::decode(&mut events).map_err(store)?,
    };
    let old_kinds = std::mem::replace(&mut next.kinds, Kinds::known());
    let mut tail = Tail::default();
    let keys = Keys(keys);
    while next.position < head {
        let count = BATCH_EVENTS.min((head - next.position) as usize);
        for recorded in log.read_after(next.position, count)? {
            next.audit.apply(&recorded);
            next.position = recorded.position;
            next.now = next.now.max(recorded.commit.time);
            tail.push(&recorded, &next.kinds, &keys)?;
        }
    }
    let mut out = Vec::with_capacity(last.len() + tail.bytes.len() + 1024 * 1024);
    next.encode(&mut out).map_err(store)?;
    tail.append_what_matters(events, &old_kinds, &next, &mut out).map_err(store)?;
    Ok(out)
}

/// The events behind the last snapshot, as the next one keeps them.
#[derive(Default)]
struct Tail {
    bytes: Vec<u8>,
    events: Vec<Range<usize>>,
}

impl Tail {
    fn push(&mut self, recorded: &Recorded, kinds: &Kinds, keys: &Keys) -> Result<(), LogError> {
        // Issued tokens change no read model but the audit index.
        if &*recorded.kind == "token.issued.v1" {
            return Ok(());
        }
        let position = recorded.position;
        let unreadable = |why| LogError::Unreadable { position, why };
        let mut lookups = Lookups::default();
        if recorded.stream.category() == "user" && recorded.parts.personal.is_some() {
            let parts = keys.0.open_parts(recorded).map_err(unreadable)?;
            if let AnyEvent::User(event) =
                AnyEvent::decode(&recorded.kind, &parts).map_err(unreadable)?
            {
                lookups = Lookups::of(keys, &event);
            }
        }
        let kind = kinds.number(&recorded.kind).ok_or_else(|| {
            LogError::Store(format!("the snapshot of the views: {} is unknown", recorded.kind))
        })?;
        let start = self.bytes.len();
        kept::encode(recorded, kind, lookups, &mut self.bytes);
        self.events.push(start..self.bytes.len());
        Ok(())
    }

    /// Writes the kept events of the last snapshot and those of the tail, without what a later
    /// event made meaningless.
    fn append_what_matters(
        &self,
        mut last: Cut<'_>,
        last_kinds: &Kinds,
        next: &Head,
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        let mut past = Past { now: next.now, ..Past::default() };
        let mut matters = Vec::with_capacity(self.events.len());
        for range in self.events.iter().rev() {
            let event = self.event(range)?;
            let kind = next.kinds.name(event.kind).ok_or_else(|| malformed("an unknown kind"))?;
            matters.push(past.still_matters(kind, event.stream));
        }
        let mut chunks = Chunks { out, head: None, events: 0 };
        for chunk in self::chunks(&mut last)? {
            let mut events = Cut(chunk.bytes);
            for _ in 0..chunk.events {
                let event = Kept::next(&mut events)?;
                let kind = last_kinds.name(event.kind).ok_or_else(|| malformed("no such kind"))?;
                if past.matters(kind, event.stream) {
                    let kind = next.kinds.number(kind).ok_or_else(|| malformed("lost a kind"))?;
                    chunks.push(&event, kind);
                }
            }
        }
        for (range, _) in self.events.iter().zip(matters.iter().rev()).filter(|it| *it.1) {
            let event = self.event(range)?;
            chunks.push(&event, event.kind);
        }
        chunks.finish();
        Ok(())
    }

    fn event(&self, range: &Range<usize>) -> io::Result<Kept<'_>> {
        Kept::next(&mut Cut(self.bytes.get(range.clone()).unwrap_or_default()))
    }
}

/// What later events made meaningless.
#[derive(Default)]
struct Past<'a> {
    now: Timestamp,
    ended: HashSet<&'a str>,
    passwords: HashSet<&'a str>,
}

impl<'a> Past<'a> {
    /// Whether an event matters. Events are shown from the last to the first.
    fn still_matters(&mut self, kind: &str, stream: &'a str) -> bool {
        if !self.matters(kind, stream) {
            return false;
        }
        match kind {
            "user.deleted.v1" | "user.erased.v1" => {
                self.ended.insert(stream);
                false
            }
            "user.password_set.v1" => self.passwords.insert(stream),
            _ => true,
        }
    }

    fn matters(&self, kind: &str, stream: &str) -> bool {
        let ended = self.ended.contains(stream)
            || kind == "user.password_set.v1" && self.passwords.contains(stream);
        let closes = || StreamId::parse(stream).and_then(|it| it.closes_at());
        let closed = stream.starts_with("token-") && closes().is_some_and(|it| it <= self.now);
        !ended && !closed
    }
}

/// Writes events in chunks.
struct Chunks<'a> {
    out: &'a mut Vec<u8>,
    /// Where the head of the chunk that is being written stands.
    head: Option<usize>,
    events: u32,
}

impl Chunks<'_> {
    fn push(&mut self, event: &Kept<'_>, kind: u16) {
        if self.events == CHUNK_EVENTS {
            self.finish();
        }
        self.head.get_or_insert_with(|| {
            self.out.extend_from_slice(&[0; 8]);
            self.out.len()
        });
        event.copy(kind, self.out);
        self.events += 1;
    }

    fn finish(&mut self) {
        let Some(start) = self.head.take() else { return };
        let length = (self.out.len() - start) as u32;
        let head = [self.events.to_le_bytes(), length.to_le_bytes()].concat();
        if let Some(at) = self.out.get_mut(start - 8..start) {
            at.copy_from_slice(&head);
        }
        self.events = 0;
    }
}
