//! Errors of files: an obstacle that an operator can remove, or damage of the store.

use std::io::{Error, ErrorKind};

use domain::log::{LogError, Obstacle};
use rustix::io::Errno;

/// The message with which sled reports that another process holds the lock of its file.
const LOCK_HELD: &str = "could not acquire lock";

/// The error of an operation on a file of the log.
pub(crate) fn file_error(doing: &str, err: &Error) -> LogError {
    let why = format!("{doing}: {err}");
    match obstacle(err) {
        Some(by) => LogError::Refused { why, by },
        None => LogError::Store(why),
    }
}

fn obstacle(err: &Error) -> Option<Obstacle> {
    match err.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some(Obstacle::NoSpace),
        ErrorKind::PermissionDenied => Some(Obstacle::NoPermission),
        ErrorKind::ReadOnlyFilesystem => Some(Obstacle::ReadOnly),
        _ => match Errno::from_io_error(err) {
            Some(Errno::MFILE | Errno::NFILE) => Some(Obstacle::TooManyFiles),
            _ => err.to_string().contains(LOCK_HELD).then_some(Obstacle::Locked),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_refuses_is_told_from_a_damaged_store() {
        let by = |errno: Errno| obstacle(&errno.into());
        assert_eq!(by(Errno::NOSPC), Some(Obstacle::NoSpace));
        assert_eq!(by(Errno::DQUOT), Some(Obstacle::NoSpace));
        assert_eq!(by(Errno::ACCESS), Some(Obstacle::NoPermission));
        assert_eq!(by(Errno::PERM), Some(Obstacle::NoPermission));
        assert_eq!(by(Errno::ROFS), Some(Obstacle::ReadOnly));
        assert_eq!(by(Errno::MFILE), Some(Obstacle::TooManyFiles));
        assert_eq!(by(Errno::NFILE), Some(Obstacle::TooManyFiles));
        assert_eq!(by(Errno::IO), None);
        let Err(LogError::Store(why)) = Err::<(), _>(file_error("reading", &Errno::IO.into()))
        else {
            panic!()
        };
        assert!(why.starts_with("reading: "), "{why}");
    }
}
