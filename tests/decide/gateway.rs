//! The rules of a resource at the gateway (spec sections 5.2, 5.10.2 and 7.2 B22).

use domain::resource::{API_VERSIONS_MAX, GATEWAY_PATH_CLAIM, POLICY_BYTES_MAX, REVISIONS_MAX};
use domain::resource::{PublishRequest, Resource, ResourceCommand, ResourceEvent};
use domain::resource::{ResourcePublished, RevisionPublished, VersionPublished, VersionSetOnline};
use domain::{Claim, Refusal, Timestamp};
use tests::given::{Given, NOW, Then, claim, control_character, given};
use tests::given::{required, too_long, too_many};
use tests::samples::{VERSION_API_ID, publish_request, resource_created};

/// [`NOW`] in ticks of 100 ns since year 1.
const NOW_TICKS: i64 = 638_355_968_001_234_560;

const NO_REVISION: Refusal = Refusal::NotFound { what: "gateway revision" };

fn created() -> ResourceEvent {
    ResourceEvent::Created(resource_created().into())
}

fn publish_with(change: impl Fn(&mut PublishRequest)) -> ResourceCommand {
    let mut request = publish_request();
    change(&mut request);
    ResourceCommand::Publish(Box::new(request))
}

fn published_as(request: PublishRequest, created: bool, revision: u32) -> ResourceEvent {
    ResourceEvent::Published(ResourcePublished { request, created, revision }.into())
}

fn published() -> ResourceEvent {
    published_as(publish_request(), true, 1)
}

fn publish_revision(api_id: &str) -> ResourceCommand {
    ResourceCommand::PublishRevision {
        api_id: api_id.to_owned(),
        swagger_url: "https://a.example/2".to_owned(),
        note: Some("second".to_owned()),
    }
}

fn revised(api_id: &str, revision: u32, source_revision: u32) -> ResourceEvent {
    ResourceEvent::RevisionPublished(
        RevisionPublished {
            api_id: api_id.to_owned(),
            revision,
            source_revision,
            swagger_url: "https://a.example/2".to_owned(),
            note: Some("second".to_owned()),
        }
        .into(),
    )
}

fn publish_version(revision_id: &str, name: &str, new_api_id: &str) -> ResourceCommand {
    ResourceCommand::PublishVersion {
        revision_id: revision_id.to_owned(),
        version_name: name.to_owned(),
        new_api_id: new_api_id.to_owned(),
    }
}

fn versioned(api_id: &str, name: &str, source: &str, source_revision: u32) -> ResourceEvent {
    ResourceEvent::VersionPublished(
        VersionPublished {
            api_id: api_id.to_owned(),
            version_name: name.to_owned(),
            source_api_id: source.to_owned(),
            source_revision,
            version_set_id: "versions-21".to_owned(),
        }
        .into(),
    )
}

fn set_online(revision_id: &str) -> ResourceCommand {
    ResourceCommand::SetOnlineVersion { revision_id: revision_id.to_owned() }
}

fn online(api_id: &str, revision: u32, ticks: i64) -> ResourceEvent {
    let (api_id, release_id) = (api_id.to_owned(), ticks.to_string());
    ResourceEvent::VersionSetOnline(VersionSetOnline { api_id, revision, release_id }.into())
}

/// API 21 with revisions 1, 2 and 3, of which 1 is current, and version v2 of it.
fn rich() -> Vec<ResourceEvent> {
    vec![
        created(),
        published(),
        revised("21", 2, 1),
        revised("21", 3, 1),
        versioned(VERSION_API_ID, "v2", "21", 1),
    ]
}

fn given_rich() -> Given<Resource> {
    given(rich())
}

fn path(value: &str) -> Claim {
    claim(12, GATEWAY_PATH_CLAIM, value)
}

