//! The rules of a client (spec sections 2.7 and 6.7).

use domain::client::{
    CLIENT_CHILDREN_MAX, CLIENT_ID_CLAIM, Client, ClientChange, ClientCommand, ClientEvent,
};
use domain::client::{ClientEnabledSet, ClientRegistered, ClientSecrets, ClientTakenOver};
use domain::{ClientName, Fact, Refusal, UserId};
use tests::given::{claim, control_character, given, required, too_long, too_many};
use tests::samples::{client_full, client_registered, client_secrets};

fn register_with(change: impl Fn(&mut ClientRegistered)) -> ClientCommand {
    let mut client = client_registered();
    change(&mut client);
    ClientCommand::Register(Box::new(client), client_secrets())
}

#[test]
fn a_new_client_holds_its_client_id_in_the_installation() {
    given::<Client>([])
        .when(register_with(|_| ()))
        .then([client_full()])
        .then_claims([claim(0, CLIENT_ID_CLAIM, "shop")])
        .then_releases([]);
}

#[test]
fn client_ids_compare_with_case() {
    given::<Client>([])
        .when(register_with(|it| it.client_id = ClientName("Shop".to_owned())))
        .decision()
        .claims
        .iter()
        .for_each(|it| assert_eq!(it.value, "Shop"));
}

#[test]
fn a_client_without_secrets_has_no_secret_part() {
    let nothing = (Vec::new(), Vec::new());
    let data =
        ClientRegistered { secrets: nothing.0, property_keys: nothing.1, ..client_registered() };
    given::<Client>([])
        .when(ClientCommand::Register(Box::new(data.clone()), ClientSecrets::default()))
        .then([ClientEvent::Registered(Fact::from(data))]);
}

#[test]
fn a_client_is_registered_once() {
    given::<Client>([client_full()])
        .when(register_with(|_| ()))
        .then_refused(Refusal::AlreadyExists { what: "client" });
}

#[test]
fn a_client_id_is_visible_ascii() {
    for wrong in ["a b", "ä", "a\tb", " a"] {
        given::<Client>([])
            .when(register_with(|it| it.client_id = ClientName(wrong.to_owned())))
            .then_refused(Refusal::invalid("clientId", "must be visible ASCII without spaces"));
    }
}

type Set = fn(&mut ClientRegistered, String);

/// Every text, its limit in characters, and whether it must be there.
const TEXTS: [(&str, usize, bool, Set); 21] = [
    ("clientId", 200, true, |it, text| it.client_id = ClientName(text)),
    ("protocolType", 200, true, |it, text| it.protocol_type = text),
    ("clientName", 200, false, |it, text| it.name = Some(text)),
    ("description", 1000, false, |it, text| it.description = Some(text)),
    ("clientUri", 2000, false, |it, text| it.client_uri = Some(text)),
    ("logoUri", 2000, false, |it, text| it.logo_uri = Some(text)),
    ("frontChannelLogoutUri", 2000, false, |it, text| it.front_channel_logout_uri = Some(text)),
    ("backChannelLogoutUri", 2000, false, |it, text| it.back_channel_logout_uri = Some(text)),
    ("allowedIdentityTokenSigningAlgorithms", 100, false, |it, text| {
        it.allowed_identity_token_signing_algorithms = Some(text);
    }),
    ("clientClaimsPrefix", 200, false, |it, text| it.client_claims_prefix = Some(text)),
    ("userCodeType", 100, false, |it, text| it.user_code_type = Some(text)),
    ("allowedGrantTypes", 250, true, |it, text| it.allowed_grant_types = vec![text]),
    ("redirectUris", 2000, true, |it, text| it.redirect_uris = vec![text]),
    ("postLogoutRedirectUris", 2000, true, |it, text| it.post_logout_redirect_uris = vec![text]),
    ("allowedScopes", 200, true, |it, text| it.allowed_scopes = vec![text]),
    ("identityProviderRestrictions", 200, true, |it, text| {
        it.identity_provider_restrictions = vec![text];
    }),
    ("allowedCorsOrigins", 150, true, |it, text| it.allowed_cors_origins = vec![text]),
    ("claims", 250, true, |it, text| it.claims = vec![(text, "a".to_owned())]),
    ("claims", 250, false, |it, text| it.claims = vec![("a".to_owned(), text)]),
    ("clientSecrets.type", 250, true, |it, text| it.secrets[0].secret_type = text),
    ("clientSecrets.description", 2000, false, |it, text| {
        it.secrets[0].description = Some(text);
    }),
];

