//! A commit as bytes, and everything about it that can be computed before its turn.

use std::sync::Arc;

use bytes::Bytes;
use domain::codec::COMMIT_BYTES_MAX;
use domain::forgetting::Forgetting;
use domain::log::{
    AppendError, COMMIT_EVENTS_MAX, Commit, CommitHead, HashedClaim, NewEvent, StreamWrite,
};
use domain::log_event::LogRestored;
use domain::{CommandId, Parts, StreamId, SubjectId, TenantId, Timestamp};

use super::context;
use super::kinds::intern;
use super::wire::{Malformed, Reader, Writer};
use crate::hash::sha256;

const PERSONAL: u8 = 1;
const SECRET: u8 = 2;

/// The key of a stream or claim in the index: the first 16 bytes of a SHA-256.
pub(crate) type Key = u128;

/// A commit as bytes, with its hash and everything that the sequencer needs to know. Computing it
/// needs no state of the log, so many callers do it in parallel and the one writer does not.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) command: CommandId,
    pub(crate) fingerprint: u64,
    pub(crate) time: Timestamp,
    /// How many events, over all streams.
    pub(crate) events: u32,
    pub(crate) bytes: Bytes,
    pub(crate) hash: [u8; 32],
    pub(crate) streams: Vec<StreamUse>,
    pub(crate) claims: Vec<ClaimKey>,
    pub(crate) releases: Vec<ClaimKey>,
    /// What the commit tells the log to forget, and the index of the event that says so, from 0.
    pub(crate) forgetting: Option<(u32, Forgetting)>,
    /// That the log was restored.
    pub(crate) restored: Option<LogRestored>,
}

/// What a commit does to a stream.
#[derive(Debug)]
pub(crate) struct StreamUse {
    pub(crate) key: Key,
    pub(crate) expected: u32,
    pub(crate) events: u32,
    /// When the stream ends, if it does.
    pub(crate) closes_at: Option<Timestamp>,
    /// Category and number of an aggregate that has a number.
    pub(crate) number: Option<(Arc<str>, u64)>,
}

/// Which value, and who holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClaimKey {
    pub(crate) value: Key,
    pub(crate) holder: Key,
}

impl Prepared {
    /// Checks the limits and computes the rest.
    pub(crate) fn new(commit: &Commit) -> Result<Self, AppendError> {
        let malformed = |why: &str| AppendError::Malformed(why.to_owned());
        let events = commit.event_count();
        if events == 0 {
            return Err(malformed("a commit has an event"));
        }
        if events > COMMIT_EVENTS_MAX {
            let why = format!("a commit has at most {COMMIT_EVENTS_MAX} events");
            return Err(AppendError::TooLarge(why));
        }
        // What it is made of fits, but for its length.
        let bytes = encode(commit).map_err(|err| AppendError::TooLarge(err.0.to_owned()))?;
        if bytes.len() > COMMIT_BYTES_MAX {
            return Err(AppendError::TooLarge(format!(
                "a commit has at most {COMMIT_BYTES_MAX} bytes, this one has {}",
                bytes.len()
            )));
        }
        let prepared = Self::from_stored(commit, bytes.into());
        for (n, used) in prepared.streams.iter().enumerate() {
            if prepared.streams.iter().take(n).any(|it| it.key == used.key) {
                return Err(malformed("a stream stands in a commit twice"));
            }
        }
        Ok(prepared)
    }

    /// Commits that were read from the log are within the limits.
    pub(crate) fn from_stored(commit: &Commit, bytes: Bytes) -> Self {
        Self {
            command: commit.head.command_id,
            fingerprint: commit.head.fingerprint,
            time: commit.head.time,
            events: commit.event_count() as u32,
            hash: sha256(&bytes),
            streams: commit.writes.iter().map(StreamUse::new).collect(),
            claims: commit.claims.iter().map(claim_key).collect(),
            releases: commit.releases.iter().map(claim_key).collect(),
            forgetting: forgetting_of(commit),
            restored: restored_of(commit),
            bytes,
        }
    }

    /// Decodes the commit again, for a readable message about why it was refused.
    pub(crate) fn commit(&self) -> Result<Commit, AppendError> {
        decode(self.bytes.clone()).map_err(|err| AppendError::Malformed(err.to_string()))
    }
}

fn forgetting_of(commit: &Commit) -> Option<(u32, Forgetting)> {
    let events = commit.writes.iter().flat_map(|write| {
        write.events.iter().map(|event| Forgetting::of(&write.stream, &event.kind, &event.parts))
    });
    (0..).zip(events).find_map(|(index, forgetting)| Some((index, forgetting?)))
}

fn restored_of(commit: &Commit) -> Option<LogRestored> {
    let mut events = commit.writes.iter().flat_map(|write| {
        write.events.iter().map(|event| LogRestored::of(&write.stream, &event.kind, &event.parts))
    });
    events.find_map(|it| it)
}

impl StreamUse {
    fn new(write: &StreamWrite) -> Self {
        let stream = &write.stream;
        let closes_at = stream.closes_at();
        let number = match closes_at {
            None => stream.number().map(|number| (intern(stream.category()), number)),
            Some(_) => None,
        };
        let events = write.events.len() as u32;
        Self { key: stream_key(stream), expected: write.expected, events, closes_at, number }
    }
}

/// The index key of a stream.
pub(crate) fn stream_key(stream: &StreamId) -> Key {
    first_16(&sha256(stream.as_str().as_bytes()))
}

fn claim_key(claim: &HashedClaim) -> ClaimKey {
    let mut bytes = claim.scope.0.to_le_bytes().to_vec();
    bytes.extend_from_slice(&claim.hash);
    bytes.extend_from_slice(claim.kind.as_bytes());
    ClaimKey { value: first_16(&sha256(&bytes)), holder: stream_key(&claim.stream) }
}

