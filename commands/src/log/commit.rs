//! A commit as bytes, and what of it can be computed before its turn comes.

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use domain::codec::COMMIT_BYTES_MAX;
use domain::log::{
    AppendError, COMMIT_EVENTS_MAX, Commit, CommitHead, HashedClaim, NewEvent, StreamWrite,
};
use domain::{CommandId, Parts, StreamId, SubjectId, TenantId, Timestamp};

use super::wire::{Malformed, Reader, Writer};

const PERSONAL: u8 = 1;
const SECRET: u8 = 2;

/// A stream or claim as the indexes know it: the first 16 bytes of a SHA-256.
pub(crate) type Key = u128;

/// A commit with its bytes, hash and index keys: all that does not need the log's state, so that
/// many callers work on it at once and the one writer does not.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) commit: Commit,
    pub(crate) bytes: Bytes,
    pub(crate) hash: [u8; 32],
    pub(crate) streams: Vec<Key>,
    pub(crate) claims: Vec<ClaimKey>,
    pub(crate) releases: Vec<ClaimKey>,
}

/// Which value, and who holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClaimKey {
    pub(crate) value: Key,
    pub(crate) holder: Key,
}

impl Prepared {
    /// Checks the limits and computes the rest.
    pub(crate) fn new(commit: Commit) -> Result<Self, AppendError> {
        let malformed = |why: &str| AppendError::Malformed(why.to_owned());
        let events = commit.event_count();
        if events == 0 || events > COMMIT_EVENTS_MAX {
            return Err(malformed("a commit has 1 to 1,000 events"));
        }
        let bytes = encode(&commit).map_err(|err| malformed(err.0))?;
        if bytes.len() > COMMIT_BYTES_MAX {
            return Err(AppendError::Malformed(format!(
                "a commit has at most {COMMIT_BYTES_MAX} bytes, this one has {}",
                bytes.len()
            )));
        }
        let prepared = Self::from_stored(commit, bytes.into());
        let mut streams = prepared.streams.clone();
        streams.sort_unstable();
        if streams.windows(2).any(|it| matches!(it, [a, b] if a == b)) {
            return Err(malformed("a stream stands in a commit twice"));
        }
        Ok(prepared)
    }

    /// What was read from the log needs no check of the limits.
    pub(crate) fn from_stored(commit: Commit, bytes: Bytes) -> Self {
        Self {
            hash: sha256(&bytes),
            streams: commit.writes.iter().map(|it| stream_key(&it.stream)).collect(),
            claims: commit.claims.iter().map(claim_key).collect(),
            releases: commit.releases.iter().map(claim_key).collect(),
            commit,
            bytes,
        }
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

/// SHA-256 of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

fn encode(commit: &Commit) -> Result<Vec<u8>, Malformed> {
    let mut out = Writer(Vec::with_capacity(512));
    out.raw(&commit.head.command_id.0);
    out.u64(commit.head.fingerprint);
    out.u32(commit.head.tenant.0);
    out.raw(&commit.head.time.0.to_le_bytes());
    out.raw(&commit.head.correlation);
    out.raw(&commit.head.trace);
    out.text(&commit.head.actor)?;
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

/// Reads a commit, every byte of it.
pub(crate) fn decode(bytes: Bytes) -> Result<Commit, Malformed> {
    let mut from = Reader::new(bytes);
    let head = CommitHead {
        command_id: CommandId(from.array()?),
        fingerprint: from.u64()?,
        tenant: TenantId(from.u32()?),
        time: Timestamp(i64::from_le_bytes(from.array()?)),
        correlation: from.array()?,
        trace: from.array()?,
        actor: from.text(str::to_owned)?,
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