/// Fits wherever a text is asked for, also where a URI, an origin or a scope is.
fn text(chars: usize) -> String {
    format!("https://{}", "b".repeat(chars - 8))
}

#[test]
fn texts_end_at_their_limit() {
    for (field, max, _, set) in TEXTS {
        given::<Client>([]).when(register_with(|it| set(it, text(max)))).then_accepted();
        given::<Client>([])
            .when(register_with(|it| set(it, text(max + 1))))
            .then_refused(too_long(field, max));
        if field != "clientId" {
            given::<Client>([])
                .when(register_with(|it| set(it, "a:\u{1}".to_owned())))
                .then_refused(control_character(field));
        }
    }
    given::<Client>([]).when(register_with(|it| it.name = Some("é".repeat(200)))).then_accepted();
}

#[test]
fn what_is_required_must_not_be_blank() {
    for (field, _, is_required, set) in TEXTS {
        let blank = given::<Client>([]).when(register_with(|it| set(it, "  ".to_owned())));
        if is_required {
            blank.then_refused(required(field));
        } else {
            blank.then_accepted();
        }
    }
}

#[test]
fn lists_end_at_their_limit() {
    type Fill = fn(&mut ClientRegistered, usize);
    let lists: [(&str, Fill); 7] = [
        ("allowedGrantTypes", |it, n| it.allowed_grant_types = vec!["password".into(); n]),
        ("redirectUris", |it, n| it.redirect_uris = vec!["https://a".into(); n]),
        ("postLogoutRedirectUris", |it, n| {
            it.post_logout_redirect_uris = vec!["https://a".into(); n]
        }),
        ("allowedScopes", |it, n| it.allowed_scopes = vec!["a".into(); n]),
        ("identityProviderRestrictions", |it, n| {
            it.identity_provider_restrictions = vec!["a".into(); n];
        }),
        ("allowedCorsOrigins", |it, n| it.allowed_cors_origins = vec!["https://a".into(); n]),
        ("claims", |it, n| it.claims = vec![("a".into(), "b".into()); n]),
    ];
    for (field, fill) in lists {
        let with = |n| register_with(|it| fill(it, n));
        given::<Client>([]).when(with(CLIENT_CHILDREN_MAX)).then_accepted();
        given::<Client>([])
            .when(with(CLIENT_CHILDREN_MAX + 1))
            .then_refused(too_many(field, CLIENT_CHILDREN_MAX));
    }
}

fn register_with_secrets(infos: usize, values: Vec<String>) -> ClientCommand {
    let mut client = client_registered();
    client.secrets = vec![client.secrets[0].clone(); infos];
    ClientCommand::Register(Box::new(client), ClientSecrets { values, ..client_secrets() })
}

fn register_with_properties(keys: Vec<String>, values: Vec<String>) -> ClientCommand {
    let client = ClientRegistered { property_keys: keys, ..client_registered() };
    let secrets = ClientSecrets { property_values: values, ..client_secrets() };
    ClientCommand::Register(Box::new(client), secrets)
}