fn first_16(hash: &[u8; 32]) -> Key {
    hash.first_chunk::<16>().map_or(0, |it| Key::from_le_bytes(*it))
}

fn encode(commit: &Commit) -> Result<Vec<u8>, Malformed> {
    let actor = commit.head.actor.to_string();
    let mut out = Writer(Vec::with_capacity(encoded_bytes(commit, &actor)));
    out.raw(&commit.head.command_id.0);
    out.u64(commit.head.fingerprint);
    out.u32(commit.head.tenant.0);
    out.raw(&commit.head.time.0.to_le_bytes());
    out.raw(&commit.head.correlation);
    out.raw(&commit.head.trace);
    out.text(&actor)?;
    context::encode(&commit.head.context, &mut out)?;
    for claims in [&commit.claims, &commit.releases] {
        out.count(claims.len())?;
        for claim in claims {
            out.u32(claim.scope.0);
            out.text(&claim.kind)?;
            out.raw(&claim.hash);
            out.text(claim.stream.as_str())?;
        }
    }
    out.count(commit.writes.len())?;
    for write in &commit.writes {
        out.text(write.stream.as_str())?;
        out.u32(write.expected);
        out.count(write.events.len())?;
        for event in &write.events {
            encode_event(&mut out, event)?;
        }
    }
    Ok(out.0)
}

/// How many bytes `encode` writes: one allocation of the right size.
fn encoded_bytes(commit: &Commit, actor: &str) -> usize {
    const HEAD: usize = 16 + 8 + 4 + 8 + 16 + 16 + 1;
    const CLAIM: usize = 4 + 1 + 32 + 1;
    const WRITE: usize = 1 + 4 + 2;
    const EVENT: usize = 1 + 8 + 1 + 2;
    let claims = commit.claims.iter().chain(&commit.releases);
    let claims = claims.map(|it| CLAIM + it.kind.len() + it.stream.as_str().len()).sum::<usize>();
    let part = |it: &Option<Bytes>| it.as_ref().map_or(0, |it| 2 + it.len());
    let event = |it: &NewEvent| {
        let sealed = part(&it.parts.personal) + part(&it.parts.secret);
        EVENT + it.kind.len() + it.parts.data.len() + sealed
    };
    let write = |it: &StreamWrite| {
        WRITE + it.stream.as_str().len() + it.events.iter().map(event).sum::<usize>()
    };
    let writes = commit.writes.iter().map(write).sum::<usize>();
    let context = context::encoded_bytes(&commit.head.context);
    HEAD + actor.len() + context + 3 * 2 + claims + writes
}

fn encode_event(out: &mut Writer, event: &NewEvent) -> Result<(), Malformed> {
    let flag = |part: &Option<Bytes>, flag| if part.is_some() { flag } else { 0 };
    out.text(&event.kind)?;
    out.u64(event.subject.0);
    out.u8(flag(&event.parts.personal, PERSONAL) | flag(&event.parts.secret, SECRET));
    out.bytes(&event.parts.data)?;
    for part in [&event.parts.personal, &event.parts.secret].into_iter().flatten() {
        out.bytes(part)?;
    }
    Ok(())
}

/// Reads a commit. Every byte must be consumed.
pub(crate) fn decode(bytes: Bytes) -> Result<Commit, Malformed> {
    let mut from = Reader::new(bytes);
    let head = CommitHead {
        command_id: CommandId(from.array()?),
        fingerprint: from.u64()?,
        tenant: TenantId(from.u32()?),
        time: Timestamp(i64::from_le_bytes(from.array()?)),
        correlation: from.array()?,
        trace: from.array()?,
        actor: from.text(str::parse)?.map_err(|_| Malformed("not an actor"))?,
        context: context::decode(&mut from)?,
    };
    let claims = decode_claims(&mut from)?;
    let releases = decode_claims(&mut from)?;
    let count = from.u16()?;
    let writes = (0..count).map(|_| decode_write(&mut from)).collect::<Result<Vec<_>, _>>()?;
    if !from.is_empty() {
        return Err(Malformed("a commit has bytes left over"));
    }
    Ok(Commit { head, claims, releases, writes })
}

fn decode_claims(from: &mut Reader) -> Result<Vec<HashedClaim>, Malformed> {
    let count = from.u16()?;
    (0..count)
        .map(|_| {
            Ok(HashedClaim {
                scope: TenantId(from.u32()?),
                kind: from.text(str::to_owned)?,
                hash: from.array()?,
                stream: decode_stream(from)?,
            })
        })
        .collect()
}

fn decode_stream(from: &mut Reader) -> Result<StreamId, Malformed> {
    from.text(StreamId::parse)?.ok_or(Malformed("not the name of a stream"))
}

fn decode_write(from: &mut Reader) -> Result<StreamWrite, Malformed> {
    let stream = decode_stream(from)?;
    let expected = from.u32()?;
    let count = from.u16()?;
    let events = (0..count)
        .map(|_| {
            let kind = from.text(str::to_owned)?;
            let subject = SubjectId(from.u64()?);
            let flags = from.u8()?;
            if flags & !(PERSONAL | SECRET) != 0 {
                return Err(Malformed("an event has unknown flags"));
            }
            let data = from.bytes()?;
            let personal = (flags & PERSONAL != 0).then(|| from.bytes()).transpose()?;
            let secret = (flags & SECRET != 0).then(|| from.bytes()).transpose()?;
            Ok(NewEvent { kind, subject, parts: Parts { data, personal, secret } })
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(StreamWrite { stream, expected, events })
}
