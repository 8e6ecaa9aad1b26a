//! The releases of APIs at the gateway: what makes one, and what is said of it.

use domain::resource::{
    NOTES_CHARS_MAX, ReleaseDeleted, ReleaseNoted, Resource, ResourceCommand, ResourceEvent,
    VersionSetOnline,
};
use domain::{Refusal, Timestamp};
use tests::given::{NOW, given, too_long};
use tests::samples::VERSION_API_ID;

use crate::gateway::{NOW_TICKS, given_rich, online, revised, rich, set_online};

#[test]
fn a_revision_goes_online_through_a_release() {
    for (revision_id, revision) in [("21;rev=2", 2), ("21;rev=3", 3), ("/apis/21;rev=2", 2)] {
        given_rich()
            .when(set_online(revision_id))
            .then([online("21", revision, NOW_TICKS)])
            .then_claims([])
            .then_releases([]);
    }
}

#[test]
fn what_is_current_already_stays_without_an_event_unless_something_is_said() {
    for revision_id in ["21", "21;rev=1", "/apis/21", VERSION_API_ID] {
        given_rich().when(set_online(revision_id)).then([]);
    }
    let mut history = rich();
    history.push(online("21", 3, NOW_TICKS - 1));
    given::<Resource>(history.clone()).when(set_online("21;rev=3")).then([]);
    let noted = |notes: &str| ResourceCommand::SetOnlineVersion {
        revision_id: "21".to_owned(),
        notes: Some(notes.to_owned()),
    };
    let release = VersionSetOnline {
        api_id: "21".to_owned(),
        revision: 3,
        release_id: NOW_TICKS.to_string(),
        notes: Some("said".to_owned()),
    };
    given::<Resource>(history.clone())
        .when(noted("said"))
        .then([ResourceEvent::VersionSetOnline(release.into())]);
    let long = "x".repeat(NOTES_CHARS_MAX);
    given::<Resource>(history.clone()).when(noted(&long)).then_accepted();
    given::<Resource>(history)
        .when(noted(&(long + "x")))
        .then_refused(too_long("notes", NOTES_CHARS_MAX));
}

#[test]
fn a_release_is_found_in_every_api_and_deleting_it_changes_nothing_else() {
    let history = || {
        let mut history = rich();
        history.push(online("21", 3, 100));
        history.push(online(VERSION_API_ID, 1, 200));
        history
    };
    let note = |id: &str| ResourceCommand::NoteRelease {
        release_id: id.to_owned(),
        notes: "why".to_owned(),
    };
    let delete = |id: &str| ResourceCommand::DeleteRelease { release_id: id.to_owned() };
    for (api, id) in [("21", "100"), (VERSION_API_ID, "200")] {
        let (api_id, release_id) = (api.to_owned(), id.to_owned());
        let noted = ReleaseNoted { api_id, release_id, notes: "why".to_owned() };
        given::<Resource>(history())
            .when(note(id))
            .then([ResourceEvent::ReleaseNoted(noted.into())]);
    }
    let deleted = ReleaseDeleted { api_id: "21".to_owned(), release_id: "100".to_owned() };
    let deleted = ResourceEvent::ReleaseDeleted(deleted.into());
    given::<Resource>(history()).when(delete("100")).then([deleted.clone()]);
    let mut after = history();
    after.push(deleted);
    for command in [note("100"), delete("100"), note("0100"), note(""), delete("x")] {
        given::<Resource>(after.clone())
            .when(command)
            .then_refused(Refusal::NotFound { what: "release" });
    }
    given::<Resource>(after.clone()).when(set_online("21;rev=3")).then([]);
    // Its id is never used again.
    let at_100 = Timestamp((100 - 621_355_968_000_000_000) / 10);
    given::<Resource>(after).when_at(set_online("21;rev=1"), at_100).then([online("21", 1, 101)]);
}

#[test]
fn release_ids_ascend_even_if_the_clock_does_not() {
    let with_last = |ticks: i64| {
        let mut history = rich();
        history.push(online("21", 2, ticks));
        given::<Resource>(history)
    };
    // The same microsecond, and a clock that was set back.
    with_last(NOW_TICKS).when(set_online("21;rev=1")).then([online("21", 1, NOW_TICKS + 1)]);
    with_last(NOW_TICKS + 5).when(set_online("21;rev=1")).then([online("21", 1, NOW_TICKS + 6)]);
    with_last(NOW_TICKS).when_at(set_online("21;rev=1"), Timestamp(NOW.0 - 1)).then([online(
        "21",
        1,
        NOW_TICKS + 1,
    )]);
    with_last(NOW_TICKS).when_at(set_online("21;rev=1"), Timestamp(NOW.0 + 1)).then([online(
        "21",
        1,
        NOW_TICKS + 10,
    )]);
    // Each API counts its own releases.
    let mut history = rich();
    history.push(online("21", 2, NOW_TICKS));
    history.push(revised(VERSION_API_ID, 2, 1));
    given::<Resource>(history).when(set_online(&format!("{VERSION_API_ID};rev=2"))).then([online(
        VERSION_API_ID,
        2,
        NOW_TICKS,
    )]);
}
