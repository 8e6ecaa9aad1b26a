//! What a snapshot of the read models holds: the audit index, and the events that still matter,
//! as they stand in the log. Personal and secret parts stay sealed.
//!
//! So there is one way to make a row, from its events, and no second format of rows. The next
//! snapshot is made from the last one and the tail of the log, beside the live tables.

use std::collections::HashSet;
use std::io::{self, Read as _};
use std::sync::Arc;

use bytes::Bytes;
use domain::log::{CommitHead, EventLog, LogError, OpenParts};
use domain::{CommandId, EventId, Parts, Recorded, StreamId, SubjectId, TenantId, Timestamp};

use crate::audit::Audit;
use crate::tables::{Tables, decode};
use crate::views::Views;

/// Changes with this format, and with what the read models make of events.
pub const SNAPSHOT_REVISION: u32 = 2;

/// How many events of the tail are read at a time.
const BATCH_EVENTS: usize = 4_096;

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
        let kept = Kept::decode(body)?;
        let mut tables = Tables { audit: kept.audit, ..Tables::default() };
        let decoded = decode_all(&kept.events, &*keys)?;
        for (recorded, event) in kept.events.iter().zip(&decoded) {
            tables.apply_kept(recorded, event.as_ref());
        }
        tables.position = kept.position;
        tables.now = kept.now;
        tables.tokens.forget(kept.now);
        Ok(Self::with(tables, keys))
    }
}

type Decoded = Vec<Option<domain::AnyEvent>>;

/// Opening and decoding is most of the work: on two threads.
fn decode_all(events: &[Recorded], keys: &dyn OpenParts) -> io::Result<Decoded> {
    let (left, right) = events.split_at(events.len() / 2);
    let decode_half = |half: &[Recorded]| {
        half.iter()
            .map(|it| decode(it, keys).map_err(io::Error::other))
            .collect::<io::Result<Decoded>>()
    };
    std::thread::scope(|scope| {
        let right = scope.spawn(|| decode_half(right));
        let mut all = decode_half(left)?;
        let right = right.join().map_err(|_| io::Error::other("a decoding thread panicked"))??;
        all.extend(right);
        Ok(all)
    })
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
        let position = u64::from_le_bytes(array(&mut from)?);
        let now = Timestamp(i64::from_le_bytes(array(&mut from)?));
        let audit = Audit::decode(&mut from)?;
        let count = u64::from_le_bytes(array(&mut from)?) as usize;
        let mut events = Vec::with_capacity(count.min(10_000_000));
        for _ in 0..count {
            events.push(decode_event(&body, &mut from)?);
        }
        Ok(Self { position, now, audit, events })
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
fn decode_event(body: &Bytes, from: &mut io::Cursor<Bytes>) -> io::Result<Recorded> {
    let position = u64::from_le_bytes(array(from)?);
    let version = u32::from_le_bytes(array(from)?);
    let event_id = EventId(array(from)?);
    let subject = SubjectId(u64::from_le_bytes(array(from)?));
    let tenant = TenantId(u32::from_le_bytes(array(from)?));
    let time = Timestamp(i64::from_le_bytes(array(from)?));
    let stream = text(body, from)?;
    let stream = StreamId::parse(&stream).ok_or_else(|| io::Error::other("not a stream"))?;
    let kind = Arc::from(text(body, from)?);
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

fn text(body: &Bytes, from: &mut io::Cursor<Bytes>) -> io::Result<String> {
    let bytes = get(body, from)?.unwrap_or_default();
    String::from_utf8(bytes.to_vec()).map_err(io::Error::other)
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
