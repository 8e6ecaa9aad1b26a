//! Fetching from a hostile server: each line of the rules, and that nothing is left open.

use std::io;
use std::net::IpAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::dns::Resolve as _;

use super::hostile::{Answer, Hostile, Then};
use super::resolve::{Lookup, by_the_system};
use super::*;

mod answers;

const SHORT: Limits = Limits {
    connect: Duration::from_millis(400),
    whole: Duration::from_millis(1_000),
    place: Duration::from_millis(300),
};

fn fetcher(list: &str) -> Fetcher {
    fetcher_with(list, by_the_system())
}

fn fetcher_with(list: &str, lookup: Lookup) -> Fetcher {
    Fetcher::with(Outbound::parse(list).unwrap(), SHORT, lookup).unwrap()
}

/// A resolver that answers each look-up with the next of these, and counts.
fn answers(with: Vec<Vec<&'static str>>) -> (Lookup, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let lookup: Lookup = Arc::new(move |_| {
        let at = counted.fetch_add(1, Ordering::SeqCst);
        let found = with[at].iter().map(|it| it.parse().unwrap()).collect::<Vec<IpAddr>>();
        Box::pin(async move { Ok(found) })
    });
    (lookup, count)
}

async fn reason(fetcher: &Fetcher, url: &str) -> &'static str {
    let err = fetcher.fetch(1, url).await.expect_err(url);
    for secret in ["127.", "10.", "secret", "::1", "localhost"] {
        assert!(!err.text.contains(secret), "{url}: {}", err.text);
    }
    err.reason.word()
}

/// The reason of a fetch of an answer, after which no connection may be open.
async fn reason_of(answer: Answer) -> &'static str {
    let server = Hostile::start(move |_| answer.clone()).await;
    let reason = reason(&fetcher("127.0.0.0/8"), &server.url("/secret")).await;
    server.emptied().await;
    assert_eq!(server.seen().connections, 1, "nothing is tried again");
    reason
}

#[tokio::test]
async fn a_document_is_fetched_as_the_rules_say() {
    let server = Hostile::start(|path| match path {
        "/a?b=c" => Answer::redirect("next#there"),
        "/next" => Answer::new(
            "HTTP/1.1 307 x\r\nset-cookie: a=b; path=/\r\nlocation: /third\r\n\r\n",
            Then::Close,
        ),
        "/third" => Answer::redirect("//127.0.0.1/fourth"),
        _ => Answer::ok("{}"),
    })
    .await;
    let fetcher = fetcher("127.0.0.1");
    let fetched = fetcher.fetch(1, &server.url("/four?x#part")).await.unwrap();
    assert_eq!(fetched, Fetched { bytes: b"{}".to_vec(), url: server.url("/four?x") });
    // The third leads to another port, where nobody is.
    assert_eq!(reason(&fetcher, &server.url("/a?b=c#d")).await, "document_unreachable");
    let requests = server.seen().requests;
    let lines = requests.iter().map(|it| it.lines().next().unwrap()).collect::<Vec<_>>();
    let get = ["GET /four?x HTTP/1.1", "GET /a?b=c HTTP/1.1", "GET /next HTTP/1.1"];
    assert_eq!(lines[..3], get);
    for request in &requests {
        let mut headers = request.trim_end().lines().skip(1).collect::<Vec<_>>();
        headers.sort_unstable();
        let host = format!("host: {}", server.address);
        let expected = [
            "accept-encoding: identity",
            "accept: application/json, application/yaml",
            &host,
            "user-agent: chancery",
        ];
        assert_eq!(headers, expected);
    }
    server.emptied().await;
}

#[tokio::test]
async fn no_connection_is_kept_for_later() {
    let kept = Answer::new("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", Then::Hold);
    let server = Hostile::start(move |_| kept.clone()).await;
    let fetcher = fetcher("127.0.0.1");
    for _ in 0..2 {
        assert_eq!(fetcher.fetch(1, &server.url("/")).await.unwrap().bytes, b"{}");
    }
    server.emptied().await;
    assert_eq!(server.seen().connections, 2);
}

