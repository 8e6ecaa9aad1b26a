//! What is published when nothing breaks.

use commands::Personal;
use commands::publisher::{PublisherOptions, PublisherState};
use futures_util::StreamExt as _;
use serde_json::json;
use tests::nats::NatsServer;

use crate::contents::{assert_is_the_log, context, stored, stream};
use crate::installation::{Installation, WAIT_MAX, options, published};

#[tokio::test(flavor = "multi_thread")]
async fn every_event_arrives_in_order_with_its_subject_and_id() {
    let server = NatsServer::start();
    let installation = Installation::in_memory();
    installation.add_roles(700).await;
    let publisher = installation.publish_to(&server.url());
    published(&publisher, 700).await;
    installation.add_user("zelda").await;
    installation.add_roles(50).await;
    published(&publisher, 751).await;
    assert_is_the_log(&server.url(), &installation).await;
    let status = publisher.status();
    assert_eq!((status.state, status.lag), (PublisherState::Publishing, 0));
    let stored = stored(&server.url()).await;
    assert_eq!(stored[4].subject, "chancery.7.role.created.v1.5");
    assert_eq!(stored[700].subject, "chancery.7.user.registered.v1.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_a_cloud_event() {
    let server = NatsServer::start();
    let installation = Installation::in_memory();
    installation.add_roles(1).await;
    let publisher = installation.publish_to(&server.url());
    published(&publisher, 1).await;
    let log = installation.log.id();
    let event = installation.log.read_after(0, 1).unwrap().remove(0);
    let correlation = event.commit.correlation.iter().map(|it| format!("{it:02x}"));
    assert_eq!(
        stored(&server.url()).await[0].json,
        json!({
            "specversion": "1.0",
            "id": format!("{log}:{}:1", event.event_id),
            "source": format!("urn:chancery:{log}"),
            "type": "role.created.v1",
            "subject": "role-1",
            "time": "2023-11-14T22:13:20.123456Z",
            "datacontenttype": "application/json",
            "position": "1",
            "streamversion": 1,
            "tenant": 7,
            "actor": "operator",
            "commandid": event.commit.command_id.to_string(),
            "correlationid": correlation.collect::<String>(),
            "data": {
                "data": { "role": 1, "tenant": 7, "name": "role 1", "claims": [] },
            },
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_subscriber_sees_what_happens_to_users() {
    let server = NatsServer::start();
    let client = async_nats::connect(server.url()).await.unwrap();
    let mut subscriber = client.subscribe("chancery.*.user.>").await.unwrap();
    client.flush().await.unwrap();
    let installation = Installation::in_memory();
    installation.add_roles(3).await;
    installation.add_user("zelda").await;
    installation.add_roles(3).await;
    installation.add_user("bob").await;
    let publisher = installation.publish_to(&server.url());
    published(&publisher, 8).await;
    for number in 1..=2 {
        let message = tokio::time::timeout(WAIT_MAX, subscriber.next()).await.unwrap().unwrap();
        assert_eq!(message.subject.as_str(), format!("chancery.7.user.registered.v1.{number}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_parts_are_published_only_when_asked_for_and_secrets_never() {
    let installation = Installation::in_memory();
    installation.add_user("zelda").await;
    for personal in [Personal::Hidden, Personal::Shown] {
        let server = NatsServer::start();
        let options = PublisherOptions { personal, ..options(&server.url()) };
        let publisher = installation.publish(options);
        published(&publisher, 1).await;
        let event = stored(&server.url()).await.remove(0).json;
        assert_eq!(event["data"]["secret"], "***");
        let text = event.to_string();
        for byte in ["170,170", "187,187", "aaaaaaaa", "bbbbbbbb"] {
            assert!(!text.contains(byte), "{text}");
        }
        match personal {
            Personal::Shown => assert_eq!(event["data"]["personal"]["userName"], "zelda"),
            Personal::Hidden => assert!(!text.contains("zelda"), "{text}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_waits_for_what_is_on_its_way() {
    let server = NatsServer::start();
    let installation = Installation::in_memory();
    installation.add_roles(4_000).await;
    let publisher = installation.publish_to(&server.url());
    published(&publisher, 300).await;
    publisher.stop().await;
    let status = publisher.status();
    assert!(matches!(status.state, PublisherState::Stopped(_)));
    let end = stream(&server.url()).await.cached_info().state.last_sequence;
    assert_eq!(end, status.published);
    let next = installation.publish_to(&server.url());
    published(&next, 4_000).await;
    assert_is_the_log(&server.url(), &installation).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_there_stays_as_the_operator_made_it() {
    let server = NatsServer::start();
    let made = async_nats::jetstream::stream::Config {
        name: "CHANCERY".to_owned(),
        subjects: vec!["chancery.>".to_owned(), "more.>".to_owned()],
        max_messages: 1_000,
        description: Some("by hand".to_owned()),
        ..Default::default()
    };
    let made = context(&server.url()).await.create_stream(made).await.unwrap();
    let installation = Installation::in_memory();
    installation.add_roles(5).await;
    let publisher = installation.publish_to(&server.url());
    published(&publisher, 5).await;
    let now = stream(&server.url()).await;
    assert_eq!(now.cached_info().config, made.cached_info().config);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_in_the_address_is_used() {
    let mut server = NatsServer::reserve(&["--user", "ann", "--pass", "a:b"]);
    server.start_again();
    let installation = Installation::in_memory();
    installation.add_roles(5).await;
    let stranger = installation.publish_to(&server.url());
    let url = format!("nats://ann:a%3Ab@127.0.0.1:{}", server.port());
    let publisher = installation.publish_to(&url);
    published(&publisher, 5).await;
    assert_eq!(stranger.status().state, PublisherState::Connecting);
    assert_eq!(stranger.status().published, 0);
}
