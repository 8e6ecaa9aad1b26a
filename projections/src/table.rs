//! One kind of rows: by number, and by what they are found by. Every aggregate with rows has such a
//! table; what is its own stands in its [`RowData`].

use std::io;
use std::ops::Range;
use std::sync::Arc;

use domain::{AnyEvent, Mark, Parts, Recorded, StoredEvent as _, SubjectId, Unreadable};

use crate::found::{Found, Group};
use crate::index::{Indexes, ManyIndexed, Members};
use crate::kept::{self, malformed};
use crate::row::{EventOf, Row, RowData};
use crate::rows::{Rows, Source};
use crate::sealed::Keys;
use crate::search::{Query, Search};

/// The rows of one kind. Two that were folded from the same log are equal.
#[derive(Debug, PartialEq)]
pub struct Table<D: RowData> {
    pub(crate) keys: Keys,
    pub(crate) rows: Rows<D>,
    indexes: Indexes,
}

/// What an event changes in a table.
#[derive(Debug)]
pub(crate) struct RowChange<D: RowData> {
    event: EventOf<D>,
    hashes: D::Hashes,
    ends: bool,
}

impl<D: RowData> RowChange<D> {
    /// Reads an event that was opened.
    pub(crate) fn read(kind: &str, opened: &Parts, keys: &Keys) -> Result<Self, Unreadable> {
        let event = EventOf::<D>::decode(kind, opened)?;
        let hashes = D::hashes(&event, keys);
        let ends = AnyEvent::marks(kind).contains(&Mark::Ends);
        Ok(Self { event, hashes, ends })
    }
}

impl<D: RowData> Table<D> {
    pub(crate) fn new(keys: Keys) -> Self {
        Self { keys, rows: Rows::default(), indexes: Indexes::default() }
    }

    /// Rows that lie in a section of a snapshot.
    pub(crate) fn read(
        keys: Keys,
        source: Source,
        section: Range<usize>,
        count: usize,
    ) -> io::Result<Self> {
        let mut indexes = ManyIndexed::default();
        let fit = section.len() / kept::Group::BYTES_MIN;
        indexes.reserve(count.min(fit));
        let mut people = Vec::new();
        let rows = Rows::read(source, section, count, |number, found| {
            indexes.add(number, found);
            let person = D::person(number);
            if person != SubjectId::NONE && found.hashes.iter().any(|it| *it != 0) {
                people.push(person);
            }
        })?;
        // Nobody is opened now, so a key that was lost would show late.
        if !keys.0.has_keys(&people) {
            return Err(malformed("the key of a person is missing"));
        }
        Ok(Self { keys, rows, indexes: indexes.finish() })
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// All rows, by number.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Row<D>>> {
        self.rows.iter()
    }

    pub(crate) fn row(&self, number: impl Into<u64>) -> Option<&Arc<Row<D>>> {
        self.rows.get(number.into())
    }

    /// The rows with a hash, by number.
    pub(crate) fn with_hash(&self, hash: u64) -> impl Iterator<Item = &Arc<Row<D>>> {
        self.indexes.with_hash(hash).filter_map(|it| self.rows.get(it))
    }

    /// The rows with a text, by number.
    pub(crate) fn with_text(&self, text: &str) -> impl Iterator<Item = &Arc<Row<D>>> {
        self.indexes.with_text(text).filter_map(|it| self.rows.get(it))
    }

    /// The numbers of the rows of a group, ascending.
    pub(crate) fn numbers(&self, group: Group) -> impl Iterator<Item = u64> {
        self.indexes.group(group).into_iter().flat_map(Members::iter)
    }

    /// The rows of a group, by number.
    pub(crate) fn group(&self, group: Group) -> impl Iterator<Item = &Arc<Row<D>>> {
        self.numbers(group).filter_map(|it| self.rows.get(it))
    }

    /// The rows of a group behind a number, by number.
    pub(crate) fn group_behind(
        &self,
        group: Group,
        number: u64,
    ) -> impl Iterator<Item = &Arc<Row<D>>> {
        let numbers = self.indexes.group(group).into_iter().flat_map(move |it| it.behind(number));
        numbers.filter_map(|it| self.rows.get(it))
    }

    /// The numbers that groups of the `what`-th kind of number share.
    pub(crate) fn group_numbers(&self, what: u8) -> impl Iterator<Item = u64> {
        self.indexes.group_numbers(what)
    }

    /// Whether a row stands in a group.
    pub(crate) fn is_in_group(&self, group: Group, number: impl Into<u64>) -> bool {
        self.indexes.group(group).is_some_and(|it| it.contains(number.into()))
    }

    /// How many rows a group has.
    pub(crate) fn group_count(&self, group: Group) -> usize {
        self.indexes.group(group).map_or(0, Members::len)
    }

    /// Answers a query from the indexes, or says which rows must be looked at for it.
    pub fn search(&self, query: Query<D>) -> Search<D> {
        Search::of(query, &self.rows, &self.indexes, &self.keys)
    }

    /// Whether the rows are found by what they say, and by nothing else.
    pub(crate) fn finds_what_it_has(&self) -> bool {
        let mut indexes = Indexes::default();
        for (number, row) in self.rows.numbered() {
            indexes.add(number, &row.found());
        }
        indexes == self.indexes
    }

    pub(crate) fn apply(&mut self, recorded: &Recorded, change: RowChange<D>) {
        let Some(number) = recorded.stream.number() else { return };
        let RowChange { event, hashes, ends } = change;
        if ends {
            let before = self.rows.found(number);
            self.rows.remove(number);
            self.found_now(number, before.as_ref(), None);
        } else if let Some(row) = self.rows.get_mut(number) {
            let before = row.found();
            row.change(event, recorded, hashes);
            let after = row.found();
            self.found_now(number, Some(&before), Some(&after));
        } else if let Some(state) = D::begin(event, recorded, hashes) {
            let row = Row::new(state, recorded);
            self.found_now(number, None, Some(&row.found()));
            self.rows.insert(number, row);
        }
    }

    /// A row is found by what it says now, whatever event changed it.
    fn found_now(&mut self, number: u64, before: Option<&Found>, after: Option<&Found>) {
        if before == after {
            return;
        }
        if let Some(before) = before {
            self.indexes.remove(number, before);
        }
        if let Some(after) = after {
            self.indexes.add(number, after);
        }
    }
}
