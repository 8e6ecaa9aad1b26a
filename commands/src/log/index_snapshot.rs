//! The sequencer's state as the body of a snapshot.
//!
//! The large tables are written in the form in which they are searched, so that a start only reads
//! the file.

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::forgetting::{Endings, Forgotten};

use super::commit::Key;
use super::sequencer::{Known, Positions, Sequencer};
use super::table::{Fixed, Table};
use super::wire::{Malformed, Reader, Writer};

/// The revision: changes with the layout below and with every rule of the sequencer.
pub(crate) const INDEX_REVISION: u32 = 5;

/// The place of a stream with one event; streams with more stand apart.
impl Fixed for Positions {
    const BYTES: usize = 8;

    fn write(&self, out: &mut Writer) -> bool {
        let Self::One(position) = self else { return false };
        out.u64(*position);
        true
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().copied().map(u64::from_le_bytes).map(Self::One)
    }
}

impl Fixed for Known {
    const BYTES: usize = 28;

    fn write(&self, out: &mut Writer) -> bool {
        out.u64(self.first);
        out.u64(self.fingerprint);
        out.u32(self.events);
        out.raw(&self.due.to_le_bytes());
        true
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (first, rest) = bytes.split_first_chunk()?;
        let (fingerprint, rest) = rest.split_first_chunk()?;
        let (events, rest) = rest.split_first_chunk()?;
        Some(Self {
            first: u64::from_le_bytes(*first),
            fingerprint: u64::from_le_bytes(*fingerprint),
            events: u32::from_le_bytes(*events),
            due: i64::from_le_bytes(*rest.first_chunk()?),
        })
    }
}

/// Writes the state.
pub(crate) fn encode(state: &Sequencer) -> Vec<u8> {
    // The approximate size of the large tables: one allocation instead of a growing one.
    let records = state.streams.len() * 26 + state.claims.len() * 34 + state.commands.len() * 46;
    let mut out = Writer(Vec::with_capacity(records + state.streams.len() * 16 + 1024));
    out.u64(state.position);
    let longer = state.streams.encode(&mut out);
    out.u64(longer.len() as u64);
    for (key, positions) in longer {
        let positions = positions.to_vec();
        out.raw(&key.to_le_bytes());
        out.u32(positions.len() as u32);
        positions.iter().for_each(|it| out.u64(*it));
    }
    state.claims.encode(&mut out);
    state.commands.encode(&mut out);
    out.u64(state.highest.len() as u64);
    for (category, number) in &state.highest {
        // Categories are defined by this program, and short.
        let _ = out.text(category);
        out.u64(*number);
    }
    encode_ends(&state.stream_ends, &mut out);
    encode_ends(&state.command_ends, &mut out);
    out.u64(state.forgotten.steps().len() as u64);
    for (position, step) in state.forgotten.steps() {
        out.u64(*position);
        out.raw(&step.to_le_bytes());
    }
    out.0
}

/// Reads the state back.
pub(crate) fn decode(body: Bytes) -> Result<Sequencer, Malformed> {
    let mut from = Reader::new(body);
    let mut state = Sequencer {
        position: from.u64()?,
        streams: Table::decode(&mut from)?,
        ..Sequencer::default()
    };
    for _ in 0..from.u64()? {
        let key = Key::from_le_bytes(from.array()?);
        let positions = (0..from.u32()?).map(|_| from.u64()).collect::<Result<Vec<_>, _>>()?;
        state.streams.insert(key, Positions::Many(Box::new(positions)));
    }
    state.claims = Table::decode(&mut from)?;
    state.commands = Table::decode(&mut from)?;
    for _ in 0..from.u64()? {
        let category = from.text(str::to_owned)?;
        state.highest.insert(category, from.u64()?);
    }
    state.stream_ends = decode_ends(&mut from)?;
    state.command_ends = decode_ends(&mut from)?;
    let mut steps = Vec::new();
    for _ in 0..from.u64()? {
        steps.push((from.u64()?, i64::from_le_bytes(from.array()?)));
    }
    state.forgotten = Forgotten::from_steps(steps);
    if !from.is_empty() {
        return Err(Malformed("bytes are left over"));
    }
    Ok(state)
}

fn encode_ends(endings: &Endings<Key>, out: &mut Writer) {
    out.u64(endings.ends().len() as u64);
    for (due, keys) in endings.ends() {
        out.raw(&due.to_le_bytes());
        out.u64(keys.len() as u64);
        keys.iter().for_each(|it| out.raw(&it.to_le_bytes()));
    }
}

fn decode_ends(from: &mut Reader) -> Result<Endings<Key>, Malformed> {
    let mut ends = BTreeMap::new();
    for _ in 0..from.u64()? {
        let due = i64::from_le_bytes(from.array()?);
        let count = from.u64()? as usize;
        let keys = from.take(count.saturating_mul(size_of::<Key>()))?;
        ends.insert(due, keys.chunks(size_of::<Key>()).filter_map(Key::read).collect());
    }
    Ok(Endings::from_ends(ends))
}
