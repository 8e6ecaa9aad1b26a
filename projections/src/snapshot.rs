//! What a snapshot of the read models holds: the audit index, and the events that still matter,
//! as they stand in the log. Personal and secret parts stay sealed.
//!
//! So there is one way to make a row, from its events, and no second format of rows. The events of
//! rows stand row by row, in a section for each category: a start makes no row.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use domain::log::OpenParts;

use crate::kept::{Cut, Kept};
use crate::layout::{IN_ORDER, Layout};
use crate::rows::Source;
use crate::sealed::Keys;
use crate::tables::{Tables, decode};
use crate::views::Views;

impl Views {
    /// Read models from the body of a snapshot.
    ///
    /// # Errors
    /// When the body cannot be read, or an event in it cannot be opened.
    pub fn from_snapshot(body: Bytes, keys: Arc<dyn OpenParts>) -> io::Result<Self> {
        let Layout { head, sections } = Layout::read(&body)?;
        let keys = Keys(keys);
        let source = Source { bytes: body, kinds: Arc::new(head.kinds) };
        let mut tables = Tables::new(keys.clone());
        tables.audit = head.audit;
        tables.begin_with(head.forgotten);
        let in_order = sections.iter().find(|it| it.name == IN_ORDER);
        let in_order = in_order.map(|it| it.range.clone()).unwrap_or_default();
        tables.read_rows(&source, &sections, |tables| {
            read_others(tables, &source, in_order, &keys)
        })?;
        tables.position = head.position;
        Ok(Self::with(tables))
    }
}

/// Takes in the events that stand in the order of the log.
fn read_others(
    tables: &mut Tables,
    source: &Source,
    section: Range<usize>,
    keys: &Keys,
) -> io::Result<()> {
    let mut events = Cut(source.bytes.get(section).unwrap_or_default());
    while !events.0.is_empty() {
        let recorded = Kept::next(&mut events)?.recorded(&source.bytes, &source.kinds)?;
        let change = decode(&recorded, keys).map_err(io::Error::other)?;
        tables.change(&recorded, change);
    }
    Ok(())
}
