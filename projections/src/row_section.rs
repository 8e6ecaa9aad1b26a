//! What a snapshot says of one row: what it is found by now, from its events of before and since.

use std::io;

use crate::found::Found;
use crate::kept::{Group, Kept};
use crate::row::{EventOf, Row, RowData};
use crate::rows::{Source, make_row, take_in};
use crate::sealed::Keys;

/// What a row is found by after some events; `None` if it does not begin.
pub(crate) type FoundNow =
    fn(&Keys, Option<(&Group<'_>, &Source)>, &[Kept<'_>], &Source) -> io::Result<Option<Found>>;

/// Of one kind of row: `before` is how the last snapshot has it, `since` came behind it.
pub(crate) fn found_now<D: RowData>(
    keys: &Keys,
    before: Option<(&Group<'_>, &Source)>,
    since: &[Kept<'_>],
    tail: &Source,
) -> io::Result<Option<Found>> {
    let mut row: Option<Row<D>> = match before {
        Some((group, source)) => make_row(group, source)?,
        None => None,
    };
    for event in since {
        let recorded = event.recorded(&tail.bytes, &tail.kinds)?;
        let parts = keys.0.open_parts(&recorded).map_err(io::Error::other)?;
        let event = <EventOf<D> as domain::StoredEvent>::decode(&recorded.kind, &parts);
        let event = event.map_err(io::Error::other)?;
        let hashes = D::hashes(&event, keys);
        take_in(&mut row, event, &recorded, hashes);
    }
    Ok(row.map(|it| it.found()))
}
