//! A copy knows that it is one until the log says that it was restored, and what that event does to
//! streams, numbers and command ids.

use std::path::Path;
use std::sync::Arc;

use commands::keys::Keyring;
use commands::log::{SledLog, SledLogOptions};
use commands::{Engine, note_restore};
use domain::Timestamp;
use domain::log::EventLog;
use tests::log::{LOG, NOW_SECONDS, command, commit, open, open_with, options, stream};

const NOW: Timestamp = Timestamp(NOW_SECONDS * 1_000_000);

fn token(n: u64) -> String {
    format!("token-{:08x}{n:024x}", NOW_SECONDS + 5_000)
}

/// A log of three commits: users 1 to 3, a token each, and a command id that may be repeated.
async fn original(folder: &Path) -> SledLog {
    let log = open(folder).unwrap();
    for n in 1..=3 {
        let next = commit(n).event(&format!("user-{n}"), 0, "1").event(&token(n), 0, "1");
        log.append(next.fingerprint(n).build()).await.unwrap();
    }
    log
}

/// As the program does it before anything else.
async fn note(log: SledLog) -> Arc<SledLog> {
    let log = Arc::new(log);
    let engine = Engine::new(log.clone(), Arc::new(Keyring::ephemeral().unwrap()));
    note_restore(&engine, NOW).await.unwrap();
    log
}

#[tokio::test]
async fn a_copy_stays_one_until_the_log_says_that_it_was_restored() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let log = original(folders[0].path()).await;
    assert!(!log.is_unmarked_copy().unwrap());
    let copy = folders[1].path();
    log.copy_to(copy, |_| ()).unwrap();
    drop(log);
    assert!(!open(folders[0].path()).unwrap().is_unmarked_copy().unwrap(), "the original");
    for _ in 0..3 {
        assert!(open(copy).unwrap().is_unmarked_copy().unwrap());
    }
    let head = std::fs::read(copy.join("head")).unwrap();
    let log = note(open(copy).unwrap()).await;
    assert!(!log.is_unmarked_copy().unwrap());
    log.close();
    drop(log);
    assert!(!open(copy).unwrap().is_unmarked_copy().unwrap());
    // A crash between the event and the next write of the file.
    std::fs::write(copy.join("head"), head).unwrap();
    let log = open(copy).unwrap();
    assert!(!log.is_unmarked_copy().unwrap(), "it is not written twice");
    let kinds = log.read_after(6, 10).unwrap();
    assert_eq!(kinds.iter().map(|it| &*it.kind).collect::<Vec<_>>(), ["log.restored.v1"]);
}

#[tokio::test]
async fn a_log_that_is_taken_as_it_ends_counts_as_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    drop(original(folder.path()).await);
    let accept =
        |position| SledLogOptions { accept_head: Some(position), ..options(folder.path(), LOG) };
    assert!(!open_with(&accept(5)).unwrap().is_unmarked_copy().unwrap(), "it does not end there");
    let log = open_with(&accept(6)).unwrap();
    assert!(log.is_unmarked_copy().unwrap());
    drop(log);
    // Killed before it was written, and started without the option.
    assert!(open(folder.path()).unwrap().is_unmarked_copy().unwrap());
}

#[tokio::test]
async fn a_restore_closes_short_streams_passes_numbers_over_and_keeps_command_ids() {
    let folder = tempfile::tempdir().unwrap();
    let log = note(original(folder.path()).await).await;
    let check = |log: &SledLog| {
        for n in 1..=3 {
            assert_eq!(log.stream_version(&stream(&token(n))), 0, "token {n}");
            assert_eq!(log.stream_version(&stream(&format!("user-{n}"))), 1);
            assert_eq!(log.find_command(command(n)).map(|it| it.first), Some(2 * n - 1));
        }
        assert_eq!(log.highest_id("user"), 1_003);
        assert_eq!((log.highest_id("role"), log.highest_id("app_user")), (1_000, 1_000));
        assert_eq!(log.highest_id("app"), 0, "apps are not counted");
    };
    check(&log);
    log.append(commit(9).event(&token(9), 0, "1").build()).await.unwrap();
    assert_eq!(log.stream_version(&stream(&token(9))), 1, "what comes later is untouched");
    log.append(commit(10).event(&token(1), 0, "1").build()).await.unwrap();
    assert_eq!(log.stream_positions(&stream(&token(1))), [9], "as if it had never been");
    log.append(commit(11).event("user-1004", 0, "1").build()).await.unwrap();
    assert_eq!(log.highest_id("user"), 1_004);
    log.snapshot_index().unwrap();
    log.close();
    drop(log);
    // From the snapshot, and from the log alone.
    for name in ["with", "without"] {
        let log = open(folder.path()).unwrap();
        assert_eq!(log.highest_id("user"), 1_004, "{name} a snapshot");
        assert_eq!(log.stream_version(&stream(&token(2))), 0, "{name} a snapshot");
        assert_eq!(log.stream_positions(&stream(&token(1))), [9], "{name} a snapshot");
        drop(log);
        std::fs::remove_dir_all(folder.path().join("snapshots")).ok();
    }
}
