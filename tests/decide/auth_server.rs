//! The rules of an authorization server.

use domain::Refusal;
use domain::auth_server::{AuthServer, AuthServerFields};
use domain::plain::{PlainCommand, PlainFields as _};
use proptest::prelude::*;
use tests::given::{given, required, too_long, too_many};
use tests::samples::products::auth_server_fields;

use crate::never_panics::{config, run, seeds};
use crate::plain::{changes_lead, command_of, create, is_plain};
use crate::sample_of;

fn create_with(change: impl Fn(&mut AuthServerFields)) -> PlainCommand<AuthServerFields> {
    let mut fields = auth_server_fields();
    change(&mut fields);
    create(fields)
}

#[test]
fn it_is_plain() {
    let mut other = auth_server_fields();
    other.name = "other".to_owned();
    other.issuer = None;
    other.secret_names.push("resourceOwnerPassword".to_owned());
    is_plain::<AuthServer, _>(auth_server_fields(), other);
}

#[test]
fn texts_and_lists_end_at_their_limits() {
    type Set = fn(&mut AuthServerFields, String);
    let fields: Vec<(&str, usize, Set)> = vec![
        ("id", 100, |it, text| it.code = text),
        ("name", 300, |it, text| it.name = text),
        ("description", 1_000, |it, text| it.description = Some(text)),
        ("defaultScope", 1_000, |it, text| it.default_scope = Some(text)),
        ("clientId", 200, |it, text| it.client_id = Some(text)),
        ("resourceOwnerUsername", 256, |it, text| it.resource_owner_username = Some(text)),
        ("authorizationMethods", 200, |it, text| it.authorization_methods = vec![text]),
        ("clientAuthenticationMethod", 200, |it, text| {
            it.client_authentication_method = vec![text]
        }),
        ("tokenBodyParameters", 200, |it, text| it.token_body_parameters = vec![text]),
        ("grantTypes", 200, |it, text| it.grant_types = vec![text]),
        ("bearerTokenSendingMethods", 200, |it, text| it.bearer_token_sending_methods = vec![text]),
    ];
    for (field, max, set) in fields {
        let with = |length| create_with(|it| set(it, "a".repeat(length)));
        given::<AuthServer>([]).when(with(max)).then_accepted();
        given::<AuthServer>([]).when(with(max + 1)).then_refused(too_long(field, max));
    }
    given::<AuthServer>([]).when(create_with(|it| it.name.clear())).then_refused(required("name"));
    let many = create_with(|it| it.grant_types = vec!["a".to_owned(); 21]);
    given::<AuthServer>([]).when(many).then_refused(too_many("grantTypes", 20));
}

#[test]
fn addresses_are_of_the_web_and_name_nobody() {
    type Set = fn(&mut AuthServerFields, Option<String>);
    let fields: [(&str, Set); 4] = [
        ("issuer", |it, url| it.issuer = url),
        ("clientRegistrationEndpoint", |it, url| it.client_registration_endpoint = url),
        ("authorizationEndpoint", |it, url| it.authorization_endpoint = url),
        ("tokenEndpoint", |it, url| it.token_endpoint = url),
    ];
    for (field, set) in fields {
        let with = |url: &str| create_with(|it| set(it, Some(url.to_owned())));
        for url in ["https://id.example", "http://127.0.0.1:8080/a?b=c"] {
            given::<AuthServer>([]).when(with(url)).then_accepted();
        }
        for url in [
            "",
            "id.example",
            "ftp://id.example",
            "https://",
            "https:///a",
            "https://user@id.example",
            "https://id.example/#a",
            "https://id.example/a b",
            "https://id.example/\n",
            "javascript:alert(1)",
        ] {
            given::<AuthServer>([]).when(with(url)).then_refused_field(field);
        }
    }
}

#[test]
fn its_id_stays_and_is_not_the_built_in_one() {
    let renamed = AuthServerFields { code: "other".to_owned(), ..auth_server_fields() };
    let why = "the id of an authorization server stays: APIs name it";
    assert_eq!(auth_server_fields().may_become(Some(&renamed)), Err(Refusal::NotAllowed { why }));
    assert_eq!(auth_server_fields().may_become(None), Ok(()));
    for code in ["chancery", "Chancery"] {
        let named = create_with(|it| it.code = code.to_owned());
        given::<AuthServer>([]).when(named).then_refused_field("id");
    }
}

fn fields() -> impl Strategy<Value = AuthServerFields> {
    let texts = prop::array::uniform8(prop::option::of(".*"));
    let lists = prop::array::uniform6(prop::collection::vec(".*", 0..3));
    (".*", texts, lists, any::<bool>()).prop_map(|(code, texts, lists, support_state)| {
        let [name, description, issuer, registration, authorization, token, scope, client] = texts;
        let [methods, authentication, parameters, grants, sending, secret_names] = lists;
        AuthServerFields {
            code,
            name: name.unwrap_or_default(),
            description,
            issuer,
            client_registration_endpoint: registration,
            authorization_endpoint: authorization,
            authorization_methods: methods,
            client_authentication_method: authentication,
            token_body_parameters: parameters,
            token_endpoint: token,
            support_state,
            default_scope: scope,
            grant_types: grants,
            bearer_token_sending_methods: sending,
            client_id: client.clone(),
            resource_owner_username: client,
            secret_names,
        }
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_authorization_server_never_panics(seeds in seeds()) {
        run::<AuthServer>(&seeds, |seed| sample_of!(AuthServer, seed), |seed| {
            command_of(seed, create_with(|it| it.code.clone_from(&seed.text)))
        });
    }

    #[test]
    fn changes_lead_from_one_state_to_the_other(one in fields(), other in fields()) {
        changes_lead(&one, &other);
    }
}
