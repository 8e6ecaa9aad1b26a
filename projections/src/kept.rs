//! The layout of an event that a snapshot keeps, as it stands in the log, its parts sealed.
//!
//! The events of a row stand together, with what the row is found by, so that a start reads none of
//! them. Who, command and trace are not kept: no row shows them, and the log has them.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use domain::{AnyEvent, EventId, Parts, Recorded, StoredEvent, StreamId, SubjectId, Timestamp};

use crate::sealed::head_at;

const PERSONAL: u8 = 1;
const SECRET: u8 = 2;

/// The names of kinds, by the numbers that a snapshot gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Kinds(Vec<Arc<str>>);

impl Kinds {
    /// All that this program knows.
    pub(crate) fn known() -> Self {
        Self(AnyEvent::kinds().into_iter().map(Arc::from).collect())
    }

    pub(crate) fn number(&self, kind: &str) -> Option<u16> {
        self.0.iter().position(|it| &**it == kind).and_then(|it| it.try_into().ok())
    }

    pub(crate) fn name(&self, number: u16) -> Option<&Arc<str>> {
        self.0.get(usize::from(number))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.0.len() as u16).to_le_bytes());
        self.0.iter().for_each(|it| put(Some(it.as_bytes()), out));
    }

    pub(crate) fn decode(from: &mut Cut<'_>) -> io::Result<Self> {
        let count = u16::from_le_bytes(from.array()?);
        (0..count).map(|_| Ok(from.text()?.into())).collect::<io::Result<_>>().map(Self)
    }
}

/// Writes an event behind others.
pub(crate) fn encode(recorded: &Recorded, kind: u16, out: &mut Vec<u8>) {
    let parts = &recorded.parts;
    let flag = |is: bool, flag| if is { flag } else { 0 };
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&kind.to_le_bytes());
    out.push(flag(parts.personal.is_some(), PERSONAL) | flag(parts.secret.is_some(), SECRET));
    put(Some(recorded.stream.as_str().as_bytes()), out);
    out.extend_from_slice(&recorded.position.to_le_bytes());
    out.extend_from_slice(&recorded.version.to_le_bytes());
    out.extend_from_slice(&recorded.subject.0.to_le_bytes());
    out.extend_from_slice(&recorded.commit.time.0.to_le_bytes());
    out.extend_from_slice(&recorded.event_id.0);
    put(Some(&parts.data), out);
    put(parts.personal.as_deref(), out);
    put(parts.secret.as_deref(), out);
    let length = (out.len() - start) as u32;
    if let Some(at) = out.get_mut(start..).and_then(|it| it.first_chunk_mut()) {
        *at = length.to_le_bytes();
    }
}

/// A part has at most 60 KiB, so two bytes count it.
fn put(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    if let Some(bytes) = bytes {
        out.extend_from_slice(&(bytes.len() as u16).to_le_bytes());
        out.extend_from_slice(bytes);
    }
}

/// Writes a number, seven bits a byte, the low ones first: small ones take one byte.
pub(crate) fn put_number(mut number: u64, out: &mut Vec<u8>) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// An event in a snapshot, of which no more was read than says whether it still matters.
pub(crate) struct Kept<'a> {
    pub(crate) kind: u16,
    pub(crate) stream: &'a str,
    flags: u8,
    rest: Cut<'a>,
    /// What stands behind the number of its kind.
    pub(crate) behind_kind: &'a [u8],
}

impl<'a> Kept<'a> {
    /// Reads the next event.
    pub(crate) fn next(from: &mut Cut<'a>) -> io::Result<Self> {
        let length = u32::from_le_bytes(from.array()?) as usize;
        let mut rest = Cut(from.take(length.saturating_sub(4))?);
        let kind = u16::from_le_bytes(rest.array()?);
        let behind_kind = rest.0;
        let [flags] = rest.array()?;
        Ok(Self { kind, stream: rest.text()?, flags, rest, behind_kind })
    }

    /// Its place in the log.
    pub(crate) fn position(&self) -> io::Result<u64> {
        let mut rest = self.rest;
        rest.array().map(u64::from_le_bytes)
    }

