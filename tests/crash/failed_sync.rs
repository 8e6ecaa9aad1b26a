//! After a failed sync nobody knows what the disk holds: the process ends and reads it again.

use std::os::unix::process::ExitStatusExt as _;

use super::check::check;
use super::recording::Recording;

/// EX_IOERR of sysexits.h.
const EXIT_IO_ERROR: i32 = 74;

const SIGABRT: i32 = 6;

#[test]
fn a_failed_sync_of_the_store_ends_the_process_and_loses_nothing() {
    check_failed_sync("40 log/db");
    check_failed_sync("70 log/db");
}

#[test]
fn a_failed_sync_of_the_keys_ends_the_process_and_loses_nothing() {
    check_failed_sync("200 data/keys");
}

fn check_failed_sync(which: &str) {
    let run = || Recording::run("20000", 41, &[("RECORD_FAIL", which)]);
    let mut recording = run();
    // Seldom a thread asks for its first random bytes while the process ends already: then the
    // cryptographic library, which has cleaned up, aborts. Nothing is lost, but the status is.
    if recording.status.signal() == Some(SIGABRT) {
        check_acknowledged(&recording, which);
        recording = run();
    }
    assert_eq!(recording.status.code(), Some(EXIT_IO_ERROR), "{which}: {}", recording.status);
    check_acknowledged(&recording, which);
}

fn check_acknowledged(recording: &Recording, which: &str) {
    let acknowledged = recording.acknowledged();
    assert!(!acknowledged.is_empty(), "nothing was acknowledged before sync {which}");
    let acknowledged = acknowledged.into_iter().map(|(_, it)| it).collect::<Vec<_>>();
    check(&recording.folder, &acknowledged, None).unwrap();
}
