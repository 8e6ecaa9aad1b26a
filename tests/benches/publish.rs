//! How far NATS is behind the log at 20,000 events a second.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on ends by a panic"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use api::bench::mix::{Kind, append};
use commands::keys::Keyring;
use commands::log::{SledLog, SledLogOptions};
use commands::publisher::{Publisher, PublisherOptions};
use commands::{Engine, Personal};
use domain::log::EventLog;
use futures_util::StreamExt as _;
use tempfile::TempDir;
use tests::bench::{now, quantile};
use tests::nats::NatsServer;
use tokio::sync::mpsc;

const PER_SECOND: u64 = 20_000;
const SECONDS: u64 = 5;
const TICK: Duration = Duration::from_millis(2);

/// The size of a message on the raw side.
const RAW_BYTES: usize = 700;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let nats = NatsServer::start();
    let raw = raw_publish_us(&nats).await;
    let (raw_p50, raw_p99) = raw_lag_ms(&nats).await;
    let folder = TempDir::with_prefix("chancery-bench-").unwrap();
    let keys = Arc::new(Keyring::ephemeral().unwrap());
    let options = SledLogOptions {
        folder: folder.path().to_owned(),
        id: keys.log_id(),
        reserve_bytes: 0,
        accept_head: None,
    };
    let log: Arc<dyn EventLog> = Arc::new(SledLog::open(&options).unwrap());
    let engine = Arc::new(Engine::new(log.clone(), keys.clone()));
    let client = async_nats::connect(nats.url()).await.unwrap();
    let mut messages = client.subscribe("chancery.>").await.unwrap();
    client.flush().await.unwrap();
    let options = PublisherOptions {
        url: nats.url(),
        credentials: None,
        personal: Personal::Hidden,
        folder: None,
    };
    let publisher = Publisher::start(log.clone(), keys, options);
    append(&engine, Kind::Token, 0, now(), 3_600).await.unwrap();
    messages.next().await.unwrap();

    let all = PER_SECOND * SECONDS;
    let receiving = tokio::spawn(async move {
        let mut seen = Vec::with_capacity(all as usize);
        while (seen.len() as u64) < all {
            messages.next().await.unwrap();
            // Position 1 is gone already, and they come in order.
            seen.push(Instant::now());
        }
        seen
    });
    let (times, rate) = append_steadily(&engine, all).await;
    let seen = receiving.await.unwrap();
    let lags = seen
        .iter()
        .zip(&times)
        .map(|(seen, durable)| seen.saturating_duration_since(*durable).as_secs_f64() * 1e3);
    let mut lags = lags.collect::<Vec<_>>();
    let (p50, p99) = (quantile(&mut lags, 0.5), quantile(&mut lags, 0.99));
    println!("{rate:.0} events/s for {SECONDS} s; log, publisher and nats-server share the cores");
    println!("lag from durable to subscriber: p50 {p50:.2} ms, p99 {p99:.2} ms");
    println!(
        "raw: as many messages of {RAW_BYTES} bytes, straight from a client: p50 {raw_p50:.2} ms, \
         p99 {raw_p99:.2} ms"
    );
    println!(
        "one publish with its acknowledgement alone: p50 {raw:.0} µs; p50 is {:.1} times that",
        p50 * 1e3 / raw
    );
    publisher.stop().await;
}

/// Appends so many tokens, evenly; says when each was durable, and how many a second were.
async fn append_steadily(engine: &Arc<Engine>, all: u64) -> (Vec<Instant>, f64) {
    let (durable, mut durables) = mpsc::unbounded_channel();
    let started = Instant::now();
    let mut ticks = tokio::time::interval(TICK);
    let mut sent = 0;
    while sent < all {
        ticks.tick().await;
        let due = (started.elapsed().as_secs_f64() * PER_SECOND as f64) as u64;
        for n in sent..due.min(all) {
            let (engine, durable) = (engine.clone(), durable.clone());
            tokio::spawn(async move {
                let done = append(&engine, Kind::Token, n, now(), 3_600).await.unwrap();
                durable.send((done.position, Instant::now())).unwrap();
            });
        }
        sent = due.min(all).max(sent);
    }
    drop(durable);
    let mut times = vec![started; all as usize];
    while let Some((position, time)) = durables.recv().await {
        times[position as usize - 2] = time;
    }
    (times, all as f64 / started.elapsed().as_secs_f64())
}

/// The raw limit: one message, acknowledged by JetStream, alone.
async fn raw_publish_us(nats: &NatsServer) -> f64 {
    let client = async_nats::connect(nats.url()).await.unwrap();
    let context = async_nats::jetstream::new(client);
    let config = async_nats::jetstream::stream::Config {
        name: "RAW".to_owned(),
        subjects: vec!["raw".to_owned()],
        ..Default::default()
    };
    context.create_stream(config).await.unwrap();
    let mut taken = Vec::new();
    for _ in 0..2_000 {
        let one = Instant::now();
        context.publish("raw", vec![7; RAW_BYTES].into()).await.unwrap().await.unwrap();
        taken.push(one.elapsed().as_secs_f64() * 1e6);
    }
    quantile(&mut taken, 0.5)
}

/// The raw limit at this rate: a client that publishes into a stream and has nothing else to do.
async fn raw_lag_ms(nats: &NatsServer) -> (f64, f64) {
    let client = async_nats::connect(nats.url()).await.unwrap();
    let subscriber = async_nats::connect(nats.url()).await.unwrap();
    let mut messages = subscriber.subscribe("raw").await.unwrap();
    subscriber.flush().await.unwrap();
    let all = PER_SECOND * SECONDS;
    let receiving = tokio::spawn(async move {
        let mut seen = Vec::with_capacity(all as usize);
        while (seen.len() as u64) < all {
            messages.next().await.unwrap();
            seen.push(Instant::now());
        }
        seen
    });
    let mut sent = Vec::with_capacity(all as usize);
    let started = Instant::now();
    let mut ticks = tokio::time::interval(TICK);
    while (sent.len() as u64) < all {
        ticks.tick().await;
        let due = (started.elapsed().as_secs_f64() * PER_SECOND as f64) as u64;
        while (sent.len() as u64) < due.min(all) {
            sent.push(Instant::now());
            client.publish("raw", vec![7; RAW_BYTES].into()).await.unwrap();
        }
    }
    let seen = receiving.await.unwrap();
    let lags = seen.iter().zip(&sent).map(|(seen, sent)| (*seen - *sent).as_secs_f64() * 1e3);
    let mut lags = lags.collect::<Vec<_>>();
    (quantile(&mut lags, 0.5), quantile(&mut lags, 0.99))
}
