//! What a reading of a whole log is asked for, and what it found.

use std::path::Path;

use domain::LogId;
use domain::log::LogError;

use super::second_head::{self, HeadState, Intact, second_head_path};

/// Whether a reading also checks data that is derived from the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derived {
    /// The index snapshot must be equal to the index rebuilt from the log.
    Checked,
    /// It is written again anyway.
    Ignored,
}

/// The result of reading the whole log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inspection {
    /// The last position that was read.
    pub position: u64,
    /// The hash of the block that ends there.
    pub hash: [u8; 32],
    /// The root of the Merkle tree over all events (RFC 6962 section 2.1).
    pub merkle_root: [u8; 32],
    /// That root over the events up to the position that was asked for, if the log has it.
    pub root_at: Option<[u8; 32]>,
}

/// Which log a data folder has, as the second head says: for those who have no key file.
///
/// # Errors
/// When the second head is missing or damaged.
pub fn log_id_of(folder: &Path) -> Result<LogId, LogError> {
    match second_head::inspect(&second_head_path(folder))? {
        HeadState::Head(head, _) => Ok(head.log),
        HeadState::Nothing | HeadState::Damaged => Err(LogError::Store(
            "the file head is missing or damaged, and without keys nothing else says which log \
             this is"
                .to_owned(),
        )),
    }
}

/// Checks that the second head is as it was written, without changing it.
///
/// # Errors
/// When a slot is damaged or the file cannot be read.
pub fn inspect_second_head(folder: &Path) -> Result<(), LogError> {
    match second_head::inspect(&second_head_path(folder))? {
        HeadState::Nothing | HeadState::Head(_, Intact::Yes) => Ok(()),
        HeadState::Head(_, Intact::OneSlotSpoilt) => Err(LogError::Store(
            "one slot of the file head is damaged; the next start writes it anew".to_owned(),
        )),
        HeadState::Damaged => Err(LogError::Store("the file head is damaged".to_owned())),
    }
}