    /// Writes it as it was read, with another number for its kind.
    pub(crate) fn copy(&self, kind: u16, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.behind_kind.len() as u32 + 6).to_le_bytes());
        out.extend_from_slice(&kind.to_le_bytes());
        out.extend_from_slice(self.behind_kind);
    }

    /// All of it. Its parts are slices of `chunk`, in which it lies.
    pub(crate) fn recorded(&self, chunk: &Bytes, kinds: &Kinds) -> io::Result<Recorded> {
        let kind = kinds.name(self.kind).ok_or_else(|| malformed("a kind has no name"))?.clone();
        let stream = StreamId::parse(self.stream).ok_or_else(|| malformed("not a stream"))?;
        let from = &mut self.rest.clone();
        let position = u64::from_le_bytes(from.array()?);
        let version = u32::from_le_bytes(from.array()?);
        let subject = SubjectId(u64::from_le_bytes(from.array()?));
        let time = Timestamp(i64::from_le_bytes(from.array()?));
        let event_id = EventId(from.array()?);
        let data = chunk.slice_ref(from.counted()?);
        let mut part = |flag| {
            let is_there = self.flags & flag != 0;
            is_there.then(|| from.counted().map(|it| chunk.slice_ref(it))).transpose()
        };
        let parts = Parts { data, personal: part(PERSONAL)?, secret: part(SECRET)? };
        let commit = Arc::new(head_at(time));
        Ok(Recorded { position, version, stream, kind, event_id, subject, commit, parts })
    }
}

/// The events of one row, and what it is found by.
pub(crate) struct Group<'a> {
    pub(crate) number: u64,
    pub(crate) found: &'a [u8],
    pub(crate) events: Cut<'a>,
}

impl<'a> Group<'a> {
    /// The fixed part: number, count of the rest, count of what it is found by.
    pub(crate) const BYTES_MIN: usize = 8 + 4 + 2;

    /// Reads the next group.
    pub(crate) fn next(from: &mut Cut<'a>) -> io::Result<Self> {
        let number = u64::from_le_bytes(from.array()?);
        let rest = u32::from_le_bytes(from.array()?);
        let mut events = Cut(from.take(rest as usize)?);
        Ok(Self { number, found: events.counted()?, events })
    }

    /// Writes the beginning of a group; its events come behind it.
    pub(crate) fn begin(number: u64, found: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&number.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        put(Some(found), out);
    }

    /// Tells the group that begins at `start` that it ends here.
    pub(crate) fn end(start: usize, out: &mut [u8]) {
        let rest = out.len().saturating_sub(start + 12) as u32;
        let at = out.get_mut(start + 8..).and_then(|it| it.first_chunk_mut());
        if let Some(at) = at {
            *at = rest.to_le_bytes();
        }
    }
}

/// An event of which only the part in clear is read: nothing is opened.
pub(crate) fn clear_event<E: StoredEvent>(recorded: &Recorded) -> io::Result<E> {
    let clear = Parts { data: recorded.parts.data.clone(), personal: None, secret: None };
    E::decode(&recorded.kind, &clear).map_err(io::Error::other)
}

/// What is left of some bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut<'a>(pub(crate) &'a [u8]);

impl<'a> Cut<'a> {
    pub(crate) fn take(&mut self, count: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(|| malformed("too short"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk().ok_or_else(|| malformed("too short"))?;
        self.0 = rest;
        Ok(*array)
    }

    pub(crate) fn counted(&mut self) -> io::Result<&'a [u8]> {
        let count = u16::from_le_bytes(self.array()?);
        self.take(usize::from(count))
    }

    /// A number as `put_number` writes it.
    pub(crate) fn number(&mut self) -> io::Result<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let [byte] = self.array()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(malformed("a number without an end"))
    }

    pub(crate) fn text(&mut self) -> io::Result<&'a str> {
        std::str::from_utf8(self.counted()?).map_err(io::Error::other)
    }
}

pub(crate) fn malformed(why: &str) -> io::Error {
    io::Error::other(why.to_owned())
}
