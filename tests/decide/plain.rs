//! The life that plain aggregates share: entered, described anew, ended.

use std::fmt::Debug;

use domain::children::{Properties, PropertyValue};
use domain::plain::{
    PlainCommand, PlainCreated, PlainDeleted, PlainEvent, PlainFields, PlainUpdated,
};
use domain::{Aggregate, Claim, Refusal, TenantId};
use tests::given::given;

use crate::never_panics::Seed;

const CREATED: PlainCreated = PlainCreated { id: 91, tenant: TenantId(12) };

fn set(values: &[&str]) -> Vec<PropertyValue> {
    values.iter().map(|it| PropertyValue::Set((*it).to_owned())).collect()
}

fn held<F: PlainFields>(fields: &F) -> Vec<Claim> {
    let claim = |(kind, value): (domain::ClaimKind, String)| Claim {
        scope: TenantId(12),
        kind: kind.name,
        value,
    };
    fields.held().into_iter().map(claim).collect()
}

/// Holds an aggregate to the rules that all plain ones have. `fields` and `other` have other names.
/// `fields` has one property and `other` a second one, or neither has any.
pub fn is_plain<A, F>(fields: F, other: F)
where
    F: PlainFields<Change: Debug>,
    A: Aggregate<Command = PlainCommand<F>, Event: From<PlainEvent<F::Change>> + Debug + PartialEq>,
{
    let event = |event: PlainEvent<F::Change>| A::Event::from(event);
    let updated = |changes, values: Option<&[&str]>| {
        let values = values.map(|it| it.iter().map(|it| (*it).to_owned()).collect());
        event(PlainEvent::Updated(
            PlainUpdated { changes },
            values.map(|values| Properties { values }),
        ))
    };
    let has_properties = !fields.property_keys().is_empty();
    let only = |values: &'static [&'static str]| if has_properties { values } else { &[] };
    let kept = |count: usize| vec![PropertyValue::Keep; if has_properties { count } else { 0 }];
    let red = || set(only(&["red"]));
    let create = || PlainCommand::Create(CREATED, Box::new(fields.clone()), red());
    let update = |to: &F, values| PlainCommand::Update(Box::new(to.clone()), values);
    let history = || {
        let changes = F::default().changes_to(&fields);
        let values = has_properties.then_some(&["red"][..]);
        vec![event(PlainEvent::Created(CREATED)), updated(changes, values)]
    };
    let given_it = || given::<A>(history());

    given::<A>([]).when(create()).then(history()).then_claims(held(&fields)).then_releases([]);
    given_it().when(create()).then_refused(Refusal::AlreadyExists { what: F::CALLED });
    // An update says what changed and nothing else.
    given_it().when(update(&fields, red())).then([]);
    given_it().when(update(&fields, kept(1))).then([]);
    if has_properties {
        let blue = updated(Vec::new(), Some(&["blue"]));
        given_it().when(update(&fields, set(&["blue"]))).then([blue]);
        let none = Refusal::invalid("properties.value", "*** keeps a value, but there is none yet");
        given_it().when(update(&other, kept(2))).then_refused(none);
    }
    let both = [kept(1), set(only(&["large"]))].concat();
    let (mut claims, mut releases) = (held(&other), held(&fields));
    claims.retain(|it| !held(&fields).contains(it));
    releases.retain(|it| !held(&other).contains(it));
    given_it()
        .when(update(&other, both))
        .then([updated(fields.changes_to(&other), has_properties.then_some(&["red", "large"][..]))])
        .then_claims(claims)
        .then_releases(releases);
    // What has ended gives back what it held, and stays ended.
    let ended = || event(PlainEvent::Deleted(PlainDeleted { id: 91 }));
    given_it().when(PlainCommand::Delete).then([ended()]).then_releases(held(&fields));
    for command in [PlainCommand::Delete, update(&fields, red())] {
        let gone = [history(), vec![ended()]].concat();
        let not_found = || Refusal::NotFound { what: F::CALLED };
        given::<A>(gone).when(command.clone()).then_refused(not_found());
        given::<A>([]).when(command).then_refused(not_found());
    }
}

/// Changes lead from one state to the other, and from a state to itself there is none.
pub fn changes_lead<F: PlainFields>(one: &F, other: &F) {
    let mut state = one.clone();
    state.take_over(&one.changes_to(other));
    assert_eq!(state, *other);
    assert_eq!(one.changes_to(one), Vec::new());
}

/// A command of any kind: the given creation, an update to the same, or an end.
pub fn command_of<F: PlainFields>(seed: &Seed, create: PlainCommand<F>) -> PlainCommand<F> {
    match (seed.which % 3, create) {
        (0, _) => PlainCommand::Delete,
        (1, PlainCommand::Create(_, fields, values)) => PlainCommand::Update(fields, values),
        (_, create) => create,
    }
}

/// What a new one with these fields is told, its properties having values.
pub fn create<F: PlainFields>(fields: F) -> PlainCommand<F> {
    let values = fields.property_keys().iter().map(|_| PropertyValue::Set("red".to_owned()));
    PlainCommand::Create(CREATED, Box::new(fields.clone()), values.collect())
}
