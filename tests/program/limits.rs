//! A disk that is nearly full, and more connections than there are places for.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};

use serde_json::json;
use tests::process::{PASSWORD, Program, until};

use crate::story::{read_back, tell};

#[tokio::test(flavor = "multi_thread")]
async fn a_nearly_full_disk_refuses_changes_and_goes_on_reading() {
    let mut program = Program::started(&[]).await;
    let token = tell(&program).await;
    let answers = read_back(&program, &token).await;
    program.stop().await;
    // More than any disk has.
    program.set_arguments(&["--disk-reserve-mib", "1000000000"]);
    program.start().await;
    let refused = program.post("/api/ApiResource", &token, json!({ "name": "more" })).await;
    assert_eq!(refused.status, 507, "{refused:?}");
    assert!(refused.kind.starts_with("application/problem+json"), "{refused:?}");
    assert_eq!(program.sign_in("admin", PASSWORD).await.status, 507);
    assert_eq!(read_back(&program, &token).await, answers);
    let ready = program.get("/health/ready", "").await;
    assert_eq!(ready.status, 200);
    assert!(ready.json["status"].as_str().unwrap().contains("disk"), "{ready:?}");
    let metrics = program.get("/metrics", "").await.json;
    assert!(metrics.as_str().unwrap().contains("chancery_log{figure=\"disk_full\"} 1"));
    assert!(program.log().contains("the disk is nearly full"));
    program.verified();
    program.run(&["keys", "rotate"]).refused("disk");
    program.stop().await;
    program.set_arguments(&[]);
    program.start().await;
    program.post("/api/ApiResource", &token, json!({ "name": "more" })).await.data();
    program.verified();
}

/// Sends a request, and leaves the connection open.
fn ask(program: &Program) -> TcpStream {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, program.port)).unwrap();
    let host = program.port;
    write!(stream, "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1:{host}\r\n\r\n").unwrap();
    stream
}

fn answers(stream: &mut TcpStream) -> bool {
    let mut byte = [0];
    stream.set_read_timeout(Some(std::time::Duration::from_millis(50))).unwrap();
    stream.read(&mut byte).is_ok_and(|it| it == 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_over_the_limit_waits_for_a_place() {
    let mut program = Program::new(&["--connections-max", "2"]);
    program.client = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
    program.start().await;
    let (mut first, mut second) = (ask(&program), ask(&program));
    until("the first two are answered", async || answers(&mut first)).await;
    until("the first two are answered", async || answers(&mut second)).await;
    let mut third = ask(&program);
    assert!(!answers(&mut third), "the third has a place");
    drop(first);
    until("the third is answered", async || answers(&mut third)).await;
}
