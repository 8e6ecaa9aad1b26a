//! A block: the commits of one fsync, with their place in the hash chain.
//!
//! Header (112 bytes): magic, format, codec, two reserved bytes, log id, first position, number of
//! events, number of commits, hash of the block before, Merkle root of all events up to the last of
//! this block, length of the body, crc32c of header and body.
//! Body: each commit with its length. Numbers are little-endian.

use std::sync::Arc;

use bytes::Bytes;
use domain::codec::CODEC;
use domain::log::{Commit, CommitHead, LogError};
use domain::{EventId, LogId, Recorded};

use super::commit::{self, Prepared};
use super::wire::{Malformed, Reader, Writer};
use crate::hash::sha256;

/// The largest body of a block, in bytes. One commit always fits.
pub(crate) const BLOCK_BODY_BYTES_MAX: usize = 64 * 1024;

/// The size of the header, in bytes.
pub(crate) const HEADER_BYTES: usize = 112;

const MAGIC: &[u8; 4] = b"CHBK";
/// Since format 2 each commit has a context. Format 1 is not read any more.
const FORMAT: u8 = 2;
const CRC_AT: usize = HEADER_BYTES - 4;

/// The header of a block, without what follows from its commits.
#[derive(Debug)]
pub(crate) struct BlockPlace {
    pub(crate) log: LogId,
    pub(crate) first: u64,
    /// The hash of the block before; zero for the first.
    pub(crate) previous: [u8; 32],
    /// The Merkle root over all events up to the last of this block.
    pub(crate) root: [u8; 32],
}

/// Writes a block from commits that the sequencer admitted, in their order.
pub(crate) fn encode(place: &BlockPlace, commits: &[Prepared]) -> Vec<u8> {
    let events = commits.iter().map(|it| it.events).sum::<u32>();
    let body = commits.iter().map(|it| it.bytes.len() + 4).sum::<usize>();
    let mut out = Writer(Vec::with_capacity(HEADER_BYTES + body));
    out.raw(MAGIC);
    out.u8(FORMAT);
    out.u8(CODEC);
    out.u16(0);
    out.raw(&place.log.0);
    out.u64(place.first);
    out.u32(events);
    out.u32(commits.len() as u32);
    out.raw(&place.previous);
    out.raw(&place.root);
    out.u32(body as u32);
    out.u32(0);
    for commit in commits {
        out.u32(commit.bytes.len() as u32);
        out.raw(&commit.bytes);
    }
    let crc = crc32c::crc32c(&out.0).to_le_bytes();
    out.0.iter_mut().skip(CRC_AT).zip(crc).for_each(|(to, from)| *to = from);
    out.0
}

/// A block that was read back and whose crc is right.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) log: LogId,
    pub(crate) first: u64,
    pub(crate) events: u32,
    pub(crate) previous: [u8; 32],
    /// The Merkle root over all events up to the last of this block.
    pub(crate) root: [u8; 32],
    /// SHA-256 of the whole block.
    pub(crate) hash: [u8; 32],
    pub(crate) commits: Vec<(Commit, Bytes)>,
}

impl Block {
    /// Reads a block and checks its crc, its counts and its shape.
    pub(crate) fn decode(bytes: Bytes) -> Result<Self, Malformed> {
        let hash = sha256(&bytes);
        let mut block = Self::decode_unhashed(bytes)?;
        block.hash = hash;
        Ok(block)
    }

