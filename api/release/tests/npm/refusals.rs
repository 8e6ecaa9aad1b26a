//! Registries that refuse, hang, answer what no registry answers, or lose their answer.

use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use release::npm::{Published, Registry};
use release::{Failure, Reason, Secret};
use serde_json::{Value, json};

use crate::hostile::{Asked, Hostile, Then, answer};
use crate::package;

const TOKEN: &str = "npm_s3cr3tToken";

/// Long enough for what ends by itself.
async fn publish(url: &str) -> Result<Published, Failure> {
    publish_within(Duration::from_secs(30), url).await
}

async fn publish_within(time_max: Duration, url: &str) -> Result<Published, Failure> {
    let registry = Registry::new(url).unwrap().with_time_max(time_max);
    registry.publish(&Secret::new(TOKEN), &package("@shop/orders", "1.2.3", "x")).await
}

/// What a registry by this answers to `publish`, as the reason and whether it may be over later.
async fn refused(by: impl Fn(&Asked) -> (Vec<u8>, Then) + Send + Sync + 'static) -> (Reason, bool) {
    let hostile = Hostile::start(by).await;
    let failure = publish(&hostile.url()).await.unwrap_err();
    let shown = format!("{failure} {failure:?}");
    assert!(!shown.contains(TOKEN) && !shown.contains("127.0.0.1"), "{shown}");
    (failure.reason, failure.again)
}

/// What a registry says of the version of `publish`.
fn known(integrity: &str) -> String {
    json!({ "version": "1.2.3", "dist": { "integrity": integrity } }).to_string()
}

const UNREACHABLE: (Reason, bool) = (Reason::RegistryUnreachable, true);
const REFUSED: (Reason, bool) = (Reason::RegistryRefused, false);
const TAKEN: (Reason, bool) = (Reason::VersionTaken, false);

