//! SIGTERM: requests finish, snapshots are written, and the next start uses them.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tests::process::{PASSWORD, Program, until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::story::{read_back, tell};

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_run_at_the_stop_are_answered() {
    let mut program = Program::started(&[]).await;
    let token = program.token().await;
    // Half of the body has come when the signal does.
    let mut stream = TcpStream::connect(("127.0.0.1", program.port)).await.unwrap();
    let body = json!({ "name": "at-the-stop" }).to_string();
    let head = format!(
        "POST /api/ApiResource HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        program.port,
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body.as_bytes()[..5]).await.unwrap();
    // Passwords take long; all of these are on their way.
    let requests = join_all((0..4).map(|_| program.sign_in("admin", PASSWORD)));
    let stop = async {
        // What has not arrived with its whole head when the signal comes is no request yet.
        program.get("/health/live", "").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        program.signal("TERM");
    };
    let (answers, ()) = tokio::join!(requests, stop);
    for answer in answers {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    until("no new connection is taken", async || {
        TcpStream::connect(("127.0.0.1", program.port)).await.is_err()
    })
    .await;
    stream.write_all(&body.as_bytes()[5..]).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    program.ended().await;
    let events = program.replayed();
    assert!(events.iter().any(|it| it["data"]["name"] == "at-the-stop"));
    program.verified();
}

/// A terminal that is closed ends what runs in it in order, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_is_a_stop() {
    let mut program = Program::started(&[]).await;
    program.signal("HUP");
    program.ended().await;
    assert!(program.data.join("snapshots/views").exists(), "{}", program.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_graceful_stop_writes_snapshots_that_the_next_start_uses() {
    let mut program = Program::started(&[]).await;
    let token = tell(&program).await;
    let answers = read_back(&program, &token).await;
    program.stop().await;
    assert!(program.log().contains("stopped"), "{}", program.log());
    assert!(!program.data.join("admin.sock").exists());
    for name in ["index", "views"] {
        assert!(program.data.join("snapshots").join(name).exists(), "{name}");
    }
    program.start().await;
    let position = program.replayed().len();
    let started = format!("snapshot={position}");
    assert!(program.log().contains(&started), "no {started} in {}", program.log());
    assert_eq!(read_back(&program, &token).await, answers);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_audit_stream_does_not_hold_up_the_stop() {
    let mut program = Program::started(&[]).await;
    let token = program.token().await;
    let stream = program.client.get(program.url("/api/audit/stream")).bearer_auth(&token);
    let mut stream = stream.send().await.unwrap();
    assert!(stream.chunk().await.unwrap().is_some());
    let asked = Instant::now();
    program.stop().await;
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(8), "the stop took {took:?}");
    // It ends as streams do, not in the middle of a piece.
    while stream.chunk().await.expect("a whole piece").is_some() {}
}

/// What is no request yet is not waited for: `docker stop` waits ten seconds.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_request_head_does_not_hold_up_the_stop() {
    let mut program = Program::started(&[]).await;
    let mut half = Vec::new();
    for head in ["G", "GET /api/User HTTP/1.1\r\nHost: a\r\n"] {
        let mut stream = TcpStream::connect(("127.0.0.1", program.port)).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        half.push(stream);
    }
    assert_eq!(program.get("/health/live", "").await.status, 200);
    let asked = Instant::now();
    program.stop().await;
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(5), "the stop took {took:?}");
}
