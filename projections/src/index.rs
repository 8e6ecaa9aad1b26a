//! Which rows have a value, stand in a group, or come next in an order.

use std::borrow::Borrow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, Hash, RandomState};

use domain::hashed::HashedKeys;
use roaring::RoaringTreemap;
use smol_str::SmolStr;

use crate::found::{Found, Group, Key};
use crate::page::Paging;

/// The numbers of some rows, at least of one. One takes no memory of its own.
#[derive(Debug, PartialEq)]
pub(crate) enum Members {
    One(u64),
    #[allow(clippy::box_collection, reason = "keeps the entry of one at 16 bytes")]
    Many(Box<RoaringTreemap>),
}

impl Members {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many(many) => many.len() as usize,
        }
    }

    pub(crate) fn contains(&self, row: u64) -> bool {
        match self {
            Self::One(one) => *one == row,
            Self::Many(many) => many.contains(row),
        }
    }

    /// Ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> {
        let (one, many) = match self {
            Self::One(one) => (Some(*one), None),
            Self::Many(many) => (None, Some(many.iter())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    /// Those behind a number, ascending, without a step for each before it.
    pub(crate) fn behind(&self, row: u64) -> impl Iterator<Item = u64> {
        let (one, many) = match self {
            Self::One(one) => (Some(*one), None),
            Self::Many(many) => (None, Some(many.iter())),
        };
        let many = many.map(|mut it| {
            it.advance_to(row);
            it
        });
        one.into_iter().chain(many.into_iter().flatten()).filter(move |it| *it > row)
    }

    /// Cuts a page out of them, without a step for each that is passed over.
    pub(crate) fn page(&self, paging: Paging) -> Vec<u64> {
        let many = match self {
            Self::One(one) => return paging.cut([*one].into_iter()),
            Self::Many(many) => many,
        };
        let Paging { skip, take, ascending } = paging;
        let count = many.len();
        let from = (skip as u64).min(count);
        if from >= count {
            return Vec::new();
        }
        let at = if ascending { from } else { count - 1 - from };
        let Some(first) = many.select(at) else { return Vec::new() };
        let mut rows = many.iter();
        if ascending {
            rows.advance_to(first);
            rows.take(take).collect()
        } else {
            rows.advance_back_to(first);
            rows.rev().take(take).collect()
        }
    }

    fn add(&mut self, row: u64) {
        match self {
            Self::One(one) if *one == row => (),
            Self::One(one) => *self = Self::Many(Box::new(RoaringTreemap::from_iter([*one, row]))),
            Self::Many(many) => {
                many.insert(row);
            }
        }
    }

    /// Whether anything is left. Of two rows that one is left takes no memory of its own again.
    fn remove(&mut self, row: u64) -> bool {
        match self {
            Self::One(one) => *one != row,
            Self::Many(many) => {
                many.remove(row);
                let rest = (many.len(), many.min());
                if let (1, Some(last)) = rest {
                    *self = Self::One(last);
                }
                rest.0 > 0
            }
        }
    }
}

/// The rows with a value. Nearly every value has one row, which takes the least memory.
#[derive(Debug)]
struct Lookup<K: Eq + Hash, S: BuildHasher = RandomState> {
    one: HashMap<K, u64, S>,
    /// At least two each.
    more: HashMap<K, RoaringTreemap, S>,
}

impl<K: Eq + Hash, S: BuildHasher + Default> Default for Lookup<K, S> {
    fn default() -> Self {
        Self { one: HashMap::default(), more: HashMap::default() }
    }
}

impl<K: Eq + Hash, S: BuildHasher> PartialEq for Lookup<K, S> {
    fn eq(&self, other: &Self) -> bool {
        self.one == other.one && self.more == other.more
    }
}

impl<K: Eq + Hash, S: BuildHasher> Lookup<K, S> {
    /// Ascending.
    fn rows<'a, Q>(&'a self, value: &Q) -> impl Iterator<Item = u64> + use<'a, K, S, Q>
    where
        Q: Eq + Hash + ?Sized,
        K: Borrow<Q>,
    {
        let one = self.one.get(value).copied();
        one.into_iter().chain(self.more.get(value).into_iter().flatten())
    }

    fn add(&mut self, value: K, row: u64) {
        if let Some(rows) = self.more.get_mut(&value) {
            rows.insert(row);
            return;
        }
        match self.one.entry(value) {
            Entry::Vacant(entry) => {
                entry.insert(row);
            }
            Entry::Occupied(entry) if *entry.get() == row => (),
            Entry::Occupied(entry) => {
                let (value, other) = entry.remove_entry();
                self.more.insert(value, [other, row].into_iter().collect());
            }
        }
    }

    fn remove<Q>(&mut self, value: &Q, row: u64)
    where
        Q: Eq + Hash + ?Sized,
        K: Borrow<Q>,
    {
        if self.one.get(value) == Some(&row) {
            self.one.remove(value);
        }
        let Some((value, mut rows)) = self.more.remove_entry(value) else { return };
        rows.remove(row);
        match (rows.len(), rows.min()) {
            (1, Some(last)) => {
                self.one.insert(value, last);
            }
            _ => {
                self.more.insert(value, rows);
            }
        }
    }
}