    /// As `decode`, but does not compute the hash of the block: for readers that trust the chain.
    pub(crate) fn decode_unhashed(bytes: Bytes) -> Result<Self, Malformed> {
        check_crc(&bytes)?;
        let mut from = Reader::new(bytes);
        if from.array::<4>()? != *MAGIC {
            return Err(Malformed("not a block"));
        }
        match from.u8()? {
            FORMAT => (),
            format if format < FORMAT => return Err(OLDER),
            _ => return Err(NEWER),
        }
        match from.u8()? {
            CODEC => (),
            codec if codec < CODEC => return Err(OLDER),
            _ => return Err(NEWER),
        }
        from.u16()?;
        let log = LogId(from.array()?);
        let first = from.u64()?;
        let events = from.u32()?;
        let count = from.u32()?;
        let previous = from.array()?;
        let root = from.array()?;
        let _body = from.u32()?;
        let _crc = from.u32()?;
        let mut commits = Vec::with_capacity(count.min(1024) as usize);
        for _ in 0..count {
            let length = from.u32()?;
            let bytes = from.take(length as usize)?;
            commits.push((commit::decode(bytes.clone())?, bytes));
        }
        if !from.is_empty() {
            return Err(Malformed("a block has bytes left over"));
        }
        let counted = commits.iter().map(|(it, _)| it.event_count()).sum::<usize>();
        if counted != events as usize || events == 0 {
            return Err(Malformed("the event count of a block is wrong"));
        }
        Ok(Self { log, first, events, previous, root, hash: [0; 32], commits })
    }

    /// The position of the last event.
    pub(crate) fn last(&self) -> u64 {
        self.first + u64::from(self.events) - 1
    }

    /// The events, with their positions.
    pub(crate) fn into_events(self) -> Vec<Recorded> {
        let mut events = Vec::with_capacity(self.events as usize);
        let mut position = self.first;
        for (commit, _) in self.commits {
            record(commit, &mut position, &mut events);
        }
        events
    }
}

/// Reads the stored crc and computes the right one, before any other field is trusted.
fn check_crc(bytes: &[u8]) -> Result<(), Malformed> {
    let (Some(head), Some(stored), Some(body)) =
        (bytes.get(..CRC_AT), bytes.get(CRC_AT..HEADER_BYTES), bytes.get(HEADER_BYTES..))
    else {
        return Err(Malformed("a block is shorter than its header"));
    };
    let crc = crc32c::crc32c(head);
    let crc = crc32c::crc32c_append(crc, &[0; 4]);
    let crc = crc32c::crc32c_append(crc, body);
    if crc.to_le_bytes() != stored {
        return Err(Malformed("the checksum of a block is wrong"));
    }
    Ok(())
}

/// Turns a commit into the events that the log returns, with their positions.
pub(crate) fn record(commit: Commit, position: &mut u64, events: &mut Vec<Recorded>) {
    let head = Arc::new(commit.head);
    let mut index = 0;
    for write in commit.writes {
        for (version, event) in (write.expected + 1..).zip(write.events) {
            events.push(Recorded {
                position: *position,
                version,
                stream: write.stream.clone(),
                kind: super::kinds::intern(&event.kind),
                event_id: event_id(&head, index),
                subject: event.subject,
                commit: head.clone(),
                parts: event.parts,
            });
            *position += 1;
            index += 1;
        }
    }
}

/// The first 16 bytes of SHA-256(command id ‖ time ‖ index): known before the position is.
///
/// The time is part of it because a caller may repeat a command id after a restore: its new event
/// must have another id than the lost one.
pub(crate) fn event_id(head: &CommitHead, index: u32) -> EventId {
    let time = head.time.0.to_le_bytes();
    let hash = sha256(&[&head.command_id.0[..], &time, &index.to_le_bytes()].concat());
    EventId(hash.first_chunk::<16>().copied().unwrap_or_default())
}

/// The error for a block or a second head in a format that is not read any more.
pub(super) const OLDER: Malformed = Malformed(
    "it was written by an older version of the program, in a format that this version does not \
     read: keep it for that version, and start with a new data folder",
);

/// One that is not known yet.
pub(super) const NEWER: Malformed =
    Malformed("it was written by a newer version of the program: start that version");

/// The error for a block that cannot be read: it is damaged, or of another version.
pub(crate) fn unreadable(position: u64, why: Malformed) -> LogError {
    match why {
        OLDER | NEWER => LogError::OtherVersion(why.0),
        Malformed(why) => damaged(position, why),
    }
}

/// The error for damage, with its position.
pub(crate) fn damaged(position: u64, why: impl Into<String>) -> LogError {
    LogError::Damaged { position, why: why.into() }
}

#[cfg(test)]
pub(super) mod tests {
    use domain::context::Context;
    use domain::log::{HashedClaim, NewEvent, StreamWrite};
    use domain::{Actor, CommandId, Parts, StreamId, SubjectId, TenantId, Timestamp, UserId, hex};

