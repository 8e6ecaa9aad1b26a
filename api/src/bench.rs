//! `chancery bench log`: how fast the log is on this disk, and how fast the disk itself is.
//!
//! Raw limit and log take turns, so that both see the same noise; ratios are medians of the turns.

mod median;
pub mod mix;
mod raw;

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use commands::Engine;
use commands::keys::{Keyring, MasterKey};
use commands::log::{SledLog, SledLogOptions};
use domain::log::EventLog;
use indicatif::{ProgressBar, ProgressStyle};
use projections::{Views, catch_up};
use serde::Serialize;

use self::median::median;
use self::raw::RawFile;
use crate::program::failure::Failure;
use crate::program::removed_at_signals::remove_at_signals;
use crate::state::clock::Clock;

/// Commits in flight.
const IN_FLIGHT: usize = 128;

/// The size of an event on the raw side, in bytes.
const RAW_EVENT_BYTES: usize = 360;

/// A full disk must end the measurement in words, not the process in the middle of a write.
const RESERVE_BYTES: u64 = 64 * 1024 * 1024;

/// The turns of raw file and log.
const TURNS: usize = 3;

const SINGLE_TIME: Duration = Duration::from_millis(350);
const RAW_TIME: Duration = Duration::from_millis(500);
const APPEND_TIME: Duration = Duration::from_millis(1_200);

/// How many events of the mix one task of the log's turn appends before it looks at the clock.
const STRIDE: u64 = 8;

/// What was measured; times in microseconds.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    raw_fdatasync_p50_us: f64,
    commit_p50_us: f64,
    commit_ratio: f64,
    raw_group_events_per_s: f64,
    append_events_per_s: f64,
    append_ratio: f64,
    in_flight: usize,
    events_per_block: f64,
    events: u64,
    raw_replay_events_per_s: f64,
    replay_events_per_s: f64,
    replay_ratio: f64,
    open_events_per_s: f64,
    bytes_per_event_on_disk: f64,
    bytes_per_event_logical: f64,
    space_ratio: f64,
}

/// Runs the benchmark and prints its result.
pub(crate) fn run(json: bool) -> Result<(), Failure> {
    let folder = tempfile::Builder::new().prefix("chancery-bench-").tempdir_in(".")?;
    let path = std::path::absolute(folder.path())?;
    let doomed = path.clone();
    remove_at_signals(&path, "the folder", move || std::fs::remove_dir_all(&doomed))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let figures = measure(&runtime, folder.path())?;
    folder.close()?;
    if json {
        println!("{}", serde_json::to_string(&figures)?);
    } else {
        print_table(&figures);
    }
    Ok(())
}

fn measure(runtime: &tokio::runtime::Runtime, folder: &Path) -> Result<Figures, Failure> {
    let style = ProgressStyle::with_template("{spinner} {msg}")?;
    // It is drawn on stderr, and only if that is a terminal.
    let progress = ProgressBar::new_spinner().with_style(style);
    progress.enable_steady_tick(Duration::from_millis(100));

    let raw = Arc::new(RawFile::start(&folder.join("raw"))?);
    let (log, engine) = open(folder)?;
    progress.set_message("one commit alone, beside one fdatasync");
    let (mut fdatasync, mut commit) = (Vec::new(), Vec::new());
    let mut next = 0;
    for _ in 0..TURNS {
        fdatasync.push(runtime.block_on(raw.single_us(256, SINGLE_TIME))?);
        commit.push(runtime.block_on(single_commits_us(&engine, &mut next))?);
    }
    progress.set_message("128 commits in flight, beside a plain file");
    let before = (space(&folder.join("log"))?, log.head().position);
    let logical_before = logical_bytes(&log);
    let blocks_before = log.stats().blocks();
    let (mut group, mut append) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        group.push(runtime.block_on(raw.group_per_s(RAW_EVENT_BYTES, IN_FLIGHT, RAW_TIME))?);
        append.push(runtime.block_on(appends_per_s(&engine, &mut next))?);
    }
    let events = log.head().position;
    let appended = (events - before.1) as f64;
    let blocks = log.stats().blocks() - blocks_before;
    let logical = (logical_bytes(&log) - logical_before) as f64 / appended;
    let on_disk = space(&folder.join("log"))?.saturating_sub(before.0) as f64 / appended;

    progress.set_message("replay, beside a plain file");
    let plain = folder.join("plain");
    raw::copy_events(&*log, &plain)?;
    drop(engine);
    drop(log);
    let mut replays = Vec::new();
    for _ in 0..TURNS {
        replays.push(replay_turn(folder, &plain)?);
    }
    progress.finish_and_clear();

    let ratios = |of: &[f64], to: &[f64]| median(of.iter().zip(to).map(|(a, b)| a / b).collect());
    let replayed = replays.iter().map(|it| it.1).collect::<Vec<_>>();
    let raw_replayed = replays.iter().map(|it| it.0).collect::<Vec<_>>();
    Ok(Figures {
        commit_ratio: ratios(&commit, &fdatasync),
        raw_fdatasync_p50_us: median(fdatasync),
        commit_p50_us: median(commit),
        append_ratio: ratios(&append, &group),
        raw_group_events_per_s: median(group),
        append_events_per_s: median(append),
        in_flight: IN_FLIGHT,
        events_per_block: appended / blocks as f64,
        events,
        replay_ratio: ratios(&replayed, &raw_replayed),
        raw_replay_events_per_s: median(raw_replayed),
        replay_events_per_s: median(replayed),
        open_events_per_s: median(replays.iter().map(|it| it.2).collect()),
        bytes_per_event_on_disk: on_disk,
        bytes_per_event_logical: logical,
        space_ratio: on_disk / logical,
    })
}

