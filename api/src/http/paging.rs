//! The paging parameters of every list (spec section 3.4).

use domain::Timestamp;
use projections::{Keys, Order, Paging, Row};
use serde::Serialize;

use super::call::Call;
use super::endpoint::{QueryParameter, ValueKind};
use super::error::ApiError;
use super::input::Query;
use super::order::member_key;
use super::time::WireTime;

/// The most rows of one page.
const TAKE_MAX: usize = 1_000;

/// The most rows that are passed over.
const SKIP_MAX: u64 = i32::MAX as u64;

/// The rows of a page when the caller does not say.
const TAKE_DEFAULT: u64 = 10;

/// A text parameter, for the document.
pub(crate) const fn text(name: &'static str, about: &'static str) -> QueryParameter {
    QueryParameter { name, kind: ValueKind::Text, about }
}

/// A flag, for the document.
pub(crate) const fn flag(name: &'static str, about: &'static str) -> QueryParameter {
    QueryParameter { name, kind: ValueKind::Flag, about }
}

/// A whole number from 0, for the document.
pub(crate) const fn number(name: &'static str, about: &'static str) -> QueryParameter {
    QueryParameter { name, kind: ValueKind::Number { min: 0, max: i64::MAX }, about }
}

/// The parameter that says what a list is ordered by.
pub(crate) const ORDER_BY: &str = "orderby";

/// What every list takes.
pub(crate) const PAGING: [QueryParameter; 6] = [
    text(ORDER_BY, "member to order by; the default is the id"),
    flag("asc", "ascending; the default is descending where orderby is given"),
    number("skip", "rows to pass over; the default is 0").between(0, SKIP_MAX as i64),
    number("take", "rows to return; the default is 10").between(0, TAKE_MAX as i64),
    text("startTime", "a date, yyyy-MM-dd: users and API resources since then; others ignore it"),
    text("endTime", "a date, yyyy-MM-dd: users and API resources up to it; others ignore it"),
];

/// What a list was asked for.
pub(crate) struct ListQuery {
    pub(crate) query: Query,
    /// One of the members that the endpoint lists; `None` for the order of ids.
    order_by: Option<String>,
    pub(crate) paging: Paging,
}

impl ListQuery {
    /// Reads the paging parameters. Without `orderby`, rows come in `default_ascending` order; what
    /// is no member of the rows stands for the id (spec section 3.4).
    pub(crate) fn read(call: &Call, default_ascending: bool) -> Result<Self, ApiError> {
        let query = call.query();
        let skip = query.number("skip", 0, SKIP_MAX) as usize;
        // More than a page may hold counts as the most.
        let asked = query.number("take", TAKE_DEFAULT, i32::MAX as u64);
        let take = (asked as usize).min(TAKE_MAX);
        let wanted = query.text(ORDER_BY);
        let ascending = query.flag("asc", wanted.is_none() && default_ascending);
        for name in ["startTime", "endTime"] {
            // Few lists act by them, but no list takes what is no date.
            if query.text(name).is_some_and(|it| WireTime::parse(it).is_none()) {
                query.note(name, "must be a date: yyyy-MM-dd");
            }
        }
        query.check()?;
        let named = |wanted| call.orders.iter().find(|it| it.eq_ignore_ascii_case(wanted));
        let order_by = wanted.and_then(named).filter(|it| *it != "id").cloned();
        let paging = Paging { skip, take, ascending };
        Ok(Self { query, order_by, paging })
    }

    /// The beginning of the day of `startTime` and the end of that of `endTime`, where they are given.
    pub(crate) fn days(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let time = |name| self.query.text(name).and_then(WireTime::parse);
        (time("startTime").map(WireTime::day), time("endTime").map(WireTime::day_after))
    }

    /// The order that was asked for: of those that are indexed, or by a member of what is shown.
    pub(crate) fn order<D, T: Serialize>(
        &self,
        indexed: impl IntoIterator<Item = (&'static str, Order<D>)>,
        shown: impl Fn(&Row<D>, &Keys, &str) -> T + Send + Sync + 'static,
    ) -> Order<D> {
        let Some(wanted) = self.order_by.clone() else { return Order::Number };
        if let Some((_, order)) = indexed.into_iter().find(|(name, _)| *name == wanted) {
            return order;
        }
        Order::By(Box::new(move |row: &Row<D>, keys: &Keys| {
            member_key(&shown(row, keys, &wanted), &wanted)
        }))
    }
}
