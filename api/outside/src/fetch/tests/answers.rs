//! Bad answers: too large, too slow, broken, none.

use super::*;

#[tokio::test]
async fn large_documents_are_refused() {
    let head = |length: usize| format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
    let begun = Instant::now();
    let declared = Answer::new(head(50_000_000), Then::Hold);
    assert_eq!(reason_of(declared).await, "document_too_large");
    let declared = Answer::new(head(DOCUMENT_BYTES_MAX + 1), Then::Hold);
    assert_eq!(reason_of(declared).await, "document_too_large");
    assert!(begun.elapsed() < SHORT.whole, "refused by what it declares");

    let chunk = [b"40000\r\n".as_slice(), &[b'a'; 0x40000], b"\r\n"].concat();
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let endless = Answer::new(head, Then::Repeat(chunk.clone(), Duration::ZERO));
    assert_eq!(long_reason(endless).await, Err("document_too_large"));
    let until_closed = Answer::new(
        [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'a'; DOCUMENT_BYTES_MAX + 1]].concat(),
        Then::Close,
    );
    assert_eq!(long_reason(until_closed).await, Err("document_too_large"));

    let chunks = [head.as_bytes(), &chunk.repeat(64), b"0\r\n\r\n"].concat();
    assert_eq!(long_reason(Answer::new(chunks, Then::Close)).await, Ok(DOCUMENT_BYTES_MAX));
}

/// With the time that is needed for megabytes on a busy machine.
async fn long_reason(answer: Answer) -> Result<usize, &'static str> {
    let server = Hostile::start(move |_| answer.clone()).await;
    let outbound = Outbound::parse("127.0.0.0/8").unwrap();
    let fetcher = Fetcher::with(outbound, Limits::REAL, by_the_system()).unwrap();
    let fetched = fetcher.fetch(1, &server.url("/")).await;
    server.emptied().await;
    fetched.map(|it| it.bytes.len()).map_err(|err| err.reason.word())
}

#[tokio::test]
async fn slow_servers_are_left() {
    let ok = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n";
    let slowly = Then::Repeat(b"a".to_vec(), Duration::from_millis(300));
    let begun = Instant::now();
    let mut fetches = tokio::task::JoinSet::new();
    for answer in [
        Answer::new("", Then::Hold),
        Answer::new("HTTP/1.1 200 OK\r\n", Then::Hold),
        Answer::new("HTTP/1.1 200 OK\r\nx: ", slowly.clone()),
        Answer::new(ok, Then::Hold),
        Answer::new(ok, slowly),
        Answer::new("", Then::Repeat(b"HTTP/1.1 100 x\r\n\r\n".to_vec(), SHORT.connect)),
    ] {
        fetches.spawn(reason_of(answer));
    }
    assert_eq!(fetches.join_all().await, ["document_too_slow"; 6]);
    let took = begun.elapsed();
    assert!(took >= SHORT.whole && took < SHORT.whole * 8, "{took:?}");
}

/// The time of all requests is counted together.
#[tokio::test]
async fn slow_redirects_are_left() {
    let head = "HTTP/1.1 302 x\r\nlocation: /again\r\ncontent-length: 0\r\n";
    let late = Answer::new(head, Then::Repeat(b"\r\n".to_vec(), SHORT.connect));
    let server = Hostile::start(move |_| late.clone()).await;
    assert_eq!(reason(&fetcher("127.0.0.1"), &server.url("/")).await, "document_too_slow");
    assert_eq!(server.seen().connections, 3);
}

#[tokio::test]
async fn other_answers_are_refused() {
    let ok = "HTTP/1.1 200 OK\r\n";
    let mut answers = vec![
        Answer::new("", Then::Close),
        Answer::new("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort", Then::Close),
        Answer::new(format!("{ok}transfer-encoding: chunked\r\n\r\n5\r\nsho"), Then::Close),
        Answer::new(format!("{ok}transfer-encoding: chunked\r\n\r\nzz\r\n"), Then::Close),
        Answer::new(format!("{ok}content-length: 1\r\ncontent-length: 2\r\n\r\nab"), Then::Close),
        Answer::new("SSH-2.0-secret\r\n", Then::Close),
        Answer::new(ok, Then::Repeat(vec![b'a'; 0x10000], Duration::ZERO)),
        Answer::new(ok, Then::Repeat(b"a: b\r\n".repeat(200), Duration::ZERO)),
    ];
    for status in [201, 203, 204, 206, 300, 304, 305, 400, 401, 404, 429, 500, 503] {
        let head = format!("HTTP/1.1 {status} secret\r\ncontent-length: 6\r\n\r\nsecret");
        answers.push(Answer::new(head, Then::Close));
    }
    for encoding in ["gzip", "br", "identity", ""] {
        let head = format!("{ok}content-encoding: {encoding}\r\ncontent-length: 2\r\n\r\n{{}}");
        answers.push(Answer::new(head, Then::Close));
    }
    for answer in answers {
        let shown = String::from_utf8_lossy(&answer.0).into_owned();
        assert_eq!(reason_of(answer).await, "document_unreachable", "{shown}");
    }
}

#[tokio::test]
async fn nobody_there_and_no_tls_are_unreachable() {
    let server = Hostile::start(|_| Answer::ok("{}")).await;
    let url = server.url("/").replace("http:", "https:");
    let fetcher = fetcher("127.0.0.0/8");
    // It waits for a head that does not come, so the handshake is left after its time.
    assert_eq!(reason(&fetcher, &url).await, "document_unreachable");
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(reason(&fetcher, &format!("http://{gone}/")).await, "document_unreachable");
}
