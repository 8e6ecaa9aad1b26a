//! Over ssh: the key, the known hosts, and what is refused.

use std::fs;

use release::git::{Credentials, Push};
use release::{Reason, Secret};

use crate::harness::{Place, push};
use crate::sshd::{Sshd, has_sshd, key, public};

fn pushed(sshd: &Sshd, place: &Place, host: &str, known_hosts: &str, key: &str) -> Push {
    let path = place.bare().display().to_string();
    let mut push = push(&format!("ssh://root@{host}:{}{path}", sshd.port), "job-1");
    push.credentials = Credentials {
        token: None,
        ssh_key: Some(Secret::new(key)),
        ssh_known_hosts: known_hosts.to_owned(),
    };
    push
}

#[tokio::test]
async fn a_known_host_takes_a_commit_and_others_get_nothing() {
    if !has_sshd() {
        return;
    }
    let sshd = Sshd::start();
    let place = Place::with(|_| ());
    let (mine, first) = (sshd.client_key(), place.head());
    let refused = async |known: &str, key: &str| {
        let push = pushed(&sshd, &place, "127.0.0.1", known, key);
        let failure = place.push(&push).await.unwrap_err();
        let shown = format!("{failure} {failure:?} {push:?}");
        assert!(!shown.contains("PRIVATE KEY") && !shown.contains("127.0.0.1 "), "{shown}");
        (failure.reason, failure.again)
    };
    let unknown = (Reason::HostKeyUnknown, false);
    let denied = (Reason::RemoteRefused, false);
    let known = sshd.known("127.0.0.1");
    // None stored; the key of another host under the name; the host's key under another name.
    assert_eq!(refused("", &mine).await, unknown);
    assert_eq!(refused(" \n", &mine).await, unknown);
    let other = public(&key(sshd.dir.path(), "other"));
    assert_eq!(refused(&format!("[127.0.0.1]:{} {other}", sshd.port), &mine).await, unknown);
    assert_eq!(refused(&sshd.known("other.example"), &mine).await, unknown);
    assert_eq!(refused(&known.replace('[', "@revoked ["), &mine).await, unknown);
    // A key that is not allowed, one that is none, one with a passphrase.
    let stranger = fs::read_to_string(sshd.dir.path().join("other")).unwrap();
    assert_eq!(refused(&known, &stranger).await, denied);
    assert_eq!(refused(&known, "no key").await, denied);
    assert_eq!(refused(&known, "").await, denied);
    assert_eq!(place.head(), first);

    let push = pushed(&sshd, &place, "127.0.0.1", &known, &mine);
    let done = place.push(&push).await.unwrap();
    assert_eq!((done.is_new, done.commit), (true, place.head()));
    assert!(!place.push(&push).await.unwrap().is_new);

    // A name is looked up here, and ssh connects to the address; the known host is that of the name.
    let mut push =
        pushed(&sshd, &place, "localhost", &sshd.known("localhost"), &mine.replace('\n', "\r\n"));
    push.title = "By its name".to_owned();
    push.job = release::git::JobId::parse("job-2").unwrap();
    assert!(!place.push(&push).await.unwrap().is_new);

    // What ssh of the user would read, and what it would write, is not touched.
    let missing = pushed(&sshd, &place, "127.0.0.1", &known, &mine);
    let gone = format!("ssh://root@127.0.0.1:{}/none.git", sshd.port);
    let missing = Push { remote: crate::harness::push(&gone, "job-1").remote, ..missing };
    let failure = place.push(&missing).await.unwrap_err();
    assert_eq!((failure.reason, failure.again), denied, "{failure}");
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_unreachable() {
    let place = Place::with(|_| ());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let mut push = push(&format!("ssh://git@127.0.0.1:{port}/r.git"), "job-1");
    push.credentials.ssh_key = Some(Secret::new("key"));
    push.credentials.ssh_known_hosts = "other ssh-ed25519 AAAA".to_owned();
    let failure = place.push(&push).await.unwrap_err();
    assert_eq!((failure.reason, failure.again), (Reason::RemoteUnreachable, true), "{failure}");
}
