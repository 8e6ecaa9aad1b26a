//! Ends: a remote that hangs, a push that nobody waits for any more.

use std::fs;
use std::time::{Duration, Instant};

use release::Reason;
use release::git::{Git, sweep_left_over};

use crate::harness::{Place, processes, push};
use crate::server::{Do, Server};

/// Waits until no process has a text in its command line.
async fn until_none(text: &str) {
    for _ in 0..400 {
        if processes(text).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("left over: {:?}", processes(text));
}

#[tokio::test]
async fn a_remote_that_hangs_is_left_when_the_time_is_over() {
    let mut place = Place::with(|_| ());
    let server = Server::start(place.dir.path().to_owned(), |_| Do::Hold).await;
    place.settings.time_max = Duration::from_secs(1);
    let begin = Instant::now();
    let failure = place.push(&push(&server.url("127.0.0.1"), "job-1")).await.unwrap_err();
    assert_eq!((failure.reason, failure.again), (Reason::OutOfTime, false));
    assert!(begin.elapsed() < Duration::from_secs(10));
    assert_eq!(server.heads().len(), 1);
    until_none(&server.url("127.0.0.1")).await;
}

#[tokio::test]
async fn a_hook_that_hangs_is_left_when_the_time_is_over() {
    let mut place = Place::with(|_| ());
    let first = place.head();
    place.hook("pre-receive", "sleep 60");
    place.settings.time_max = Duration::from_secs(2);
    let failure = place.push_file("job-1").await.unwrap_err();
    assert_eq!(failure.reason, Reason::OutOfTime);
    until_none(&place.dir.path().display().to_string()).await;
    assert_eq!(place.head(), first);
}

#[tokio::test]
async fn a_dropped_push_leaves_no_process_and_no_folder() {
    let place = Place::with(|_| ());
    let server = Server::start(place.dir.path().to_owned(), |_| Do::Hold).await;
    let url = server.url("127.0.0.1");
    let git = Git::find(place.settings.clone()).await.unwrap();
    let push = push(&url, "job-1");
    let pushing = tokio::spawn(async move { git.push(&push).await });
    while server.heads().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!processes(&url).is_empty());
    assert_eq!(fs::read_dir(&place.settings.folder).unwrap().count(), 1);
    pushing.abort();
    assert!(pushing.await.unwrap_err().is_cancelled());
    until_none(&url).await;
    assert_eq!(fs::read_dir(&place.settings.folder).unwrap().count(), 0);
    sweep_left_over(&place.settings.folder).unwrap();
}
