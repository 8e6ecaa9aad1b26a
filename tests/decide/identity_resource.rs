//! The rules of an identity resource (spec section 5.6), and that its changes say what changed.

use crate::never_panics::{config, run, seeds};
use crate::sample_of;
use domain::Refusal;
use domain::Timestamp;
use domain::children::{CHILDREN_MAX, Properties, PropertyValue};
use domain::identity_resource::{
    IdentityResource, IdentityResourceChange, IdentityResourceCommand, IdentityResourceDeleted,
    IdentityResourceEvent, IdentityResourceFields, IdentityResourceUpdated,
};
use domain::scope::SCOPE_CLAIM;
use proptest::prelude::*;
use tests::given::{claim, given, required, too_long, too_many};
use tests::samples::scopes::{
    identity_resource_created, identity_resource_fields, identity_resource_updated, property_values,
};

fn created() -> IdentityResourceEvent {
    IdentityResourceEvent::Created(identity_resource_created().into())
}

fn changed(changes: Vec<IdentityResourceChange>) -> IdentityResourceEvent {
    IdentityResourceEvent::Updated(IdentityResourceUpdated { changes }.into())
}

fn create_with(change: impl Fn(&mut IdentityResourceFields)) -> IdentityResourceCommand {
    let mut fields = identity_resource_fields();
    change(&mut fields);
    IdentityResourceCommand::Create(
        identity_resource_created(),
        Box::new(fields),
        property_values(),
    )
}

fn update_with(
    change: impl Fn(&mut IdentityResourceFields),
    properties: Vec<PropertyValue>,
) -> IdentityResourceCommand {
    let mut fields = identity_resource_fields();
    change(&mut fields);
    IdentityResourceCommand::Update(Box::new(fields), properties)
}

#[test]
fn a_new_one_says_what_it_is_and_holds_its_name() {
    given::<IdentityResource>([])
        .when(create_with(|_| ()))
        .then([created(), identity_resource_updated()])
        .then_claims([claim(12, SCOPE_CLAIM, "profile")])
        .then_releases([]);
    given::<IdentityResource>([created(), identity_resource_updated()])
        .when(create_with(|_| ()))
        .then_refused(Refusal::AlreadyExists { what: "identity resource" });
}

#[test]
fn an_update_says_what_changed_and_nothing_else() {
    let update = update_with(|it| it.description = None, property_values());
    given::<IdentityResource>([created(), identity_resource_updated()])
        .when(update)
        .then([changed(vec![IdentityResourceChange::Description(None)])])
        .then_claims([]);
    given::<IdentityResource>([created(), identity_resource_updated()])
        .when(update_with(|_| (), property_values()))
        .then([]);
}

#[test]
fn a_new_name_is_held_in_place_of_the_old_one() {
    let rename = |name: &str| update_with(|it| it.name = name.to_owned(), property_values());
    given::<IdentityResource>([created(), identity_resource_updated()])
        .when(rename("address"))
        .then([changed(vec![IdentityResourceChange::Name("address".to_owned())])])
        .then_claims([claim(12, SCOPE_CLAIM, "address")])
        .then_releases([claim(12, SCOPE_CLAIM, "profile")]);
    let same =
        given::<IdentityResource>([created(), identity_resource_updated()]).when(rename("Profile"));
    assert!(same.decision().claims.is_empty(), "it holds the same name");
}

#[test]
fn the_value_of_a_property_may_be_kept() {
    let keep = update_with(|_| (), vec![PropertyValue::Keep]);
    given::<IdentityResource>([created(), identity_resource_updated()]).when(keep).then([]);
    let two = |it: &mut IdentityResourceFields| it.property_keys.push("size".to_owned());
    let wishes = |second| vec![PropertyValue::Keep, second];
    let set = update_with(two, wishes(PropertyValue::Set("large".to_owned())));
    let decision =
        given::<IdentityResource>([created(), identity_resource_updated()]).when(set).decision();
    let [IdentityResourceEvent::Updated(fact)] = &decision.events[..] else {
        panic!("{decision:?}")
    };
    let PropertyValue::Set(kept) = property_values().remove(0) else { unreachable!() };
    assert_eq!(fact.secret, Some(Properties { values: vec![kept, "large".to_owned()] }));
    given::<IdentityResource>([created(), identity_resource_updated()])
        .when(update_with(two, wishes(PropertyValue::Keep)))
        .then_refused(Refusal::invalid(
            "properties.value",
            "*** keeps a value, but there is none yet",
        ));
}

