//! What a row is found by: hashes and texts that it alone or few rows have, groups in which it
//! stands, and the values that documented orders sort by.
//!
//! A snapshot keeps it with the events of the row, so that a start makes no rows.

use std::io;

use domain::{TenantId, UserId};
use smallvec::SmallVec;
use smol_str::SmolStr;

use crate::kept::{Cut, malformed, put_number};

/// What a row is found by. Made for every event and at every start: what most rows have takes no
/// memory of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Keyed hashes of values; 0 for a value that the row does not have. Their places have a
    /// meaning for the row only: what was hashed says what it is.
    pub(crate) hashes: SmallVec<[u64; 3]>,
    /// Values in clear.
    pub(crate) texts: SmallVec<[SmolStr; 2]>,
    /// The groups in which it stands, each once.
    pub(crate) groups: SmallVec<[Group; 4]>,
    /// What lists are ordered by: the value of each order, in the order of their numbers.
    pub(crate) orders: SmallVec<[Key; 3]>,
}

/// Rows that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    by: By,
    key: u64,
}

/// By what rows are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
enum By {
    /// A tenant; listed in documented orders.
    Tenant = 1,
    /// An owner in a tenant; listed in documented orders.
    Owner = 2,
    /// A number that means something to the table: a parent, a role.
    Number = 3,
    /// The hash of a name that is no account.
    Name = 4,
    /// A property of rows of a tenant.
    Property = 5,
}

impl Group {
    /// The rows of a tenant.
    pub(crate) fn tenant(tenant: TenantId) -> Self {
        Self { by: By::Tenant, key: tenant.0.into() }
    }

    /// The rows of an owner in a tenant.
    pub(crate) fn owner(tenant: TenantId, owner: UserId) -> Self {
        Self { by: By::Owner, key: u64::from(tenant.0) << 32 | u64::from(owner.0) }
    }

    /// The rows that share a number, of the `what`-th kind.
    pub(crate) fn number(what: u8, number: impl Into<u64>) -> Self {
        Self { by: By::Number, key: u64::from(what) << 56 | number.into() & (u64::MAX >> 8) }
    }

    /// The number that its rows share, if it is one of the `what`-th kind.
    pub(crate) fn number_of(self, what: u8) -> Option<u64> {
        let is_it = self.by == By::Number && self.key >> 56 == u64::from(what);
        is_it.then_some(self.key & (u64::MAX >> 8))
    }

    /// The rows that share a name, by its keyed hash.
    pub(crate) fn name(hash: u64) -> Self {
        Self { by: By::Name, key: hash }
    }

    /// The rows of a tenant with the `what`-th property.
    pub(crate) fn property(what: u8, tenant: TenantId) -> Self {
        Self { by: By::Property, key: u64::from(what) << 56 | u64::from(tenant.0) }
    }

    /// Whether its rows are listed in documented orders.
    pub(crate) fn is_listed(self) -> bool {
        matches!(self.by, By::Tenant | By::Owner)
    }
}

/// A value that rows are ordered by. Nothing comes first, then numbers, then texts.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// No value.
    #[default]
    None,
    /// A number, a time in microseconds, or a truth value.
    Number(i64),
    /// A text, ordered by its UTF-8 bytes.
    Text(SmolStr),
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl<T: Into<Key>> From<Option<T>> for Key {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

impl From<domain::Timestamp> for Key {
    fn from(time: domain::Timestamp) -> Self {
        Self::Number(time.0)
    }
}

impl Found {
    /// As a snapshot has it.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        put_number(self.hashes.len() as u64, &mut out);
        self.hashes.iter().for_each(|it| out.extend_from_slice(&it.to_le_bytes()));
        put_number(self.texts.len() as u64, &mut out);
        self.texts.iter().for_each(|it| put_text(it, &mut out));
        put_number(self.groups.len() as u64, &mut out);
        for group in &self.groups {
            out.push(group.by as u8);
            // What kind of number it is stands in the high bits.
            put_number(group.key.rotate_left(8), &mut out);
        }
        put_number(self.orders.len() as u64, &mut out);
        for key in &self.orders {
            match key {
                Key::None => out.push(0),
                Key::Number(number) => {
                    out.push(1);
                    out.extend_from_slice(&number.to_le_bytes());
                }
                Key::Text(it) => {
                    out.push(2);
                    put_text(it, &mut out);
                }
            }
        }
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> io::Result<Self> {
        let from = &mut Cut(bytes);
        let mut found = Self::default();
        for _ in 0..from.number()? {
            found.hashes.push(u64::from_le_bytes(from.array()?));
        }
        for _ in 0..from.number()? {
            found.texts.push(text(from)?);
        }
        for _ in 0..from.number()? {
            let by = match from.array()? {
                [1] => By::Tenant,
                [2] => By::Owner,
                [3] => By::Number,
                [4] => By::Name,
                [5] => By::Property,
                _ => return Err(malformed("an unknown group")),
            };
            found.groups.push(Group { by, key: from.number()?.rotate_right(8) });
        }
        for _ in 0..from.number()? {
            found.orders.push(match from.array()? {
                [0] => Key::None,
                [1] => Key::Number(i64::from_le_bytes(from.array()?)),
                [2] => Key::Text(text(from)?),
                _ => return Err(malformed("an unknown order")),
            });
        }
        match from.0.is_empty() {
            true => Ok(found),
            false => Err(malformed("more than a row is found by")),
        }
    }

    /// The hash at a place; 0 if the row has no such value.
    pub(crate) fn hash(&self, place: usize) -> u64 {
        self.hashes.get(place).copied().unwrap_or_default()
    }
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    put_number(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

fn text(from: &mut Cut<'_>) -> io::Result<SmolStr> {
    let count = usize::try_from(from.number()?).map_err(io::Error::other)?;
    std::str::from_utf8(from.take(count)?).map(SmolStr::new).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use smallvec::smallvec;

    #[test]
    fn what_a_row_is_found_by_is_read_as_it_was_written() {
        let found = Found {
            hashes: smallvec![0, 7, u64::MAX],
            texts: smallvec!["a".into(), "ü".into()],
            groups: smallvec![
                Group::tenant(TenantId(1)),
                Group::owner(TenantId(1), UserId(2)),
                Group::number(3, 4_u32),
                Group::name(5 << 40),
                Group::property(6, TenantId(7)),
            ],
            orders: smallvec![Key::None, Key::Number(-1), Key::from("b")],
        };
        let bytes = found.encode();
        assert_eq!(Found::decode(&bytes).unwrap(), found);
        for length in 0..bytes.len() {
            assert!(Found::decode(&bytes[..length]).is_err(), "{length}");
        }
        assert!(Found::decode(&[bytes, vec![0]].concat()).is_err());
    }

    #[test]
    fn nothing_comes_before_numbers_and_numbers_before_texts() {
        let mut keys = [Key::from("b"), Key::from("a"), Key::Number(3), Key::None, Key::Number(-3)];
        keys.sort();
        let sorted = [Key::None, Key::Number(-3), Key::Number(3), Key::from("a"), Key::from("b")];
        assert_eq!(keys, sorted);
    }
}
