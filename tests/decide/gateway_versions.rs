//! Versions at the gateway: how requests choose one, when it ends, and which revisions are served.

use domain::resource::{
    ONLINE_REVISIONS_MAX, Resource, ResourceCommand, ResourceEvent, RevisionOnlineSet,
    VersionLifecycle, VersionRetired, VersionScheme, VersionSet, WishedVersionSet,
};
use domain::{Refusal, Timestamp};
use tests::given::{given, required, too_long};
use tests::samples::VERSION_API_ID;

use crate::gateway::{given_rich, revised, rich, set_online};

fn serve(revision_id: &str, online: bool) -> ResourceCommand {
    ResourceCommand::SetRevisionOnline { revision_id: revision_id.to_owned(), online }
}

fn served(revision: u32, online: bool) -> ResourceEvent {
    let set = RevisionOnlineSet { api_id: "21".to_owned(), revision, online };
    ResourceEvent::RevisionOnlineSet(set.into())
}

#[test]
fn a_revision_is_switched_off_and_on_and_the_same_again_is_no_event() {
    given_rich().when(serve("21;rev=2", true)).then([]);
    given_rich().when(serve("21;rev=2", false)).then([served(2, false)]);
    given_rich().when(serve("21", false)).then([served(1, false)]);
    let mut history = rich();
    history.push(served(2, false));
    given::<Resource>(history.clone()).when(serve("21;rev=2", false)).then([]);
    given::<Resource>(history).when(serve("21;rev=2", true)).then([served(2, true)]);
}

#[test]
fn only_the_newest_revisions_are_switched_on() {
    let newest = ONLINE_REVISIONS_MAX + 2;
    let mut history = rich();
    history.push(revised("21", newest, 1));
    history.extend([served(2, false), served(3, false)]);
    let why = "only the newest 20 revisions of an API are served: release an older one";
    given::<Resource>(history.clone())
        .when(serve("21;rev=2", true))
        .then_refused(Refusal::NotAllowed { why });
    given::<Resource>(history).when(serve("21;rev=3", true)).then([served(3, true)]);
}

fn wished() -> WishedVersionSet {
    WishedVersionSet {
        name: "Orders".to_owned(),
        description: Some("all".to_owned()),
        scheme: VersionScheme::Header,
        parameter: "x-version".to_owned(),
    }
}

fn changed() -> ResourceEvent {
    let WishedVersionSet { name, description, scheme, parameter } = wished();
    let version_set_id = "versions-21".to_owned();
    let set = VersionSet { version_set_id, name, description, scheme, parameter };
    ResourceEvent::VersionSetChanged(set.into())
}

#[test]
fn how_requests_choose_a_version_changes_and_the_same_again_is_no_event() {
    let change = |it| ResourceCommand::ChangeVersionSet(it);
    given_rich().when(change(wished())).then([changed()]);
    let mut history = rich();
    history.push(changed());
    given::<Resource>(history).when(change(wished())).then([]);
    let named = |name: String| given_rich().when(change(WishedVersionSet { name, ..wished() }));
    named(" ".to_owned()).then_refused(required("name"));
    named("x".repeat(301)).then_refused(too_long("name", 300));
    for wrong in ["", "a b", "a;b", "a=b", "$host", "é", &"x".repeat(65)] {
        let parameter = wrong.to_owned();
        given_rich()
            .when(change(WishedVersionSet { parameter, ..wished() }))
            .then_refused(Refusal::invalid("parameter", "must be 1 to 64 of [a-zA-Z0-9_-]"));
    }
}

fn lifecycle(api_id: &str, from: Option<i64>, to: Option<i64>) -> ResourceCommand {
    ResourceCommand::SetLifecycle {
        api_id: api_id.to_owned(),
        deprecated_at: from.map(Timestamp),
        sunset_at: to.map(Timestamp),
    }
}

#[test]
fn a_version_is_deprecated_before_it_ends() {
    let set = |from: Option<i64>, to: Option<i64>| {
        let (deprecated_at, sunset_at) = (from.map(Timestamp), to.map(Timestamp));
        let set = VersionLifecycle { api_id: "21".to_owned(), deprecated_at, sunset_at };
        ResourceEvent::VersionLifecycleSet(set.into())
    };
    for (from, to) in [(Some(5), Some(6)), (Some(5), Some(5)), (None, Some(5)), (Some(5), None)] {
        given_rich().when(lifecycle("21", from, to)).then([set(from, to)]);
    }
    given_rich().when(lifecycle("21", None, None)).then([]);
    given_rich()
        .when(lifecycle("21", Some(6), Some(5)))
        .then_refused(Refusal::invalid("sunsetAt", "must not be before deprecatedAt"));
    let absent = Refusal::NotFound { what: "gateway API" };
    given_rich().when(lifecycle("22", Some(5), None)).then_refused(absent);
    let mut history = rich();
    history.push(set(Some(5), None));
    given::<Resource>(history.clone()).when(lifecycle("21", Some(5), None)).then([]);
    given::<Resource>(history).when(lifecycle("21", None, None)).then([set(None, None)]);
}

#[test]
fn a_version_ends_but_not_the_first_one() {
    let retire = |it: &str| ResourceCommand::RetireVersion { api_id: it.to_owned() };
    let retired = VersionRetired { api_id: VERSION_API_ID.to_owned() };
    let retired = ResourceEvent::VersionRetired(retired.into());
    given_rich().when(retire(VERSION_API_ID)).then([retired.clone()]);
    let why = "the first version stays: unpublish the API resource instead";
    given_rich().when(retire("21")).then_refused(Refusal::NotAllowed { why });
    let absent = Refusal::NotFound { what: "gateway API" };
    given_rich().when(retire("22")).then_refused(absent.clone());
    let mut history = rich();
    history.push(retired);
    given::<Resource>(history.clone()).when(retire(VERSION_API_ID)).then_refused(absent);
    let no_revision = Refusal::NotFound { what: "gateway revision" };
    given::<Resource>(history).when(set_online(VERSION_API_ID)).then_refused(no_revision);
}
