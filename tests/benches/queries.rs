//! Queries at 100,000 users: the detail and a list of ten, beside a static answer of their size.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on ends by a panic"
)]

use std::time::Duration;

use api::bench::mix::{Kind, fill};
use serde_json::Value;
use tempfile::TempDir;
use tests::bench::{
    PASSWORD, Server, ask, binary, get, load, now, open, plain, post, stay_on_core,
};

const USERS: u64 = 100_000;
const CONNECTIONS: usize = 4;
const TIME: Duration = Duration::from_secs(3);
const CHECK_TIME: Duration = Duration::from_secs(5);

fn main() {
    plain::serve_if_asked();
    binary();
    let folder = TempDir::with_prefix("chancery-bench-").unwrap();
    Server::start(folder.path(), None).stop();
    let filling = tokio::runtime::Runtime::new().unwrap();
    {
        let (log, engine) = open(folder.path());
        filling.block_on(fill(&engine, (0, USERS), 128, |_| Kind::User, now())).unwrap();
        log.close();
    }
    drop(filling);
    stay_on_core(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = Server::start(folder.path(), Some(0));
    let address = server.address;
    let form = format!(
        "grant_type=password&client_id=chancery-cli&username=admin&password={PASSWORD}\
         &scope=oauthapp.all"
    );
    let (status, body) = runtime.block_on(ask(address, &post(address, "/connect/token", &form)));
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    let token = answer["access_token"].as_str().unwrap();
    // A start checks the log in the background.
    std::thread::sleep(CHECK_TIME);
    println!("{USERS} users, {CONNECTIONS} connections, server on core 0, load on core 1");
    for (what, path) in [
        ("detail", "/api/User/51000"),
        ("list of 10", "/api/User?skip=50000&take=10"),
        ("first 10", "/api/User?take=10"),
        ("by e-mail", "/api/User?q.email=person51000%40example.com"),
    ] {
        let request = get(address, path, Some(token));
        let (status, body) = runtime.block_on(ask(address, &request));
        assert_eq!(status, 200, "{body}");
        let found = runtime.block_on(load(address, &request, CONNECTIONS, TIME));
        let plain = plain::start(body.len(), Some(0));
        let request = get(plain.address, path, Some(token));
        let raw = runtime.block_on(load(plain.address, &request, CONNECTIONS, TIME));
        println!(
            "{what:22} {:5} B  p50 {:5.0} µs ({:.2} of static)  p99 {:5.0} µs ({:.2} of static)  \
             {:6.0}/s ({:.2})",
            body.len(),
            found.p50_us,
            found.p50_us / raw.p50_us,
            found.p99_us,
            found.p99_us / raw.p99_us,
            found.per_second,
            found.per_second / raw.per_second
        );
    }
    server.kill();
}
