//! After a failed sync nobody knows what the disk holds: the process ends and reads it again.

use super::check::check;
use super::recording::Recording;

/// EX_IOERR of sysexits.h.
const EXIT_IO_ERROR: i32 = 74;

#[test]
fn a_failed_sync_of_the_store_ends_the_process_and_loses_nothing() {
    check_failed_sync("40 log/db");
    check_failed_sync("70 log/db");
}

#[test]
fn a_failed_sync_of_the_keys_ends_the_process_and_loses_nothing() {
    check_failed_sync("20 data/keys");
}

fn check_failed_sync(which: &str) {
    let recording = Recording::run("20000", 41, &[("RECORD_FAIL", which)]);
    assert_eq!(recording.status.code(), Some(EXIT_IO_ERROR), "{which}: {}", recording.status);
    check_acknowledged(&recording, which);
}

fn check_acknowledged(recording: &Recording, which: &str) {
    let acknowledged = recording.acknowledged();
    assert!(!acknowledged.is_empty(), "nothing was acknowledged before sync {which}");
    let acknowledged = acknowledged.into_iter().map(|(_, it)| it).collect::<Vec<_>>();
    check(&recording.folder, &acknowledged, None).unwrap();
}
