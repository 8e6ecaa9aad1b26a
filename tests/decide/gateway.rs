//! The rules of a resource at the gateway (spec sections 5.2, 5.10.2 and 7.2 B22).

use domain::resource::{
    BREAKING_CHANGE, Basis, Difference, Face, GATEWAY_PATH_CLAIM, Gate, NewRevision, NewVersion,
    Publication, Resource, ResourceCommand, ResourceEvent, ResourcePublished, ResourceUnpublished,
    RevisionPublished, VersionPublished, VersionSetOnline,
};
use domain::tenant::Refuse;
use domain::{Claim, Refusal};
use tests::given::{Given, Then, claim, given};
use tests::samples::{
    VERSION_API_ID, difference, face, publication, resource_created, resource_published,
};

/// [`NOW`] in ticks of 100 ns since year 1.
pub const NOW_TICKS: i64 = 638_355_968_001_234_560;

const NO_REVISION: Refusal = Refusal::NotFound { what: "gateway revision" };

pub fn created() -> ResourceEvent {
    ResourceEvent::Created(resource_created().into())
}

pub fn publish_with(change: impl Fn(&mut Publication)) -> ResourceCommand {
    let mut wished = publication();
    change(&mut wished);
    ResourceCommand::Publish(Box::new(wished))
}

/// A first publication with another face.
pub fn publish_face(change: impl Fn(&mut Face)) -> ResourceCommand {
    publish_with(|it| change(&mut it.face))
}

pub fn published() -> ResourceEvent {
    ResourceEvent::Published(resource_published().into())
}

fn basis(revision: u32) -> Basis {
    Basis { revision, face: face() }
}

/// The face of a second document.
pub fn second() -> Face {
    let document = face().document.map(|it| domain::resource::Document { operations: 18, ..it });
    Face { document, ..face() }
}

pub fn new_revision(api_id: &str, current: u32, newest: u32) -> NewRevision {
    NewRevision {
        api_id: api_id.to_owned(),
        current: basis(current),
        newest: basis(newest),
        face: second(),
        difference: difference(),
        gate: Gate::default(),
        note: Some("second".to_owned()),
    }
}

pub fn publish_revision(api_id: &str, current: u32, newest: u32) -> ResourceCommand {
    ResourceCommand::PublishRevision(Box::new(new_revision(api_id, current, newest)))
}

pub fn revised(api_id: &str, revision: u32, source_revision: u32) -> ResourceEvent {
    ResourceEvent::RevisionPublished(
        RevisionPublished {
            api_id: api_id.to_owned(),
            revision,
            source_revision,
            note: Some("second".to_owned()),
            face: second(),
            difference: difference(),
        }
        .into(),
    )
}

pub fn publish_version(
    revision_id: &str,
    revision: u32,
    name: &str,
    new_api_id: &str,
) -> ResourceCommand {
    ResourceCommand::PublishVersion(Box::new(NewVersion {
        revision_id: revision_id.to_owned(),
        source: Some(basis(revision)),
        version_name: name.to_owned(),
        new_api_id: new_api_id.to_owned(),
    }))
}

pub fn versioned(api_id: &str, name: &str, source: &str, source_revision: u32) -> ResourceEvent {
    ResourceEvent::VersionPublished(
        VersionPublished {
            api_id: api_id.to_owned(),
            version_name: name.to_owned(),
            source_api_id: source.to_owned(),
            source_revision,
            version_set_id: "versions-21".to_owned(),
            face: face(),
        }
        .into(),
    )
}

pub fn set_online(revision_id: &str) -> ResourceCommand {
    ResourceCommand::SetOnlineVersion { revision_id: revision_id.to_owned(), notes: None }
}

pub fn online(api_id: &str, revision: u32, ticks: i64) -> ResourceEvent {
    let (api_id, release_id) = (api_id.to_owned(), ticks.to_string());
    let set = VersionSetOnline { api_id, revision, release_id, notes: None };
    ResourceEvent::VersionSetOnline(set.into())
}

/// API 21 with revisions 1, 2 and 3, of which 1 is current, and version v2 of it.
pub fn rich() -> Vec<ResourceEvent> {
    // Its release is older than now.
    let release_id = Some("1".to_owned());
    let first = ResourcePublished { release_id, ..resource_published() };
    vec![
        created(),
        ResourceEvent::Published(first.into()),
        revised("21", 2, 1),
        revised("21", 3, 1),
        versioned(VERSION_API_ID, "v2", "21", 1),
    ]
}

pub fn given_rich() -> Given<Resource> {
    given(rich())
}

fn path(value: &str) -> Claim {
    claim(12, GATEWAY_PATH_CLAIM, value)
}

#[test]
fn nothing_happens_at_the_gateway_before_the_resource_is_created() {
    let commands = [
        publish_with(|_| ()),
        publish_revision("21", 1, 1),
        publish_version("21", 1, "v2", VERSION_API_ID),
        set_online("21"),
        ResourceCommand::Unpublish,
    ];
    for command in commands {
        given::<Resource>([])
            .when(command)
            .then_refused(Refusal::NotFound { what: "API resource" });
    }
}

