//! The name of a stream: the category and the id of one aggregate.

use std::fmt;

/// The longest stream name, in bytes.
pub const STREAM_ID_BYTES_MAX: usize = 200;

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