/// What a table finds its rows by. Two that were made in different ways are equal.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Indexes {
    hashes: Lookup<u64, HashedKeys>,
    texts: Lookup<SmolStr>,
    groups: HashMap<Group, Members>,
    /// By group and number of the order.
    orders: HashMap<(Group, u8), BTreeSet<(Key, u64)>>,
}

impl Indexes {
    pub(crate) fn add(&mut self, row: u64, found: &Found) {
        self.add_unordered(row, found);
        for (order, key) in ordered(found) {
            self.orders.entry(order).or_default().insert((key.clone(), row));
        }
    }

    fn add_unordered(&mut self, row: u64, found: &Found) {
        let hashes = found.hashes.iter().filter(|it| **it != 0);
        hashes.for_each(|it| self.hashes.add(*it, row));
        found.texts.iter().for_each(|it| self.texts.add(it.clone(), row));
        for group in &found.groups {
            let entry = self.groups.entry(*group).and_modify(|it| it.add(row));
            entry.or_insert(Members::One(row));
        }
    }

    pub(crate) fn remove(&mut self, row: u64, found: &Found) {
        let hashes = found.hashes.iter().filter(|it| **it != 0);
        hashes.for_each(|it| self.hashes.remove(it, row));
        found.texts.iter().for_each(|it| self.texts.remove(it, row));
        for group in &found.groups {
            if self.groups.get_mut(group).is_some_and(|it| !it.remove(row)) {
                self.groups.remove(group);
            }
        }
        for (order, key) in ordered(found) {
            if let Some(rows) = self.orders.get_mut(&order) {
                rows.remove(&(key.clone(), row));
                if rows.is_empty() {
                    self.orders.remove(&order);
                }
            }
        }
    }

    /// The rows with a hash, ascending.
    pub(crate) fn with_hash(&self, hash: u64) -> impl Iterator<Item = u64> {
        self.hashes.rows(&hash)
    }

    /// The rows with a text, ascending.
    pub(crate) fn with_text(&self, text: &str) -> impl Iterator<Item = u64> + use<'_> {
        self.texts.rows(text)
    }

    pub(crate) fn group(&self, group: Group) -> Option<&Members> {
        self.groups.get(&group)
    }

    /// The numbers of the groups of the `what`-th kind of number.
    pub(crate) fn group_numbers(&self, what: u8) -> impl Iterator<Item = u64> {
        self.groups.keys().filter_map(move |it| it.number_of(what))
    }

    /// A page of a group in an order.
    pub(crate) fn page(&self, group: Group, order: u8, paging: Paging) -> Vec<u64> {
        let rows = self.orders.get(&(group, order)).into_iter().flatten();
        match paging.ascending {
            true => rows.map(|it| it.1).skip(paging.skip).take(paging.take).collect(),
            false => {
                let rows = self.orders.get(&(group, order)).map(BTreeSet::iter);
                let rows = rows.into_iter().flat_map(Iterator::rev);
                rows.map(|it| it.1).skip(paging.skip).take(paging.take).collect()
            }
        }
    }
}

