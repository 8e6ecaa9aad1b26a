//! Raw bytes at the real listener: whatever comes, it answers, it closes, and it goes on.
//!
//! `CHANCERY_FUZZ_SECONDS` sets how long it lasts, `CHANCERY_FUZZ_SEED` with which seed.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use tests::fuzz::{Random, seconds};
use tests::process::Program;

/// How long it lasts unless somebody says otherwise.
const SECONDS: u64 = 15;

/// How long an answer may take. Half requests are given up by us.
const ANSWER_MAX: Duration = Duration::from_secs(10);

const METHODS: [&str; 10] =
    ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", "get", "PRI"];

const TARGETS: [&str; 20] = [
    "/",
    "*",
    "evil",
    "a:80",
    "",
    "http://a",
    "http://a?b",
    "//",
    "/?",
    "/health/live",
    "/api/User/1",
    "/api/ApiResource/1/Versions/1;rev=2",
    "/connect/token",
    "/oauth2/api/v1/oauth.check_token",
    "/api/audit/events?after=18446744073709551616",
    "/%00/%ff/%",
    "/api/User/%F0%9F%98%80",
    "/.well-known/openid-configuration",
    "/swagger/v1/swagger.json",
    "/metrics",
];

const HEADERS: [&str; 18] = [
    "Host: localhost",
    "Host:",
    "Host: a\r\nHost: b",
    "Content-Length: 5",
    "Content-Length: -1",
    "Content-Length: 99999999999999999999",
    "Content-Length: 5\r\nContent-Length: 6",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Content-Type: application/json",
    "Content-Type: application/x-www-form-urlencoded",
    "Authorization: Basic c2hvcDpzZWNyZXQ=",
    "Authorization: Bearer a.b.c",
    "Connection: Upgrade\r\nUpgrade: h2c",
    "Expect: 100-continue",
    "X-Request-Id: ÿ",
    "Idempotency-Key: k",
    " folded: yes",
];

const BODIES: [&str; 8] = [
    "",
    "{}",
    "{\"userName\":\"\\ud800\"}",
    "grant_type=password&client_id=chancery-cli&username=a&password=b",
    "5\r\nhello\r\n0\r\n\r\n",
    "ffffffffffffffff\r\n",
    "[[[[[[[[[[[[[[[[",
    "token=%",
];

/// A request that is nearly one.
fn request(random: &mut Random) -> Vec<u8> {
    let mut text = format!("{} {} ", random.pick(&METHODS), random.pick(&TARGETS));
    text +=
        random.pick(&["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2", "", "HTTP/9.9"]);
    text += "\r\n";
    for _ in 0..random.below(6) {
        text += random.pick(&HEADERS);
        text += "\r\n";
    }
    text += "\r\n";
    text += random.pick(&BODIES);
    let mut bytes = text.into_bytes();
    if random.below(3) == 0 {
        random.damage(&mut bytes);
    }
    bytes
}

/// Sends it, says that there will be no more, and reads to the end.
fn exchange(program: &Program, bytes: &[u8]) -> Duration {
    let started = Instant::now();
    let mut stream = TcpStream::connect(("127.0.0.1", program.port)).unwrap();
    stream.set_read_timeout(Some(ANSWER_MAX)).unwrap();
    stream.set_write_timeout(Some(ANSWER_MAX)).unwrap();
    // It may have been closed before all is sent.
    let _ = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
    let mut answer = Vec::new();
    let _ = stream.take(1 << 20).read_to_end(&mut answer);
    started.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_bytes_come_the_program_goes_on() {
    let mut random = Random::seeded("requests");
    let mut program = Program::new(&[]);
    // One that stood idle may be closed at the moment when it is asked again.
    program.client = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
    program.start().await;
    let until = Instant::now() + seconds(SECONDS);
    let mut sent = 0_u32;
    while Instant::now() < until {
        let mut bytes = request(&mut random);
        // Several on one connection.
        for _ in 0..random.below(3) {
            bytes.extend(request(&mut random));
        }
        let took = exchange(&program, &bytes);
        let shown = bytes.escape_ascii();
        assert!(took < ANSWER_MAX, "no end after {took:?}: {shown}");
        let log = if sent.is_multiple_of(64) { program.log() } else { String::new() };
        assert!(!log.contains("panicked"), "after {shown}: {log}");
        sent += 1;
    }
    println!("{sent} connections");
    assert!(!program.log().contains("panicked"), "{}", program.log());
    assert!(program.memory_mib() < 512, "{} MiB", program.memory_mib());
    let metrics = program.get("/metrics", "").await.json;
    assert!(metrics.as_str().unwrap().contains("chancery_panics_total 0"), "{metrics}");
    program.token().await;
    program.verified();
}
