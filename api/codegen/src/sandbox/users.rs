//! As whom programs of others run.

use std::sync::atomic::{AtomicU32, Ordering};

use super::command::User;

/// As whom programs run on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Users {
    /// As the user of this process.
    Same,
    /// As `nobody`: all runs together may have as many processes as one.
    Nobody,
    /// Each as another user, so that none takes the processes of another.
    Own,
}

/// The number of `nobody` on Linux.
const NOBODY: u32 = 65_534;

/// The first number of a user of its own: above those of people, services and containers.
const OWN_FIRST: u32 = 2_000_000_000;

/// How many there are. A number is taken again only after so many runs.
const OWN_COUNT: u32 = 1_000_000;

impl Users {
    /// The user of the next run.
    pub(super) fn next(self) -> User {
        static RUNS: AtomicU32 = AtomicU32::new(0);
        match self {
            Self::Same => User::Same,
            Self::Nobody => User::Numbered(NOBODY),
            Self::Own => {
                let run = RUNS.fetch_add(1, Ordering::Relaxed) % OWN_COUNT;
                User::Numbered(OWN_FIRST + run)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_has_a_user_of_its_own() {
        assert_ne!(Users::Own.next(), Users::Own.next());
        assert_eq!(Users::Nobody.next(), Users::Nobody.next());
        assert_eq!(Users::Same.next(), User::Same);
    }
}