/// Indexes of many rows: their orders are sorted once, at the end. That is faster than one by one,
/// and their trees are full.
#[derive(Default)]
pub(crate) struct ManyIndexed {
    indexes: Indexes,
    orders: HashMap<(Group, u8), Vec<(Key, u64)>>,
}

impl ManyIndexed {
    pub(crate) fn reserve(&mut self, rows: usize) {
        self.indexes.hashes.one.reserve(rows);
    }

    pub(crate) fn add(&mut self, row: u64, found: &Found) {
        self.indexes.add_unordered(row, found);
        for (order, key) in ordered(found) {
            self.orders.entry(order).or_default().push((key.clone(), row));
        }
    }

    pub(crate) fn finish(mut self) -> Indexes {
        let orders = self.orders.into_iter();
        self.indexes.orders =
            orders.map(|(order, rows)| (order, rows.into_iter().collect())).collect();
        self.indexes
    }
}

/// The places of a row in the orders of its listed groups.
fn ordered(found: &Found) -> impl Iterator<Item = ((Group, u8), &Key)> {
    let listed = found.groups.iter().filter(|it| it.is_listed());
    listed.flat_map(|group| (0..).zip(&found.orders).map(|(order, key)| ((*group, order), key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::TenantId;
    use smallvec::smallvec;

    #[test]
    fn rows_come_in_order_and_leave_nothing_behind() {
        let group = Group::tenant(TenantId(1));
        let found = |name: &str| Found {
            hashes: smallvec![1, 0],
            texts: smallvec!["t".into()],
            groups: smallvec![group],
            orders: smallvec![Key::from(name)],
        };
        let mut indexes = Indexes::default();
        for (row, name) in [(7, "a"), (3, "c"), (5, "b"), (3, "c")] {
            indexes.add(row, &found(name));
        }
        assert_eq!(indexes.with_hash(1).collect::<Vec<_>>(), [3, 5, 7]);
        assert_eq!(indexes.with_hash(0).count(), 0);
        let paging = Paging { skip: 0, take: 2, ascending: true };
        assert_eq!(indexes.page(group, 0, paging), [7, 5]);
        assert_eq!(indexes.page(group, 0, Paging { ascending: false, skip: 1, ..paging }), [5, 7]);
        indexes.remove(3, &found("c"));
        indexes.remove(7, &found("a"));
        let mut other = Indexes::default();
        other.add(5, &found("b"));
        assert_eq!(indexes, other, "a set of one is the same as one");
        let mut many = ManyIndexed::default();
        many.add(5, &found("b"));
        assert_eq!(indexes, many.finish(), "together is the same as one by one");
        indexes.remove(5, &found("b"));
        assert_eq!(indexes, Indexes::default());
    }

    #[test]
    fn a_set_is_cut_like_a_list() {
        let list = (0..500_u64).map(|it| (it * 7) << (it % 40)).collect::<BTreeSet<_>>();
        let many = Members::Many(Box::new(list.iter().copied().collect()));
        for ascending in [true, false] {
            for (skip, take) in [(0, 0), (0, 10), (3, 5), (495, 10), (500, 1), (usize::MAX, 3)] {
                let paging = Paging { skip, take, ascending };
                let cut = paging.cut(list.iter().copied());
                assert_eq!(many.page(paging), cut, "{paging:?}");
            }
        }
    }
}
