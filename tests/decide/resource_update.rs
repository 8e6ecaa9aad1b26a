//! Changes of an API resource, its owners and its end (spec sections 5.1.3 and 5.1.5).

use domain::children::PropertyValue;
use domain::resource::{
    GATEWAY_PATH_CLAIM, OWNERS_MAX, RESOURCE_NAME_CLAIM, Resource, ResourceChange,
    ResourceClientAllowed, ResourceCommand, ResourceCreated, ResourceDeleted, ResourceEvent,
    ResourceOwner, ResourceSecretInfo, ResourceSecrets, ResourceUpdated, ResourceWishes,
};
use domain::scope::SCOPE_CLAIM;
use domain::{Fact, Refusal, UserId};
use tests::given::{claim, given};
use tests::samples::{
    publication, resource_editable, resource_published, resource_secrets, resource_wishes,
};

fn created() -> ResourceEvent {
    let secret = Some(resource_secrets());
    ResourceEvent::Created(Fact { data: resource_editable(), personal: None, secret })
}

fn update(data: ResourceCreated, wishes: ResourceWishes) -> ResourceCommand {
    ResourceCommand::Update(Box::new(data), wishes)
}

fn updated(changes: Vec<ResourceChange>, secret: Option<ResourceSecrets>) -> ResourceEvent {
    let data = ResourceUpdated { resource: 21, changes };
    ResourceEvent::Updated(Fact { data, personal: None, secret })
}

fn owner(user: u32) -> ResourceOwner {
    ResourceOwner { resource: 21, user: UserId(user) }
}

#[test]
fn sent_back_as_it_is_nothing_happens() {
    let data = resource_editable();
    let wishes = resource_wishes(&data);
    given::<Resource>([created()]).when(update(data, wishes)).then([]);
}

#[test]
fn only_what_changed_is_said_and_names_and_scopes_change_hands() {
    let data = ResourceCreated {
        name: "Sales".to_owned(),
        scopes: vec!["orders.read".to_owned(), "Sales.all".to_owned()],
        description: None,
        ..resource_editable()
    };
    let wishes = resource_wishes(&data);
    given::<Resource>([created()])
        .when(update(data.clone(), wishes))
        .then([updated(
            vec![
                ResourceChange::Name(data.name.clone()),
                ResourceChange::Description(None),
                ResourceChange::Scopes(data.scopes.clone()),
            ],
            None,
        )])
        .then_claims([claim(12, SCOPE_CLAIM, "sales.all"), claim(12, RESOURCE_NAME_CLAIM, "sales")])
        .then_releases([
            claim(12, SCOPE_CLAIM, "orders.write"),
            claim(12, RESOURCE_NAME_CLAIM, "orders"),
        ]);
}

#[test]
fn a_name_in_other_capitals_stays_its_own() {
    let data = ResourceCreated { name: "ORDERS".to_owned(), ..resource_editable() };
    let wishes = resource_wishes(&data);
    given::<Resource>([created()])
        .when(update(data, wishes))
        .then([updated(vec![ResourceChange::Name("ORDERS".to_owned())], None)])
        .then_claims([])
        .then_releases([]);
}

#[test]
fn a_kept_secret_keeps_its_id_and_a_new_one_gets_one_that_none_had() {
    let info = |id| ResourceSecretInfo { id, ..resource_editable().secrets[0].clone() };
    let data = ResourceCreated { secrets: vec![info(1), info(7)], ..resource_editable() };
    let wishes = ResourceWishes {
        secrets: vec![PropertyValue::Keep, PropertyValue::Set("new".to_owned())],
        ..resource_wishes(&data)
    };
    let values = [resource_secrets().values, vec!["new".to_owned()]].concat();
    let after_both = updated(
        vec![ResourceChange::Secrets(vec![info(1), info(2)])],
        Some(ResourceSecrets { values, ..resource_secrets() }),
    );
    given::<Resource>([created()])
        .when(update(data.clone(), wishes.clone()))
        .then([after_both.clone()]);
    // The second one goes; the next one is the third.
    let without = updated(
        vec![ResourceChange::Secrets(vec![info(1)])],
        Some(ResourceSecrets { ..resource_secrets() }),
    );
    let values = [resource_secrets().values, vec!["new".to_owned()]].concat();
    given::<Resource>([created(), after_both, without]).when(update(data, wishes)).then([updated(
        vec![ResourceChange::Secrets(vec![info(1), info(3)])],
        Some(ResourceSecrets { values, ..resource_secrets() }),
    )]);
}

#[test]
fn what_is_not_there_cannot_be_kept() {
    let info = |id| ResourceSecretInfo { id, ..resource_editable().secrets[0].clone() };
    for ids in [vec![2], vec![1, 1]] {
        let secrets = ids.iter().map(|it| info(*it)).collect::<Vec<_>>();
        let data = ResourceCreated { secrets, ..resource_editable() };
        let wishes = resource_wishes(&data);
        let why = "*** keeps the value of the secret with this id, but there is none";
        given::<Resource>([created()])
            .when(update(data, wishes))
            .then_refused(Refusal::invalid("secrets.value", why));
    }
}

