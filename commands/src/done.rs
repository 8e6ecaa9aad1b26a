//! What a command led to, and what that takes.

use bytes::Bytes;
use domain::log::StreamWrite;

/// What a command led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// The position of the first event; 0 if there was nothing to do.
    pub first: u64,
    /// The position up to which the log reaches after it.
    pub position: u64,
    /// The command had been run before; nothing was appended now.
    pub repeated: bool,
    /// How many bytes the events have that were appended, with what is stored beside each; 0 if none
    /// were.
    pub bytes: u64,
}

/// About how many bytes the log stores beside an event: its head, and its places in the indexes.
const BESIDE_EVENT_BYTES: usize = 100;

/// About how many bytes the log stores for what is written to a stream.
pub(crate) fn bytes_of(write: &StreamWrite) -> u64 {
    let of_part = |it: &Option<Bytes>| it.as_ref().map_or(0, Bytes::len);
    let of_events = write.events.iter().map(|it| {
        let parts = it.parts.data.len() + of_part(&it.parts.personal) + of_part(&it.parts.secret);
        BESIDE_EVENT_BYTES + write.stream.as_str().len() + it.kind.len() + parts
    });
    of_events.sum::<usize>() as u64
}