/// The other tests have shorter times.
#[test]
fn the_limits_are_those_of_the_table() {
    let Limits { connect, whole, place } = Fetcher::new(Outbound::default()).unwrap().limits;
    assert_eq!([connect, whole, place].map(|it| it.as_secs()), [5, 20, 10]);
    assert_eq!([DOCUMENT_BYTES_MAX, REDIRECTS_MAX, URL_CHARS_MAX], [16_777_216, 3, 2_000]);
}

/// A proxy would look names up itself. The variables are set for a copy of this program alone.
#[test]
fn no_proxy_is_asked() {
    let mut copy = Command::new(std::env::current_exe().unwrap());
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"] {
        copy.env(name, "http://127.0.0.1:1");
    }
    copy.env_remove("no_proxy").env_remove("NO_PROXY");
    let name = "fetch::tests::a_document_is_fetched_as_the_rules_say";
    let output = copy.args(["--exact", name]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[tokio::test]
async fn private_addresses_are_refused_in_every_spelling() {
    let server = Hostile::start(|_| Answer::ok("secret")).await;
    let port = server.address.port();
    let public = fetcher("");
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.01",
        "127.1",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "127。0。0。1",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "10.0.0.1",
        "192.168.0.1",
        "[fd00::1]",
        // By the resolver.
        "localhost",
        "LOCALHOST",
        "loc%61lhost",
    ] {
        let url = format!("http://{host}:{port}/");
        assert_eq!(reason(&public, &url).await, "document_private_address", "{host}");
        let is_literal = !host.to_lowercase().contains("host");
        assert_eq!(public.check(&url).is_err(), is_literal, "{host}");
    }
    assert_eq!(server.seen().connections, 0);
    // The same server, listed: each by the kind of its entry.
    for (list, host) in
        [("127.0.0.0/8", "0x7f.1"), ("127.0.0.1", "localhost"), ("localhost", "LocalHost")]
    {
        let url = format!("http://{host}:{port}/");
        assert_eq!(fetcher(list).fetch(1, &url).await.unwrap().bytes, b"secret", "{list}");
    }
    // A listed name does not list its address.
    let url = server.url("/");
    assert_eq!(reason(&fetcher("localhost"), &url).await, "document_private_address");
}

#[tokio::test]
async fn what_was_checked_is_what_is_connected_to() {
    let other = Hostile::start(|_| Answer::ok("secret")).await;
    let port = other.address.port();
    // 127.0.0.2 stands for a public address; nobody listens there at this port.
    let url = format!("http://docs.example:{port}/");
    let (lookup, count) = answers(vec![vec!["127.0.0.2"], vec!["127.0.0.1"]]);
    let fetcher = fetcher_with("127.0.0.2", lookup);
    assert_eq!(reason(&fetcher, &url).await, "document_unreachable");
    assert_eq!(count.load(Ordering::SeqCst), 1, "one look-up");
    assert_eq!(reason(&fetcher, &url).await, "document_private_address");

    // Of several addresses, the private ones are dropped.
    let (lookup, _) = answers(vec![vec!["127.0.0.1", "::1", "127.0.0.2", "10.0.0.1"]]);
    assert_eq!(reason(&fetcher_with("127.0.0.2", lookup), &url).await, "document_unreachable");
    assert_eq!(other.seen().connections, 0);
}