    use super::*;

    /// A commit with two events of one stream, a claim and a release.
    pub(in super::super) fn commit() -> Commit {
        let claim = |stream: &str| HashedClaim {
            scope: TenantId(1),
            kind: "user_name".to_owned(),
            hash: [4; 32],
            stream: StreamId::parse(stream).unwrap(),
        };
        let event = |personal: Option<&'static [u8]>| NewEvent {
            kind: "user.registered.v1".to_owned(),
            subject: SubjectId(7),
            parts: Parts {
                data: Bytes::from_static(b"data"),
                personal: personal.map(Bytes::from_static),
                secret: None,
            },
        };
        Commit {
            head: CommitHead {
                command_id: CommandId([1; 16]),
                fingerprint: 2,
                tenant: TenantId(1),
                actor: Actor::User(UserId(1)),
                time: Timestamp(3),
                correlation: [5; 16],
                trace: [6; 16],
                context: Context {
                    caused_by: Some(12),
                    batch: Some([13; 16]),
                    session: Some([14; 8]),
                    unknown: vec![(99, Bytes::from_static(b"later"))],
                    ..Context::of_operation("ClientPost").through("shop")
                },
            },
            claims: vec![claim("user-7")],
            releases: vec![claim("user-8")],
            writes: vec![StreamWrite {
                stream: StreamId::parse("user-7").unwrap(),
                expected: 0,
                events: vec![event(Some(b"sealed")), event(None)],
            }],
        }
    }

    fn bytes() -> Vec<u8> {
        let place =
            BlockPlace { log: LogId([8; 16]), first: 9, previous: [10; 32], root: [11; 32] };
        encode(&place, &[Prepared::new(&commit()).unwrap()])
    }

    /// A client may send its `Idempotency-Key` again to a restored server.
    #[test]
    fn the_same_command_at_another_time_makes_other_events() {
        let head = commit().head;
        let later = CommitHead { time: Timestamp(4), ..head.clone() };
        assert_eq!(event_id(&head, 1), event_id(&head, 1));
        assert_ne!(event_id(&head, 1), event_id(&head, 0));
        assert_ne!(event_id(&head, 1), event_id(&later, 1));
    }

    /// Logs must be readable for ever, so these bytes never change. A new layout gets a new format
    /// number.
    #[test]
    fn the_layout_of_a_block_is_frozen() {
        let bytes = bytes();
        assert_eq!(bytes.len(), bytes.capacity(), "one allocation, and none too large");
        assert_eq!(hex(&bytes[..8]), "4348424b02010000");
        let golden = "9945c0c016b5def124e94c8805a941f1e3f4e4467fe3907d405548e670f6b316";
        assert_eq!(hex(&sha256(&bytes)), golden);
    }

    /// The checksum is right, so it is not reported as damage.
    #[test]
    fn a_block_of_another_version_is_not_called_damaged() {
        let of_format = |format| {
            let mut bytes = bytes();
            bytes[4] = format;
            bytes[CRC_AT..HEADER_BYTES].fill(0);
            let crc = crc32c::crc32c(&bytes).to_le_bytes();
            bytes[CRC_AT..HEADER_BYTES].copy_from_slice(&crc);
            unreadable(9, Block::decode(bytes.into()).unwrap_err())
        };
        let [older, newer] = [1, 3].map(of_format);
        assert!(matches!(older, LogError::OtherVersion(why) if why.contains("older version")));
        assert!(matches!(newer, LogError::OtherVersion(why) if why.contains("newer version")));
    }

    #[test]
    fn a_block_is_read_as_it_was_written_and_no_flipped_bit_goes_unseen() {
        let bytes = bytes();
        let block = Block::decode(bytes.clone().into()).unwrap();
        assert_eq!((block.log, block.first, block.last()), (LogId([8; 16]), 9, 10));
        assert_eq!((block.previous, block.root), ([10; 32], [11; 32]));
        assert_eq!(block.commits[0].0, commit());
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            assert!(Block::decode(damaged.into()).is_err(), "byte {at}");
        }
    }
}
