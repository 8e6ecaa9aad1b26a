//! What a snapshot of the read models holds: the audit index, and the events that still matter,
//! as they stand in the log. Personal and secret parts stay sealed.
//!
//! So there is one way to make a row, from its events, and no second format of rows. The next
//! snapshot is made from the last one and the tail of the log, beside the live tables.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read as _};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use bytes::Bytes;
use domain::log::{CommitHead, EventLog, LogError, OpenParts};
use domain::{
    AnyEvent, CommandId, EventId, Parts, Recorded, StreamId, SubjectId, TenantId, Timestamp,
};

use crate::audit::Audit;
use crate::tables::{Tables, decode};
use crate::views::Views;

/// Changes with this format, and with what the read models make of events.
pub const SNAPSHOT_REVISION: u32 = 2;

/// How many events of the tail are read at a time.
const BATCH_EVENTS: usize = 4_096;

/// How many events of a snapshot are decoded at a time.
const CHUNK_EVENTS: u64 = 1_024;

/// How many threads decode, and how many chunks each may be ahead.
const DECODERS: usize = 2;
const DECODED_CHUNKS_MAX: usize = 4;

/// An event in a snapshot: so many bytes of numbers, then so many counted parts.
const EVENT_FIXED_BYTES: u64 = 8 + 4 + 16 + 8 + 4 + 8;
const EVENT_COUNTED_PARTS: usize = 5;

/// The last snapshot as far as the next one needs it.
struct Kept {
    position: u64,
    now: Timestamp,
    audit: Audit,
    events: Vec<Recorded>,
}