/// Asked of the parts that refuse, not by fetching: an error must not end at a real service there.
#[tokio::test]
async fn link_local_addresses_do_not_come_as_far_as_a_connection() {
    for host in ["169.254.169.254", "2852039166", "[fe80::1]", "[::ffff:169.254.169.254]"] {
        let url = format!("http://{host}/");
        let err = fetcher("127.0.0.0/8").check(&url).unwrap_err();
        assert_eq!(err.reason, FetchReason::PrivateAddress, "{url}");
        let from = check_url("http://a.example/").unwrap();
        let to = from.redirected(&url).unwrap();
        assert_eq!(fetcher("").judge(&to).unwrap_err().reason, FetchReason::PrivateAddress);
    }
    // A listed name that leads to a metadata service.
    let (lookup, _) = answers(vec![
        vec!["169.254.169.254", "fe80::1", "::ffff:169.254.169.254"],
        vec!["169.254.169.254", "127.0.0.1"],
    ]);
    let resolver = Resolver::new(Arc::new(Outbound::parse("docs.example").unwrap()), lookup);
    let name = || "docs.example".parse().unwrap();
    assert!(is_forbidden(&*resolver.resolve(name()).await.err().unwrap()));
    let left = resolver.resolve(name()).await.ok().unwrap().collect::<Vec<_>>();
    assert_eq!(left, ["127.0.0.1:0".parse().unwrap()]);
}

