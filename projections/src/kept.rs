//! The layout of an event that a snapshot keeps, as it stands in the log, its parts sealed.
//!
//! Beside a user's registration stand the keyed hashes by which the user is found, so that a start
//! need not open it. Who, command and trace are not kept: no row shows them, and the log has them.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use domain::{
    AnyEvent, EventId, Parts, Recorded, StoredEvent as _, StreamId, SubjectId, Timestamp,
};
use domain::{Unreadable, user::UserEvent};

use crate::sealed::head_at;
use crate::tables::Change;
use crate::users::{Lookups, UserChange};

const PERSONAL: u8 = 1;
const SECRET: u8 = 2;
const LOOKUPS: u8 = 4;

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
pub(crate) fn encode(recorded: &Recorded, kind: u16, lookups: Lookups, out: &mut Vec<u8>) {
    let parts = &recorded.parts;
    let flag = |is: bool, flag| if is { flag } else { 0 };
    let found = lookups != Lookups::default();
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&kind.to_le_bytes());
    out.push(
        flag(parts.personal.is_some(), PERSONAL)
            | flag(parts.secret.is_some(), SECRET)
            | flag(found, LOOKUPS),
    );
    put(Some(recorded.stream.as_str().as_bytes()), out);
    out.extend_from_slice(&recorded.position.to_le_bytes());
    out.extend_from_slice(&recorded.subject.0.to_le_bytes());
    out.extend_from_slice(&recorded.commit.time.0.to_le_bytes());
    out.extend_from_slice(&recorded.event_id.0);
    if found {
        let Lookups { name, email, phone } = lookups;
        [name, email, phone].iter().for_each(|it| out.extend_from_slice(&it.to_le_bytes()));
    }
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

    /// Writes it as it was read, with another number for its kind.
    pub(crate) fn copy(&self, kind: u16, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.behind_kind.len() as u32 + 6).to_le_bytes());
        out.extend_from_slice(&kind.to_le_bytes());
        out.extend_from_slice(self.behind_kind);
    }

    /// All of it. Its parts are slices of `chunk`, in which it lies.
    pub(crate) fn recorded(
        mut self,
        chunk: &Bytes,
        kinds: &Kinds,
    ) -> io::Result<(Recorded, Lookups)> {
        let kind = kinds.name(self.kind).ok_or_else(|| malformed("a kind has no name"))?.clone();
        let stream = StreamId::parse(self.stream).ok_or_else(|| malformed("not a stream"))?;
        let from = &mut self.rest;
        let position = u64::from_le_bytes(from.array()?);
        let subject = SubjectId(u64::from_le_bytes(from.array()?));
        let time = Timestamp(i64::from_le_bytes(from.array()?));
        let event_id = EventId(from.array()?);
        let mut lookups = Lookups::default();
        if self.flags & LOOKUPS != 0 {
            for to in [&mut lookups.name, &mut lookups.email, &mut lookups.phone] {
                *to = u128::from_le_bytes(from.array()?);
            }
        }
        let data = chunk.slice_ref(from.counted()?);
        let mut part = |flag| {
            let is_there = self.flags & flag != 0;
            is_there.then(|| from.counted().map(|it| chunk.slice_ref(it))).transpose()
        };
        let parts = Parts { data, personal: part(PERSONAL)?, secret: part(SECRET)? };
        let commit = Arc::new(head_at(time));
        let recorded =
            Recorded { position, version: 0, stream, kind, event_id, subject, commit, parts };
        Ok((recorded, lookups))
    }
}

/// What a kept event of a user changes. Nothing is opened.
pub(crate) fn user_change(recorded: &Recorded, lookups: Lookups) -> Result<Change, Unreadable> {
    let clear = Parts { data: recorded.parts.data.clone(), personal: None, secret: None };
    let event = UserEvent::decode(&recorded.kind, &clear)?;
    Ok(Change::User(UserChange::new(recorded, event, lookups)))
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

    fn counted(&mut self) -> io::Result<&'a [u8]> {
        let count = u16::from_le_bytes(self.array()?);
        self.take(usize::from(count))
    }

    fn text(&mut self) -> io::Result<&'a str> {
        std::str::from_utf8(self.counted()?).map_err(io::Error::other)
    }
}

pub(crate) fn malformed(why: &str) -> io::Error {
    io::Error::other(why.to_owned())
}