#[test]
fn the_first_publication_makes_revision_1_and_holds_the_path() {
    given::<Resource>([created()])
        .when(publish_with(|_| ()))
        .then([published()])
        .then_claims([path("orders")])
        .then_releases([]);
}

#[test]
fn publishing_again_makes_the_next_revision_and_its_release_in_one_event() {
    let again = publish_with(|it| {
        it.current = Some(basis(1));
        it.face = second();
        it.difference = difference();
        it.notes = None;
    });
    let next = ResourcePublished {
        created: false,
        revision: 4,
        face: second(),
        difference: difference(),
        release_id: Some(NOW_TICKS.to_string()),
        notes: None,
        ..resource_published()
    };
    let next = ResourceEvent::Published(next.into());
    given_rich().when(again).then([next.clone()]).then_claims([]).then_releases([]);
    // It is current, and the next one starts from it.
    let mut history = rich();
    history.push(next);
    given::<Resource>(history).when(publish_revision("21", 4, 4)).then([revised("21", 5, 4)]);
}

#[test]
fn the_same_face_again_is_no_event() {
    let again = || publish_with(|it| it.current = Some(basis(1)));
    given_rich().when(again()).then([]).then_claims([]).then_releases([]);
    let mut same = new_revision("21", 1, 3);
    same.face = face();
    given_rich().when(ResourceCommand::PublishRevision(Box::new(same))).then([]);
    // The newest one counts, whatever is current.
    let mut same = new_revision("21", 1, 3);
    same.newest.face = second();
    given_rich().when(ResourceCommand::PublishRevision(Box::new(same))).then([]);
}

#[test]
fn a_face_that_was_made_from_another_revision_is_made_again() {
    for current in [None, Some(basis(2)), Some(basis(4))] {
        given_rich()
            .when(publish_with(|it| it.current.clone_from(&current)))
            .then_refused(Refusal::Changed);
    }
    given::<Resource>([created()])
        .when(publish_with(|it| it.current = Some(basis(1))))
        .then_refused(Refusal::Changed);
    for (current, newest) in [(2, 3), (1, 2), (1, 4)] {
        given_rich().when(publish_revision("21", current, newest)).then_refused(Refusal::Changed);
    }
    given_rich()
        .when(publish_version("21;rev=2", 1, "v3", &"f".repeat(32)))
        .then_refused(Refusal::Changed);
}

#[test]
fn the_gate_refuses_what_the_tenant_refuses_unless_it_is_acknowledged() {
    let breaking = Difference { against: 1, breaking: 1, ..Difference::default() };
    let risky = Difference { against: 1, risky: 1, ..Difference::default() };
    let fine = Difference { against: 1, compatible: 9, ..Difference::default() };
    for (refuse, difference, passes) in [
        (Refuse::Off, &breaking, true),
        (Refuse::Breaking, &breaking, false),
        (Refuse::Breaking, &risky, true),
        (Refuse::Risky, &breaking, false),
        (Refuse::Risky, &risky, false),
        (Refuse::Risky, &fine, true),
    ] {
        for is_acknowledged in [false, true] {
            let gate = Gate { refuse, is_acknowledged };
            let publish = publish_with(|it| {
                (it.current, it.face, it.gate) = (Some(basis(1)), second(), gate);
                it.difference = difference.clone();
            });
            let mut revision = new_revision("21", 1, 3);
            (revision.gate, revision.difference) = (gate, difference.clone());
            let revise = ResourceCommand::PublishRevision(Box::new(revision));
            for command in [publish, revise] {
                let then = given_rich().when(command);
                match passes || is_acknowledged {
                    true => then.then_accepted(),
                    false => then.then_refused(Refusal::NotAllowed { why: BREAKING_CHANGE }),
                }
            }
        }
    }
}

#[test]
fn a_new_path_is_held_and_the_old_one_given_back() {
    let there = given::<Resource>([created(), published()]).when(publish_with(|it| {
        (it.current, it.face.path) = (Some(basis(1)), "Sales".to_owned());
    }));
    then_moves(there, &[path("sales")], &[path("orders")]);
}

#[test]
fn paths_compare_without_case_and_another_spelling_is_another_face() {
    let same = given::<Resource>([created(), published()]).when(publish_with(|it| {
        (it.current, it.face.path) = (Some(basis(1)), "ORDERS".to_owned());
    }));
    then_moves(same, &[], &[]);
}

#[test]
fn a_version_shares_the_path_of_its_resource() {
    let publish = |path: &str| {
        publish_with(|it| {
            it.api_id = VERSION_API_ID.to_owned();
            (it.current, it.face) = (Some(basis(1)), second());
            it.face.path = path.to_owned();
        })
    };
    then_moves(given_rich().when(publish("orders")), &[], &[]);
    then_moves(given_rich().when(publish("new")), &[path("new")], &[path("orders")]);
}

