//! The app-token service over HTTP, beside client-credentials tokens, the server and the load on a
//! core each; and what logins at three times their capacity do to the others.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on ends by a panic"
)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use domain::hex;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::bench::{
    Load, Server, add_client, ask, binary, client_credentials, load, load_each, plain, post_json,
    stay_on_core,
};

const CONNECTIONS: usize = 32;
const TIME: Duration = Duration::from_secs(3);
const REFRESHES: usize = 20_000;

/// How long logins are driven at three times what they can do.
const FLOOD: Duration = Duration::from_secs(6);

/// The same request comes again and again, so signatures count more than once, at any time.
const SETTINGS: [(&str, &str); 3] = [
    ("CHANCERY_APP_TOKEN_ADMIN_MODE", "open"),
    ("CHANCERY_APP_TOKEN_ALLOW_REPLAY", "true"),
    ("CHANCERY_APP_TOKEN_WINDOW", "0"),
];

fn main() {
    plain::serve_if_asked();
    binary();
    let folder = TempDir::with_prefix("chancery-bench-").unwrap();
    Server::start(folder.path(), None).stop();
    add_client(folder.path());
    stay_on_core(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = Server::start_with(folder.path(), Some(0), &SETTINGS);
    runtime.block_on(run(server.address));
    server.kill();
}

async fn run(address: SocketAddr) {
    let tokens = client_credentials(address);
    let tokens = load(address, &tokens, CONNECTIONS, TIME).await;
    println!("{CONNECTIONS} connections, server on core 0, load on core 1, {TIME:?} each");
    print("client credentials", tokens, tokens);

    let app = call(address, "create_oauth", json!({ "username": "bench" })).await;
    let (id, key, secret) = (text(&app, "appId"), text(&app, "appKey"), text(&app, "appSecret"));
    let signature = md5(&[&id, &key, "1700000000", &secret]);
    let asked = json!({
        "appId": id, "appKey": key, "timestamp": 1_700_000_000, "token": signature,
    });
    let authorize = post_json(address, "/oauth2/api/v1/oauth.authorize", &asked);
    let (authorized, pairs) = load_each(address, vec![authorize; REFRESHES], CONNECTIONS).await;
    print("Authorize", authorized, tokens);
    let pairs = pairs.iter().map(|it| data(it)).collect::<Vec<_>>();

    let check = json!({ "token": text(&pairs[0], "accessToken") });
    let check = post_json(address, "/oauth2/api/v1/oauth.check_token", &check);
    let (_, body) = ask(address, &check).await;
    data(&body);
    print("CheckToken", load(address, &check, CONNECTIONS, TIME).await, tokens);

    let refresh = pairs.iter().map(|it| {
        let asked = json!({ "token": text(it, "refreshToken") });
        post_json(address, "/oauth2/api/v1/oauth.refresh_token", &asked)
    });
    let (refreshed, answers) = load_each(address, refresh.collect(), CONNECTIONS).await;
    answers.iter().for_each(|it| drop(data(it)));
    print("RefreshToken", refreshed, tokens);
    logins(address, &check).await;
}

/// Logins cost what Argon2id costs; the others must not pay for them.
async fn logins(address: SocketAddr, check: &str) {
    let password = md5(&["open sesame"]);
    let user = json!({
        "rootName": "bench", "userName": "alice", "password": password, "userInfo": "e30=",
    });
    call(address, "create_user", user).await;
    let token = md5(&["alice", &password, "1700000000"]);
    let asked = json!({
        "username": "alice", "password": password, "timestamp": 1_700_000_000, "token": token,
    });
    let login = post_json(address, "/oauth2/api/v1/oauth.login", &asked);
    let (_, body) = ask(address, &login).await;
    data(&body);
    let capacity = load(address, &login, 4, TIME).await.per_second;
    let before = load(address, check, 4, TIME).await;
    let flood = tokio::spawn(flood(address, login, 3.0 * capacity));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let during = load(address, check, 4, TIME).await;
    let (sent, done) = flood.await.unwrap();
    println!("Login                  {capacity:8.0}/s, what Argon2id allows");
    println!(
        "{sent} logins in {FLOOD:?} (3 times that), {done} of them answered with tokens: \
         CheckToken p99 {:.0} µs, {:.0} before: {:.2}",
        during.p99_us,
        before.p99_us,
        during.p99_us / before.p99_us
    );
}

/// Sends at a rate, whatever comes back: how many went out, and how many led to tokens.
async fn flood(address: SocketAddr, login: String, per_second: f64) -> (usize, usize) {
    let started = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / per_second));
    let mut tasks = Vec::new();
    while started.elapsed() < FLOOD {
        ticks.tick().await;
        let login = login.clone();
        tasks.push(tokio::spawn(async move { ask(address, &login).await }));
    }
    let (sent, mut done) = (tasks.len(), 0);
    for task in tasks {
        let (_, body) = task.await.unwrap();
        done += usize::from(body.starts_with("{\"state\":true"));
    }
    (sent, done)
}

async fn call(address: SocketAddr, operation: &str, body: Value) -> Value {
    let path = format!("/oauth2/api/v1/oauth.{operation}");
    data(&ask(address, &post_json(address, &path, &body)).await.1)
}

fn data(answer: &str) -> Value {
    let answer: Value = serde_json::from_str(answer).unwrap();
    assert_eq!(answer["state"], true, "{answer}");
    answer["data"].clone()
}

fn text(data: &Value, name: &str) -> String {
    data[name].as_str().unwrap().to_owned()
}

fn md5(parts: &[&str]) -> String {
    hex(&Md5::digest(parts.concat())).to_uppercase()
}

fn print(what: &str, it: Load, beside: Load) {
    println!(
        "{what:22} {:8.0}/s  {:.2} of client credentials; p50 {:.0} p99 {:.0} µs",
        it.per_second,
        it.per_second / beside.per_second,
        it.p50_us,
        it.p99_us
    );
}
