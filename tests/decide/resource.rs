//! The rules of an API resource itself (spec section 2.7); its gateway stands in `gateway.rs`.

use domain::resource::{RESOURCE_CHILDREN_MAX, RESOURCE_NAME_CLAIM, Resource, ResourceCommand};
use domain::resource::{ResourceCreated, ResourceEvent, ResourceSecrets};
use domain::{Aggregate as _, Fact, Refusal};
use tests::given::{claim, control_character, given, required, too_long, too_many};
use tests::samples::{resource_created, resource_secrets};

fn create_with(change: impl Fn(&mut ResourceCreated)) -> ResourceCommand {
    let mut resource = resource_created();
    change(&mut resource);
    ResourceCommand::Create(Box::new(resource), resource_secrets())
}

fn created() -> ResourceEvent {
    ResourceEvent::Created(Fact {
        data: resource_created(),
        personal: None,
        secret: Some(resource_secrets()),
    })
}

#[test]
fn a_new_resource_holds_its_name_in_its_tenant() {
    given::<Resource>([])
        .when(create_with(|_| ()))
        .then([created()])
        .then_claims([claim(12, RESOURCE_NAME_CLAIM, "orders")])
        .then_releases([]);
}

#[test]
fn a_resource_without_secrets_has_no_secret_part() {
    let nothing = (Vec::new(), Vec::new());
    let data =
        ResourceCreated { secrets: nothing.0, property_keys: nothing.1, ..resource_created() };
    given::<Resource>([])
        .when(ResourceCommand::Create(Box::new(data.clone()), ResourceSecrets::default()))
        .then([ResourceEvent::Created(Fact::from(data))]);
}

#[test]
fn a_resource_is_created_once() {
    given::<Resource>([created()])
        .when(create_with(|_| ()))
        .then_refused(Refusal::AlreadyExists { what: "API resource" });
}

#[test]
fn texts_end_at_their_limit() {
    type Set = fn(&mut ResourceCreated, String);
    let texts: [(&str, usize, bool, Set); 8] = [
        ("name", 200, true, |it, text| it.name = text),
        ("displayName", 200, false, |it, text| it.display_name = Some(text)),
        ("description", 1000, false, |it, text| it.description = Some(text)),
        ("allowedAccessTokenSigningAlgorithms", 100, false, |it, text| {
            it.allowed_access_token_signing_algorithms = Some(text);
        }),
        ("scopes.scope", 200, true, |it, text| it.scopes = vec![text]),
        ("userClaims.type", 200, true, |it, text| it.user_claims = vec![text]),
        ("secrets.type", 250, true, |it, text| it.secrets[0].secret_type = text),
        ("secrets.description", 1000, false, |it, text| it.secrets[0].description = Some(text)),
    ];
    for (field, max, is_required, set) in texts {
        let with = |text: &str| given::<Resource>([]).when(create_with(|it| set(it, text.into())));
        with(&"a".repeat(max)).then_accepted();
        with(&"a".repeat(max + 1)).then_refused(too_long(field, max));
        with("a\u{0}").then_refused(control_character(field));
        if is_required {
            with(" ").then_refused(required(field));
        } else {
            with("").then_accepted();
        }
    }
    given::<Resource>([]).when(create_with(|it| it.name = "é".repeat(200))).then_accepted();
}

#[test]
fn lists_end_at_their_limit() {
    type Fill = fn(&mut ResourceCreated, usize);
    let lists: [(&str, Fill); 2] = [
        ("scopes.scope", |it, n| it.scopes = vec!["a".into(); n]),
        ("userClaims.type", |it, n| it.user_claims = vec!["a".into(); n]),
    ];
    for (field, fill) in lists {
        let with = |n| create_with(|it| fill(it, n));
        given::<Resource>([]).when(with(RESOURCE_CHILDREN_MAX)).then_accepted();
        given::<Resource>([])
            .when(with(RESOURCE_CHILDREN_MAX + 1))
            .then_refused(too_many(field, RESOURCE_CHILDREN_MAX));
    }
}

