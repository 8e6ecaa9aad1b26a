//! A store that the program made when its formats were frozen is opened by every later program, with the
//! clock of then: it verifies, serves, its tokens count, and what it publishes is byte for byte the same.
//!
//! When one of these tests fails, the change is wrong and never the store: `tests/fixtures/store/README.md`.

mod apis;
mod directory;
mod make;
mod sdks;
mod truth;

use std::fs;

use async_nats::HeaderMap;
use async_nats::jetstream;
use async_nats::jetstream::stream::Config;
use serde_json::{Value, json};
use tests::nats::NatsServer;
use tests::process::{Answer, Program, copy_folder, until};

use crate::app_token::seconds;
use crate::clock::move_clock;
use truth::{
    APIS, DIRECTORY, FIRST, Message, SDKS, STORES, STREAM, Store, Truth, archive, ask,
    assert_holds, message_count, messages,
};

/// A copy of one of the folders, with the clock of then.
fn copy_of(store: Store, folder: &str, truth: &Truth) -> Program {
    let mut program = Program::new(&[]);
    program.set_variable("CHANCERY_PUBLIC_URL", truth::ISSUER);
    let beside = program.beside("unpacked");
    fs::create_dir(&beside).unwrap();
    archive("-e", &store.folder().join("store.tar.gz"), &beside, &["."]);
    copy_folder(&beside.join(folder), &program.data);
    move_clock(&mut program, truth.made - seconds() as i64);
    program
}

fn stored_messages(store: Store) -> Vec<Message> {
    store.read("stream.jsonl").lines().map(|it| serde_json::from_str(it).unwrap()).collect()
}

/// Everything that was asked then is answered as it was.
async fn assert_answers(program: &Program, truth: &Truth) {
    // Who saw nothing of a row then may see it now: rights are no format.
    for seen in truth.answers.iter().filter(|it| it.answer["code"] != 404) {
        let token = truth.tokens.get(&seen.bearer).map_or("", String::as_str);
        let (method, path) = (&seen.method, &seen.path);
        let mut now = ask(program, token, method, path, seen.body.as_ref()).await;
        if path.starts_with("/api/audit") && seen.answer["head"].is_u64() {
            // Whoever was refused or has read since is noticed behind what was seen then.
            assert!(now.json["head"].as_u64() >= seen.answer["head"].as_u64(), "{now:?}");
            now.json["head"] = seen.answer["head"].clone();
        }
        let what = format!("{} {method} {path}", seen.bearer);
        assert_eq!(now.status, seen.status, "{what}: {now:?}");
        if seen.status != 401 {
            assert_holds(&what, &seen.answer, &now.json);
        }
    }
}

async fn assert_sign_ins(program: &Program, truth: &Truth) {
    for (name, password) in &truth.passwords {
        assert_eq!(program.sign_in(name, password).await.status, 200, "{name}");
    }
    for (name, password) in &truth.refused_passwords {
        let answer = program.sign_in(name, password).await;
        assert_eq!(
            (answer.status, &answer.json["error"]),
            (400, &json!("invalid_grant")),
            "{name}"
        );
    }
    for (name, (secret, scopes)) in &truth.clients {
        let answer = program.client_token(name, secret).await;
        assert_eq!((answer.status, &answer.json["scope"]), (200, &json!(scopes)), "{name}");
    }
    for (name, secret) in &truth.refused_clients {
        let answer = program.client_token(name, secret).await;
        assert_eq!(answer.json["error"], "invalid_client", "{name}");
    }
}

async fn refresh(program: &Program, truth: &Truth) -> Answer {
    let body = json!({ "token": truth.refresh_token });
    program.post("/oauth2/api/v1/oauth.refresh_token", "", body).await
}

