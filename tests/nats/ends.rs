//! Streams whose end does not say where to go on, and the saved cursor.

use async_nats::jetstream::stream::Config;
use commands::publisher::PublisherOptions;
use tempfile::TempDir;
use tests::nats::NatsServer;

use crate::contents::{assert_is_the_log, context, positions, stored, stream};
use crate::installation::{Installation, options, published, stopped, until};
use crate::proxy::{Line, Proxy};

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_ahead_of_the_log_stops_publishing() {
    let server = NatsServer::start();
    let installation = Installation::in_memory();
    installation.add_roles(10).await;
    published(&installation.publish_to(&server.url()), 10).await;
    let id = format!("{}:{}:11", installation.log.id(), "b0".repeat(16));
    publish_foreign(&server.url(), &id).await;
    let why = stopped(&installation.publish_to(&server.url())).await;
    assert!(why.contains("ends at position 11, this log at 10"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_another_log_stops_publishing() {
    let server = NatsServer::start();
    let other = Installation::in_memory();
    other.add_roles(3).await;
    published(&other.publish_to(&server.url()), 3).await;
    let installation = Installation::in_memory();
    installation.add_roles(10).await;
    let why = stopped(&installation.publish_to(&server.url())).await;
    assert!(why.contains(&other.log.id().to_string()), "{why}");
    assert_is_the_log(&server.url(), &other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_somebody_else_stops_publishing() {
    let server = NatsServer::start();
    let installation = Installation::in_memory();
    installation.add_roles(3).await;
    published(&installation.publish_to(&server.url()), 3).await;
    publish_foreign(&server.url(), "hello").await;
    let why = stopped(&installation.publish_to(&server.url())).await;
    assert!(why.contains("message 4"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_none_stops_publishing_and_is_not_repeated() {
    let installation = Installation::in_memory();
    let why = stopped(&installation.publish_to("http://ann:secret@host")).await;
    assert!(!why.contains("secret"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purged_stream_goes_on_from_the_saved_cursor() {
    let server = NatsServer::start();
    let folder = TempDir::new().unwrap();
    let options =
        PublisherOptions { folder: Some(folder.path().to_owned()), ..options(&server.url()) };
    let installation = Installation::in_memory();
    installation.add_roles(1_000).await;
    let publisher = installation.publish(options.clone());
    published(&publisher, 1_000).await;
    publisher.stop().await;
    stream(&server.url()).await.purge().await.unwrap();
    installation.add_roles(500).await;
    published(&installation.publish(options), 1_500).await;
    let after = positions(&stored(&server.url()).await);
    assert_eq!(after, (1_001..=1_500).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purged_stream_without_a_cursor_stops_publishing() {
    let server = NatsServer::start();
    let installation = Installation::in_memory();
    installation.add_roles(10).await;
    published(&installation.publish_to(&server.url()), 10).await;
    stream(&server.url()).await.purge().await.unwrap();
    let why = stopped(&installation.publish_to(&server.url())).await;
    assert!(why.contains("unknown"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_message_that_is_left_serves_where_the_last_one_was_deleted() {
    let server = NatsServer::start();
    let installation = Installation::in_memory();
    installation.add_roles(10).await;
    published(&installation.publish_to(&server.url()), 10).await;
    let stream = stream(&server.url()).await;
    stream.delete_message(9).await.unwrap();
    stream.delete_message(10).await.unwrap();
    installation.add_roles(1).await;
    published(&installation.publish_to(&server.url()), 11).await;
    let mut after = positions(&stored(&server.url()).await);
    after.dedup();
    assert_eq!(after.last(), Some(&11), "{after:?}");
    assert!(after.is_sorted(), "{after:?}");
}

/// A cursor that is behind the broker, which has forgotten the messages and remembers their ids.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_cursor_repeats_events_and_loses_none() {
    let server = NatsServer::start();
    let folder = TempDir::new().unwrap();
    let with_cursor =
        PublisherOptions { folder: Some(folder.path().to_owned()), ..options(&server.url()) };
    let installation = Installation::in_memory();
    installation.add_roles(500).await;
    let publisher = installation.publish(with_cursor.clone());
    published(&publisher, 500).await;
    publisher.stop().await;
    installation.add_roles(1_000).await;
    published(&installation.publish_to(&server.url()), 1_500).await;
    stream(&server.url()).await.purge().await.unwrap();
    installation.add_roles(100).await;
    published(&installation.publish(with_cursor), 1_600).await;
    let after = positions(&stored(&server.url()).await);
    assert_eq!(after[after.len() - 100..], (1_501..=1_600).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_made_anew_under_the_publisher_gets_the_log_from_its_beginning() {
    let server = NatsServer::start();
    let installation = Installation::in_memory();
    installation.add_roles(1_000).await;
    let publisher = installation.publish_to(&server.url());
    published(&publisher, 1_000).await;
    let context = context(&server.url()).await;
    context.delete_stream("CHANCERY").await.unwrap();
    let again = Config {
        name: "CHANCERY".to_owned(),
        subjects: vec!["chancery.>".to_owned()],
        ..Default::default()
    };
    context.create_stream(again).await.unwrap();
    installation.add_roles(1).await;
    published(&publisher, 1_001).await;
    assert_is_the_log(&server.url(), &installation).await;
}

/// What was sent but not acknowledged may never have arrived: the cursor must not count it.
#[tokio::test(flavor = "multi_thread")]
async fn the_saved_cursor_is_never_ahead_of_the_broker() {
    let server = NatsServer::start();
    let proxy = Proxy::start(server.port(), Line::default()).await;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("publisher");
    let installation = Installation::in_memory();
    installation.add_roles(100).await;
    let with_cursor =
        |url: &str| PublisherOptions { folder: Some(folder.path().to_owned()), ..options(url) };
    let publisher = installation.publish(with_cursor(&proxy.url()));
    published(&publisher, 100).await;
    until("the cursor is saved", async || saved_position(&path) == Some(100)).await;
    proxy.set(Line { holds_up: true, ..Line::default() });
    installation.add_roles(100).await;
    until("events are on their way", async || proxy.has_held()).await;
    // An ended publisher has saved its last word.
    publisher.stop().await;
    assert_eq!(saved_position(&path), Some(100));
    stream(&server.url()).await.purge().await.unwrap();
    drop(proxy);
    published(&installation.publish(with_cursor(&server.url())), 200).await;
    let after = positions(&stored(&server.url()).await);
    assert_eq!(after, (101..=200).collect::<Vec<_>>());
}

fn saved_position(path: &std::path::Path) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.split(' ').nth(1)?.split(':').nth(2)?.parse().ok()
}

pub async fn publish_foreign(url: &str, id: &str) {
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("Nats-Msg-Id", id);
    let context = context(url).await;
    let sent = context.publish_with_headers("chancery.7.foreign", headers, "{}".into()).await;
    sent.unwrap().await.unwrap();
}
