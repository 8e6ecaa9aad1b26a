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

/// Figures may be for those who look after the program only.
#[tokio::test(flavor = "multi_thread")]
async fn figures_are_shown_at_an_address_of_their_own() {
    let mut program = Program::started(&["--metrics-listen", "127.0.0.1:0"]).await;
    let log = program.log();
    let line = log.lines().find(|it| it.contains("figures are shown here only")).unwrap();
    let address = line.split("address=").nth(1).unwrap().split_whitespace().next().unwrap();
    let ask = async |path: &str| {
        let answer = reqwest::get(format!("http://{address}{path}")).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    for path in ["/metrics", "/oauth2/api/v1/metrics"] {
        assert_eq!(program.get(path, "").await.status, 404, "{path}");
        let (status, text) = ask(path).await;
        assert_eq!(status, 200, "{path}");
        assert!(text.contains("chancery_log{figure="), "{text}");
    }
    assert_eq!(ask("/health/live").await.0, 200);
    for path in ["/api/User", "/connect/token", "/oauth2/api/v1/health", "/swagger/v1/swagger.json"]
    {
        assert_eq!(ask(path).await.0, 404, "{path}");
    }
    assert_eq!(program.get("/oauth2/api/v1/health", "").await.status, 200);
    program.stop().await;
    program.set_arguments(&["--metrics-listen", "nowhere"]);
    let said = program.start_refused();
    assert!(said.err.contains("listening on nowhere"), "{said:?}");
}
