//! A disk that is nearly full, and more connections than there are places for.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

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
    assert_eq!(program.sign_in("admin", PASSWORD).await.status, 503);
    assert_eq!(read_back(&program, &token).await, answers);
    let ready = program.get("/health/ready", "").await;
    assert_eq!(ready.status, 200);
    assert!(ready.json["status"].as_str().unwrap().contains("disk"), "{ready:?}");
    let metrics = program.get("/metrics", "").await.json;
    let metrics = metrics.as_str().unwrap();
    assert!(metrics.contains("\nchancery_disk_full 1\n"), "{metrics}");
    let refused = "\nchancery_log_refused_total{reason=\"disk_full\"} ";
    let refused = metrics.split(refused).nth(1).and_then(|it| it.lines().next());
    // The resource, and the token.
    assert_eq!(refused, Some("2"), "{metrics}");
    assert!(program.log().contains("the disk is nearly full"));
    program.verified();
    program.run(&["keys", "rotate"]).refused("disk");
    program.stop().await;
    program.set_arguments(&[]);
    program.start().await;
    program.post("/api/ApiResource", &token, json!({ "name": "more" })).await.data();
    program.verified();
}

const LIVE: &str = "GET /health/live HTTP/1.1";

/// Sends a request, and leaves the connection open.
fn ask(program: &Program, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, program.port)).unwrap();
    let host = program.port;
    write!(stream, "{head}\r\nHost: 127.0.0.1:{host}\r\n\r\n").unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// The next piece of what comes; nothing at the end.
fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 4096];
    let read = stream.read(&mut bytes).unwrap_or_else(|err| match err.kind() {
        std::io::ErrorKind::ConnectionReset => 0,
        _ => panic!("{err}"),
    });
    String::from_utf8_lossy(&bytes[..read]).into_owned()
}

#[track_caller]
fn answered(stream: &mut TcpStream, line: &str) {
    let said = rest(stream);
    assert!(said.starts_with(line), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_makes_room_and_a_busy_one_leaves_room_for_health() {
    let mut program = Program::new(&["--connections-max", "2"]);
    program.client = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
    program.start().await;
    let mut streams = [1, 2, 3].map(|_| {
        let mut stream = ask(&program, LIVE);
        answered(&mut stream, "HTTP/1.1 200");
        stream
    });
    // Which of the first two was idle first, only the server knows.
    let is_closed = |stream: &mut TcpStream| {
        stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        matches!(stream.read(&mut [0]), Ok(0))
    };
    until("one of them is closed", async || streams.iter_mut().any(is_closed)).await;
    assert_eq!(streams.iter_mut().filter_map(|it| is_closed(it).then_some(())).count(), 1);
    assert!(!is_closed(&mut streams[2]));
    // They wait for a body.
    let post = "POST /connect/token HTTP/1.1\r\nContent-Length: 100\r\n\
                Content-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue";
    let mut busy = [ask(&program, post), ask(&program, post)];
    busy.iter_mut().for_each(|it| answered(it, "HTTP/1.1 100"));
    for _ in 0..100 {
        answered(&mut ask(&program, "GET /api/User HTTP/1.1"), "HTTP/1.1 503");
        let live = rest(&mut ask(&program, LIVE));
        assert!(live.starts_with("HTTP/1.1 200"), "{live}");
    }
}

/// A request line without a path made a library panic.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_line_without_a_path_is_refused() {
    let program = Program::started(&["--metrics-listen", "127.0.0.1:0"]).await;
    let figures = program.figures_address();
    for line in ["GET evil", "CONNECT a:1", "OPTIONS *"] {
        for address in [format!("127.0.0.1:{}", program.port), figures.clone()] {
            let mut stream = TcpStream::connect(&address).unwrap();
            write!(stream, "{line} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
            answered(&mut stream, "HTTP/1.1 400");
        }
    }
    assert!(!program.log().contains("panicked"), "{}", program.log());
    let metrics = reqwest::get(format!("http://{figures}/metrics")).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains("chancery_panics_total 0"), "{metrics}");
    assert!(metrics.contains("chancery_connections_total{outcome=\"accepted\"}"), "{metrics}");
}

/// Of two keys, the one that was repeated is not known.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_has_one_idempotency_key() {
    let program = Program::started(&[]).await;
    let token = program.token().await;
    for keys in [["a", "b"], ["a", "a"]] {
        let ask = program.client.post(program.url("/api/User")).bearer_auth(&token);
        let ask = keys.iter().fold(ask, |ask, key| ask.header("idempotency-key", *key));
        let answer = ask.json(&json!({ "userName": "ann" })).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 400);
        let said = answer.text().await.unwrap();
        assert!(said.contains("Idempotency-Key") && said.contains("must be one"), "{said}");
    }
}

fn soft_limit(program: &Program) -> u64 {
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", program.process())).unwrap();
    let line = limits.lines().find(|it| it.starts_with("Max open files")).unwrap();
    line.split_whitespace().nth(3).unwrap().parse().unwrap()
}

/// 1,024 connections do not fit into the usual limit of 1,024 open files.
#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_open_files_is_raised_or_fewer_connections_are_served() {
    let mut program = Program::new(&[]);
    program.set_before("ulimit -Sn 256");
    program.start().await;
    let raised = soft_limit(&program);
    assert!(raised > 1_024 + 100, "{raised}");
    assert!(!program.log().contains("fewer connections"), "{}", program.log());
    program.stop().await;
    program.set_before("ulimit -Sn 256 && ulimit -Hn 256");
    program.start().await;
    assert_eq!(soft_limit(&program), 256);
    assert_eq!(program.log().matches("fewer connections").count(), 1, "{}", program.log());
    // More than there are descriptors: the log, tools and health still have theirs.
    let idle = (0..300).map(|_| TcpStream::connect(("127.0.0.1", program.port)).unwrap());
    let _idle = idle.collect::<Vec<_>>();
    let live = rest(&mut ask(&program, LIVE));
    assert!(live.starts_with("HTTP/1.1 200"), "{live}");
    program.token().await;
    program.run(&["backup", "--to", program.beside("copy").to_str().unwrap()]).ok();
    assert!(!program.log().contains("cannot be accepted"), "{}", program.log());
}

/// Figures may be for those who look after the program only.
#[tokio::test(flavor = "multi_thread")]
async fn figures_are_shown_at_an_address_of_their_own() {
    let mut program = Program::started(&["--metrics-listen", "127.0.0.1:0"]).await;
    let address = program.figures_address();
    let ask = async |path: &str| {
        let answer = reqwest::get(format!("http://{address}{path}")).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    for path in ["/metrics", "/oauth2/api/v1/metrics"] {
        assert_eq!(program.get(path, "").await.status, 404, "{path}");
        let (status, text) = ask(path).await;
        assert_eq!(status, 200, "{path}");
        assert!(text.contains("chancery_log_position "), "{text}");
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

/// Of two tokens none is chosen; generated clients send the same one twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_has_one_token() {
    let program = Program::started(&[]).await;
    let token = format!("Bearer {}", program.token().await);
    for (other, status) in [(token.clone(), 200), (format!("{token}x"), 400)] {
        let ask = program.client.get(program.url("/api/User/1"));
        let answer = ask.header("authorization", &token).header("authorization", &other);
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{other}");
    }
    let ask = program.client.post(program.url("/connect/token"));
    let ask = ask.header("authorization", "Basic YTpi").header("authorization", "Basic YTpj");
    let answer = ask.form(&[("grant_type", "client_credentials")]).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 400);
    assert!(answer.text().await.unwrap().contains("invalid_request"));
}
