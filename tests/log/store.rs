//! What the log on a disk promises beyond the contract.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use commands::log::{Derived, SledLog, SledLogOptions};
use domain::LogId;
use domain::log::{AppendError, EventLog, LogError};
use tests::log::{
    Chance, NOW_SECONDS, all_said, command, commit, open, open_with, options, read_all, stream,
};

/// Some history with claims, a short stream, repeated streams and numbers.
async fn fill(log: &SledLog, commits: u64) {
    for n in 0..commits {
        let at = n as u32;
        let token = format!("token-{:08x}{n:04x}", NOW_SECONDS + 50 + n as i64);
        let next = commit(n)
            .event("a-1", at, vec![1; 100])
            .event(&format!("user-{}", n + 1), 0, "1")
            .event(&token, 0, "1")
            .claim(&format!("name{n}"), "a-1")
            .fingerprint(n)
            .after_seconds(n as i64);
        let next = if n % 3 == 2 { next.release(&format!("name{}", n - 1), "a-1") } else { next };
        log.append(next.build()).await.unwrap();
    }
}

/// Everything that the indexes answer.
fn answers(log: &SledLog, commits: u64) -> String {
    let mut answers = Vec::new();
    for n in 0..commits + 1 {
        let token = format!("token-{:08x}{n:04x}", NOW_SECONDS + 50 + n as i64);
        answers.push(format!(
            "{:?} {:?} {:?} {}",
            log.find_command(command(n)),
            log.stream_positions(&stream(&token)),
            log.stream_positions(&stream(&format!("user-{n}"))),
            log.highest_id("user"),
        ));
    }
    answers.push(format!("{:?} {:?}", log.stream_positions(&stream("a-1")), log.head()));
    answers.join("\n")
}

#[tokio::test]
async fn a_reopened_log_has_the_same_events_and_gives_the_same_answers() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).unwrap();
    fill(&log, 120).await;
    let (events, before) = (all_said(&read_all(&log).unwrap()), answers(&log, 120));
    drop(log);
    let log = open(folder.path()).unwrap();
    assert_eq!(all_said(&read_all(&log).unwrap()), events);
    assert_eq!(answers(&log, 120), before);
    let again = commit(7).event("a-1", 7, "whatever").fingerprint(7).build();
    let again = log.append(again).await.unwrap();
    assert_eq!((again.first, again.last, again.repeated), (22, 24, true));
    let other = log.append(commit(7).event("a-1", 120, "x").fingerprint(8).build()).await;
    assert!(matches!(other, Err(AppendError::CommandReused)), "{other:?}");
    let taken = log.append(commit(999).event("b-1", 0, "x").claim("name2", "b-1").build()).await;
    assert!(matches!(taken, Err(AppendError::Claimed { .. })), "{taken:?}");
    let free = commit(999).event("b-1", 0, "x").claim("name1", "b-1").build();
    log.append(free).await.unwrap();
}

#[tokio::test]
async fn a_snapshot_of_the_index_changes_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).unwrap();
    fill(&log, 60).await;
    log.snapshot_index().unwrap();
    // A tail behind the snapshot.
    for n in 60..90 {
        log.append(commit(n).event("a-1", n as u32, "x").fingerprint(n).build()).await.unwrap();
    }
    let before = answers(&log, 90);
    drop(log);
    let index = folder.path().join("snapshots/index");
    assert!(index.exists());
    let log = open(folder.path()).unwrap();
    assert_eq!(answers(&log, 90), before, "with the snapshot");
    let taken = log.append(commit(999).event("b-1", 0, "x").claim("name2", "b-1").build()).await;
    assert!(matches!(taken, Err(AppendError::Claimed { .. })), "{taken:?}");
    drop(log);
    fs::remove_file(&index).unwrap();
    let log = open(folder.path()).unwrap();
    assert_eq!(answers(&log, 90), before, "without the snapshot");
}