fn assert_events(store: Store, now: &[Value]) {
    let then = store.read("replay.jsonl");
    assert_eq!(then.lines().count(), now.len());
    for (then, now) in then.lines().zip(now) {
        let then = serde_json::from_str(then).unwrap();
        assert_holds(&format!("event {}", now["position"]), &then, now);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_frozen_store_verifies_serves_and_its_tokens_count() {
    let truth = FIRST.truth();
    let mut program = copy_of(FIRST, "data", &truth);
    assert_holds("verify", &truth.verified, &program.verified());
    assert_events(FIRST, &program.replayed());
    program.start().await;
    assert_answers(&program, &truth).await;
    assert_sign_ins(&program, &truth).await;
    let pair = refresh(&program, &truth).await;
    let body = json!({ "token": pair.json["data"]["accessToken"] });
    let checked = program.post("/oauth2/api/v1/oauth.check_token", "", body).await;
    assert_eq!(checked.json["data"]["userName"], "bob", "{pair:?} {checked:?}");
    // It goes on: with a name that was given back, behind the numbers of then.
    let flo = json!({ "userName": "flo", "passwordHash": "Flo-2-open" });
    let flo = program.post("/api/User", &truth.tokens["admin"], flo).await;
    assert!(flo.data().as_u64() > Some(1_004), "{flo:?}");
    program.stop().await;
    program.verified();
    // And all of it from the log alone.
    fs::remove_dir_all(program.data.join("snapshots")).unwrap();
    program.start().await;
    let ann = program.get("/api/User?q.name=ann", &truth.tokens["ann"]).await;
    assert_eq!(ann.data()[0]["nickName"], "ANN");
    program.stop().await;
    program.verified();
}

/// From its snapshot, and from the log alone.
async fn assert_serves(store: Store) {
    let mut truth = store.truth();
    let mut program = copy_of(store, "data", &truth);
    assert_holds("verify", &truth.verified, &program.verified());
    assert_events(store, &program.replayed());
    for _ in 0..2 {
        program.start().await;
        assert_answers(&program, &truth).await;
        assert_sign_ins(&program, &truth).await;
        program.stop().await;
        program.verified();
        fs::remove_dir_all(program.data.join("snapshots")).unwrap();
        // The log has sign-ins now, behind what was seen then.
        truth.answers.retain(|it| !it.path.starts_with("/api/audit"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_frozen_directory_verifies_and_serves() {
    assert_serves(DIRECTORY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_frozen_apis_verify_and_are_served() {
    assert_serves(APIS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_frozen_sdks_verify_and_are_served() {
    assert_serves(SDKS).await;
}

/// A kind that is stored is frozen before people store it: a new one needs a store that has it.
#[test]
fn every_stored_kind_is_in_a_frozen_store() {
    let texts = STORES.map(|it| it.read("replay.jsonl")).concat();
    let kinds = domain::AGGREGATES.iter().flat_map(|it| it.kinds).map(|it| it.name);
    let lacking = kinds.filter(|it| !texts.contains(&format!("\"kind\":\"{it}\"")));
    let lacking = lacking.filter(|it| !NOT_FROZEN.contains(it)).collect::<Vec<_>>();
    assert!(lacking.is_empty(), "make a store: tests/fixtures/store/README.md; {lacking:?}");
}

/// Kinds that no store has: what is left of a forgotten log is no history to compare; and those that
/// came after the stores were made.
const NOT_FROZEN: [&str; 4] =
    ["log.forgotten.v1", "security.noticed.v1", "security.counted.v1", "app_token.issued.v2"];

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_frozen_store_erased_is_nowhere_to_be_read() {
    let truth = FIRST.truth();
    let mut program = copy_of(FIRST, "data", &truth);
    program.start().await;
    let admin = &truth.tokens["admin"];
    let users = program.get("/api/User?take=1000", admin).await.json.to_string();
    let audit = program.get("/api/audit/events?limit=1000", admin).await.json.to_string();
    let replayed = program.run(&["replay"]).ok().out;
    for said in [users, audit, replayed] {
        assert!(said.contains("ann"), "{said}");
        assert!(!said.contains("eve@example.org") && !said.contains("\"EVE\""), "{said}");
    }
    program.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_backup_starts_as_a_restored_store() {
    let truth = FIRST.truth();
    let mut program = copy_of(FIRST, "backup", &truth);
    let verified = program.verified();
    assert_holds("verify", &truth.backup_verified, &verified);
    program.start().await;
    let events = program.replayed();
    let restored = events.iter().rfind(|it| it["kind"] == "log.restored.v1").unwrap();
    let end = verified["position"].as_u64().unwrap();
    assert_eq!(restored["position"], end + 1, "before anything else");
    for (name, token) in &truth.tokens {
        assert_eq!(program.get("/api/User", token).await.status, 401, "{name}");
    }
    assert_eq!(refresh(&program, &truth).await.json["state"], false);
    assert_sign_ins(&program, &truth).await;
    let mut truth = truth;
    for name in ["admin", "ann"] {
        let token = program.sign_in(name, &truth.passwords[name]).await;
        let token = token.json["access_token"].as_str().unwrap().to_owned();
        truth.tokens.insert(name.to_owned(), token);
    }
    // Rows are as they were; tokens and the end of the log are not.
    truth.answers.retain(|it| {
        let is_row = it.path.starts_with("/api/") && !it.path.starts_with("/api/audit");
        is_row && ["admin", "ann"].contains(&it.bearer.as_str())
    });
    assert_answers(&program, &truth).await;
    program.stop().await;
    program.verified();
}

#[tokio::test(flavor = "multi_thread")]
async fn frozen_stores_are_published_byte_for_byte_as_they_were() {
    for store in STORES {
        let truth = store.truth();
        let server = NatsServer::start();
        let mut program = copy_of(store, "data", &truth);
        program.set_arguments(&["--nats", &server.url()]);
        program.start().await;
        let then = stored_messages(store);
        let url = server.url();
        until("everything is published", async || message_count(&url).await >= then.len()).await;
        let now = messages(&url, then.len()).await;
        for (then, now) in then.iter().zip(&now) {
            assert_eq!((&then.subject, &then.id), (&now.subject, &now.id));
            assert_eq!(then.payload.get(), now.payload.get());
        }
        program.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_publisher_goes_on_behind_the_stream_of_then() {
    let truth = FIRST.truth();
    let server = NatsServer::start();
    let url = server.url();
    let then = stored_messages(FIRST);
    let context = jetstream::new(async_nats::connect(&url).await.unwrap());
    let subjects = vec!["chancery.>".to_owned()];
    let config = Config { name: STREAM.to_owned(), subjects, ..Default::default() };
    context.create_stream(config).await.unwrap();
    for message in &then {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", message.id.as_str());
        let payload = message.payload.get().to_owned().into();
        let sent = context.publish_with_headers(message.subject.clone(), headers, payload).await;
        sent.unwrap().await.unwrap();
    }
    let mut program = copy_of(FIRST, "data", &truth);
    program.set_arguments(&["--nats", &url]);
    program.start().await;
    let role = json!({ "name": "made later" });
    program.post("/api/Role", &truth.tokens["admin"], role).await.data();
    until("the new event is published", async || message_count(&url).await > then.len()).await;
    let now = messages(&url, then.len() + 1).await;
    assert!(then.iter().zip(&now).all(|(then, now)| then.id == now.id), "something came again");
    let subject = &now.last().unwrap().subject;
    assert!(subject.starts_with("chancery.1.role.created.v1."), "{subject}");
    program.stop().await;
}
