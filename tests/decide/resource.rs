//! The rules of an API resource itself (spec section 2.7); its gateway stands in `gateway.rs`.

use domain::resource::{ALLOWED_CLIENTS_MAX, AllowedScopes, ResourceClientAllowed};
use domain::resource::{RESOURCE_CHILDREN_MAX, RESOURCE_NAME_CLAIM, Resource, ResourceCommand};
use domain::resource::{ResourceCreated, ResourceEvent, ResourceSecrets};
use domain::scope::SCOPE_CLAIM;
use domain::{Fact, Refusal};
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
        .then_claims([
            claim(12, RESOURCE_NAME_CLAIM, "orders"),
            claim(12, SCOPE_CLAIM, "orders.read"),
            claim(12, SCOPE_CLAIM, "orders.write"),
        ])
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
}

/// An audience that looks like another one, or ends in what nobody sees, is no name.
#[test]
fn names_are_visible_ascii() {
    for wrong in ["payroll ", " payroll", "pay roll", "p\u{430}yroll", "payroll\u{ad}", "a\nb", "é"]
    {
        given::<Resource>([])
            .when(create_with(|it| it.name = wrong.to_owned()))
            .then_refused(Refusal::invalid("name", "must be visible ASCII without spaces"));
        given::<Resource>([])
            .when(create_with(|it| it.scopes = vec![wrong.to_owned()]))
            .then_refused_field("scopes.scope");
    }
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
fn secrets_are_numbered_from_one() {
    let mut data = resource_created();
    data.secrets = vec![data.secrets[0].clone(), data.secrets[0].clone()];
    (data.secrets[0].id, data.secrets[1].id) = (7, 7);
    let secrets = ResourceSecrets { values: vec!["a".to_owned(); 2], ..resource_secrets() };
    let decision = given::<Resource>([]).when(ResourceCommand::Create(Box::new(data), secrets));
    let events = decision.decision().events.clone();
    let ResourceEvent::Created(fact) = &events[0] else { panic!("{events:?}") };
    assert_eq!(fact.data.secrets.iter().map(|it| it.id).collect::<Vec<_>>(), [1, 2]);
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
    for wrong in ["a b", "a\"b", "a\\b", "ä", "a\n", "a\u{ad}", "\u{430}"] {
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
    for scope in ["oauthapp.", "oauthapp.all", "isms.user.get", "OAuthApp.all", "ISMS.all"] {
        given::<Resource>([])
            .when(create_with(|it| it.scopes.push(scope.to_owned())))
            .then_refused(Refusal::invalid(
                "scopes.scope",
                "must not begin with oauthapp. or isms.: these scopes are built in",
            ));
    }
    for scope in ["openid", "offline_access", "OpenID"] {
        given::<Resource>([])
            .when(create_with(|it| it.scopes.push(scope.to_owned())))
            .then_refused_field("scopes.scope");
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

/// Two spellings are one claim; a resource that is not enabled holds its scopes all the same.
#[test]
fn each_scope_is_claimed_once_in_lower_case() {
    let claims = given::<Resource>([])
        .when(create_with(|it| {
            it.enabled = false;
            it.scopes = ["B.read", "a.read", "A.Read", "a.read"].map(str::to_owned).to_vec();
        }))
        .decision()
        .claims;
    let scopes = [claim(12, SCOPE_CLAIM, "a.read"), claim(12, SCOPE_CLAIM, "b.read")];
    assert_eq!(claims[1..], scopes);
}

fn allow(client: u32, scopes: AllowedScopes) -> ResourceCommand {
    ResourceCommand::AllowClient { client, scopes }
}

fn allowed(client: u32, scopes: &[&str]) -> ResourceEvent {
    let scopes = scopes.iter().map(|it| (*it).to_owned()).collect();
    ResourceEvent::ClientAllowed(ResourceClientAllowed { client, scopes }.into())
}

fn only(scopes: &[&str]) -> AllowedScopes {
    AllowedScopes::Only(scopes.iter().map(|it| (*it).to_owned()).collect())
}

fn also(scopes: &[&str]) -> AllowedScopes {
    AllowedScopes::Also(scopes.iter().map(|it| (*it).to_owned()).collect())
}

#[test]
fn a_resource_names_a_client_for_scopes_of_its_own() {
    let (read, write) = ("orders.read", "orders.write");
    given::<Resource>([created()])
        .when(allow(3, AllowedScopes::All))
        .then([allowed(3, &[read, write])]);
    given::<Resource>([created()])
        .when(allow(3, only(&[write, read, write])))
        .then([allowed(3, &[read, write])]);
    for wrong in ["orders.delete", "ORDERS.READ", "", "oauthapp.all"] {
        for scopes in [only(&[read, wrong]), also(&[wrong])] {
            given::<Resource>([created()])
                .when(allow(3, scopes))
                .then_refused(Refusal::invalid("scopes", "must be scopes of this API resource"));
        }
    }
    given::<Resource>([])
        .when(allow(3, AllowedScopes::All))
        .then_refused(Refusal::NotFound { what: "API resource" });
}

#[test]
fn what_a_client_gets_is_replaced_or_added_to_and_repeating_it_is_nothing() {
    let (read, write) = ("orders.read", "orders.write");
    let history = || [created(), allowed(3, &[read])];
    given::<Resource>(history()).when(allow(3, only(&[read]))).then_nothing();
    given::<Resource>(history()).when(allow(3, also(&[read]))).then_nothing();
    given::<Resource>(history()).when(allow(3, only(&[write]))).then([allowed(3, &[write])]);
    given::<Resource>(history()).when(allow(3, also(&[write]))).then([allowed(3, &[read, write])]);
    given::<Resource>(history()).when(allow(3, only(&[]))).then([allowed(3, &[])]);
    given::<Resource>(history()).when(allow(4, only(&[]))).then_nothing();
    given::<Resource>(history()).when(allow(4, only(&[read]))).then([allowed(4, &[read])]);
    let closed = [created(), allowed(3, &[read]), allowed(3, &[])];
    given::<Resource>(closed).when(allow(3, only(&[]))).then_nothing();
}

#[test]
fn the_clients_that_a_resource_names_end_at_their_limit() {
    let full = || {
        let clients = (1..=ALLOWED_CLIENTS_MAX as u32).map(|it| allowed(it, &["orders.read"]));
        std::iter::once(created()).chain(clients)
    };
    given::<Resource>(full())
        .when(allow(9_999, AllowedScopes::All))
        .then_refused(Refusal::NotAllowed { why: "an API resource may name 1,000 clients" });
    given::<Resource>(full()).when(allow(7, AllowedScopes::All)).then_accepted();
    given::<Resource>(full().chain([allowed(7, &[])]))
        .when(allow(9_999, AllowedScopes::All))
        .then_accepted();
}