#[tokio::test]
async fn a_snapshot_of_another_history_is_not_used() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (folder, text) in [(&one, "one"), (&other, "other")] {
        let log = open(folder.path()).unwrap();
        log.append(commit(1).event(&format!("{text}-1"), 0, text).build()).await.unwrap();
        log.snapshot_index().unwrap();
    }
    let index = |folder: &tempfile::TempDir| folder.path().join("snapshots/index");
    fs::copy(index(&one), index(&other)).unwrap();
    let log = open(other.path()).unwrap();
    assert_eq!(log.stream_version(&stream("other-1")), 1);
    assert_eq!(log.stream_version(&stream("one-1")), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_commits_from_many_clients_never_leave_a_blob() {
    let folder = tempfile::tempdir().unwrap();
    let log = Arc::new(open(folder.path()).unwrap());
    let clients = (0..128).map(|client| {
        let log = log.clone();
        tokio::spawn(async move {
            let mut chance = Chance(client);
            for n in 0..4 {
                let size = 30_000 + chance.below(20_000);
                let next = commit(client * 10 + n);
                let next = next.event(&format!("a-{client}"), n as u32, vec![client as u8; size]);
                log.append(next.build()).await.unwrap();
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    assert_eq!(fs::read_dir(folder.path().join("log/blobs")).unwrap().count(), 0);
    log.close();
    assert_eq!(fs::read_dir(folder.path().join("log/blobs")).unwrap().count(), 0);
    log.inspect(Derived::Ignored, |_| Ok(())).unwrap();
    assert_eq!(log.head().position, 512);
}

#[tokio::test]
async fn a_nearly_full_disk_refuses_commits_and_reads_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).unwrap();
    fill(&log, 10).await;
    drop(log);
    let full =
        SledLogOptions { reserve_bytes: u64::MAX, ..options(folder.path(), tests::log::LOG) };
    let log = open_with(&full).unwrap();
    let refused = log.append(commit(99).event("b-1", 0, "x").build()).await;
    assert!(
        matches!(refused, Err(AppendError::Full { reserve_bytes: u64::MAX, .. })),
        "{refused:?}"
    );
    assert!(log.stats().disk_full());
    assert_eq!((log.stats().refused_full(), log.stats().refused()), (1, 0));
    let repeated = commit(3).event("a-1", 3, "whatever").fingerprint(3).build();
    assert!(log.append(repeated).await.unwrap().repeated, "an answer needs no space");
    assert_eq!(read_all(&log).unwrap().len(), 30);
    drop(log);
    // Space again: the refused command can be repeated.
    let log = open(folder.path()).unwrap();
    log.append(commit(99).event("b-1", 0, "x").build()).await.unwrap();
}

#[tokio::test]
async fn a_closed_log_refuses_commits() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).unwrap();
    log.close();
    let refused = log.append(commit(1).event("a-1", 0, "x").build()).await;
    assert!(matches!(refused, Err(AppendError::Log(LogError::Closing))), "{refused:?}");
}

#[tokio::test]
async fn the_store_of_another_log_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fill(&open(folder.path()).unwrap(), 3).await;
    let refused = open_with(&options(folder.path(), LogId([8; 16]))).unwrap_err();
    assert!(refused.to_string().contains("belongs to"), "{refused}");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

#[tokio::test]
async fn a_log_that_lost_its_end_is_refused_until_the_operator_accepts_it() {
    let (folder, old) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fill(&open(folder.path()).unwrap(), 10).await;
    copy(&folder.path().join("log"), &old.path().join("log"));
    let log = open(folder.path()).unwrap();
    log.append(commit(99).event("b-1", 0, "x").build()).await.unwrap();
    drop(log);
    // The store of yesterday beside the second head of today.
    fs::copy(folder.path().join("head"), old.path().join("head")).unwrap();
    let refused = open(old.path()).unwrap_err();
    assert!(matches!(&refused, LogError::Damaged { position: 31, .. }), "{refused}");
    let accept = |position| SledLogOptions {
        accept_head: Some(position),
        ..options(old.path(), tests::log::LOG)
    };
    assert!(open_with(&accept(29)).is_err(), "the operator must name the position");
    let log = open_with(&accept(30)).unwrap();
    assert_eq!(log.head().position, 30);
    log.append(commit(98).event("b-1", 0, "x").build()).await.unwrap();
    drop(log);
    assert_eq!(open(old.path()).unwrap().head().position, 31);
}

#[tokio::test]
async fn a_log_whose_second_head_is_gone_is_refused_until_the_operator_accepts_it() {
    let folder = tempfile::tempdir().unwrap();
    fill(&open(folder.path()).unwrap(), 10).await;
    fs::remove_file(folder.path().join("head")).unwrap();
    for _ in 0..2 {
        let refused = open(folder.path()).unwrap_err();
        assert!(refused.to_string().contains("--accept-head 30"), "{refused}");
    }
    let accept =
        SledLogOptions { accept_head: Some(30), ..options(folder.path(), tests::log::LOG) };
    drop(open_with(&accept).unwrap());
    assert_eq!(open(folder.path()).unwrap().head().position, 30);
}

#[tokio::test]
async fn a_second_head_that_lags_behind_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).unwrap();
    fill(&log, 5).await;
    drop(log);
    let lagging = fs::read(folder.path().join("head")).unwrap();
    let log = open(folder.path()).unwrap();
    log.append(commit(99).event("b-1", 0, "x").build()).await.unwrap();
    drop(log);
    fs::write(folder.path().join("head"), lagging).unwrap();
    assert_eq!(open(folder.path()).unwrap().head().position, 16);
}

#[tokio::test]
async fn a_store_without_its_log_folder_is_not_taken_for_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    fill(&open(folder.path()).unwrap(), 5).await;
    fs::remove_dir_all(folder.path().join("log")).unwrap();
    let refused = open(folder.path()).unwrap_err();
    assert!(matches!(refused, LogError::Damaged { position: 1, .. }), "{refused}");
}
