//! A page of rows: what every list answers with.

use std::sync::Arc;

/// Which rows of a list are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// How many rows to pass over.
    pub skip: usize,
    /// How many rows to return at most.
    pub take: usize,
    /// Ascending instead of descending.
    pub ascending: bool,
}

impl Paging {
    /// Cuts a page out of items that are in ascending order.
    pub(crate) fn cut<T>(self, items: impl DoubleEndedIterator<Item = T>) -> Vec<T> {
        let Self { skip, take, ascending } = self;
        if ascending {
            items.skip(skip).take(take).collect()
        } else {
            items.rev().skip(skip).take(take).collect()
        }
    }
}

/// Some rows, and how many match in all.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<R> {
    /// The rows that match, before paging.
    pub total: usize,
    /// The rows of this page.
    pub rows: Vec<Arc<R>>,
}

impl<R> Page<R> {
    /// Cuts a page out of rows that are in ascending order.
    pub(crate) fn cut<'a>(
        total: usize,
        rows: impl DoubleEndedIterator<Item = &'a Arc<R>>,
        paging: Paging,
    ) -> Self
    where
        R: 'a,
    {
        Self { total, rows: paging.cut(rows).into_iter().cloned().collect() }
    }

    /// Sorts rows by a key and cuts a page out of them. Equal keys keep the order of the rows.
    pub(crate) fn sort<K: Ord>(
        mut rows: Vec<Arc<R>>,
        key: impl Fn(&R) -> K,
        paging: Paging,
    ) -> Self {
        rows.sort_by_cached_key(|row| key(row));
        Self::cut(rows.len(), rows.iter(), paging)
    }
}
