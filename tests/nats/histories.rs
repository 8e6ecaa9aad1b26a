//! Two histories of one log: a restored backup, a copy that runs beside its original, and messages
//! that others made to look like events.

use std::time::Duration;

use async_nats::jetstream::stream::Config;
use commands::publisher::{PublisherOptions, PublisherState};
use tempfile::TempDir;
use tests::nats::NatsServer;

use crate::contents::{assert_is_the_log, context, positions, stored, stream};
use crate::ends::publish_foreign;
use crate::installation::{Installation, options, published, stopped, until, wait_for};

/// What the operations manual says to do about the stream of another history.
async fn delete_the_stream(url: &str) {
    context(url).await.delete_stream("CHANCERY").await.unwrap();
}

/// A log of 17 events, all published; a copy of it has the first 12, and then events of its own.
struct Restored {
    server: NatsServer,
    lost: Installation,
    now: Installation,
    _folders: [TempDir; 2],
}

impl Restored {
    async fn new() -> Self {
        let server = NatsServer::start();
        let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
        let lost = Installation::in_folder(folders[0].path());
        lost.add_roles(12).await;
        let now = lost.copy_to(folders[1].path());
        lost.add_roles(5).await;
        published(&lost.publish_to(&server.url()), 17).await;
        Self { server, lost, now, _folders: folders }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_log_is_not_published_into_the_stream_of_the_lost_one_however_long_it_grows() {
    let Restored { server, lost, now, _folders } = Restored::new().await;
    let why = stopped(&now.publish_to(&server.url())).await;
    assert!(why.contains("ends at position 17, this log at 12"), "{why}");
    now.add_roles(5).await;
    for _ in 0..2 {
        let why = stopped(&now.publish_to(&server.url())).await;
        assert!(why.contains("at position 17, and this log has another event there"), "{why}");
        assert!(why.contains("delete the stream CHANCERY (a purge is not enough)"), "{why}");
        now.add_roles(20).await;
    }
    assert_is_the_log(&server.url(), &lost).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_comes_back_when_the_restored_log_is_longer_stops_it_too() {
    let Restored { mut server, lost, now, _folders } = Restored::new().await;
    server.kill();
    let publisher = now.publish_to(&server.url());
    now.add_roles(20).await;
    assert_eq!(publisher.status().state, PublisherState::Connecting);
    server.start_again();
    let why = stopped(&publisher).await;
    assert!(why.contains("another event"), "{why}");
    assert_is_the_log(&server.url(), &lost).await;
}

/// The way out, as docs/operations.md has it.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_stream_gets_the_restored_log_and_a_purged_one_does_not() {
    let Restored { server, now, _folders, .. } = Restored::new().await;
    let folder = TempDir::new().unwrap();
    let options =
        PublisherOptions { folder: Some(folder.path().to_owned()), ..options(&server.url()) };
    now.add_roles(10).await;
    stopped(&now.publish(options.clone())).await;
    stream(&server.url()).await.purge().await.unwrap();
    let why = stopped(&now.publish(options.clone())).await;
    assert!(why.contains("Delete the stream (a purge is not enough)"), "{why}");
    delete_the_stream(&server.url()).await;
    published(&now.publish(options), 22).await;
    assert_is_the_log(&server.url(), &now).await;
}

/// Somebody put the backup over the folder, and the file `publisher` stayed.
#[tokio::test(flavor = "multi_thread")]
async fn a_saved_cursor_of_the_lost_history_stops_publishing() {
    let Restored { server, lost, now, _folders } = Restored::new().await;
    let folder = TempDir::new().unwrap();
    let with_cursor =
        PublisherOptions { folder: Some(folder.path().to_owned()), ..options(&server.url()) };
    let publisher = lost.publish(with_cursor.clone());
    published(&publisher, 17).await;
    publisher.stop().await;
    stream(&server.url()).await.purge().await.unwrap();
    now.add_roles(10).await;
    let why = stopped(&now.publish(with_cursor)).await;
    assert!(why.contains("the saved cursor"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_original_and_its_copy_one_stops_and_the_stream_is_that_of_the_other() {
    let server = NatsServer::start();
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let original = Installation::in_folder(folders[0].path());
    original.add_roles(10).await;
    let publisher = original.publish_to(&server.url());
    published(&publisher, 10).await;
    let copy = original.copy_to(folders[1].path());
    let of_copy = copy.publish_to(&server.url());
    wait_for(&of_copy, |it| it.state == PublisherState::Publishing && it.lag == 0).await;
    copy.add_roles(3).await;
    published(&of_copy, 13).await;
    original.add_roles(3).await;
    let why = stopped(&publisher).await;
    assert!(why.contains("another event"), "{why}");
    assert_is_the_log(&server.url(), &copy).await;
}

/// The broker remembers the ids of deleted messages: those of a lost history are none of ours.
#[tokio::test(flavor = "multi_thread")]
async fn events_in_the_places_of_lost_ones_are_no_duplicates_of_them() {
    let Restored { server, now, _folders, .. } = Restored::new().await;
    let stream = stream(&server.url()).await;
    for sequence in 13..=17 {
        stream.delete_message(sequence).await.unwrap();
    }
    now.add_roles(8).await;
    published(&now.publish_to(&server.url()), 20).await;
    assert_is_the_log(&server.url(), &now).await;
}

/// Whoever may publish can claim to be an event that comes later. The forged message takes the place
/// of event 11, and the events sent right behind that one would fit again.
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_message_makes_no_event_be_skipped() {
    let log_of = |installation: &Installation| installation.log.id().to_string();
    let forgeries: [fn(&str) -> String; 4] = [
        |log| format!("{log}:{}:13", "b0".repeat(16)),
        |log| format!("{log}:{}:11", "b0".repeat(16)),
        |log| format!("{log}:13"),
        |_| "hello".to_owned(),
    ];
    for forged in forgeries {
        let server = NatsServer::start();
        let installation = Installation::in_memory();
        installation.add_roles(10).await;
        let publisher = installation.publish_to(&server.url());
        published(&publisher, 10).await;
        publish_foreign(&server.url(), &forged(&log_of(&installation))).await;
        installation.add_roles(5).await;
        let why = stopped(&publisher).await;
        assert!(why.contains("message 11") && why.contains("a purge is not enough"), "{why}");
        delete_the_stream(&server.url()).await;
        published(&installation.publish_to(&server.url()), 15).await;
        assert_is_the_log(&server.url(), &installation).await;
    }
}

/// The same, found by the next start.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_with_a_hole_in_its_end_is_not_gone_on_with() {
    let server = NatsServer::start();
    let installation = Installation::in_memory();
    installation.add_roles(10).await;
    published(&installation.publish_to(&server.url()), 10).await;
    installation.add_roles(5).await;
    for position in [12, 13] {
        publish_foreign(&server.url(), &installation.id_at(position)).await;
    }
    let why = stopped(&installation.publish_to(&server.url())).await;
    assert!(why.contains("between position 10 and message 11"), "{why}");
}

/// Others bear the ids of the next two events, and a copy of an older message stands last.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_with_the_id_of_an_event_is_not_taken_for_the_event() {
    let server = NatsServer::start();
    let forgetful = Config {
        name: "CHANCERY".to_owned(),
        subjects: vec!["chancery.>".to_owned()],
        duplicate_window: Duration::from_secs(2),
        ..Default::default()
    };
    context(&server.url()).await.create_stream(forgetful).await.unwrap();
    let installation = Installation::in_memory();
    installation.add_roles(10).await;
    let publisher = installation.publish_to(&server.url());
    published(&publisher, 10).await;
    publisher.stop().await;
    installation.add_roles(5).await;
    let forge = async |position| {
        publish_foreign(&server.url(), &installation.id_at(position)).await;
    };
    until("the broker has forgotten the ids", async || {
        forge(10).await;
        last_sequence(&server).await == 11
    })
    .await;
    forge(11).await;
    forge(9).await;
    assert_eq!(last_sequence(&server).await, 13);
    published(&installation.publish_to(&server.url()), 15).await;
    let stored = stored(&server.url()).await;
    let events = stored.into_iter().filter(|it| it.json["type"].is_string()).collect::<Vec<_>>();
    let mut published = positions(&events);
    // Behind the copy of an old message, events come again: at least once.
    published.dedup();
    assert_eq!(published, (1..=15).collect::<Vec<_>>());
}

async fn last_sequence(server: &NatsServer) -> u64 {
    stream(&server.url()).await.cached_info().state.last_sequence
}