#[test]
fn what_is_unpublished_frees_its_path_and_may_be_published_again() {
    let unpublished = || ResourceEvent::Unpublished(ResourceUnpublished { resource: 21 }.into());
    given_rich()
        .when(ResourceCommand::Unpublish)
        .then([unpublished()])
        .then_claims([])
        .then_releases([path("orders")]);
    let mut history = rich();
    history.push(unpublished());
    let gone = || given::<Resource>(history.clone());
    let absent = Refusal::NotFound { what: "publication" };
    gone().when(ResourceCommand::Unpublish).then_refused(absent.clone());
    given::<Resource>([created()]).when(ResourceCommand::Unpublish).then_refused(absent);
    // The same face is an event then: it is served again.
    let again = gone().when(publish_with(|it| it.current = Some(basis(1))));
    then_moves(again, &[path("orders")], &[]);
}

#[test]
fn the_gateway_id_is_the_number_of_the_resource_or_of_its_version() {
    for wrong in ["22", "orders", "021", "+21", "21 ", "21;rev=1", VERSION_API_ID] {
        given::<Resource>([created(), published()])
            .when(publish_with(|it| it.api_id = wrong.to_owned()))
            .then_refused(Refusal::NotAllowed {
                why: "apiId must be the id of the API resource, or of one of its API versions",
            });
    }
}

#[test]
fn a_revision_is_the_next_number_from_the_current_one() {
    given::<Resource>([created(), published()])
        .when(publish_revision("21", 1, 1))
        .then([revised("21", 2, 1)])
        .then_claims([])
        .then_releases([]);
    let mut history = rich();
    history.push(online("21", 2, NOW_TICKS));
    given::<Resource>(history).when(publish_revision("21", 2, 3)).then([revised("21", 4, 2)]);
    given_rich().when(publish_revision(VERSION_API_ID, 1, 1)).then([revised(VERSION_API_ID, 2, 1)]);
}

#[test]
fn a_revision_needs_a_published_api() {
    let refusal = Refusal::NotFound { what: "gateway API" };
    given::<Resource>([created()]).when(publish_revision("21", 1, 1)).then_refused(refusal.clone());
    for unknown in ["22", "21;rev=1", "/apis/21"] {
        given_rich().when(publish_revision(unknown, 1, 1)).then_refused(refusal.clone());
    }
}

#[test]
fn a_version_starts_from_a_revision_under_a_lower_case_name() {
    let history = [created(), published(), revised("21", 2, 1)];
    for (revision_id, source) in [("21", 1), ("21;rev=1", 1), ("21;rev=2", 2), ("/apis/21", 1)] {
        given::<Resource>(history.clone())
            .when(publish_version(revision_id, source, " V2-Beta ", VERSION_API_ID))
            .then([versioned(VERSION_API_ID, "v2-beta", "21", source)])
            .then_claims([])
            .then_releases([]);
    }
    let mut online_2 = history.to_vec();
    online_2.push(online("21", 2, NOW_TICKS));
    given::<Resource>(online_2)
        .when(publish_version("21", 2, "v2", VERSION_API_ID))
        .then([versioned(VERSION_API_ID, "v2", "21", 2)]);
}

#[test]
fn a_version_may_start_from_a_version() {
    let other = "f".repeat(32);
    given_rich().when(publish_version(VERSION_API_ID, 1, "v3", &other)).then([versioned(
        &other,
        "v3",
        VERSION_API_ID,
        1,
    )]);
}

#[test]
fn version_names_and_ids_are_used_once() {
    let other = "f".repeat(32);
    for name in ["v2", "V2", " v2 "] {
        given_rich()
            .when(publish_version("21", 1, name, &other))
            .then_refused(Refusal::AlreadyExists { what: "API version" });
    }
    for id in [VERSION_API_ID, "21"] {
        given_rich()
            .when(publish_version("21", 1, "v3", id))
            .then_refused(Refusal::AlreadyExists { what: "API version" });
    }
}

#[test]
fn an_unknown_revision_does_not_go_online_and_starts_no_version() {
    let unknown = [
        "",
        "22",
        "21;rev=0",
        "21;rev=4",
        "21;rev=",
        "21;rev=x",
        "21;rev=-1",
        "21;rev=1;rev=1",
        "21;rev=4294967296",
        "21 ",
        ";rev=1",
    ];
    for revision_id in unknown {
        given_rich().when(set_online(revision_id)).then_refused(NO_REVISION);
        given_rich()
            .when(publish_version(revision_id, 1, "v3", &"f".repeat(32)))
            .then_refused(NO_REVISION);
        let offline = ResourceCommand::SetRevisionOnline {
            revision_id: revision_id.to_owned(),
            online: false,
        };
        given_rich().when(offline).then_refused(NO_REVISION);
    }
    given::<Resource>([created()]).when(set_online("21")).then_refused(NO_REVISION);
}

#[track_caller]
fn then_moves(then: Then<ResourceEvent>, claims: &[Claim], releases: &[Claim]) {
    let decision = then.decision();
    assert_eq!((&decision.claims[..], &decision.releases[..]), (claims, releases));
    assert_eq!(decision.events.len(), 1);
}