#[test]
fn while_it_is_not_editable_it_only_becomes_editable() {
    let fixed = ResourceCreated { non_editable: true, ..resource_editable() };
    let events = || {
        [ResourceEvent::Created(Fact {
            data: fixed.clone(),
            personal: None,
            secret: Some(resource_secrets()),
        })]
    };
    let why = "the API resource is not editable: set nonEditable to false";
    let renamed = ResourceCreated { name: "other".to_owned(), ..fixed.clone() };
    let wishes = resource_wishes(&fixed);
    given::<Resource>(events())
        .when(update(renamed, wishes.clone()))
        .then_refused(Refusal::NotAllowed { why });
    given::<Resource>(events())
        .when(ResourceCommand::Delete)
        .then_refused(Refusal::NotAllowed { why });
    given::<Resource>(events())
        .when(update(resource_editable(), wishes))
        .then([updated(vec![ResourceChange::NonEditable(false)], None)]);
}

#[test]
fn an_end_gives_back_name_scopes_and_path_and_is_the_end() {
    let published = resource_published();
    let deleted = || ResourceEvent::Deleted(ResourceDeleted { resource: 21 }.into());
    given::<Resource>([created(), ResourceEvent::Published(published.into())])
        .when(ResourceCommand::Delete)
        .then([deleted()])
        .then_claims([])
        .then_releases([
            claim(12, RESOURCE_NAME_CLAIM, "orders"),
            claim(12, SCOPE_CLAIM, "orders.read"),
            claim(12, SCOPE_CLAIM, "orders.write"),
            claim(12, GATEWAY_PATH_CLAIM, "orders"),
        ]);
    let data = resource_editable();
    let wishes = resource_wishes(&data);
    let commands = [
        ResourceCommand::Delete,
        update(data, wishes),
        ResourceCommand::AddOwner(UserId(14)),
        ResourceCommand::Publish(Box::new(publication())),
    ];
    for command in commands {
        given::<Resource>([created(), deleted()])
            .when(command)
            .then_refused(Refusal::NotFound { what: "API resource" });
    }
}

#[test]
fn the_last_owner_stays() {
    let added = || ResourceEvent::OwnerAdded(owner(14).into());
    let removed = |user| ResourceEvent::OwnerRemoved(owner(user).into());
    given::<Resource>([created()]).when(ResourceCommand::AddOwner(UserId(14))).then([added()]);
    given::<Resource>([created()]).when(ResourceCommand::AddOwner(UserId(13))).then([]);
    given::<Resource>([created(), added()])
        .when(ResourceCommand::RemoveOwner(UserId(13)))
        .then([removed(13)]);
    given::<Resource>([created(), added(), removed(13)])
        .when(ResourceCommand::RemoveOwner(UserId(14)))
        .then_refused(Refusal::NotAllowed { why: "the last owner stays: add another one before" });
    given::<Resource>([created()])
        .when(ResourceCommand::RemoveOwner(UserId(99)))
        .then_refused(Refusal::NotFound { what: "owner" });
}

#[test]
fn a_resource_has_so_many_owners_and_no_more() {
    let owners =
        (100..100 + OWNERS_MAX as u32 - 1).map(|it| ResourceEvent::OwnerAdded(owner(it).into()));
    let events = [created()].into_iter().chain(owners).collect::<Vec<_>>();
    given::<Resource>(events.clone())
        .when(ResourceCommand::AddOwner(UserId(14)))
        .then_refused(Refusal::NotAllowed { why: "an API resource may have 50 owners" });
    given::<Resource>(events[..events.len() - 1].to_vec())
        .when(ResourceCommand::AddOwner(UserId(14)))
        .then([ResourceEvent::OwnerAdded(owner(14).into())]);
}

#[test]
fn a_client_keeps_no_scope_that_is_gone() {
    let allowed = |scopes: &[&str]| ResourceClientAllowed {
        client: 11,
        scopes: scopes.iter().map(|it| (*it).to_owned()).collect(),
    };
    let gone = updated(vec![ResourceChange::Scopes(vec!["orders.write".to_owned()])], None);
    let both = allowed(&["orders.read", "orders.write"]);
    let wanted = |scopes: &[&str]| ResourceCommand::AllowClient {
        client: 11,
        scopes: domain::resource::AllowedScopes::Only(
            scopes.iter().map(|it| (*it).to_owned()).collect(),
        ),
    };
    given::<Resource>([created(), ResourceEvent::ClientAllowed(both.into()), gone.clone()])
        .when(wanted(&["orders.write"]))
        .then([]);
    given::<Resource>([created(), gone])
        .when(wanted(&["orders.read"]))
        .then_refused(Refusal::invalid("scopes", "must be scopes of this API resource"));
}
