//! The name of a stream: the category and the id of one aggregate.

use std::fmt;

use crate::ids::Timestamp;

/// The longest stream name, in bytes.
pub const STREAM_ID_BYTES_MAX: usize = 200;

/// Categories whose streams end: their ids begin with the second of their end, in eight
/// hexadecimal digits. Some time after it, when an event says so (`log_event`), the log forgets them.
const SHORT_LIVED: &[&str] = &["token", "app_token", "log"];

/// `<category>-<id>`: a category has no hyphen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(Box<str>);

impl StreamId {
    /// Names the stream of one aggregate.
    pub fn new(category: &str, id: impl fmt::Display) -> Self {
        Self(format!("{category}-{id}").into_boxed_str())
    }

    /// Reads a stream name. `None` unless it is `<category>-<id>` within
    /// [`STREAM_ID_BYTES_MAX`], in visible ASCII.
    pub fn parse(text: &str) -> Option<Self> {
        let (category, id) = text.split_once('-')?;
        let fits = !category.is_empty()
            && !id.is_empty()
            && text.len() <= STREAM_ID_BYTES_MAX
            && text.bytes().all(|it| it.is_ascii_graphic());
        fits.then(|| Self(text.into()))
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The kind of aggregate.
    pub fn category(&self) -> &str {
        self.0.split_once('-').map_or(&self.0, |(category, _)| category)
    }

    /// Which one.
    pub fn id(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, id)| id)
    }

    /// The id as a number, where it is one.
    pub fn number(&self) -> Option<u64> {
        self.id().parse().ok()
    }

    /// When this stream ends: only short-lived ones do.
    pub fn closes_at(&self) -> Option<Timestamp> {
        if !SHORT_LIVED.contains(&self.category()) {
            return None;
        }
        let seconds = i64::from_str_radix(self.id().get(..8)?, 16).ok()?;
        Some(Timestamp::from_seconds(seconds))
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
