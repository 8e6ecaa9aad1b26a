//! Brokers, lines and publishers that break in mid-stream.

use commands::publisher::{PublisherOptions, PublisherState};
use tempfile::TempDir;
use tests::nats::NatsServer;

use crate::contents::assert_is_the_log;
use crate::installation::{Installation, options, published, until, wait_for};
use crate::proxy::{Line, Proxy};

/// Enough to be in the middle when something breaks.
const MANY: u32 = 6_000;

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_broker_delays_publishing_and_nothing_else() {
    let mut server = NatsServer::reserve(&[]);
    let installation = Installation::in_memory();
    let publisher = installation.publish_to(&server.url());
    installation.add_roles(100).await;
    assert_eq!(publisher.status().state, PublisherState::Connecting);
    assert_eq!(publisher.status().lag, 100);
    server.start_again();
    published(&publisher, 100).await;
    assert_is_the_log(&server.url(), &installation).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_killed_in_mid_stream_ends_up_with_every_event_once() {
    kill_in_mid_stream(&Installation::in_memory()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_durable_log_survives_a_killed_broker_too() {
    let folder = TempDir::new().unwrap();
    kill_in_mid_stream(&Installation::in_folder(folder.path())).await;
}

async fn kill_in_mid_stream(installation: &Installation) {
    let mut server = NatsServer::start();
    installation.add_roles(MANY).await;
    let publisher = installation.publish_to(&server.url());
    for third in 1..=2 {
        published(&publisher, u64::from(MANY) / 3 * third).await;
        server.kill();
        wait_for(&publisher, |it| it.state == PublisherState::Connecting).await;
        assert!(publisher.status().lag > 0, "it was too late to break anything");
        installation.add_roles(MANY / 3).await;
        server.start_again();
    }
    published(&publisher, installation.head()).await;
    assert_is_the_log(&server.url(), installation).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_dropped_in_mid_stream_is_followed_without_its_cursor() {
    drop_in_mid_stream(options).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_dropped_in_mid_stream_is_followed_with_its_cursor() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_owned();
    drop_in_mid_stream(|url| PublisherOptions { folder: Some(path.clone()), ..options(url) }).await;
    until("the cursor is saved", async || folder.path().join("publisher").exists()).await;
}

async fn drop_in_mid_stream(options: impl Fn(&str) -> PublisherOptions) {
    let server = NatsServer::start();
    let installation = Installation::in_memory();
    installation.add_roles(MANY).await;
    for third in 1..=2 {
        let publisher = installation.publish(options(&server.url()));
        published(&publisher, u64::from(MANY) / 3 * third).await;
        assert!(publisher.status().lag > 0, "it was too late to break anything");
        drop(publisher);
    }
    let publisher = installation.publish(options(&server.url()));
    published(&publisher, u64::from(MANY)).await;
    assert_is_the_log(&server.url(), &installation).await;
    publisher.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_publishers_at_once_leave_every_event_once() {
    let server = NatsServer::start();
    let installation = Installation::in_memory();
    installation.add_roles(MANY / 2).await;
    let one = installation.publish_to(&server.url());
    let two = installation.publish_to(&server.url());
    for _ in 0..10 {
        installation.add_roles(MANY / 20).await;
    }
    published(&one, u64::from(MANY)).await;
    published(&two, u64::from(MANY)).await;
    assert_is_the_log(&server.url(), &installation).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_line_loses_nothing() {
    let server = NatsServer::start();
    let proxy = Proxy::start(server.port(), Line { slow: true, ..Line::default() }).await;
    let installation = Installation::in_memory();
    installation.add_roles(1_500).await;
    let publisher = installation.publish_to(&proxy.url());
    published(&publisher, 1_500).await;
    assert_is_the_log(&server.url(), &installation).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_stops_in_mid_stream_loses_nothing() {
    stall(Line { holds_up: true, holds_down: true, slow: false }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_acknowledgements_double_nothing() {
    stall(Line { holds_down: true, ..Line::default() }).await;
}

async fn stall(stalled: Line) {
    let server = NatsServer::start();
    let proxy = Proxy::start(server.port(), Line::default()).await;
    let installation = Installation::in_memory();
    installation.add_roles(MANY).await;
    let publisher = installation.publish_to(&proxy.url());
    published(&publisher, u64::from(MANY) / 3).await;
    proxy.set(stalled);
    wait_for(&publisher, |it| it.state == PublisherState::Connecting).await;
    assert!(publisher.status().lag > 0, "it was too late to break anything");
    proxy.set(Line::default());
    published(&publisher, u64::from(MANY)).await;
    assert_is_the_log(&server.url(), &installation).await;
}

/// The window of the slower one is refused: the stream went on without it.
#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_that_was_overtaken_begins_again_from_the_last_message() {
    let server = NatsServer::start();
    let proxy = Proxy::start(server.port(), Line::default()).await;
    let installation = Installation::in_memory();
    installation.add_roles(10).await;
    let slow = installation.publish_to(&proxy.url());
    published(&slow, 10).await;
    proxy.set(Line { holds_up: true, ..Line::default() });
    installation.add_roles(500).await;
    let quick = installation.publish_to(&server.url());
    published(&quick, 510).await;
    drop(quick);
    proxy.set(Line::default());
    installation.add_roles(10).await;
    published(&slow, 520).await;
    assert_is_the_log(&server.url(), &installation).await;
}
