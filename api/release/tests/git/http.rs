//! Over HTTP: the token is where it belongs, addresses are checked, and no redirect is followed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use outside::Outbound;
use release::git::Credentials;
use release::{Reason, Secret};

use crate::harness::{Place, git, processes, push};
use crate::server::{Do, Server, header};

const TOKEN: &str = "ghp_s3cr3tToken";
/// Of `x-access-token:` and the token.
const BASIC: &str = "eC1hY2Nlc3MtdG9rZW46Z2hwX3MzY3IzdFRva2Vu";

fn with_token() -> Credentials {
    Credentials { token: Some(Secret::new(TOKEN)), ..Credentials::default() }
}

fn answer(status: &str, more: &str, body: &str) -> Do {
    let length = body.len();
    Do::Say(format!(
        "HTTP/1.1 {status}\r\n{more}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))
}

#[tokio::test]
async fn a_token_is_sent_as_a_header_and_stands_in_no_arguments() {
    let place = Place::with(|_| ());
    git(&place.bare(), &["config", "http.receivepack", "true"]);
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&lines);
    let server = Server::start(place.dir.path().to_owned(), move |head| {
        if header(head, "authorization") != Some(&format!("Basic {BASIC}")) {
            return answer("401 No", "www-authenticate: Basic realm=\"x\"\r\n", "");
        }
        seen.lock().unwrap().extend(processes("remote.git"));
        Do::Git
    })
    .await;
    // A name, of which only the address that may be reached is used.
    let mut push = push(&server.url("localhost"), "job-1");
    let failure = place.push(&push).await.unwrap_err();
    assert_eq!((failure.reason, failure.again), (Reason::RemoteRefused, false), "{failure}");
    push.credentials =
        Credentials { token: Some(Secret::new("ghp_other")), ..Credentials::default() };
    let failure = place.push(&push).await.unwrap_err();
    assert_eq!(failure.reason, Reason::RemoteRefused);
    assert!(!failure.detail.contains("ghp_other"));

    push.credentials = with_token();
    let pushed = place.push(&push).await.unwrap();
    assert_eq!((pushed.is_new, pushed.commit), (true, place.head()));
    assert!(!place.push(&push).await.unwrap().is_new);

    let lines = lines.lock().unwrap().clone();
    assert!(lines.iter().any(|(line, _)| line.contains("git-remote-http")), "{lines:?}");
    for (line, environment) in
        lines.iter().filter(|it| it.0.contains("push") || it.0.contains("remote-http"))
    {
        assert!(!line.contains(TOKEN) && !line.contains(BASIC), "{line}");
        // Nothing of our environment is there.
        assert!(!environment.contains("CARGO_"), "{environment}");
        assert!(environment.contains("GIT_CONFIG_GLOBAL=/dev/null"), "{environment}");
    }
    for unfit in ["a b", "a\nb", "ü"] {
        push.credentials =
            Credentials { token: Some(Secret::new(unfit)), ..Credentials::default() };
        assert_eq!(place.push(&push).await.unwrap_err().reason, Reason::RemoteRefused);
    }
}

#[tokio::test]
async fn a_remote_that_repeats_the_token_does_not_make_it_known() {
    let place = Place::with(|_| ());
    git(&place.bare(), &["config", "http.receivepack", "true"]);
    place.hook("pre-receive", &format!("echo 'you sent {BASIC}, that is {TOKEN}'; pwd; exit 1"));
    let server = Server::start(place.dir.path().to_owned(), |_| Do::Git).await;
    let mut push = push(&server.url("127.0.0.1"), "job-1");
    push.credentials = with_token();
    let failure = place.push(&push).await.unwrap_err();
    assert_eq!(failure.reason, Reason::RemoteRefused);
    assert!(failure.detail.contains("you sent …, that is …\n"), "{failure}");
}

#[tokio::test]
async fn private_addresses_are_not_connected_to() {
    let mut place = Place::with(|_| ());
    let server = Server::start(place.dir.path().to_owned(), |_| Do::Git).await;
    place.settings.outbound = Outbound::default();
    let port = server.address.port();
    for host in ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]"] {
        for scheme in ["http", "https", "ssh"] {
            let push = push(&format!("{scheme}://{host}:{port}/remote.git"), "job-1");
            let failure = place.push(&push).await.unwrap_err();
            let found = (failure.reason, failure.again);
            assert_eq!(found, (Reason::PrivateAddress, false), "{scheme} {host}");
        }
    }
    assert!(server.heads().is_empty());
}