fn open(folder: &Path) -> Result<(Arc<SledLog>, Arc<Engine>), Failure> {
    let master = MasterKey::parse(&"0".repeat(64))?;
    let keys = Arc::new(Keyring::open(&folder.join("keys"), &master)?);
    let log = Arc::new(SledLog::open(&SledLogOptions {
        folder: folder.to_owned(),
        id: keys.log_id(),
        reserve_bytes: RESERVE_BYTES,
        accept_head: None,
    })?);
    let port: Arc<dyn EventLog> = log.clone();
    Ok((log, Arc::new(Engine::new(port, keys))))
}

/// The median time of one commit alone: tokens, whose people have no key to make first.
async fn single_commits_us(engine: &Engine, next: &mut u64) -> Result<f64, Failure> {
    let (clock, mut taken) = (Clock::default(), Vec::new());
    let started = Instant::now();
    while started.elapsed() < SINGLE_TIME {
        let one = Instant::now();
        mix::append(engine, mix::Kind::Token, *next, clock.now(), 3_600).await?;
        *next += 1;
        taken.push(one.elapsed().as_secs_f64() * 1e6);
    }
    Ok(median(taken))
}

/// Appends the mix for a while. Says how many events a second.
async fn appends_per_s(engine: &Arc<Engine>, next: &mut u64) -> Result<f64, Failure> {
    let started = Instant::now();
    let counter = Arc::new(std::sync::atomic::AtomicU64::new(*next));
    let before = engine.log().head().position;
    let tasks = (0..IN_FLIGHT).map(|_| {
        let (engine, counter, clock) = (engine.clone(), counter.clone(), Clock::default());
        tokio::spawn(async move {
            while started.elapsed() < APPEND_TIME {
                let n = counter.fetch_add(STRIDE, std::sync::atomic::Ordering::Relaxed);
                for n in n..n + STRIDE {
                    mix::append(&engine, mix::kind_of(n), n, clock.now(), 3_600).await?;
                }
            }
            Ok(())
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        let result: Result<(), commands::Error> = task.await?;
        result?;
    }
    *next = counter.load(std::sync::atomic::Ordering::Relaxed);
    let events = engine.log().head().position - before;
    Ok(events as f64 / started.elapsed().as_secs_f64())
}

/// Events a second: decoded from the plain file, replayed into all read models, and opened.
fn replay_turn(folder: &Path, plain: &Path) -> Result<(f64, f64, f64), Failure> {
    let started = Instant::now();
    let (log, engine) = open(folder)?;
    let opened = started.elapsed();
    let events = log.head().position as f64;
    let raw = raw::decode_per_s(plain, engine.keys())?;
    let views = Views::new(engine.keys().clone());
    let started = Instant::now();
    catch_up(&*log, &views, &|_| ())?;
    let replayed = started.elapsed();
    Ok((raw, events / replayed.as_secs_f64(), events / opened.as_secs_f64()))
}

/// What the events and their commits take in a plain file: the blocks without their headers.
fn logical_bytes(log: &SledLog) -> u64 {
    let stats = log.stats();
    stats.bytes().saturating_sub(stats.blocks() * commands::log::BLOCK_HEADER_BYTES)
}

/// What a folder takes of the disk, in bytes.
fn space(folder: &Path) -> Result<u64, Failure> {
    let mut all = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        all += if metadata.is_dir() { space(&entry.path())? } else { metadata.blocks() * 512 };
    }
    Ok(all)
}

fn print_table(it: &Figures) {
    println!("Medians of {TURNS} turns in one run; raw limit and log take turns.\n");
    println!("{:52} {:>10} {:>10} {:>7}", "", "log", "raw", "ratio");
    let line = |what: &str, log: f64, raw: f64, ratio: f64| {
        println!("{what:52} {log:>10.0} {raw:>10.0} {ratio:>7.2}");
    };
    line(
        "one commit alone, µs (raw: 256 B + fdatasync)",
        it.commit_p50_us,
        it.raw_fdatasync_p50_us,
        it.commit_ratio,
    );
    line(
        &format!("append, events/s, {IN_FLIGHT} in flight, {:.0} a sync", it.events_per_block),
        it.append_events_per_s,
        it.raw_group_events_per_s,
        it.append_ratio,
    );
    line(
        "replay into all read models, events/s (raw: crc + decode)",
        it.replay_events_per_s,
        it.raw_replay_events_per_s,
        it.replay_ratio,
    );
    line(
        "space, bytes an event (raw: the events alone)",
        it.bytes_per_event_on_disk,
        it.bytes_per_event_logical,
        it.space_ratio,
    );
    println!("\n{} events: 60 % tokens, 20 % users with personal data, 20 % the rest.", it.events);
}