#[tokio::test]
async fn the_document_is_that_of_npms_protocol() {
    let hostile = Hostile::start(|_| answer("201 Created", r#"{"ok":"created"}"#)).await;
    let url = format!("{}/deep/", hostile.url());
    assert!(!publish(&url).await.unwrap().was_there);
    let asked = hostile.asked();
    assert_eq!(asked.len(), 1);
    assert!(
        asked[0].head.starts_with("PUT /deep/@shop%2forders HTTP/1.1\r\n"),
        "{}",
        asked[0].head
    );
    assert!(asked[0].head.contains(&format!("\r\nauthorization: Bearer {TOKEN}")));
    let package = package("@shop/orders", "1.2.3", "x");
    let sent = serde_json::from_slice::<Value>(&asked[0].body).unwrap();
    assert_eq!((&sent["_id"], &sent["name"]), (&json!("@shop/orders"), &json!("@shop/orders")));
    assert_eq!(sent["dist-tags"], json!({ "latest": "1.2.3" }));
    assert_eq!(sent["access"], Value::Null);
    let version = &sent["versions"]["1.2.3"];
    assert_eq!(version["_id"], "@shop/orders@1.2.3");
    assert_eq!(version["main"], "dist/index.js");
    assert_eq!(version["dist"]["integrity"], package.integrity());
    assert_eq!(version["dist"]["shasum"].as_str().unwrap().len(), 40);
    assert_eq!(version["dist"]["tarball"], format!("{}@shop/orders/-/@shop/orders-1.2.3.tgz", url));
    let attached = &sent["_attachments"]["@shop/orders-1.2.3.tgz"];
    let data = BASE64_STANDARD.decode(attached["data"].as_str().unwrap()).unwrap();
    assert_eq!(data, package.tarball());
    assert_eq!(attached["length"], data.len());
}

#[tokio::test]
async fn what_may_be_over_later_is_repeated() {
    let html = "<html>Please log in</html>";
    assert_eq!(refused(|_| answer("500 No", "no")).await, UNREACHABLE);
    assert_eq!(refused(|_| answer("503 No", html)).await, UNREACHABLE);
    assert_eq!(refused(|_| answer("429 Slow", "{}")).await, UNREACHABLE);
    // A page where a registry should be.
    assert_eq!(refused(move |_| answer("200 OK", html)).await, UNREACHABLE);
    assert_eq!(refused(|_| answer("200 OK", r#"{"error":"no"}"#)).await, UNREACHABLE);
    assert_eq!(refused(|_| answer("200 OK", "[]")).await, UNREACHABLE);
    assert_eq!(refused(|_| (Vec::new(), Then::Close)).await, UNREACHABLE);
    assert_eq!(refused(|_| (b"SSH-2.0-OpenSSH\r\n".to_vec(), Then::Close)).await, UNREACHABLE);
    let half = || (b"HTTP/1.1 201 C\r\ncontent-length: 9\r\n\r\n{".to_vec(), Then::Close);
    assert_eq!(refused(move |_| half()).await, UNREACHABLE);
    // It is changing the package, and has no such version.
    assert_eq!(refused(|_| answer("409 Conflict", "{}")).await, UNREACHABLE);
    let broken = |it: &Asked| match it.is_put() {
        true => answer("409 Conflict", "{}"),
        false => answer("502 No", ""),
    };
    assert_eq!(refused(broken).await, UNREACHABLE);

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let failure = publish(&closed).await.unwrap_err();
    assert_eq!((failure.reason, failure.again), UNREACHABLE);
}

#[tokio::test]
async fn hanging_answers_end_when_the_time_is_over() {
    let head = |status: &str| {
        format!("HTTP/1.1 {status}\r\ncontent-length: 1000000000\r\n\r\n").into_bytes()
    };
    let none = Hostile::start(|_| (Vec::new(), Then::Hold)).await;
    let half = Hostile::start(move |_| (head("200 OK"), Then::Hold)).await;
    let slow =
        move |_: &Asked| (head("201 C"), Then::Repeat(b" ".to_vec(), Duration::from_millis(50)));
    let slow = Hostile::start(slow).await;
    for hostile in [none, half, slow] {
        let failure = publish_within(Duration::from_secs(1), &hostile.url()).await.unwrap_err();
        assert_eq!((failure.reason, failure.again), UNREACHABLE);
        assert_eq!(failure.detail, "The registry did not answer in time.");
    }
    let headers = |_: &Asked| {
        (b"HTTP/1.1 200 OK\r\n".to_vec(), Then::Repeat(b"a: b\r\n".repeat(1_000), Duration::ZERO))
    };
    assert_eq!(refused(headers).await, UNREACHABLE);
}

#[tokio::test]
async fn endless_answers_are_read_to_a_limit() {
    let endless = |status: &str| {
        let head = format!("HTTP/1.1 {status}\r\ntransfer-encoding: chunked\r\n\r\n");
        let chunk = format!("8000\r\n{}\r\n", " ".repeat(0x8000));
        (head.into_bytes(), Then::Repeat(chunk.into_bytes(), Duration::ZERO))
    };
    let taken = move |it: &Asked| match it.is_put() {
        true => endless("201 Created"),
        false => answer("404 No", ""),
    };
    let known = move |it: &Asked| match it.is_put() {
        true => answer("409 Conflict", "{}"),
        false => endless("200 OK"),
    };
    let (taken, known) = (Hostile::start(taken).await, Hostile::start(known).await);
    for (hostile, detail) in [
        (taken, "It did not answer as a registry does."),
        (known, "The registry's answer is broken or too long."),
    ] {
        let failure = publish(&hostile.url()).await.unwrap_err();
        assert_eq!((failure.reason, failure.again), UNREACHABLE);
        // Not that the time was over.
        assert_eq!(failure.detail, detail);
    }
}

#[tokio::test]
async fn refusals_are_told_in_the_registrys_words_without_the_token() {
    for status in ["401 U", "402 P", "403 F", "404 N", "413 L", "422 X"] {
        let by = move |it: &Asked| match it.is_put() {
            true => answer(status, r#"{"error":"no npm_s3cr3tToken today","ok":false}"#),
            false => answer("404 No", "{}"),
        };
        let hostile = Hostile::start(by).await;
        let failure = publish(&hostile.url()).await.unwrap_err();
        assert_eq!((failure.reason, failure.again), REFUSED);
        assert_eq!(failure.detail, format!("The registry answered {}: no … today", &status[..3]));
    }
    // A page says nothing.
    let hostile = Hostile::start(|_| answer("401 U", "<b>no</b>")).await;
    assert_eq!(publish(&hostile.url()).await.unwrap_err().detail, "The registry answered 401");
}

#[tokio::test]
async fn no_redirect_takes_the_token_elsewhere() {
    for status in ["301 M", "302 F", "307 T", "308 P"] {
        let other = Hostile::start(|_| answer("201 Created", r#"{"ok":true}"#)).await;
        let to = other.url();
        let by = move |_: &Asked| {
            let head = format!("HTTP/1.1 {status}\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
            (head.into_bytes(), Then::Close)
        };
        assert_eq!(refused(by).await, REFUSED);
        assert!(other.asked().is_empty());
    }
}

#[tokio::test]
async fn a_version_that_is_there_is_compared() {
    let ours = package("@shop/orders", "1.2.3", "x").integrity().to_owned();
    let shasum_known =
        |sum: &str| json!({ "version": "1.2.3", "dist": { "shasum": sum } }).to_string();
    let all = |version: &str| {
        let versions =
            json!({ "1.2.3": serde_json::from_str::<Value>(version).unwrap(), "1.2.2": {} });
        json!({ "name": "@shop/orders", "versions": versions }).to_string()
    };
    // How it refuses, what it says of the version, what of the whole package, and what that means.
    let same = Ok(Published { was_there: true });
    let cases = [
        ("409 C", Some(known(&ours)), None, same),
        ("403 F", Some(known(&ours)), None, same),
        ("400 B", Some(known(&format!("sha1-abc {ours}"))), None, same),
        ("409 C", None, Some(all(&known(&ours))), same),
        ("409 C", Some(known("sha512-other")), None, Err(TAKEN)),
        ("403 F", Some(known("sha512-other")), None, Err(TAKEN)),
        ("409 C", Some(shasum_known("0123")), None, Err(TAKEN)),
        ("409 C", None, Some(all(&known("sha512-other"))), Err(TAKEN)),
        // Another version is none.
        ("409 C", Some(known(&ours).replace("1.2.3", "1.2.4")), None, Err(UNREACHABLE)),
        ("403 F", Some("<html>".to_owned()), Some("[1]".to_owned()), Err(REFUSED)),
        // Nothing was said, but it is there.
        ("200 OK", Some(known(&ours)), None, Ok(Published { was_there: false })),
        ("200 OK", Some(known("sha512-other")), None, Err(TAKEN)),
    ];
    for (status, version, whole, wanted) in cases {
        let shown = format!("{status} {version:?} {whole:?}");
        let by = move |it: &Asked| match (it.is_put(), it.path()) {
            (true, _) => answer(status, ""),
            (false, "/@shop%2forders/1.2.3") => match &version {
                Some(it) => answer("200 OK", it),
                None => answer("404 No", "{}"),
            },
            (false, path) => {
                assert_eq!(path, "/@shop%2forders");
                whole.as_deref().map_or(answer("404 No", "{}"), |it| answer("200 OK", it))
            }
        };
        let hostile = Hostile::start(by).await;
        let found = publish(&hostile.url()).await.map_err(|it| (it.reason, it.again));
        assert_eq!(found, wanted, "{shown}");
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_does_no_harm() {
    let taken = Mutex::new(None);
    // It takes the package, and breaks off before it answers; then it has it.
    let by = move |it: &Asked| {
        let mut taken = taken.lock().unwrap();
        match (it.is_put(), taken.clone()) {
            (true, None) => {
                let sent = serde_json::from_slice::<Value>(&it.body).unwrap();
                *taken = Some(sent["versions"]["1.2.3"].to_string());
                (Vec::new(), Then::Close)
            }
            (true, Some(_)) => {
                answer("409 Conflict", r#"{"error":"this package is already present"}"#)
            }
            (false, Some(it)) => answer("200 OK", &it),
            (false, None) => answer("404 No", "{}"),
        }
    };
    let hostile = Hostile::start(by).await;
    let failure = publish(&hostile.url()).await.unwrap_err();
    assert_eq!((failure.reason, failure.again), UNREACHABLE);
    assert!(publish(&hostile.url()).await.unwrap().was_there);
    assert_eq!(hostile.asked().iter().filter(|it| it.is_put()).count(), 2);
}

#[test]
fn registries_are_plain_urls() {
    for good in ["https://registry.npmjs.org", "http://127.0.0.1:4873/", "https://host/npm/"] {
        assert!(Registry::new(good).is_ok(), "{good}");
    }
    for wrong in
        ["", "host", "ftp://host", "https://u:s3cret@host", "https://host/?a", "https://host/#a"]
    {
        let said = Registry::new(wrong).unwrap_err().to_string();
        assert!(!said.contains("s3cret"), "{said}");
    }
}
