//! A page of rows: what every list answers with.

use std::sync::Arc;

use crate::row::Row;

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
pub struct Page<D> {
    /// The rows that match, before paging.
    pub total: usize,
    /// The rows of this page.
    pub rows: Vec<Arc<Row<D>>>,
}
