//! Lists: a page of the rows of a group, filtered and ordered. What the indexes know is answered
//! from them; for the rest the rows are collected under the lock, and looked at after it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::found::{Group, Key};
use crate::index::{Indexes, Members};
use crate::page::{Page, Paging};
use crate::row::{Row, RowData};
use crate::rows::{Handle, Rows};
use crate::sealed::Keys;

/// Whether a row is wanted.
pub type Filter<D> = Box<dyn Fn(&Row<D>, &Keys) -> bool + Send + Sync>;

/// What a row is sorted by.
pub type SortKey<D> = Box<dyn Fn(&Row<D>, &Keys) -> Key + Send + Sync>;

/// What rows are wanted, and in which order.
pub struct Query<D> {
    /// Of this group.
    pub(crate) group: Group,
    /// Of one of these, which lie within `group`; `None` for any.
    pub(crate) any_of: Option<Vec<Group>>,
    /// With this hash, too.
    pub(crate) hash: Option<u64>,
    /// With this text, too.
    pub(crate) text: Option<String>,
    /// What else they must be.
    pub(crate) filter: Option<Filter<D>>,
    /// In which order.
    pub order: Order<D>,
    /// Which part of them.
    pub paging: Paging,
}

/// What a list is ordered by. Rows that are equal in it come by number.
pub enum Order<D> {
    /// The number.
    Number,
    /// An order that the rows are indexed by: the place of its key in what a row is found by.
    Indexed(u8),
    /// Anything that a row says.
    By(SortKey<D>),
}

/// What is left of a query when the tables are not locked any more.
#[derive(Debug)]
pub struct Search<D: RowData>(Stage<D>);

#[derive(Debug)]
enum Stage<D: RowData> {
    /// The indexes have answered.
    Found(usize, Vec<Handle<D>>),
    /// These rows must be looked at.
    Among(Box<Among<D>>),
}

struct Among<D: RowData> {
    rows: Vec<Handle<D>>,
    keys: Keys,
    query: Query<D>,
}

impl<D: RowData> fmt::Debug for Among<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "among {} rows", self.rows.len())
    }
}

impl<D> Query<D> {
    /// All rows of a group, by number.
    pub(crate) fn of(group: Group, paging: Paging) -> Self {
        let (any_of, hash, text, filter) = (None, None, None, None);
        Self { group, any_of, hash, text, filter, order: Order::Number, paging }
    }

    /// In another order.
    #[must_use]
    pub fn ordered_by(mut self, order: Order<D>) -> Self {
        self.order = order;
        self
    }

    /// Only the rows that fit.
    #[must_use]
    pub fn filtered(
        mut self,
        filter: impl Fn(&Row<D>, &Keys) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.filter = Some(Box::new(filter));
        self
    }
}

impl<D: RowData> Search<D> {
    pub(crate) fn of(query: Query<D>, rows: &Rows<D>, indexes: &Indexes, keys: &Keys) -> Self {
        let group = indexes.group(query.group);
        let narrowed = query.any_of.is_some() || query.hash.is_some() || query.text.is_some();
        let handles = |numbers: &mut dyn Iterator<Item = u64>| {
            numbers.filter_map(|it| rows.handle(it)).collect::<Vec<_>>()
        };
        if !narrowed && query.filter.is_none() {
            let page = match query.order {
                Order::Number => group.map(|it| it.page(query.paging)),
                Order::Indexed(order) => Some(indexes.page(query.group, order, query.paging)),
                Order::By(_) => None,
            };
            if let Some(page) = page {
                let total = group.map_or(0, Members::len);
                return Self(Stage::Found(total, handles(&mut page.into_iter())));
            }
        }
        let by_one_of = query.hash.is_none() && query.text.is_none() && query.filter.is_none();
        if let (true, Order::Number, Some([only])) =
            (by_one_of, &query.order, &query.any_of.as_deref())
        {
            let only = indexes.group(*only);
            let page = only.map(|it| it.page(query.paging)).unwrap_or_default();
            let total = only.map_or(0, Members::len);
            return Self(Stage::Found(total, handles(&mut page.into_iter())));
        }
        let in_group = |row: &u64| group.is_some_and(|it| it.contains(*row));
        let any_of = query
            .any_of
            .as_ref()
            .map(|groups| groups.iter().filter_map(|it| indexes.group(*it)).collect::<Vec<_>>());
        let in_any = |row: &u64| {
            any_of.as_ref().is_none_or(|groups| groups.iter().any(|it| it.contains(*row)))
        };
        let rows = if let Some(hash) = query.hash {
            handles(&mut indexes.with_hash(hash).filter(in_group).filter(in_any))
        } else if let Some(text) = &query.text {
            handles(&mut indexes.with_text(text).filter(in_group).filter(in_any))
        } else if let Some(any_of) = &any_of {
            // By number, each once.
            let all = any_of.iter().flat_map(|it| it.iter()).collect::<BTreeSet<_>>();
            handles(&mut all.into_iter().filter(in_group))
        } else {
            handles(&mut group.into_iter().flat_map(Members::iter))
        };
        Self(Stage::Among(Box::new(Among { rows, keys: keys.clone(), query })))
    }

    /// How many rows must be looked at to finish: each may take some microseconds.
    pub fn looks_at(&self) -> usize {
        match &self.0 {
            Stage::Found(..) => 0,
            Stage::Among(among) => among.rows.len(),
        }
    }

    /// Looks at the rows, orders them, and cuts the page.
    pub fn finish(self) -> Page<D> {
        match self.0 {
            Stage::Found(total, rows) => {
                Page { total, rows: rows.iter().filter_map(Handle::row).cloned().collect() }
            }
            Stage::Among(among) => among.finish(),
        }
    }
}

impl<D: RowData> Among<D> {
    fn finish(self) -> Page<D> {
        let Self { rows, keys, query } = self;
        let fits = |row: &Row<D>| query.filter.as_ref().is_none_or(|it| it(row, &keys));
        let mut rows =
            rows.iter().filter_map(Handle::row).filter(|it| fits(it)).collect::<Vec<_>>();
        match &query.order {
            Order::Number => (),
            Order::Indexed(order) => {
                let key = |row: &Row<D>| row.found().orders.get(usize::from(*order)).cloned();
                rows.sort_by_cached_key(|it| key(it));
            }
            Order::By(key) => rows.sort_by_cached_key(|it| key(it, &keys)),
        }
        let page = query.paging.cut(rows.iter());
        Page { total: rows.len(), rows: page.into_iter().map(|it| Arc::clone(it)).collect() }
    }
}
