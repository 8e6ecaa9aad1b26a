//! The rules for changes of a client (spec section 5.4; contracts 14, 29, 35 and 36).

use domain::children::PropertyValue;
use domain::client::{
    CLIENT_ID_CLAIM, Client, ClientChange, ClientCommand, ClientDeleted, ClientEvent,
    ClientFlagChange, ClientOwnerSet, ClientRegistered, ClientSecretInfo, ClientSecrets,
    ClientUpdated, ClientWishes,
};
use domain::{ClientName, Fact, Refusal, UserId};
use tests::given::{Then, claim, given, required};
use tests::samples::{client_editable, client_full, client_secrets, client_wishes};

fn registered() -> ClientEvent {
    let (data, secret) = (client_editable(), Some(client_secrets()));
    ClientEvent::Registered(Fact { data, personal: None, secret })
}

fn updated(changes: Vec<ClientChange>, secret: Option<ClientSecrets>) -> ClientEvent {
    let data = ClientUpdated { client: 11, changes };
    ClientEvent::Updated(Fact { data, personal: None, secret })
}

fn update(
    history: Vec<ClientEvent>,
    change: impl Fn(&mut ClientRegistered, &mut ClientWishes),
) -> Then<ClientEvent> {
    let mut data = client_editable();
    let mut wishes = client_wishes(&data);
    change(&mut data, &mut wishes);
    given::<Client>(history).when(ClientCommand::Update(Box::new(data), wishes))
}

#[test]
fn an_update_says_what_changed_and_nothing_else() {
    update(vec![registered()], |_, _| ()).then_nothing();
    update(vec![registered()], |it, _| {
        it.description = None;
        it.flags.require_pkce = !it.flags.require_pkce;
    })
    .then([updated(
        vec![
            ClientChange::Description(None),
            ClientChange::Flags(vec![ClientFlagChange::RequirePkce(
                !client_editable().flags.require_pkce,
            )]),
        ],
        None,
    )]);
    // Number, tenant and owner are no part of it.
    update(vec![registered()], |it, _| (it.client, it.owner) = (99, UserId(99))).then_nothing();
    update(vec![registered()], |it, _| it.redirect_uris = vec!["nowhere".to_owned()])
        .then_refused_field("redirectUris");
    update(vec![registered()], |it, _| it.client_id.0.clear()).then_refused(required("clientId"));
}

/// URIs from before there were rules for them: they stay, lead nowhere, and no more come.
#[test]
fn a_uri_of_before_may_stay() {
    let mut old = client_editable();
    old.redirect_uris = vec!["javascript:alert(1)".to_owned()];
    old.logo_uri = Some("logo".to_owned());
    old.allowed_cors_origins = vec!["*".to_owned()];
    let (data, secret) = (old.clone(), Some(client_secrets()));
    let registered = ClientEvent::Registered(Fact { data, personal: None, secret });
    let update = |change: fn(&mut ClientRegistered)| {
        let mut data = ClientRegistered { description: None, ..old.clone() };
        change(&mut data);
        let wishes = client_wishes(&data);
        given::<Client>([registered.clone()]).when(ClientCommand::Update(Box::new(data), wishes))
    };
    update(|_| ()).then_accepted();
    update(|it| it.redirect_uris.push("data:x".to_owned())).then_refused_field("redirectUris");
    update(|it| it.logo_uri = Some("other".to_owned())).then_refused_field("logoUri");
    update(|it| it.allowed_cors_origins.push("null".to_owned()))
        .then_refused_field("allowedCorsOrigins");
    let redirects = domain::client::redirects_of(&old, &client_secrets());
    let uri = &old.redirect_uris[0];
    assert!(!domain::uri::redirects_to(uri, uri, redirects));
}

#[test]
fn a_value_that_is_kept_keeps_its_id_and_others_get_ids_that_none_had() {
    let one = client_editable().secrets[0].clone();
    let new = |id| ClientSecretInfo { id, ..one.clone() };
    let set = || PropertyValue::Set("another hash".to_owned());
    let both = ClientSecrets {
        values: vec!["another hash".to_owned(), client_secrets().values[0].clone()],
        ..client_secrets()
    };
    let added = updated(vec![ClientChange::Secrets(vec![new(2), new(1)])], Some(both));
    update(vec![registered()], |it, wishes| {
        it.secrets = vec![new(77), new(1)];
        wishes.secrets = vec![set(), PropertyValue::Keep];
    })
    .then([added.clone()]);
    // What was taken away does not come back under its id.
    let none = ClientSecrets { values: Vec::new(), ..client_secrets() };
    let removed = updated(vec![ClientChange::Secrets(Vec::new())], Some(none));
    update(vec![registered(), added, removed], |it, wishes| {
        it.secrets = vec![new(1)];
        wishes.secrets = vec![set()];
    })
    .then([updated(
        vec![ClientChange::Secrets(vec![new(3)])],
        Some(ClientSecrets { values: vec!["another hash".to_owned()], ..client_secrets() }),
    )]);
    for ids in [vec![2], vec![1, 1], vec![0]] {
        update(vec![registered()], |it, wishes| {
            it.secrets = ids.iter().map(|it| new(*it)).collect();
            wishes.secrets = vec![PropertyValue::Keep; ids.len()];
        })
        .then_refused_field("clientSecrets.value");
    }
}

