//! What the log keeps of a request tells nothing to whoever has the log, and guesses.

use aws_lc_rs::digest::{Context, SHA256};
use domain::log::EventLog as _;
use serde_json::json;
use tests::process::Program;

/// The fingerprint as it once was: a plain hash of path and body, in clear for ever.
fn plain_hash(body: &str) -> [u8; 8] {
    let mut context = Context::new(&SHA256);
    for part in ["", body] {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part.as_bytes());
    }
    *context.finish().as_ref().first_chunk().unwrap()
}

/// Makes one user with an `Idempotency-Key`, twice; the files of its closed log, and its
/// fingerprint.
async fn after_the_request(body: &str) -> (Vec<u8>, u64) {
    let mut program = Program::started(&[]).await;
    let token = program.token().await;
    let mut positions = Vec::new();
    for _ in 0..2 {
        let ask = program.client.post(program.url("/api/User")).bearer_auth(&token);
        let ask = ask.header("idempotency-key", "once").header("content-type", "application/json");
        let answer = ask.body(body.to_owned()).send().await.unwrap();
        let position = answer.headers()["x-log-position"].to_str().unwrap().to_owned();
        positions.push(position);
        assert!(answer.text().await.unwrap().contains("\"code\":200"));
    }
    assert_eq!(positions[0], positions[1], "the second is a repetition");
    program.stop().await;
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(program.data.join("log")).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            bytes.extend(std::fs::read(path).unwrap());
        }
    }
    let (log, _) = tests::bench::open(&program.data);
    let position = positions[0].parse::<u64>().unwrap();
    let event = log.read_at(&[position]).unwrap().remove(0);
    assert_eq!(&*event.kind, "user.registered.v1");
    (bytes, event.commit.fingerprint)
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|it| it == part)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_guess_of_a_request_can_be_tried_on_a_copy_of_the_log() {
    let body = json!({ "userName": "victim", "passwordHash": "Guess-me-1" }).to_string();
    let (log, fingerprint) = after_the_request(&body).await;
    assert_ne!(fingerprint, 0);
    assert!(holds(&log, &fingerprint.to_le_bytes()), "the search finds what is there");
    assert!(!holds(&log, &plain_hash(&body)), "the hash of the request stands in the log");
    let (_, of_another) = after_the_request(&body).await;
    assert_ne!(fingerprint, of_another, "the same request in two installations");
}