#[test]
fn every_property_has_a_key_and_a_value_within_their_limits() {
    let with = |key: &str, value: &str| {
        let command = register_with_properties(vec![key.to_owned()], vec![value.to_owned()]);
        given::<Client>([]).when(command)
    };
    with(&"k".repeat(250), &"v".repeat(2000)).then_accepted();
    with("k", "").then_accepted();
    with(&"k".repeat(251), "v").then_refused(too_long("properties", 250));
    with("k", &"v".repeat(2001)).then_refused(too_long("properties", 2000));
    with(" ", "v").then_refused(required("properties"));
    for (key, value) in [("k\u{1}", "v"), ("k", "v\u{1}")] {
        with(key, value).then_refused(control_character("properties"));
    }
    let many = |n| register_with_properties(vec!["k".to_owned(); n], vec!["v".to_owned(); n]);
    given::<Client>([]).when(many(CLIENT_CHILDREN_MAX)).then_accepted();
    given::<Client>([])
        .when(many(CLIENT_CHILDREN_MAX + 1))
        .then_refused(too_many("properties", CLIENT_CHILDREN_MAX));
    for (keys, values) in [(0, 1), (1, 0), (2, 1)] {
        let keys = vec!["k".to_owned(); keys];
        given::<Client>([])
            .when(register_with_properties(keys, vec!["v".to_owned(); values]))
            .then_refused(Refusal::invalid("properties", "every key needs a value"));
    }
}

#[test]
fn the_salt_of_pair_wise_subjects_is_sealed_and_has_a_limit() {
    let with = |salt: &str| {
        let pair_wise_subject_salt = Some(salt.to_owned());
        let secrets = ClientSecrets { pair_wise_subject_salt, ..client_secrets() };
        let register = ClientCommand::Register(Box::new(client_registered()), secrets);
        given::<Client>([]).when(register)
    };
    with(&"s".repeat(200)).then_accepted();
    with(&"s".repeat(201)).then_refused(too_long("pairWiseSubjectSalt", 200));
    with("s\u{1}").then_refused(control_character("pairWiseSubjectSalt"));
}

/// Whatever the caller says: an id that came again would be that of another secret.
#[test]
fn secrets_are_numbered_from_one_and_the_highest_number_is_remembered() {
    let mut data = client_registered();
    data.secrets = vec![data.secrets[0].clone(), data.secrets[0].clone()];
    (data.secrets[0].id, data.secrets[1].id) = (7, 7);
    let secrets = ClientSecrets { values: vec!["a".to_owned(); 2], ..client_secrets() };
    let decision = given::<Client>([]).when(ClientCommand::Register(Box::new(data), secrets));
    let events = decision.decision().events.clone();
    let ClientEvent::Registered(fact) = &events[0] else { panic!("{events:?}") };
    assert_eq!(fact.data.secrets.iter().map(|it| it.id).collect::<Vec<_>>(), [1, 2]);
    // The next one counts on.
    let add = ClientCommand::AddSecret(client_registered().secrets[0].clone(), "b".to_owned());
    let mut editable = fact.clone();
    editable.data.flags.non_editable = false;
    let decision = given::<Client>([ClientEvent::Registered(editable)]).when(add).decision();
    let ClientEvent::Updated(fact) = &decision.events[0] else { panic!("{decision:?}") };
    let ids = fact.data.changes.iter().find_map(|it| match it {
        ClientChange::Secrets(infos) => Some(infos.iter().map(|it| it.id).collect::<Vec<_>>()),
        _ => None,
    });
    assert_eq!(ids, Some(vec![1, 2, 3]));
}

#[test]
fn every_secret_has_one_value_within_its_limit() {
    let value = || "a".to_owned();
    let max = CLIENT_CHILDREN_MAX;
    given::<Client>([]).when(register_with_secrets(max, vec![value(); max])).then_accepted();
    given::<Client>([])
        .when(register_with_secrets(max + 1, vec![value(); max + 1]))
        .then_refused(too_many("clientSecrets", max));
    for (infos, values) in [(0, 1), (1, 0), (2, 1)] {
        given::<Client>([])
            .when(register_with_secrets(infos, vec![value(); values]))
            .then_refused(Refusal::invalid("clientSecrets", "every secret needs a value"));
    }
    given::<Client>([]).when(register_with_secrets(1, vec!["a".repeat(4000)])).then_accepted();
    given::<Client>([])
        .when(register_with_secrets(1, vec!["a".repeat(4001)]))
        .then_refused(too_long("clientSecrets.value", 4000));
    given::<Client>([])
        .when(register_with_secrets(1, vec![" ".to_owned()]))
        .then_refused(required("clientSecrets.value"));
}

