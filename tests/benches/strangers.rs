//! Two thousand sockets of one network, and what another network notices of them.
//!
//! `cargo bench -p tests --bench strangers`: five rounds, each first quiet, then beside the sockets of
//! 127.0.0.1: a third never reads, a third says half a request, a third asks politely each second;
//! each that is closed comes again after a second. Measured from 127.0.0.2, one request at a time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark fails by panicking"
)]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tests::bench::{Server, binary};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

const SOCKETS: usize = 2_000;
const ROUNDS: usize = 5;
const REQUESTS: usize = 1_000;
const STRANGER: Ipv4Addr = Ipv4Addr::LOCALHOST;
const NEIGHBOUR: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const AGAIN: Duration = Duration::from_secs(1);

/// What the aim is: three times as long as in quiet, or this.
const TARGET: Duration = Duration::from_millis(20);

async fn connect(from: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((IpAddr::from(from), 0).into())?;
    socket.connect(to).await
}

async fn stranger(number: usize, server: SocketAddr) {
    let whole = format!("GET /swagger/v1/swagger.json HTTP/1.1\r\nHost: {server}\r\n\r\n");
    let mut bytes = vec![0; 64 * 1024];
    loop {
        if let Ok(mut stream) = connect(STRANGER, server).await {
            match number % 3 {
                0 => {
                    // As much as fits; then it is never read.
                    let asked = stream.write_all(whole.repeat(40).as_bytes()).await;
                    if asked.is_ok() {
                        // Longer than the server waits for it.
                        tokio::time::sleep(AGAIN * 40).await;
                    }
                }
                1 => {
                    if stream.write_all(&whole.as_bytes()[..20]).await.is_ok() {
                        let _ = stream.read(&mut bytes).await;
                    }
                }
                _ => {
                    let live = format!("GET /health/live HTTP/1.1\r\nHost: {server}\r\n\r\n");
                    while stream.write_all(live.as_bytes()).await.is_ok()
                        && stream.read(&mut bytes).await.is_ok_and(|it| it > 0)
                    {
                        tokio::time::sleep(AGAIN).await;
                    }
                }
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// The time that 99 of 100 requests take at most, and how many were not answered.
async fn p99(server: SocketAddr) -> (Duration, usize) {
    let request =
        format!("GET /.well-known/openid-configuration HTTP/1.1\r\nHost: {server}\r\n\r\n");
    let (mut times, mut failed) = (Vec::new(), 0);
    let mut stream = None;
    let mut bytes = vec![0; 64 * 1024];
    for _ in 0..REQUESTS {
        let started = Instant::now();
        // A new connection now and then, as callers have.
        let open = match stream.take() {
            Some(open) => Ok(open),
            None => connect(NEIGHBOUR, server).await,
        };
        let asked = async {
            let mut open = open?;
            open.write_all(request.as_bytes()).await?;
            let read = open.read(&mut bytes).await?;
            std::io::Result::Ok((open, bytes[..read].starts_with(b"HTTP/1.1 200")))
        };
        match tokio::time::timeout(Duration::from_secs(5), asked).await {
            Ok(Ok((open, true))) => {
                stream = (times.len() % 10 != 9).then_some(open);
                times.push(started.elapsed());
            }
            _ => failed += 1,
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    times.sort();
    (times.get(times.len() * 99 / 100).copied().unwrap_or(Duration::MAX), failed)
}

fn median(mut of: Vec<Duration>) -> Duration {
    of.sort();
    of[of.len() / 2]
}

fn main() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    binary();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), None);
    let address = server.address;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (mut quiet, mut loud, mut missed) = (Vec::new(), Vec::new(), 0);
        for round in 1..=ROUNDS {
            let (alone, _) = p99(address).await;
            let mut strangers = JoinSet::new();
            (0..SOCKETS).for_each(|number| drop(strangers.spawn(stranger(number, address))));
            tokio::time::sleep(AGAIN * 3).await;
            let (beside, failed) = p99(address).await;
            strangers.shutdown().await;
            tokio::time::sleep(AGAIN).await;
            println!(
                "round {round}: p99 {alone:?} alone, {beside:?} beside; {failed} not answered"
            );
            quiet.push(alone);
            loud.push(beside);
            missed += failed;
        }
        let (quiet, loud) = (median(quiet), median(loud));
        let met = missed == 0 && (loud <= quiet * 3 || loud <= TARGET);
        println!("median of {ROUNDS}: p99 {quiet:?} alone, {loud:?} beside {SOCKETS} sockets");
        println!("{}: at most 3 times as long, or {TARGET:?}", if met { "met" } else { "MISSED" });
    });
    server.stop();
}
