//! Expected versions: what a caller saw before it asked for a change.

/// Which version of an aggregate a caller wants to change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it is.
    #[default]
    Any,
    /// The one that the caller saw: the number of events of its stream.
    At(u32),
}