#[test]
fn lifetimes_stay_within_their_limits() {
    type SetSeconds = fn(&mut ClientRegistered, i32);
    let lifetimes: [(&str, i32, SetSeconds); 6] = [
        ("identityTokenLifetime", 86_400, |it, n| it.lifetimes.identity_token = n),
        ("accessTokenLifetime", 2_592_000, |it, n| it.lifetimes.access_token = n),
        ("authorizationCodeLifetime", 86_400, |it, n| it.lifetimes.authorization_code = n),
        ("absoluteRefreshTokenLifetime", i32::MAX, |it, n| {
            it.lifetimes.absolute_refresh_token = n;
        }),
        ("slidingRefreshTokenLifetime", i32::MAX, |it, n| it.lifetimes.sliding_refresh_token = n),
        ("deviceCodeLifetime", 86_400, |it, n| it.lifetimes.device_code = n),
    ];
    for (field, max, set) in lifetimes {
        for right in [1, max] {
            given::<Client>([]).when(register_with(|it| set(it, right))).then_accepted();
        }
        for wrong in [i32::MIN, 0, max.wrapping_add(1)] {
            given::<Client>([])
                .when(register_with(|it| set(it, wrong)))
                .then_refused(Refusal::invalid(field, format!("must be 1 to {max} seconds")));
        }
    }
}

#[test]
fn choices_are_zero_or_one() {
    type SetChoice = fn(&mut ClientRegistered, i32);
    let choices: [(&str, SetChoice); 3] = [
        ("refreshTokenUsage", |it, n| it.lifetimes.refresh_token_usage = n),
        ("refreshTokenExpiration", |it, n| it.lifetimes.refresh_token_expiration = n),
        ("accessTokenType", |it, n| it.lifetimes.access_token_type = n),
    ];
    for (field, set) in choices {
        for right in [0, 1] {
            given::<Client>([]).when(register_with(|it| set(it, right))).then_accepted();
        }
        for wrong in [-1, 2] {
            given::<Client>([])
                .when(register_with(|it| set(it, wrong)))
                .then_refused(Refusal::invalid(field, "must be 0 or 1"));
        }
    }
}

type SetUris = fn(&mut ClientRegistered, Vec<String>);

const REDIRECTS: [(&str, SetUris); 2] = [
    ("redirectUris", |it, uris| it.redirect_uris = uris),
    ("postLogoutRedirectUris", |it, uris| it.post_logout_redirect_uris = uris),
];

#[test]
fn redirect_uris_lead_where_they_seem_to() {
    let with = |set: SetUris, uri: &str| {
        let uris = vec!["https://a".to_owned(), uri.to_owned()];
        given::<Client>([]).when(register_with(|it| set(it, uris.clone())))
    };
    for (field, set) in REDIRECTS {
        for right in ["https://a/cb?x=1", "com.example.app:/cb", "http://localhost:8080"] {
            with(set, right).then_accepted();
        }
        for wrong in [
            "/cb",
            "https://a#b",
            "https://a b",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "app:/cb",
            "http://*",
            "http://[::1",
            "http://a.example/cb",
            "https://ann@a.example/",
            "https://аpple.example/",
            "https://a/\r\nLocation: x",
        ] {
            with(set, wrong).then_refused_field(field);
        }
    }
}

#[test]
fn only_an_application_has_a_scheme_of_its_own() {
    let register = |native: &str| {
        let mut client = client_registered();
        (client.require_client_secret, client.property_keys) =
            (true, vec!["application_type".to_owned()]);
        let secrets =
            ClientSecrets { property_values: vec![native.to_owned()], ..client_secrets() };
        given::<Client>([]).when(ClientCommand::Register(Box::new(client), secrets))
    };
    register("web").then_refused_field("redirectUris");
    register("native").then_accepted();
}

