//! The stream at the broker: its name, what it takes in, and how much may be under way to it.

/// The name of the stream.
pub(super) const STREAM: &str = "CHANCERY";

/// What the stream takes in.
pub(super) const SUBJECTS: &str = "chancery.>";

/// The most messages that wait for their acknowledgement.
pub(super) const WINDOW_EVENTS_MAX: usize = 2_048;