#[test]
fn one_that_is_gone_gives_its_name_back_and_stays_gone() {
    let deleted =
        || IdentityResourceEvent::Deleted(IdentityResourceDeleted { identity_resource: 92 }.into());
    given::<IdentityResource>([created(), identity_resource_updated()])
        .when(IdentityResourceCommand::Delete)
        .then([deleted()])
        .then_releases([claim(12, SCOPE_CLAIM, "profile")]);
    for command in [IdentityResourceCommand::Delete, update_with(|_| (), property_values())] {
        let gone = [created(), identity_resource_updated(), deleted()];
        given::<IdentityResource>(gone)
            .when(command.clone())
            .then_refused(Refusal::NotFound { what: "identity resource" });
        given::<IdentityResource>([])
            .when(command)
            .then_refused(Refusal::NotFound { what: "identity resource" });
    }
}

#[test]
fn texts_and_lists_end_at_their_limits() {
    type Set = fn(&mut IdentityResourceFields, String);
    let fields: [(&str, usize, Set); 4] = [
        ("name", 200, |it, text| it.name = text),
        ("displayName", 200, |it, text| it.display_name = Some(text)),
        ("description", 1_000, |it, text| it.description = Some(text)),
        ("userClaims", 200, |it, text| it.user_claims = vec![text]),
    ];
    for (field, max, set) in fields {
        given::<IdentityResource>([])
            .when(create_with(|it| set(it, "a".repeat(max))))
            .then_accepted();
        given::<IdentityResource>([])
            .when(create_with(|it| set(it, "a".repeat(max + 1))))
            .then_refused(too_long(field, max));
    }
    given::<IdentityResource>([])
        .when(create_with(|it| it.name.clear()))
        .then_refused(required("name"));
    let many =
        |it: &mut IdentityResourceFields| it.user_claims = vec!["a".to_owned(); CHILDREN_MAX + 1];
    given::<IdentityResource>([])
        .when(create_with(many))
        .then_refused(too_many("userClaims", CHILDREN_MAX));
    let twice = |it: &mut IdentityResourceFields| it.property_keys = vec!["a".to_owned(); 2];
    given::<IdentityResource>([])
        .when(create_with(twice))
        .then_refused(Refusal::invalid("properties", "must not have a key twice"));
}

#[test]
fn names_of_the_program_are_refused_but_openid_is_not() {
    let named = |name: &str| create_with(|it| it.name = name.to_owned());
    given::<IdentityResource>([]).when(named("openid")).then_accepted();
    for name in ["offline_access", "oauthapp.user.get", "ISMS.all"] {
        given::<IdentityResource>([]).when(named(name)).then_refused_field("name");
    }
}

#[test]
fn one_that_is_not_editable_changes_only_to_be_editable_again() {
    let fixed = || changed(vec![IdentityResourceChange::NonEditable(true)]);
    let history = || [created(), identity_resource_updated(), fixed()];
    let why = "the identity resource is not editable: set nonEditable to false";
    let update = |non_editable| update_with(|it| it.non_editable = non_editable, property_values());
    for command in [update(true), IdentityResourceCommand::Delete] {
        given::<IdentityResource>(history())
            .when(command)
            .then_refused(Refusal::NotAllowed { why });
    }
    given::<IdentityResource>(history())
        .when(update(false))
        .then([changed(vec![IdentityResourceChange::NonEditable(false)])]);
}

fn fields() -> impl Strategy<Value = IdentityResourceFields> {
    let texts = (".*", prop::option::of(".*"), prop::option::of(".*"));
    let flags = prop::array::uniform4(any::<bool>());
    let lists = prop::array::uniform2(prop::collection::vec(".*", 0..3));
    let more = (any::<i64>(), any::<bool>());
    (texts, flags, lists, more).prop_map(|(texts, flags, lists, (created, non_editable))| {
        let (name, display_name, description) = texts;
        let [enabled, required, emphasize, show_in_discovery_document] = flags;
        let [user_claims, property_keys] = lists;
        IdentityResourceFields {
            enabled,
            name,
            display_name,
            description,
            required,
            emphasize,
            show_in_discovery_document,
            user_claims,
            property_keys,
            created: Timestamp(created),
            non_editable,
        }
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_identity_resource_never_panics(seeds in seeds()) {
        run::<IdentityResource>(&seeds, |seed| sample_of!(IdentityResource, seed), |seed| {
            let named = |it: &mut IdentityResourceFields| it.name.clone_from(&seed.text);
            match seed.which % 3 {
                0 => IdentityResourceCommand::Delete,
                1 => update_with(named, property_values()),
                _ => create_with(named),
            }
        });
    }

    #[test]
    fn changes_lead_from_one_state_to_the_other(one in fields(), other in fields()) {
        let mut state = one.clone();
        state.apply(&IdentityResourceChange::between(&one, &other));
        prop_assert_eq!(&state, &other);
        prop_assert_eq!(IdentityResourceChange::between(&one, &one), Vec::new());
    }
}