#[test]
fn secrets_are_added_and_taken_away_one_by_one() {
    let info = ClientSecretInfo { id: 0, ..client_editable().secrets[0].clone() };
    let add = ClientCommand::AddSecret(info.clone(), "hash".to_owned());
    let first = client_editable().secrets[0].clone();
    let second = ClientSecretInfo { id: 2, ..info };
    let values = vec![client_secrets().values[0].clone(), "hash".to_owned()];
    let added = updated(
        vec![ClientChange::Secrets(vec![first, second.clone()])],
        Some(ClientSecrets { values, ..client_secrets() }),
    );
    given::<Client>([registered()]).when(add).then([added.clone()]);
    given::<Client>([registered(), added]).when(ClientCommand::RemoveSecret(1)).then([updated(
        vec![ClientChange::Secrets(vec![second])],
        Some(ClientSecrets { values: vec!["hash".to_owned()], ..client_secrets() }),
    )]);
    given::<Client>([registered()])
        .when(ClientCommand::RemoveSecret(2))
        .then_refused(Refusal::NotFound { what: "secret" });
}

/// Tokens name a client by its `client_id`: under one, there is only ever one client.
#[test]
fn a_client_keeps_every_name_that_it_has_had() {
    let other = || ClientName("other".to_owned());
    let renamed = || updated(vec![ClientChange::ClientId(other())], None);
    update(vec![registered()], |it, _| it.client_id = other())
        .then([renamed()])
        .then_claims([claim(0, CLIENT_ID_CLAIM, "other")])
        .then_releases([]);
    let back = updated(vec![ClientChange::ClientId(client_editable().client_id)], None);
    update(vec![registered(), renamed()], |_, _| ()).then([back]).then_claims([]);
    given::<Client>([registered(), renamed()])
        .when(ClientCommand::Delete)
        .then([ClientEvent::Deleted(ClientDeleted { client: 11 }.into())])
        .then_releases([]);
}

#[test]
fn whoever_answers_for_a_client_changes_and_is_named() {
    let set = ClientOwnerSet { client: 11, owner: UserId(18), former_owner: UserId(13) };
    given::<Client>([registered()])
        .when(ClientCommand::SetOwner(UserId(18)))
        .then([ClientEvent::OwnerSet(set.into())]);
    given::<Client>([registered()]).when(ClientCommand::SetOwner(UserId(13))).then_nothing();
}

#[test]
fn a_client_that_is_not_editable_becomes_editable_and_nothing_else() {
    let refusal =
        Refusal::NotAllowed { why: "the client is not editable: set nonEditable to false" };
    let secret = client_editable().secrets[0].clone();
    let mut same = client_editable();
    same.flags.non_editable = true;
    let wishes = client_wishes(&same);
    for command in [
        ClientCommand::Update(Box::new(same), wishes),
        ClientCommand::AddSecret(secret, "hash".to_owned()),
        ClientCommand::RemoveSecret(1),
        ClientCommand::SetOwner(UserId(18)),
        ClientCommand::Delete,
    ] {
        given::<Client>([client_full()]).when(command).then_refused(refusal.clone());
    }
    update(vec![client_full()], |_, _| ()).then([updated(
        vec![ClientChange::Flags(vec![ClientFlagChange::NonEditable(false)])],
        None,
    )]);
}

#[test]
fn nothing_happens_to_a_client_that_is_gone() {
    let deleted = || ClientEvent::Deleted(ClientDeleted { client: 11 }.into());
    let gone = Refusal::NotFound { what: "client" };
    for history in [vec![], vec![registered(), deleted()]] {
        update(history.clone(), |_, _| ()).then_refused(gone.clone());
        for command in [ClientCommand::Delete, ClientCommand::TakeOver] {
            given::<Client>(history.clone()).when(command).then_refused(gone.clone());
        }
    }
}