#[test]
fn every_property_has_a_key_and_a_value_within_their_limits() {
    let many = |property_keys: Vec<String>, property_values: Vec<String>| {
        let data = ResourceCreated { property_keys, ..resource_created() };
        let secrets = ResourceSecrets { property_values, ..resource_secrets() };
        given::<Resource>([]).when(ResourceCommand::Create(Box::new(data), secrets))
    };
    let with = |key: &str, value: &str| many(vec![key.to_owned()], vec![value.to_owned()]);
    with(&"k".repeat(250), &"v".repeat(2000)).then_accepted();
    with("k", "").then_accepted();
    with(&"k".repeat(251), "v").then_refused(too_long("properties.key", 250));
    with("k", &"v".repeat(2001)).then_refused(too_long("properties.value", 2000));
    with(" ", "v").then_refused(required("properties.key"));
    with("k\u{0}", "v").then_refused(control_character("properties.key"));
    with("k", "v\u{0}").then_refused(control_character("properties.value"));
    let max = RESOURCE_CHILDREN_MAX;
    let texts = |n| vec!["a".to_owned(); n];
    many(texts(max), texts(max)).then_accepted();
    many(texts(max + 1), texts(max + 1)).then_refused(too_many("properties", max));
    for (keys, values) in [(0, 1), (1, 0), (2, 1)] {
        many(texts(keys), texts(values))
            .then_refused(Refusal::invalid("properties", "every key needs a value"));
    }
}

/// Whatever the caller says: an id that came again would be that of another secret.
#[test]
fn secrets_are_numbered_from_one_and_the_highest_number_is_remembered() {
    let mut data = resource_created();
    data.secrets = vec![data.secrets[0].clone(), data.secrets[0].clone()];
    (data.secrets[0].id, data.secrets[1].id) = (7, 7);
    let secrets = ResourceSecrets { values: vec!["a".to_owned(); 2], ..resource_secrets() };
    let decision = given::<Resource>([]).when(ResourceCommand::Create(Box::new(data), secrets));
    let events = decision.decision().events.clone();
    let ResourceEvent::Created(fact) = &events[0] else { panic!("{events:?}") };
    assert_eq!(fact.data.secrets.iter().map(|it| it.id).collect::<Vec<_>>(), [1, 2]);
    let mut resource = Resource::default();
    resource.evolve(&events[0]);
    assert!(matches!(resource, Resource::Active { last_secret: 2, .. }), "{resource:?}");
}

#[test]
fn every_secret_has_one_value_within_its_limit() {
    let with = |infos: usize, values: Vec<String>| {
        let mut resource = resource_created();
        resource.secrets = vec![resource.secrets[0].clone(); infos];
        let secrets = ResourceSecrets { values, ..resource_secrets() };
        given::<Resource>([]).when(ResourceCommand::Create(Box::new(resource), secrets))
    };
    let values = |n| vec!["a".to_owned(); n];
    let max = RESOURCE_CHILDREN_MAX;
    with(max, values(max)).then_accepted();
    with(max + 1, values(max + 1)).then_refused(too_many("secrets", max));
    for (infos, count) in [(0, 1), (1, 0), (1, 2)] {
        with(infos, values(count))
            .then_refused(Refusal::invalid("secrets", "every secret needs a value"));
    }
    with(1, vec!["a".repeat(4000)]).then_accepted();
    with(1, vec!["a".repeat(4001)]).then_refused(too_long("secrets.value", 4000));
    with(1, vec![String::new()]).then_refused(required("secrets.value"));
}

#[test]
fn scopes_are_of_the_characters_of_rfc_6749() {
    for wrong in ["a b", "a\"b", "a\\b", "ä"] {
        given::<Resource>([])
            .when(create_with(|it| it.scopes = vec![wrong.to_owned()]))
            .then_refused(Refusal::invalid(
                "scopes.scope",
                "must be visible ASCII without \" or \\",
            ));
    }
}

#[test]
fn built_in_scopes_and_the_built_in_audience_cannot_be_taken() {
    for scope in ["oauthapp.", "oauthapp.all", "isms.user.get"] {
        given::<Resource>([])
            .when(create_with(|it| it.scopes.push(scope.to_owned())))
            .then_refused(Refusal::invalid(
                "scopes.scope",
                "must not begin with oauthapp. or isms.: these scopes are built in",
            ));
    }
    given::<Resource>([])
        .when(create_with(|it| it.scopes = vec!["oauthapp".into(), "ismsx.a".into()]))
        .then_accepted();
    for name in ["oauthapp", "OAuthApp"] {
        given::<Resource>([]).when(create_with(|it| it.name = name.to_owned())).then_refused(
            Refusal::invalid("name", "must not be oauthapp: this audience is built in"),
        );
    }
}