#[test]
fn addresses_that_people_see_are_of_the_web_and_origins_are_origins() {
    let addresses: [(&str, Set); 4] = [
        ("clientUri", |it, text| it.client_uri = Some(text)),
        ("logoUri", |it, text| it.logo_uri = Some(text)),
        ("frontChannelLogoutUri", |it, text| it.front_channel_logout_uri = Some(text)),
        ("backChannelLogoutUri", |it, text| it.back_channel_logout_uri = Some(text)),
    ];
    for (field, set) in addresses {
        let with = |it: &str| given::<Client>([]).when(register_with(|data| set(data, it.into())));
        with("http://a.example/x#y").then_accepted();
        for wrong in ["javascript:x", "data:x", "a", "https://ann@a.example", "https://a\r\nx"] {
            with(wrong).then_refused_field(field);
        }
    }
    for wrong in ["*", "https://a/", "https://A", "https://a:443", "https://*.a", " https://a"] {
        given::<Client>([])
            .when(register_with(|it| it.allowed_cors_origins = vec![wrong.to_owned()]))
            .then_refused_field("allowedCorsOrigins");
    }
}

#[test]
fn names_of_clients_hide_nothing() {
    for wrong in ["The\nShop", "The\u{ad}Shop", "\u{200d}The Shop", "The\u{2028}Shop"] {
        given::<Client>([])
            .when(register_with(|it| it.name = Some(wrong.to_owned())))
            .then_refused_field("clientName");
    }
}

#[test]
fn scopes_are_of_the_characters_of_rfc_6749() {
    for wrong in ["a b", "a\"b", "a\\b", "ä"] {
        given::<Client>([])
            .when(register_with(|it| it.allowed_scopes = vec![wrong.to_owned()]))
            .then_refused(Refusal::invalid(
                "allowedScopes",
                "must be visible ASCII without \" or \\",
            ));
    }
}

#[test]
fn only_one_redirecting_grant_goes_with_the_others() {
    let with = |grants: &[&str]| {
        let grants = grants.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        register_with(|it| it.allowed_grant_types = grants.clone())
    };
    for alone in ["implicit", "authorization_code", "hybrid"] {
        given::<Client>([]).when(with(&[alone, "client_credentials", "password"])).then_accepted();
    }
    let pairs = [
        ["implicit", "authorization_code"],
        ["implicit", "hybrid"],
        ["hybrid", "authorization_code"],
    ];
    for pair in pairs {
        given::<Client>([]).when(with(&pair)).then_refused(Refusal::invalid(
            "allowedGrantTypes",
            "may have only one of implicit, authorization_code and hybrid",
        ));
    }
    given::<Client>([]).when(with(&[])).then_accepted();
}

#[test]
fn a_client_is_disabled_and_enabled_once() {
    let set = |enabled| ClientEvent::EnabledSet(ClientEnabledSet { enabled }.into());
    let change = ClientCommand::SetEnabled;
    given::<Client>([client_full()]).when(change(false)).then([set(false)]);
    given::<Client>([client_full()]).when(change(true)).then_nothing();
    given::<Client>([client_full(), set(false)]).when(change(false)).then_nothing();
    given::<Client>([client_full(), set(false)]).when(change(true)).then([set(true)]);
    let sparse = ClientRegistered { enabled: false, ..client_registered() };
    given::<Client>([ClientEvent::Registered(sparse.into())]).when(change(false)).then_nothing();
    given::<Client>([]).when(change(false)).then_refused(Refusal::NotFound { what: "client" });
}

#[test]
fn a_client_is_taken_over_once() {
    let taken = || {
        let former_owner = client_registered().owner;
        ClientEvent::TakenOver(ClientTakenOver { former_owner }.into())
    };
    given::<Client>([client_full()])
        .when(ClientCommand::TakeOver)
        .then([taken()])
        .then_claims([])
        .then_releases([]);
    given::<Client>([client_full(), taken()]).when(ClientCommand::TakeOver).then_nothing();
    let of_installation = ClientRegistered { owner: UserId::NONE, ..client_registered() };
    given::<Client>([ClientEvent::Registered(of_installation.into())])
        .when(ClientCommand::TakeOver)
        .then_nothing();
    given::<Client>([])
        .when(ClientCommand::TakeOver)
        .then_refused(Refusal::NotFound { what: "client" });
}
