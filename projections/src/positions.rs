//! Sets of positions by key: small where a key has few events, compressed where it has many.
//!
//! A bitmap costs about 770 bytes however little it holds, and there may be a million actors.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::io;

use roaring::RoaringTreemap;

/// How many positions stand in a list; more are a bitmap, which is smaller from here on.
const LISTED_MAX: usize = 128;

/// What a position may cost in a list of a snapshot: the most bytes of a varint.
const VARINT_BYTES_MAX: u32 = 10;

/// The positions of one key, in order.
#[derive(Debug, PartialEq)]
enum Positions {
    One(u64),
    Listed(Vec<u64>),
    Compressed(RoaringTreemap),
}

impl Positions {
    /// Takes in a position after all others.
    fn push(&mut self, position: u64) {
        match self {
            Self::One(first) => *self = Self::Listed(vec![*first, position]),
            Self::Listed(listed) if listed.len() < LISTED_MAX => listed.push(position),
            Self::Listed(listed) => {
                let all = listed.iter().copied().chain([position]);
                *self = Self::Compressed(all.collect());
            }
            Self::Compressed(set) => {
                set.insert(position);
            }
        }
    }

    fn to_set(&self) -> RoaringTreemap {
        match self {
            Self::One(position) => RoaringTreemap::from_iter([*position]),
            Self::Listed(listed) => listed.iter().copied().collect(),
            Self::Compressed(set) => set.clone(),
        }
    }

    /// The count, then each position as its distance from the one before; or 0 and a bitmap.
    fn encode(&self, out: &mut Vec<u8>) -> io::Result<()> {
        let listed = match self {
            Self::One(position) => std::slice::from_ref(position),
            Self::Listed(listed) => listed,
            Self::Compressed(set) => {
                write_varint(out, 0);
                return set.serialize_into(out);
            }
        };
        write_varint(out, listed.len() as u64);
        let mut before = 0;
        for position in listed {
            write_varint(out, position - before);
            before = *position;
        }
        Ok(())
    }

    fn decode(from: &mut impl io::Read) -> io::Result<Self> {
        let count = usize::try_from(read_varint(from)?).map_err(io::Error::other)?;
        if count == 0 {
            return Ok(Self::Compressed(RoaringTreemap::deserialize_from(from)?));
        }
        if count > LISTED_MAX {
            return Err(io::Error::other("a list of positions is too long"));
        }
        let mut listed = Vec::with_capacity(count);
        let mut before = 0_u64;
        for _ in 0..count {
            let ahead = read_varint(from)?;
            before = before.checked_add(ahead).filter(|_| ahead > 0).ok_or_else(bad_number)?;
            listed.push(before);
        }
        match listed[..] {
            [one] => Ok(Self::One(one)),
            _ => Ok(Self::Listed(listed)),
        }
    }
}

/// Positions by key.
#[derive(Debug, PartialEq)]
pub(crate) struct PositionsBy<K>(BTreeMap<K, Positions>);

impl<K> Default for PositionsBy<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> PositionsBy<K> {
    /// Takes in a position after all others.
    pub(crate) fn push<Q: Ord + ?Sized + ToOwned<Owned = K>>(&mut self, key: &Q, position: u64)
    where
        K: Borrow<Q>,
    {
        // Only the first event of each copies its key.
        match self.0.get_mut(key) {
            Some(positions) => positions.push(position),
            None => {
                self.0.insert(key.to_owned(), Positions::One(position));
            }
        }
    }

    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> RoaringTreemap
    where
        K: Borrow<Q>,
    {
        self.0.get(key).map(Positions::to_set).unwrap_or_default()
    }

    /// Those of all keys that fit.
    pub(crate) fn of_all(&self, fits: impl Fn(&K) -> bool) -> RoaringTreemap {
        let sets = self.0.iter().filter(|(key, _)| fits(key)).map(|(_, it)| it.to_set());
        sets.reduce(|a, b| a | b).unwrap_or_default()
    }

    pub(crate) fn encode(
        &self,
        out: &mut Vec<u8>,
        write_key: impl Fn(&mut Vec<u8>, &K),
    ) -> io::Result<()> {
        write_varint(out, self.0.len() as u64);
        for (key, positions) in &self.0 {
            write_key(out, key);
            positions.encode(out)?;
        }
        Ok(())
    }

    pub(crate) fn decode<R: io::Read>(
        from: &mut R,
        read_key: impl Fn(&mut R) -> io::Result<K>,
    ) -> io::Result<Self> {
        let mut sets = BTreeMap::new();
        for _ in 0..read_varint(from)? {
            let key = read_key(from)?;
            sets.insert(key, Positions::decode(from)?);
        }
        Ok(Self(sets))
    }
}

/// Seven bits a byte, the low ones first; the eighth bit says that more come.
pub(crate) fn write_varint(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(crate) fn read_varint(from: &mut impl io::Read) -> io::Result<u64> {
    let mut number = 0;
    for place in 0..VARINT_BYTES_MAX {
        let mut byte = [0];
        from.read_exact(&mut byte)?;
        let [byte] = byte;
        let bits = u64::from(byte & 0x7f);
        let shifted = bits << (7 * place);
        if shifted >> (7 * place) != bits {
            break;
        }
        number |= shifted;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(bad_number())
}

fn bad_number() -> io::Error {
    io::Error::other("a number of the audit index is out of range")
}
