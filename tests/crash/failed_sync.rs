//! After a failed sync nobody knows what the disk holds: the process ends and reads it again.

use super::check::check;
use super::recording::Recording;

/// EX_IOERR of sysexits.h.
const EXIT_IO_ERROR: i32 = 74;

#[test]
fn a_failed_sync_of_the_store_ends_the_process_and_loses_nothing() {
    for nth in [12, 16] {
        let recording = Recording::run("4000", 41, &[("RECORD_FAIL", &format!("{nth} log/db"))]);
        assert_eq!(recording.status.code(), Some(EXIT_IO_ERROR), "sync {nth}");
        let acknowledged = recording.acknowledged();
        assert!(!acknowledged.is_empty(), "nothing was acknowledged before sync {nth}");
        let acknowledged = acknowledged.into_iter().map(|(_, it)| it).collect::<Vec<_>>();
        check(&recording.folder, &acknowledged, None).unwrap();
    }
}
