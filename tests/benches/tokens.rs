//! Client-credentials tokens over HTTP, at 32 connections, the server and the load on a core each.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on ends by a panic"
)]

use std::process::Stdio;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use tempfile::TempDir;
use tests::bench::{
    Server, add_client, ask, binary, client_credentials, get, load, on_core, plain, stay_on_core,
};

const CONNECTIONS: usize = 32;
const TIME: Duration = Duration::from_secs(4);

/// Tells the process that only signs to do so.
const SIGN: &str = "CHANCERY_BENCH_SIGN";

fn main() {
    plain::serve_if_asked();
    if std::env::var_os(SIGN).is_some() {
        return println!("{}", sign_per_second());
    }
    binary();
    let folder = TempDir::with_prefix("chancery-bench-").unwrap();
    Server::start(folder.path(), None).stop();
    add_client(folder.path());
    stay_on_core(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let signing = signing_rate();
    let raw = {
        let plain = plain::start(30, Some(0));
        runtime.block_on(load(plain.address, &get(plain.address, "/", None), CONNECTIONS, TIME))
    };
    let server = Server::start(folder.path(), Some(0));
    let address = server.address;
    let live = get(address, "/health/live", None);
    let live = runtime.block_on(load(address, &live, CONNECTIONS, TIME));
    let request = client_credentials(address);
    let (status, body) = runtime.block_on(ask(address, &request));
    assert_eq!(status, 200, "{body}");
    let tokens = runtime.block_on(load(address, &request, CONNECTIONS, TIME));
    println!("{CONNECTIONS} connections, server on core 0, load on core 1, {TIME:?} each");
    println!("ES256 signatures alone  {signing:8.0}/s");
    println!("raw hyper               {:8.0}/s", raw.per_second);
    println!(
        "GET /health/live        {:8.0}/s  {:.2} of raw hyper",
        live.per_second,
        live.per_second / raw.per_second
    );
    println!(
        "tokens                  {:8.0}/s  {:.2} of signing, {:.2} of live; p50 {:.0} p99 {:.0} µs",
        tokens.per_second,
        tokens.per_second / signing,
        tokens.per_second / live.per_second,
        tokens.p50_us,
        tokens.p99_us
    );
    let ideal = 1.0 / (1.0 / signing + 1.0 / live.per_second);
    println!(
        "signing and plain HTTP one after the other on one core would make {ideal:.0}/s: {:.2}",
        tokens.per_second / ideal
    );
    server.stop();
}

fn signing_rate() -> f64 {
    let mut command = on_core(Some(0), &std::env::current_exe().unwrap());
    let output = command.env(SIGN, "1").stderr(Stdio::inherit()).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

fn sign_per_second() -> f64 {
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let started = Instant::now();
    let mut count = 0;
    while started.elapsed() < Duration::from_secs(2) {
        std::hint::black_box(pair.sign(&random, &[7; 600]).unwrap());
        count += 1;
    }
    f64::from(count) / started.elapsed().as_secs_f64()
}