impl Views {
    /// Read models from the body of a snapshot.
    ///
    /// # Errors
    /// When the body cannot be read, or an event in it cannot be opened.
    pub fn from_snapshot(body: Bytes, keys: Arc<dyn OpenParts>) -> io::Result<Self> {
        let mut from = io::Cursor::new(body.clone());
        let mut kept = Kept::decode_head(&mut from)?;
        let mut tables = Tables { audit: std::mem::take(&mut kept.audit), ..Tables::default() };
        let chunks = cut(&mut from)?;
        // Opening and decoding is most of the work: on two threads. The rows are made in order.
        thread::scope(|scope| {
            let decoders = (0..DECODERS).map(|n| {
                let (chunks, body, keys) = (&chunks, &body, &*keys);
                let (sender, receiver) = sync_channel(DECODED_CHUNKS_MAX);
                scope.spawn(move || {
                    for chunk in chunks.iter().skip(n).step_by(DECODERS) {
                        let decoded = decode_chunk(body, chunk, keys);
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
                for (recorded, event) in
                    decoded.map_err(|_| io::Error::other("a decoding thread panicked"))??
                {
                    tables.apply_kept(&recorded, event);
                }
            }
            io::Result::Ok(())
        })?;
        tables.position = kept.position;
        tables.now = kept.now;
        tables.tokens.forget(kept.now);
        Ok(Self::with(tables, keys))
    }
}

/// Where some events of a snapshot stand, and how many.
struct Chunk {
    start: u64,
    count: u64,
}

type Decoded = Vec<(Recorded, Option<AnyEvent>)>;

/// Finds the beginnings of the chunks by passing over the events.
fn cut(from: &mut io::Cursor<Bytes>) -> io::Result<Vec<Chunk>> {
    let mut left = u64::from_le_bytes(array(from)?);
    let mut chunks = Vec::new();
    while left > 0 {
        let chunk = Chunk { start: from.position(), count: left.min(CHUNK_EVENTS) };
        left -= chunk.count;
        for _ in 0..chunk.count {
            from.set_position(from.position() + EVENT_FIXED_BYTES);
            for _ in 0..EVENT_COUNTED_PARTS {
                let count = u32::from_le_bytes(array(from)?);
                let count = if count == u32::MAX { 0 } else { count };
                from.set_position(from.position() + u64::from(count));
            }
        }
        chunks.push(chunk);
    }
    Ok(chunks)
}

fn decode_chunk(body: &Bytes, chunk: &Chunk, keys: &dyn OpenParts) -> io::Result<Decoded> {
    let mut from = io::Cursor::new(body.clone());
    from.set_position(chunk.start);
    let mut kinds = Kinds::default();
    let events = (0..chunk.count).map(|_| {
        let recorded = decode_event(body, &mut from, &mut kinds)?;
        let event = decode(&recorded, keys).map_err(io::Error::other)?;
        Ok((recorded, event))
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
    head: u64,
) -> Result<Vec<u8>, LogError> {
    let store = |err: io::Error| LogError::Store(format!("the snapshot of the views: {err}"));
    let mut kept = match last {
        Some(body) => Kept::decode(body).map_err(store)?,
        None => {
            Kept { position: 0, now: Timestamp(0), audit: Audit::default(), events: Vec::new() }
        }
    };
    while kept.position < head {
        let count = BATCH_EVENTS.min((head - kept.position) as usize);
        for recorded in log.read_after(kept.position, count)? {
            kept.audit.apply(&recorded);
            kept.position = recorded.position;
            kept.now = kept.now.max(recorded.commit.time);
            if !matters_never(&recorded) {
                kept.events.push(recorded);
            }
        }
    }
    kept.drop_what_is_past();
    kept.encode().map_err(store)
}

/// Issued tokens change no read model but the audit index.
fn matters_never(recorded: &Recorded) -> bool {
    &*recorded.kind == "token.issued.v1"
}

impl Kept {
    /// Walks backwards: what a later event made meaningless is not kept.
    fn drop_what_is_past(&mut self) {
        let mut ended: HashSet<StreamId> = HashSet::new();
        let mut passwords: HashSet<StreamId> = HashSet::new();
        let now = self.now;
        let mut kept = Vec::with_capacity(self.events.len());
        for recorded in std::mem::take(&mut self.events).into_iter().rev() {
            let past = recorded.stream.closes_at().is_some_and(|end| end <= now);
            if past || ended.contains(&recorded.stream) {
                continue;
            }
            match &*recorded.kind {
                "user.deleted.v1" | "user.erased.v1" => {
                    ended.insert(recorded.stream);
                }
                "user.password_set.v1" if !passwords.insert(recorded.stream.clone()) => (),
                _ => kept.push(recorded),
            }
        }
        kept.reverse();
        self.events = kept;
    }

    fn encode(&self) -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(self.events.len() * 400 + 1024);
        out.extend_from_slice(&self.position.to_le_bytes());
        out.extend_from_slice(&self.now.0.to_le_bytes());
        self.audit.encode(&mut out)?;
        out.extend_from_slice(&(self.events.len() as u64).to_le_bytes());
        for recorded in &self.events {
            encode_event(recorded, &mut out);
        }
        Ok(out)
    }

    fn decode(body: Bytes) -> io::Result<Self> {
        let mut from = io::Cursor::new(body.clone());
        let mut kept = Self::decode_head(&mut from)?;
        let count = u64::from_le_bytes(array(&mut from)?) as usize;
        kept.events.reserve(count.min(10_000_000));
        let mut kinds = Kinds::default();
        for _ in 0..count {
            kept.events.push(decode_event(&body, &mut from, &mut kinds)?);
        }
        Ok(kept)
    }

    /// All but the events.
    fn decode_head(from: &mut io::Cursor<Bytes>) -> io::Result<Self> {
        let position = u64::from_le_bytes(array(from)?);
        let now = Timestamp(i64::from_le_bytes(array(from)?));
        Ok(Self { position, now, audit: Audit::decode(from)?, events: Vec::new() })
    }
}

fn encode_event(recorded: &Recorded, out: &mut Vec<u8>) {
    let head = &recorded.commit;
    out.extend_from_slice(&recorded.position.to_le_bytes());
    out.extend_from_slice(&recorded.version.to_le_bytes());
    out.extend_from_slice(&recorded.event_id.0);
    out.extend_from_slice(&recorded.subject.0.to_le_bytes());
    out.extend_from_slice(&head.tenant.0.to_le_bytes());
    out.extend_from_slice(&head.time.0.to_le_bytes());
    for bytes in [recorded.stream.as_str().as_bytes(), recorded.kind.as_bytes()] {
        put(Some(bytes), out);
    }
    put(Some(&recorded.parts.data), out);
    put(recorded.parts.personal.as_deref(), out);
    put(recorded.parts.secret.as_deref(), out);
}

fn put(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    let count = bytes.map_or(u32::MAX, |it| it.len() as u32);
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(bytes.unwrap_or_default());
}

/// Who, command and trace are not kept: no row shows them, and the log has them.
fn decode_event(
    body: &Bytes,
    from: &mut io::Cursor<Bytes>,
    kinds: &mut Kinds,
) -> io::Result<Recorded> {
    let position = u64::from_le_bytes(array(from)?);
    let version = u32::from_le_bytes(array(from)?);
    let event_id = EventId(array(from)?);
    let subject = SubjectId(u64::from_le_bytes(array(from)?));
    let tenant = TenantId(u32::from_le_bytes(array(from)?));
    let time = Timestamp(i64::from_le_bytes(array(from)?));
    let stream = text(body, from, StreamId::parse)?;
    let stream = stream.ok_or_else(|| io::Error::other("not a stream"))?;
    let kind = text(body, from, |it| kinds.shared(it))?;
    let data = get(body, from)?.ok_or_else(|| io::Error::other("an event without data"))?;
    let parts = Parts { data, personal: get(body, from)?, secret: get(body, from)? };
    let commit = Arc::new(CommitHead {
        command_id: CommandId([0; 16]),
        fingerprint: 0,
        tenant,
        actor: String::new(),
        time,
        correlation: [0; 16],
        trace: [0; 16],
    });
    Ok(Recorded { position, version, stream, kind, event_id, subject, commit, parts })
}

fn text<T>(
    body: &Bytes,
    from: &mut io::Cursor<Bytes>,
    read: impl FnOnce(&str) -> T,
) -> io::Result<T> {
    let bytes = get(body, from)?.unwrap_or_default();
    std::str::from_utf8(&bytes).map(read).map_err(io::Error::other)
}

/// One shared copy of each name: there are few kinds, and many events.
#[derive(Default)]
struct Kinds(HashMap<Box<str>, Arc<str>>);

impl Kinds {
    fn shared(&mut self, kind: &str) -> Arc<str> {
        if let Some(shared) = self.0.get(kind) {
            return shared.clone();
        }
        let shared: Arc<str> = kind.into();
        self.0.insert(kind.into(), shared.clone());
        shared
    }
}

fn get(body: &Bytes, from: &mut io::Cursor<Bytes>) -> io::Result<Option<Bytes>> {
    let count = u32::from_le_bytes(array(from)?);
    if count == u32::MAX {
        return Ok(None);
    }
    let start = from.position() as usize;
    let end = start.saturating_add(count as usize);
    if end > body.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    from.set_position(end as u64);
    Ok(Some(body.slice(start..end)))
}

fn array<const N: usize>(from: &mut io::Cursor<Bytes>) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}
