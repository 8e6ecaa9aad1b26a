//! How long, how many and of what what a resource has at the gateway may be.

use domain::Refusal;
use domain::resource::{
    API_VERSIONS_MAX, FACE_BYTES_MAX, Face, NewRevision, POLICY_BYTES_MAX, Resource,
    ResourceCommand,
};
use tests::given::{control_character, given, required, too_long, too_many};
use tests::samples::VERSION_API_ID;

use crate::gateway::{
    created, given_rich, new_revision, publish_face, publish_revision, publish_version,
    publish_with, published, revised, versioned,
};

#[test]
fn a_suffix_is_1_to_32_letters_and_digits() {
    for right in ["a".to_owned(), "Z9".to_owned(), "a".repeat(32)] {
        given::<Resource>([created()])
            .when(publish_face(|it| it.path.clone_from(&right)))
            .then_accepted();
    }
    for wrong in ["a/b", "a b", "a-b", "ä", "a\n"] {
        given::<Resource>([created()])
            .when(publish_face(|it| it.path = wrong.to_owned()))
            .then_refused(Refusal::invalid("suffix", "must be 1 to 32 of [a-zA-Z0-9]"));
    }
}

#[test]
fn texts_of_a_publication_end_at_their_limit() {
    use domain::resource::Authentication::Token;
    type Set = fn(&mut Face, String);
    let set_scope: Set = |it, text| {
        it.authentication = Token { server: "s".to_owned(), scope: Some(text), openid: None };
    };
    let set_openid: Set = |it, text| {
        it.authentication = Token { server: "s".to_owned(), scope: None, openid: Some(text) };
    };
    let set_server: Set = |it, text| {
        it.authentication = Token { server: text, scope: None, openid: None };
    };
    let texts: [(&str, usize, bool, Set); 8] = [
        ("suffix", 32, true, |it, text| it.path = text),
        ("name", 300, false, |it, text| it.name = Some(text)),
        ("description", 4000, false, |it, text| it.description = Some(text)),
        ("serviceUrl", 2000, false, |it, text| it.service_url = Some(text)),
        ("authorizationServerId", 256, true, set_server),
        ("scope", 500, false, set_scope),
        ("openid", 256, false, set_openid),
        ("productIds", 100, true, |it, text| it.products = vec![text]),
    ];
    let with = |set: Set, text: String| {
        given::<Resource>([created()]).when(publish_face(|it| set(it, text.clone())))
    };
    for (field, max, is_required, set) in texts {
        with(set, "a".repeat(max)).then_accepted();
        with(set, "a".repeat(max + 1)).then_refused(too_long(field, max));
        with(set, "a\u{0}".to_owned()).then_refused(control_character(field));
        if is_required {
            with(set, " ".to_owned()).then_refused(required(field));
        } else {
            with(set, String::new()).then_accepted();
        }
    }
    let with_id = |id: String| {
        given::<Resource>([created()]).when(publish_with(|it| it.api_id.clone_from(&id)))
    };
    with_id(String::new()).then_refused(required("apiId"));
    with_id("a".repeat(257)).then_refused(too_long("apiId", 256));
    let noted = |n: usize| {
        given::<Resource>([created()]).when(publish_with(|it| it.notes = Some("é".repeat(n))))
    };
    noted(4000).then_accepted();
    noted(4001).then_refused(too_long("notes", 4000));
}

#[test]
fn a_face_has_a_document_and_a_size() {
    given::<Resource>([created()])
        .when(publish_face(|it| it.document = None))
        .then_refused(Refusal::invalid("swaggerUrl", "must lead to a document that was read"));
    given::<Resource>([created()])
        .when(publish_face(|it| it.description = Some("\u{1F30D}".repeat(4_000))))
        .then_accepted();
    let large = Refusal::TooLarge { field: "description", bytes_max: FACE_BYTES_MAX };
    given::<Resource>([created()])
        .when(publish_face(|it| {
            it.description = Some("\u{1F30D}".repeat(4_000));
            it.name = Some("\u{1F30D}".repeat(300));
        }))
        .then_refused(large);
}

#[test]
fn products_and_the_policy_end_at_their_limit() {
    given::<Resource>([created()])
        .when(publish_face(|it| it.products = vec!["/products/a".to_owned(); 20]))
        .then_accepted();
    given::<Resource>([created()])
        .when(publish_face(|it| it.products = vec!["/products/a".to_owned(); 21]))
        .then_refused(too_many("productIds", 20));
    let policy = |bytes: usize| publish_face(|it| it.policy = Some("é".repeat(bytes / 2)));
    given::<Resource>([created()]).when(policy(POLICY_BYTES_MAX)).then_accepted();
    given::<Resource>([created()])
        .when(policy(POLICY_BYTES_MAX + 2))
        .then_refused(Refusal::TooLarge { field: "policy", bytes_max: POLICY_BYTES_MAX });
}

#[test]
fn texts_of_a_revision_end_at_their_limit() {
    let with = |api_id: &str, note: &str| {
        let wished = NewRevision {
            api_id: api_id.to_owned(),
            note: Some(note.to_owned()),
            ..new_revision("21", 1, 3)
        };
        given_rich().when(ResourceCommand::PublishRevision(Box::new(wished)))
    };
    with("21", &"é".repeat(4000)).then_accepted();
    with("21", &"é".repeat(4001)).then_refused(too_long("releaseNote", 4000));
    with("21", "\u{0}").then_refused(control_character("releaseNote"));
    with("", "").then_refused(required("apiId"));
    with(&"1".repeat(257), "").then_refused(too_long("apiId", 256));
}

/// Decided for breadth: a revision is the event that made it, so there is no limit of ours.
#[test]
fn an_api_has_as_many_revisions_as_can_be_counted() {
    let last = revised("21", u32::MAX - 1, 1);
    let history = [created(), published(), last];
    given::<Resource>(history).when(publish_revision("21", 1, u32::MAX - 1)).then([revised(
        "21",
        u32::MAX,
        1,
    )]);
    let full = [created(), published(), revised("21", u32::MAX, 1)];
    given::<Resource>(full).when(publish_revision("21", 1, u32::MAX)).then_refused(
        Refusal::NotAllowed { why: "the API has as many revisions as can be counted" },
    );
}

#[test]
fn a_version_name_is_required_and_plain_and_ends_at_its_limit() {
    let history = || given::<Resource>([created(), published()]);
    let named = |name: &str| history().when(publish_version("21", 1, name, VERSION_API_ID));
    named(" ").then_refused(required("apiVersionName"));
    named(&"v".repeat(100)).then_accepted();
    named(&"v".repeat(101)).then_refused(too_long("apiVersionName", 100));
    named("2024-01-01_b.2").then_accepted();
    let why = "must be letters, digits and . _ - and not dots only";
    for wrong in ["v;2", "v}2", "v$host", "v\"", "../v", "..", ".", "v 2", "v/2", "é"] {
        named(wrong).then_refused(Refusal::invalid("apiVersionName", why));
    }
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
        .when(publish_version("21", 1, "last", &id(500)))
        .then([versioned(&id(500), "last", "21", 1)]);
    given::<Resource>(versions(API_VERSIONS_MAX))
        .when(publish_version("21", 1, "last", &id(500)))
        .then_refused(Refusal::NotAllowed {
            why: "the API resource has as many versions as it may have",
        });
}
