//! kill -9 in mid-load, again and again: what was acknowledged is there, once, at its place.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use async_nats::jetstream;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use tests::nats::NatsServer;
use tests::process::{Answer, Program, until};

/// Connections that ask at once.
const CONNECTIONS: usize = 6;

/// What the program said that it had done: the stream at each position.
type Acknowledged = BTreeMap<u64, String>;

/// Asks without a pause until the program is killed, which is after this many acknowledgements.
async fn load_and_kill(program: Program, token: &str, cycle: usize) -> (Program, Acknowledged) {
    let program = Arc::new(program);
    let enough = 3 + cycle * 7 % 40;
    let count = Arc::new(AtomicUsize::new(0));
    let workers = (0..CONNECTIONS).map(|worker| {
        let (program, token, count) = (program.clone(), token.to_owned(), count.clone());
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for turn in 0.. {
                let name = format!("load-{cycle}-{worker}-{turn}");
                let Ok(answer) = ask(&program, &token, worker + turn, &name).await else { break };
                acknowledged.push((answer.position, stream_of(&answer, worker + turn)));
                count.fetch_add(1, Relaxed);
            }
            acknowledged
        })
    });
    let workers = workers.collect::<Vec<_>>();
    until("enough is acknowledged", async || count.load(Relaxed) >= enough).await;
    program.signal("KILL");
    let mut all = Acknowledged::new();
    for worker in workers {
        for (position, stream) in worker.await.unwrap() {
            assert!(position > 0, "{stream}");
            let other = all.insert(position, stream);
            assert_eq!(other, None, "position {position} was given twice");
        }
    }
    let mut program = Arc::into_inner(program).unwrap();
    program.kill();
    (program, all)
}

async fn ask(program: &Program, token: &str, turn: usize, name: &str) -> reqwest::Result<Answer> {
    let (path, body) = match turn % 3 {
        0 => ("/api/Client/IssueToken", json!({ "lifetime": 600 })),
        1 => ("/api/ApiResource", json!({ "name": name })),
        _ => ("/api/User", json!({ "userName": name, "email": format!("{name}@example.org") })),
    };
    program.try_ask(Method::POST, path, token, Some(&body)).await
}

/// The stream that a good answer speaks of.
fn stream_of(answer: &Answer, turn: usize) -> String {
    let data = answer.data();
    match turn % 3 {
        0 => {
            let claims = data.as_str().unwrap().split('.').nth(1).unwrap();
            let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap();
            let claims: Value = serde_json::from_slice(&claims).unwrap();
            format!("token-{}", claims["jti"].as_str().unwrap())
        }
        1 => format!("resource-{data}"),
        _ => format!("user-{data}"),
    }
}

/// Kills this often, and checks what is left. The program runs at the end.
async fn kill_again_and_again(mut program: Program, kills: usize) -> (Program, Vec<Value>) {
    program.start().await;
    let token = program.token().await;
    let mut acknowledged = Acknowledged::new();
    for cycle in 1..=kills {
        let (killed, more) = load_and_kill(program, &token, cycle).await;
        program = killed;
        acknowledged.extend(more);
        if cycle % 10 == 0 {
            program.verified();
        }
        program.start().await;
        let health = program.get("/health/ready", &token).await;
        let last = *acknowledged.last_key_value().unwrap().0;
        assert!(health.json["head"].as_u64() >= Some(last), "{last} is lost: {health:?}");
    }
    // Of a closed log, because what is read of a running server is noticed.
    program.stop().await;
    let log = program.replayed();
    for (event, position) in log.iter().zip(1..) {
        assert_eq!(event["position"], position);
    }
    for (position, stream) in &acknowledged {
        let event = &log[usize::try_from(*position).unwrap() - 1];
        assert_eq!(event["stream"], *stream, "position {position} is another's");
    }
    assert!(acknowledged.len() > kills * 3);
    let report = program.verified();
    assert_eq!(report["position"], log.len());
    program.start().await;
    (program, log)
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_in_mid_load_lose_no_acknowledged_event() {
    let (mut program, log) = kill_again_and_again(Program::new(&[]), 50).await;
    program.stop().await;
    assert_eq!(program.verified()["position"], log.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_in_mid_load_leave_every_position_once_and_in_order_at_the_broker() {
    let server = NatsServer::start();
    let program = Program::new(&["--nats", &server.url()]);
    let (mut program, log) = kill_again_and_again(program, 20).await;
    let last = log.len();
    let mut stream = None;
    until("all is published", async || {
        let context = jetstream::new(async_nats::connect(server.url()).await.unwrap());
        let Ok(mut found) = context.get_stream("CHANCERY").await else { return false };
        let done = found.info().await.unwrap().state.messages >= last as u64;
        stream = Some(found);
        done
    })
    .await;
    program.stop().await;
    let all = pull::OrderedConfig { deliver_policy: DeliverPolicy::All, ..Default::default() };
    let consumer = stream.unwrap().create_consumer(all).await.unwrap();
    let messages = consumer.messages().await.unwrap().take(last).collect::<Vec<_>>().await;
    for (message, event) in messages.into_iter().zip(&log) {
        let message = message.unwrap();
        let id = message.headers.as_ref().unwrap().get("Nats-Msg-Id").unwrap().to_string();
        assert_eq!(id.rsplit_once(':').unwrap().1, event["position"].to_string());
        let json: Value = serde_json::from_slice(&message.payload).unwrap();
        assert_eq!(json["subject"], event["stream"]);
        assert_eq!(message.info().unwrap().stream_sequence, event["position"].as_u64().unwrap());
    }
}
