//! What the broker has, and whether it is the log: each event once, in order, at its place.

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::stream::Stream;
use async_nats::jetstream::{self, Context};
use futures_util::StreamExt as _;
use serde_json::Value;

use crate::installation::Installation;

pub struct Stored {
    pub subject: String,
    pub id: String,
    pub json: Value,
}

impl Stored {
    pub fn position(&self) -> u64 {
        self.id.rsplit_once(':').unwrap().1.parse().unwrap()
    }
}

pub async fn context(url: &str) -> Context {
    jetstream::new(async_nats::connect(url).await.unwrap())
}

pub async fn stream(url: &str) -> Stream {
    context(url).await.get_stream("CHANCERY").await.unwrap()
}

/// Every message of the stream.
pub async fn stored(url: &str) -> Vec<Stored> {
    let mut stream = stream(url).await;
    let count = stream.info().await.unwrap().state.messages;
    let all = pull::OrderedConfig { deliver_policy: DeliverPolicy::All, ..Default::default() };
    let consumer = stream.create_consumer(all).await.unwrap();
    let messages = consumer.messages().await.unwrap().take(usize::try_from(count).unwrap());
    let messages = messages.map(|it| {
        let message = it.unwrap();
        let headers = message.headers.as_ref().unwrap();
        Stored {
            subject: message.subject.to_string(),
            id: headers.get("Nats-Msg-Id").unwrap().to_string(),
            json: serde_json::from_slice(&message.payload).unwrap(),
        }
    });
    messages.collect().await
}

pub fn positions(stored: &[Stored]) -> Vec<u64> {
    stored.iter().map(Stored::position).collect()
}

/// The broker has the log: whole, in order, nothing twice.
pub async fn assert_is_the_log(url: &str, installation: &Installation) {
    let stored = stored(url).await;
    let everything = (1..=installation.head()).collect::<Vec<_>>();
    assert_eq!(positions(&stored), everything);
    let events = installation.log.read_after(0, stored.len()).unwrap();
    for (message, event) in stored.iter().zip(events) {
        assert_eq!(message.id, installation.id_at(event.position));
        assert_eq!(message.json["id"], message.id);
        assert_eq!(message.json["subject"], event.stream.as_str());
        assert_eq!(message.subject, commands::publisher::subject_of(&event));
    }
}
