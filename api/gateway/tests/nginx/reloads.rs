//! Reloads under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gateway::follow::{NginxTarget, Proof, Target as _, Wanted};
use gateway::nginx::GatewayKey;

use crate::client::{get, try_send};
use crate::double::KEY;
use crate::harness::{Gateway, api, configuration, has_nginx};

const RELOADS: u64 = 50;

/// Probes after each reload; none may be answered by the configuration before.
const PROBES: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reloads_lose_no_request_on_a_new_connection_and_none_is_served_by_the_old_file() {
    if !has_nginx() {
        return;
    }
    let gateway = Gateway::new().await;
    let mut target = NginxTarget::new(gateway.nginx_settings()).await.unwrap();
    let wanted = |position: u64| {
        let url = format!("{}/at{position}", gateway.one.url());
        let configuration =
            configuration(position, vec![api("orders", vec![gateway.open("7", None, &url)])]);
        let text = configuration.to_json().unwrap();
        Wanted {
            sha256: configuration.sha256_hex().unwrap(),
            text: text.into_bytes().into(),
            configuration: Arc::new(configuration),
            key: GatewayKey::new(KEY).unwrap(),
        }
    };
    target.apply(&wanted(0)).await.unwrap();
    let ends = Arc::new(AtomicBool::new(false));
    let (good, bad) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let load = (0..4).map(|_| {
        let (ends, good, bad, listen) =
            (Arc::clone(&ends), Arc::clone(&good), Arc::clone(&bad), gateway.listen);
        tokio::spawn(async move {
            while !ends.load(Ordering::Relaxed) {
                let answer = try_send(listen, "GET", "/orders/load", &[]).await;
                let counted = if answer.is_some_and(|it| it.status == 200) { &good } else { &bad };
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
    });
    let load = load.collect::<Vec<_>>();
    let mut times = Vec::new();
    for position in 1..=RELOADS {
        let begin = Instant::now();
        let applied = target.apply(&wanted(position)).await.unwrap();
        times.push(begin.elapsed());
        assert_eq!(applied.proof, Proof::Workers);
        for _ in 0..PROBES {
            let answer = get(gateway.listen, "/orders/x", &[]).await;
            assert_eq!(answer.json()["path"], format!("/at{position}/x"));
        }
    }
    ends.store(true, Ordering::Relaxed);
    for it in load {
        it.await.unwrap();
    }
    times.sort();
    let (good, bad) = (good.load(Ordering::Relaxed), bad.load(Ordering::Relaxed));
    let median = times[times.len() / 2].as_millis();
    println!(
        "{RELOADS} reloads, each {median} ms (median), {good} requests beside, {bad} of them lost"
    );
    assert_eq!(bad, 0);
    assert!(good > 100, "{good}");
    let kept = std::fs::read_dir(gateway.at("generations")).unwrap().count();
    assert_eq!(kept, 10);
    // The same again is no reload.
    assert_eq!(target.apply(&wanted(RELOADS)).await.unwrap().reload_micros, 0);
    target.stop().await;
}