#[tokio::test]
async fn redirects_are_not_followed() {
    for status in ["301 M", "302 F", "307 T", "308 P"] {
        let place = Place::with(|_| ());
        git(&place.bare(), &["config", "http.receivepack", "true"]);
        let first = place.head();
        let other = Server::start(place.dir.path().to_owned(), |_| Do::Git).await;
        let to = other.url("127.0.0.1");
        let server = Server::start(place.dir.path().to_owned(), move |head| {
            let query = head.split(' ').nth(1).unwrap().trim_start_matches("/remote.git");
            answer(status, &format!("location: {to}{query}\r\n"), "")
        })
        .await;
        let mut push = push(&server.url("127.0.0.1"), "job-1");
        push.credentials = with_token();
        let failure = place.push(&push).await.unwrap_err();
        assert_eq!((failure.reason, failure.again), (Reason::RemoteRefused, false), "{failure}");
        assert!(failure.detail.contains("redirect"), "{failure}");
        assert!(other.heads().is_empty() && place.head() == first);
    }
}

#[tokio::test]
async fn a_branch_that_moved_before_the_push_is_fetched_again() {
    let place = Place::with(|_| ());
    git(&place.bare(), &["config", "http.receivepack", "true"]);
    let tree = place.dir.path().join("owner");
    let moved = AtomicBool::new(false);
    let server = Server::start(place.dir.path().to_owned(), move |head| {
        // After the fetch, when the push begins.
        if head.contains("service=git-receive-pack") && !moved.swap(true, Ordering::SeqCst) {
            git(&tree, &["commit", "--quiet", "--allow-empty", "-m", "Meanwhile"]);
            git(&tree, &["push", "--quiet", "origin", "HEAD:main"]);
        }
        Do::Git
    })
    .await;
    place.push(&push(&server.url("127.0.0.1"), "job-1")).await.unwrap();
    let said = git(&place.bare(), &["log", "--format=%s", "main"]);
    assert_eq!(said.lines().collect::<Vec<_>>(), ["Update the SDK", "Meanwhile", "First"]);
    assert_eq!(
        server.heads().iter().filter(|it| it.contains("service=git-receive-pack")).count(),
        2
    );
}

#[tokio::test]
async fn servers_that_are_none_of_git_have_reasons() {
    let place = Place::with(|_| ());
    let page = "<html>Hello</html>";
    for (status, body, reason, again) in [
        ("200 OK", page, Reason::RemoteRefused, false),
        ("404 No", page, Reason::RemoteRefused, false),
        ("403 No", "", Reason::RemoteRefused, false),
        ("500 No", page, Reason::RemoteUnreachable, true),
        ("503 No", "", Reason::RemoteUnreachable, true),
        ("429 Slow", "", Reason::RemoteUnreachable, true),
    ] {
        let server =
            Server::start(place.dir.path().to_owned(), move |_| answer(status, "", body)).await;
        let failure = place.push(&push(&server.url("127.0.0.1"), "job-1")).await.unwrap_err();
        assert_eq!((failure.reason, failure.again), (reason, again), "{status}: {failure}");
        assert!(!failure.detail.contains("127.0.0.1"), "{failure}");
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    for scheme in ["http", "https"] {
        let failure =
            place.push(&push(&format!("{scheme}://{closed}/r"), "job-1")).await.unwrap_err();
        assert_eq!((failure.reason, failure.again), (Reason::RemoteUnreachable, true), "{failure}");
    }
    // It speaks no TLS.
    let server = Server::start(place.dir.path().to_owned(), |_| Do::Git).await;
    let url = server.url("127.0.0.1").replace("http:", "https:");
    assert_eq!(
        place.push(&push(&url, "job-1")).await.unwrap_err().reason,
        Reason::RemoteUnreachable
    );
}
