//! The sequencer's state as the body of a snapshot.

use bytes::Bytes;
use domain::Timestamp;

use super::sequencer::{Known, Positions, Sequencer};
use super::wire::{Malformed, Reader, Writer};

/// Changes with the layout below, and with every rule of the sequencer.
pub(crate) const INDEX_REVISION: u32 = 2;

/// Writes the state.
pub(crate) fn encode(state: &Sequencer) -> Vec<u8> {
    let mut out = Writer(Vec::with_capacity(state.streams.len() * 28 + 1024));
    out.u64(state.position);
    out.raw(&state.now.0.to_le_bytes());
    out.u64(state.streams.len() as u64);
    for (key, positions) in &state.streams {
        out.raw(&key.to_le_bytes());
        match positions {
            Positions::One(position) => {
                out.u32(1);
                out.u64(*position);
            }
            Positions::Many(positions) => {
                out.u32(positions.len() as u32);
                positions.iter().for_each(|it| out.u64(*it));
            }
        }
    }
    out.u64(state.claims.len() as u64);
    for (value, holder) in &state.claims {
        out.raw(&value.to_le_bytes());
        out.raw(&holder.to_le_bytes());
    }
    out.u64(state.command_order.len() as u64);
    for (command, time) in &state.command_order {
        let known = state.commands.get(command);
        let known = known.copied().unwrap_or(Known { first: 0, fingerprint: 0, events: 0 });
        out.raw(&command.to_le_bytes());
        out.raw(&time.to_le_bytes());
        out.u64(known.first);
        out.u64(known.fingerprint);
        out.u32(known.events);
    }
    out.u64(state.highest.len() as u64);
    for (category, number) in &state.highest {
        // Categories are ours, and short.
        let _ = out.text(category);
        out.u64(*number);
    }
    out.u64(state.ends.len() as u64);
    for (second, keys) in &state.ends {
        out.raw(&second.to_le_bytes());
        out.u64(keys.len() as u64);
        keys.iter().for_each(|it| out.raw(&it.to_le_bytes()));
    }
    out.0
}

/// Reads the state back.
pub(crate) fn decode(body: Bytes) -> Result<Sequencer, Malformed> {
    let mut from = Reader::new(body);
    let mut state = Sequencer {
        position: from.u64()?,
        now: Timestamp(i64::from_le_bytes(from.array()?)),
        ..Sequencer::default()
    };
    let count = from.u64()?;
    state.streams.reserve(count as usize);
    for _ in 0..count {
        let key = u128::from_le_bytes(from.array()?);
        let positions = match from.u32()? {
            1 => Positions::One(from.u64()?),
            count => {
                Positions::Many(Box::new((0..count).map(|_| from.u64()).collect::<Result<_, _>>()?))
            }
        };
        state.streams.insert(key, positions);
    }
    for _ in 0..from.u64()? {
        let value = u128::from_le_bytes(from.array()?);
        state.claims.insert(value, u128::from_le_bytes(from.array()?));
    }
    let count = from.u64()?;
    state.commands.reserve(count as usize);
    for _ in 0..count {
        let command = u128::from_le_bytes(from.array()?);
        state.command_order.push_back((command, i64::from_le_bytes(from.array()?)));
        let known = Known { first: from.u64()?, fingerprint: from.u64()?, events: from.u32()? };
        state.commands.insert(command, known);
    }
    for _ in 0..from.u64()? {
        let category = from.text(str::to_owned)?;
        state.highest.insert(category, from.u64()?);
    }
    for _ in 0..from.u64()? {
        let second = i64::from_le_bytes(from.array()?);
        let keys = (0..from.u64()?)
            .map(|_| Ok(u128::from_le_bytes(from.array()?)))
            .collect::<Result<_, _>>()?;
        state.ends.insert(second, keys);
    }
    if !from.is_empty() {
        return Err(Malformed("bytes are left over"));
    }
    Ok(state)
}