#[tokio::test]
async fn names_that_lead_nowhere_are_unreachable() {
    let url = "http://docs.example/";
    let (lookup, _) = answers(vec![vec![]]);
    assert_eq!(reason(&fetcher_with("", lookup), url).await, "document_unreachable");
    let unknown: Lookup = Arc::new(|_| Box::pin(async { Err(io::Error::other("secret")) }));
    assert_eq!(reason(&fetcher_with("", unknown), url).await, "document_unreachable");
    // The look-up is part of the connection's time.
    let never: Lookup = Arc::new(|_| Box::pin(std::future::pending()));
    let begun = Instant::now();
    assert_eq!(reason(&fetcher_with("", never), url).await, "document_unreachable");
    assert!(begun.elapsed() < SHORT.whole, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn redirects_lead_to_allowed_places_only() {
    let inner = Hostile::start_at("127.0.0.2", |_| Answer::ok("secret")).await;
    let port = inner.address.port();
    let long = format!("/{}", "a".repeat(2_000));
    let private = ["http://127.0.0.2:PORT/", "//0x7f.2:PORT/", "http://[::ffff:127.0.0.2]:PORT/"];
    let refused = [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "data:,x",
        "http://a:b@127.0.0.1:PORT/",
        "http://[::1",
        "a\tb",
        &long,
        "",
        "/loop",
    ];
    let cases = private.map(|it| (it, "document_private_address")).into_iter();
    for (to, expected) in cases.chain(refused.map(|it| (it, "document_redirects"))) {
        let to = to.replace("PORT", &port.to_string());
        let server = Hostile::start(move |_| Answer::redirect(&to)).await;
        let fetcher = fetcher("127.0.0.1");
        assert_eq!(reason(&fetcher, &server.url("/first")).await, expected);
        server.emptied().await;
    }
    assert_eq!(inner.seen().connections, 0);
    // Without a location at all.
    let answer = Answer::new("HTTP/1.1 302 x\r\ncontent-length: 0\r\n\r\n", Then::Close);
    assert_eq!(reason_of(answer).await, "document_redirects");
}

#[tokio::test]
async fn three_redirects_are_followed_and_a_fourth_is_not() {
    let server =
        Hostile::start(|path| match path.trim_start_matches('/').parse::<u32>().unwrap() {
            0 => Answer::ok("there"),
            more => Answer::redirect(&format!("/{}", more - 1)),
        })
        .await;
    let fetcher = fetcher("127.0.0.1");
    let fetched = fetcher.fetch(1, &server.url("/3")).await.unwrap();
    assert_eq!((fetched.bytes.as_slice(), fetched.url), (b"there".as_slice(), server.url("/0")));
    assert_eq!(server.seen().connections, 4);
    assert_eq!(reason(&fetcher, &server.url("/4")).await, "document_redirects");
    assert_eq!(server.seen().connections, 8, "the fifth is not asked");
}

#[test]
fn redirects_may_change_all_but_https_to_http() {
    let from = |url: &str, to: &str| check_url(url).unwrap().redirected(to);
    let secure = from("https://a.example/x/y", "http://a.example/z").unwrap_err();
    assert_eq!(secure.reason, FetchReason::Redirects);
    assert!(from("https://a.example/", "https://b.example:8443/").is_ok());
    assert!(from("http://a.example/", "http://b.example/").is_ok());
    assert_eq!(from("http://a.example/", "https://a.example/").unwrap().as_str().len(), 18);
    assert_eq!(from("https://a.example/x/y", "../z#f").unwrap().as_str(), "https://a.example/z");
}

#[tokio::test]
async fn urls_of_another_form_are_refused_before_anything_else() {
    let fetcher = fetcher("127.0.0.0/8");
    let long = format!("http://a.example/{}", "a".repeat(2_001 - 17));
    let grows = format!("http://a.example/{}", "ä".repeat(400));
    let label = format!("http://{}/", "a".repeat(300));
    for url in [
        "",
        "/relative",
        "//127.0.0.1/",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1/",
        "file:///etc/passwd",
        "data:,x",
        "javascript:1",
        "http://",
        "http:///",
        "http://user@127.0.0.1/",
        "http://user:secret@127.0.0.1/",
        "http://:secret@127.0.0.1/",
        "http://127.0.0.1/\r\nHost: a",
        "http://127.0.0.1\r\n/",
        "ht\ntp://127.0.0.1/",
        "\u{1}http://127.0.0.1/",
        "http://127.0.0.1/\0",
        "http://127.0.0.1/\u{85}",
        "http://[::1%25lo]/",
        "http://256.0.0.1/",
        "http://a b/",
        "http://a$b/",
        "http://127.0.0.1:99999/",
        &long,
        &grows,
        &label,
    ] {
        assert_eq!(reason(&fetcher, url).await, "bad_url", "{url:?}");
        assert_eq!(check_url(url).unwrap_err().reason, FetchReason::BadUrl, "{url:?}");
    }
    let longest = format!("http://a.example/{}", "a".repeat(2_000 - 17));
    assert_eq!(check_url(&longest).unwrap().as_str(), longest);
    let url = check_url("HTTP://User.Example:80/%0d?a#b").unwrap();
    assert_eq!((url.as_str(), url.host()), ("http://user.example/%0d?a", "user.example"));
    let https_only = fetcher.https_only();
    assert_eq!(reason(&https_only, "http://a.example/").await, "bad_url");
    assert!(https_only.check("https://a.example/").is_ok());
}

#[tokio::test]
async fn a_tenant_has_two_places_and_others_still_get_theirs() {
    let server = Hostile::start(|path| match path {
        "/quick" => Answer::ok("{}"),
        _ => Answer::new("", Then::Hold),
    })
    .await;
    let fetcher = Arc::new(fetcher("127.0.0.1"));
    let begun = Instant::now();
    let nine = (0..9).map(|_| {
        let (fetcher, url) = (Arc::clone(&fetcher), server.url("/slow"));
        tokio::spawn(async move { fetcher.fetch(1, &url).await.unwrap_err().reason.word() })
    });
    let nine = nine.collect::<Vec<_>>();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.seen().open, 2);
    // Another tenant does not wait.
    assert!(fetcher.fetch(2, &server.url("/quick")).await.is_ok());
    assert!(begun.elapsed() < SHORT.place, "{:?}", begun.elapsed());
    let mut reasons = Vec::new();
    for one in nine {
        reasons.push(one.await.unwrap());
    }
    reasons.sort_unstable();
    assert_eq!(reasons, [vec!["busy"; 7], vec!["document_too_slow"; 2]].concat());
    assert_eq!(server.seen().open_max, 3);
    // The places are given back, and the tenants forgotten.
    assert!(fetcher.fetch(1, &server.url("/quick")).await.is_ok());
    assert_eq!(fetcher.places.tenants(), 1);
}
