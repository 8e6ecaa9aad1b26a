//! One million events: ready after kill -9, memory, disk; and what a token costs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on ends by a panic"
)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use api::bench::mix::{Kind, fill, kind_of};
use domain::log::EventLog as _;
use tempfile::TempDir;
use tests::bench::{Server, binary, now, open, quantile, space};

const EVENTS: u64 = 950_000;
const TAIL: u64 = 50_000;
const TOKENS: u64 = 300_000;
const STARTS: usize = 5;

/// Tells the process that fills a folder and waits to be killed what to do.
const FILL: &str = "CHANCERY_BENCH_FILL";

fn main() {
    if let Ok(asked) = std::env::var(FILL) {
        return fill_and_wait(&asked);
    }
    binary();
    start_on_nothing();
    one_million();
    tokens();
}

fn start_on_nothing() {
    let (mut starts, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let folder = TempDir::with_prefix("chancery-bench-").unwrap();
        let server = Server::start(folder.path(), None);
        starts.push(server.ready.as_secs_f64() * 1e3);
        std::thread::sleep(Duration::from_millis(300));
        memory.push(server.memory_mib());
        server.stop();
    }
    println!("start on an empty folder   {:6.0} ms (median of {STARTS})", median(&mut starts));
    println!("memory before any login    {:6.1} MiB", median(&mut memory));
}

fn one_million() {
    let folder = TempDir::with_prefix("chancery-bench-").unwrap();
    Server::start(folder.path(), None).stop();
    let took = fill_and_kill(folder.path(), 0, EVENTS, "mix");
    println!("fill: {EVENTS} events in {took:.1} s");
    std::fs::remove_dir_all(folder.path().join("snapshots")).unwrap();
    let server = Server::start(folder.path(), None);
    println!("ready without a snapshot   {:6.0} ms", server.ready.as_secs_f64() * 1e3);
    wait_for_snapshots(folder.path());
    server.kill();
    print_starts(folder.path(), "with a snapshot, no tail  ");
    fill_and_kill(folder.path(), EVENTS, EVENTS + TAIL, "mix");
    print_starts(folder.path(), "with a snapshot, 5 % tail ");
    let all = (EVENTS + TAIL) as f64;
    for part in ["log", "keys", "snapshots"] {
        let bytes = space(&folder.path().join(part)) as f64;
        println!("disk: {part:20} {:6.0} B an event", bytes / all);
    }
}

/// Starts after kill -9; the copy of the tail in a new snapshot is prevented by the next kill.
fn print_starts(folder: &Path, what: &str) {
    let (mut starts, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let server = Server::start(folder, None);
        starts.push(server.ready.as_secs_f64() * 1e3);
        memory.push(server.memory_mib());
        server.kill();
    }
    println!(
        "ready {what} {:6.0} ms, {:5.0} MiB (median of {STARTS})",
        median(&mut starts),
        median(&mut memory)
    );
}

/// Memory and disk of tokens that live, and of tokens whose streams have ended.
fn tokens() {
    let mut figures = Vec::new();
    for kind in ["none", "live", "expired"] {
        let folder = TempDir::with_prefix("chancery-bench-").unwrap();
        Server::start(folder.path(), None).stop();
        let count = if kind == "none" { 1 } else { TOKENS };
        fill_and_kill(folder.path(), 0, count, kind);
        let server = Server::start(folder.path(), None);
        server.stop();
        let server = Server::start(folder.path(), None);
        std::thread::sleep(Duration::from_millis(500));
        figures.push((server.memory_mib(), space(&folder.path().join("log")) as f64));
        server.kill();
    }
    let [none, live, expired] = figures[..] else { unreachable!() };
    for (what, it) in [("live", live), ("expired", expired)] {
        println!(
            "{what:8} token: {:5.0} B of memory, {:5.0} B of disk",
            (it.0 - none.0) * 1024.0 * 1024.0 / TOKENS as f64,
            (it.1 - none.1) / TOKENS as f64
        );
    }
}

fn wait_for_snapshots(folder: &Path) {
    let started = Instant::now();
    while !folder.join("snapshots/views").exists() {
        assert!(started.elapsed() < Duration::from_secs(60), "no snapshot was made");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn fill_and_kill(folder: &Path, from: u64, to: u64, kind: &str) -> f64 {
    let started = Instant::now();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(FILL, format!("{from}:{to}:{kind}:{}", folder.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line.trim(), "filled");
    child.kill().unwrap();
    child.wait().unwrap();
    started.elapsed().as_secs_f64()
}

fn fill_and_wait(asked: &str) {
    let mut parts = asked.splitn(4, ':');
    let mut part = || parts.next().unwrap();
    let range = (part().parse().unwrap(), part().parse().unwrap());
    let (kind, folder) = (part().to_owned(), part().to_owned());
    let (log, engine) = open(Path::new(&folder));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let of: fn(u64) -> Kind = if kind == "mix" { kind_of } else { |_| Kind::Token };
    runtime.block_on(fill(&engine, range, 128, of, now())).unwrap();
    if kind == "expired" {
        // For the log it is as late as its latest commit says.
        let (later, hours_later) = ((range.1, range.1 + 1), now().plus_seconds(3 * 3_600));
        runtime.block_on(fill(&engine, later, 1, |_| Kind::Role, hours_later)).unwrap();
    }
    assert!(log.head().position > range.1 - range.0);
    println!("filled");
    std::thread::sleep(Duration::from_secs(600));
}

fn median(values: &mut [f64]) -> f64 {
    quantile(values, 0.5)
}
