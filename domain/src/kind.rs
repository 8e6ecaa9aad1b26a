//! What is known of a stored kind of event, and of the aggregate that writes it. Whoever keeps,
//! drops or counts events asks here: no other place lists kinds or categories by hand.

/// A stored kind: written once, beside its payload, in the table of its aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The stored name with its revision: `user.registered.v1`.
    pub name: &'static str,
    /// What is known about its events.
    pub marks: &'static [Mark],
    /// It is read, but another revision is written.
    pub past: bool,
}

/// What later events and read models may make of the events of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nothing of its stream matters any more: no read model has a row of it.
    Ends,
    /// The last one of a stream says all that earlier ones of the same kind said.
    Replaces,
    /// The key of its subject is destroyed after it.
    Erases,
    /// No read model asks for its payload: only that it happened is noted.
    Unread,
    /// It matters for so many seconds after the end of its stream, not only as long as the stream
    /// is remembered.
    Outlives(i64),
}

/// An aggregate, as those see it who handle all of them.
#[derive(Debug, Clone, Copy)]
pub struct AggregateInfo {
    /// The first part of its stream names.
    pub category: &'static str,
    /// What the other part is.
    pub ids: Ids,
    /// The unique values that it may hold.
    pub claims: &'static [ClaimKind],
    /// The kinds of its events, current and past.
    pub kinds: &'static [Kind],
}

/// What the ids of an aggregate are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// Numbers from 1, counted for the whole installation.
    Counted,
    /// The second of the stream's end, in eight hexadecimal digits, and more behind it. Some time
    /// after it, when an event says so (`log_event`), the log forgets the stream.
    ShortLived,
    /// Given by whoever creates one.
    Given,
}

/// A kind of unique value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimKind {
    /// As it is stored: `user_name`.
    pub name: &'static str,
    /// As callers are told that it is taken: `user name`.
    pub english: &'static str,
}

impl Kind {
    /// A stored name without its revision: `user.registered` of `user.registered.v1`.
    pub fn without_revision(name: &str) -> &str {
        name.rsplit_once(".v").map_or(name, |(name, _)| name)
    }
}

impl Mark {
    /// How long an event matters after the end of its stream, in seconds.
    pub fn seconds_after_end(marks: &[Mark], otherwise: i64) -> i64 {
        let outlives = marks.iter().find_map(|mark| match mark {
            Mark::Outlives(seconds) => Some(*seconds),
            _ => None,
        });
        outlives.unwrap_or(otherwise)
    }
}
