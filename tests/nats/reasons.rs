//! Why nothing is published: in words that lead an operator to what is wrong.

use async_nats::jetstream::stream::Config;
use commands::publisher::is_address;
use tempfile::TempDir;
use tests::nats::NatsServer;

use crate::contents::context;
use crate::installation::{Installation, published, wait_for};

/// Publishes a few events, and waits until a reason has all these words.
async fn reason(url: &str, words: &[&str]) -> String {
    let installation = Installation::in_memory();
    installation.add_roles(3).await;
    let publisher = installation.publish_to(url);
    let has_all = |why: &Option<String>| {
        why.as_ref().is_some_and(|why| words.iter().all(|it| why.contains(it)))
    };
    let status = wait_for(&publisher, |it| has_all(&it.why)).await;
    assert_eq!(status.published, 0);
    status.why.unwrap()
}

async fn with_stream(config: Config) -> NatsServer {
    let server = NatsServer::start();
    let config = Config { name: "CHANCERY".to_owned(), ..config };
    context(&server.url()).await.create_stream(config).await.unwrap();
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_is_named_and_what_it_lacks_later_is_told_then() {
    let mut server = NatsServer::reserve(&[]);
    let installation = Installation::in_memory();
    installation.add_roles(3).await;
    let publisher = installation.publish_to(&server.url());
    let address = format!("127.0.0.1:{}", server.port());
    let status = wait_for(&publisher, |it| it.why.is_some()).await;
    assert!(status.why.unwrap().contains(&address));
    server.start_again();
    published(&publisher, 3).await;
    assert_eq!(publisher.status().why, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_takes_something_else_is_told() {
    let subjects = vec!["orders.>".to_owned()];
    let server = with_stream(Config { subjects, ..Config::default() }).await;
    // Another stream takes the events, and would acknowledge them.
    let other = Config {
        name: "OTHER".to_owned(),
        subjects: vec!["chancery.>".to_owned()],
        ..Config::default()
    };
    let mut other = context(&server.url()).await.create_stream(other).await.unwrap();
    reason(&server.url(), &["CHANCERY does not take chancery.>"]).await;
    assert_eq!(other.info().await.unwrap().state.messages, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_acknowledges_nothing_is_told() {
    let subjects = vec!["chancery.>".to_owned()];
    let server = with_stream(Config { subjects, no_ack: true, ..Config::default() }).await;
    reason(&server.url(), &["acknowledges nothing", "no_ack"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_too_large_for_the_stream_is_told_by_its_position() {
    let subjects = vec!["chancery.>".to_owned()];
    let server = with_stream(Config { subjects, max_message_size: 64, ..Config::default() }).await;
    reason(&server.url(), &["the event at position 1", "message size exceeds"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_is_missing_is_told_by_its_subject() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("nats.conf");
    let permissions = "publish: { allow: [\"$JS.API.>\"] }";
    let user = format!("{{ user: ann, password: secret, permissions: {{ {permissions} }} }}");
    std::fs::write(&file, format!("authorization {{ users: [ {user} ] }}")).unwrap();
    let mut server = NatsServer::reserve(&["--config", file.to_str().unwrap()]);
    server.start_again();
    let url = server.url().replace("nats://", "nats://ann:secret@");
    let why = reason(&url, &["Permissions Violation", "chancery.7.role"]).await;
    assert!(!why.contains("secret"), "{why}");
}

#[test]
fn what_is_no_address_is_known_before() {
    for fine in ["nats://127.0.0.1:4222", "localhost", "tls://a:4222, nats://u:p@b:4222"] {
        assert!(is_address(fine), "{fine}");
    }
    for wrong in ["", " ", "http://127.0.0.1:4222", "foo bar", "nats://a:port"] {
        assert!(!is_address(wrong), "{wrong}");
    }
}