#[test]
fn nothing_happens_at_the_gateway_before_the_resource_is_created() {
    let commands = [
        publish_with(|_| ()),
        publish_revision("21"),
        publish_version("21", "v2", VERSION_API_ID),
        set_online("21"),
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
fn publishing_again_updates_the_current_revision_and_holds_nothing_new() {
    given_rich()
        .when(publish_with(|_| ()))
        .then([published_as(publish_request(), false, 1)])
        .then_claims([])
        .then_releases([]);
    let mut history = rich();
    history.push(online("21", 3, NOW_TICKS));
    given::<Resource>(history.clone()).when(publish_with(|_| ())).then([published_as(
        publish_request(),
        false,
        3,
    )]);
    // An update does not make the API anew: its revisions stay.
    history.push(published_as(publish_request(), false, 3));
    given::<Resource>(history).when(publish_revision("21")).then([revised("21", 4, 3)]);
}

#[test]
fn a_new_path_is_held_and_the_old_one_given_back() {
    let there = given::<Resource>([created(), published()])
        .when(publish_with(|it| it.suffix = "Sales".to_owned()));
    then_moves(there, &[path("sales")], &[path("orders")]);
    let moved = PublishRequest { suffix: "Sales".to_owned(), ..publish_request() };
    let back = given::<Resource>([created(), published(), published_as(moved, false, 1)])
        .when(publish_with(|_| ()));
    then_moves(back, &[path("orders")], &[path("sales")]);
}

#[test]
fn paths_compare_without_case() {
    let same = given::<Resource>([created(), published()])
        .when(publish_with(|it| it.suffix = "ORDERS".to_owned()));
    then_moves(same, &[], &[]);
}

#[test]
fn a_version_shares_the_path_of_its_resource() {
    let request = PublishRequest { api_id: VERSION_API_ID.to_owned(), ..publish_request() };
    given_rich()
        .when(publish_with(|it| it.api_id = VERSION_API_ID.to_owned()))
        .then([published_as(request.clone(), false, 1)])
        .then_claims([])
        .then_releases([]);
    let moved = given_rich().when(publish_with(|it| {
        it.api_id = VERSION_API_ID.to_owned();
        it.suffix = "new".to_owned();
    }));
    then_moves(moved, &[path("new")], &[path("orders")]);
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
fn a_suffix_is_1_to_32_letters_and_digits() {
    for right in ["a".to_owned(), "Z9".to_owned(), "a".repeat(32)] {
        given::<Resource>([created()])
            .when(publish_with(|it| it.suffix.clone_from(&right)))
            .then_accepted();
    }
    for wrong in ["a/b", "a b", "a-b", "ä", "a\n"] {
        given::<Resource>([created()])
            .when(publish_with(|it| it.suffix = wrong.to_owned()))
            .then_refused(Refusal::invalid("suffix", "must be 1 to 32 of [a-zA-Z0-9]"));
    }
}

#[test]
fn texts_of_a_publication_end_at_their_limit() {
    type Set = fn(&mut PublishRequest, String);
    let url = |n: usize| format!("ftp://{}", "a".repeat(n - 6));
    let plain = |n: usize| "a".repeat(n);
    let texts: [(&str, usize, bool, Set); 7] = [
        ("suffix", 32, true, |it, text| it.suffix = text),
        ("name", 300, false, |it, text| it.name = Some(text)),
        ("description", 4000, false, |it, text| it.description = Some(text)),
        ("authorizationServerId", 256, false, |it, text| it.authorization_server_id = Some(text)),
        ("scope", 500, false, |it, text| it.scope = Some(text)),
        ("openid", 256, false, |it, text| it.openid = Some(text)),
        ("productIds", 100, true, |it, text| it.product_ids = vec![text]),
    ];
    let with = |set: Set, text: String| {
        given::<Resource>([created()]).when(publish_with(|it| set(it, text.clone())))
    };
    for (field, max, is_required, set) in texts {
        with(set, plain(max)).then_accepted();
        with(set, plain(max + 1)).then_refused(too_long(field, max));
        with(set, "a\u{0}".to_owned()).then_refused(control_character(field));
        if is_required {
            with(set, " ".to_owned()).then_refused(required(field));
        } else {
            with(set, String::new()).then_accepted();
        }
    }
    let set_url: Set = |it, text| it.swagger_url = text;
    with(set_url, url(2000)).then_accepted();
    with(set_url, url(2001)).then_refused(too_long("swaggerUrl", 2000));
    with(set_url, String::new()).then_refused(required("swaggerUrl"));
    let set_api_id: Set = |it, text| it.api_id = text;
    with(set_api_id, String::new()).then_refused(required("apiId"));
    with(set_api_id, plain(257)).then_refused(too_long("apiId", 256));
}

#[test]
fn a_document_stands_at_a_url() {
    let why = "must be a URL that begins with http, https or ftp";
    for wrong in ["swagger.json", "//a/b", "file:///etc/passwd", "gopher://a"] {
        given::<Resource>([created()])
            .when(publish_with(|it| it.swagger_url = wrong.to_owned()))
            .then_refused(Refusal::invalid("swaggerUrl", why));
    }
    for right in ["http://a", "HTTPS://a", "ftp://a"] {
        given::<Resource>([created()])
            .when(publish_with(|it| it.swagger_url = right.to_owned()))
            .then_accepted();
    }
}

#[test]
fn products_and_the_policy_end_at_their_limit() {
    given::<Resource>([created()])
        .when(publish_with(|it| it.product_ids = vec!["/products/a".to_owned(); 20]))
        .then_accepted();
    given::<Resource>([created()])
        .when(publish_with(|it| it.product_ids = vec!["/products/a".to_owned(); 21]))
        .then_refused(too_many("productIds", 20));
    let policy = |bytes: usize| publish_with(|it| it.policy = Some("é".repeat(bytes / 2)));
    given::<Resource>([created()]).when(policy(POLICY_BYTES_MAX)).then_accepted();
    given::<Resource>([created()])
        .when(policy(POLICY_BYTES_MAX + 2))
        .then_refused(Refusal::TooLarge { field: "policy", bytes_max: POLICY_BYTES_MAX });
}

#[test]
fn a_revision_is_the_next_number_from_the_current_one() {
    given::<Resource>([created(), published()])
        .when(publish_revision("21"))
        .then([revised("21", 2, 1)])
        .then_claims([])
        .then_releases([]);
    let mut history = rich();
    history.push(online("21", 2, NOW_TICKS));
    given::<Resource>(history).when(publish_revision("21")).then([revised("21", 4, 2)]);
    given_rich().when(publish_revision(VERSION_API_ID)).then([revised(VERSION_API_ID, 2, 1)]);
}

#[test]
fn a_revision_needs_a_published_api() {
    let refusal = Refusal::NotFound { what: "gateway API" };
    given::<Resource>([created()]).when(publish_revision("21")).then_refused(refusal.clone());
    for unknown in ["22", "21;rev=1", "/apis/21"] {
        given_rich().when(publish_revision(unknown)).then_refused(refusal.clone());
    }
}

#[test]
fn texts_of_a_revision_end_at_their_limit() {
    let with = |api_id: &str, url: &str, note: &str| {
        given_rich().when(ResourceCommand::PublishRevision {
            api_id: api_id.to_owned(),
            swagger_url: url.to_owned(),
            note: Some(note.to_owned()),
        })
    };
    with("21", "http://a", &"é".repeat(4000)).then_accepted();
    with("21", "http://a", &"é".repeat(4001)).then_refused(too_long("releaseNote", 4000));
    with("21", "http://a", "\u{0}").then_refused(control_character("releaseNote"));
    with("", "http://a", "").then_refused(required("apiId"));
    with(&"1".repeat(257), "http://a", "").then_refused(too_long("apiId", 256));
    with("21", " ", "").then_refused(required("swaggerUrl"));
    with("21", &format!("http://{}", "a".repeat(1993)), "").then_accepted();
    with("21", &format!("http://{}", "a".repeat(1994)), "")
        .then_refused(too_long("swaggerUrl", 2000));
    let why = "must be a URL that begins with http, https or ftp";
    with("21", "a", "").then_refused(Refusal::invalid("swaggerUrl", why));
}

#[test]
fn an_api_has_so_many_revisions_and_no_more() {
    let last = revised("21", REVISIONS_MAX - 1, 1);
    given::<Resource>([created(), published(), last]).when(publish_revision("21")).then([revised(
        "21",
        REVISIONS_MAX,
        1,
    )]);
    let full = revised("21", REVISIONS_MAX, 1);
    given::<Resource>([created(), published(), full])
        .when(publish_revision("21"))
        .then_refused(Refusal::NotAllowed { why: "the API has as many revisions as it may have" });
}

#[test]
fn a_version_starts_from_a_revision_under_a_lower_case_name() {
    let history = [created(), published(), revised("21", 2, 1)];
    for (revision_id, source) in [("21", 1), ("21;rev=1", 1), ("21;rev=2", 2), ("/apis/21", 1)] {
        given::<Resource>(history.clone())
            .when(publish_version(revision_id, " V2-Beta ", VERSION_API_ID))
            .then([versioned(VERSION_API_ID, "v2-beta", "21", source)])
            .then_claims([])
            .then_releases([]);
    }
    let mut online_2 = history.to_vec();
    online_2.push(online("21", 2, NOW_TICKS));
    given::<Resource>(online_2)
        .when(publish_version("21", "v2", VERSION_API_ID))
        .then([versioned(VERSION_API_ID, "v2", "21", 2)]);
}

#[test]
fn a_version_may_start_from_a_version() {
    let other = "f".repeat(32);
    given_rich().when(publish_version(VERSION_API_ID, "v3", &other)).then([versioned(
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
            .when(publish_version("21", name, &other))
            .then_refused(Refusal::AlreadyExists { what: "API version" });
    }
    for id in [VERSION_API_ID, "21"] {
        given_rich()
            .when(publish_version("21", "v3", id))
            .then_refused(Refusal::AlreadyExists { what: "API version" });
    }
}

#[test]
fn a_version_name_is_required_and_ends_at_its_limit() {
    let history = || given::<Resource>([created(), published()]);
    history()
        .when(publish_version("21", " ", VERSION_API_ID))
        .then_refused(required("apiVersionName"));
    history().when(publish_version("21", &"v".repeat(100), VERSION_API_ID)).then_accepted();
    history()
        .when(publish_version("21", &"v".repeat(101), VERSION_API_ID))
        .then_refused(too_long("apiVersionName", 100));
}

#[test]
fn a_resource_has_so_many_versions_and_no_more() {
    // The API of the resource itself counts.
    let id = |n: usize| format!("{n:032x}");
    let versions = |count: usize| {
        let more = (1..count).map(|n| versioned(&id(n), &format!("v{n}"), "21", 1));
        [created(), published()].into_iter().chain(more).collect::<Vec<_>>()
    };
    given::<Resource>(versions(API_VERSIONS_MAX - 1))
        .when(publish_version("21", "last", &id(500)))
        .then([versioned(&id(500), "last", "21", 1)]);
    given::<Resource>(versions(API_VERSIONS_MAX))
        .when(publish_version("21", "last", &id(500)))
        .then_refused(Refusal::NotAllowed {
            why: "the API resource has as many versions as it may have",
        });
}

#[test]
fn a_revision_goes_online_through_a_release() {
    for (revision_id, revision) in [("21", 1), ("21;rev=1", 1), ("21;rev=3", 3), ("/apis/21", 1)] {
        given_rich()
            .when(set_online(revision_id))
            .then([online("21", revision, NOW_TICKS)])
            .then_claims([])
            .then_releases([]);
    }
    given_rich().when(set_online(VERSION_API_ID)).then([online(VERSION_API_ID, 1, NOW_TICKS)]);
}

#[test]
fn without_a_revision_the_current_one_goes_online_again() {
    let mut history = rich();
    history.push(online("21", 3, NOW_TICKS - 1));
    given::<Resource>(history).when(set_online("21")).then([online("21", 3, NOW_TICKS)]);
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
            .when(publish_version(revision_id, "v3", &"f".repeat(32)))
            .then_refused(NO_REVISION);
    }
    given::<Resource>([created()]).when(set_online("21")).then_refused(NO_REVISION);
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
    with_last(NOW_TICKS).when(set_online(VERSION_API_ID)).then([online(
        VERSION_API_ID,
        1,
        NOW_TICKS,
    )]);
}

#[track_caller]
fn then_moves(then: Then<ResourceEvent>, claims: &[Claim], releases: &[Claim]) {
    let decision = then.decision();
    assert_eq!((&decision.claims[..], &decision.releases[..]), (claims, releases));
}
