//! The rules of an API scope (spec section 5.5), and that its changes say what changed.

use crate::never_panics::{config, run, seeds};
use crate::sample_of;
use domain::Refusal;
use domain::api_scope::{
    API_SCOPE_NAME_CLAIM, ApiScope, ApiScopeChange, ApiScopeCommand, ApiScopeDeleted,
    ApiScopeEvent, ApiScopeFields, ApiScopeUpdated,
};
use domain::children::{CHILDREN_MAX, Properties, PropertyValue};
use proptest::prelude::*;
use tests::given::{claim, given, required, too_long, too_many};
use tests::samples::scopes::{
    api_scope_created, api_scope_fields, api_scope_updated, property_values,
};

fn created() -> ApiScopeEvent {
    ApiScopeEvent::Created(api_scope_created().into())
}

fn changed(changes: Vec<ApiScopeChange>) -> ApiScopeEvent {
    ApiScopeEvent::Updated(ApiScopeUpdated { changes }.into())
}

fn create_with(change: impl Fn(&mut ApiScopeFields)) -> ApiScopeCommand {
    let mut fields = api_scope_fields();
    change(&mut fields);
    ApiScopeCommand::Create(api_scope_created(), Box::new(fields), property_values())
}

fn update_with(
    change: impl Fn(&mut ApiScopeFields),
    properties: Vec<PropertyValue>,
) -> ApiScopeCommand {
    let mut fields = api_scope_fields();
    change(&mut fields);
    ApiScopeCommand::Update(Box::new(fields), properties)
}

#[test]
fn a_new_one_says_what_it_is_and_holds_its_name() {
    given::<ApiScope>([])
        .when(create_with(|_| ()))
        .then([created(), api_scope_updated()])
        .then_claims([claim(12, API_SCOPE_NAME_CLAIM, "orders.read")])
        .then_releases([]);
    given::<ApiScope>([created(), api_scope_updated()])
        .when(create_with(|_| ()))
        .then_refused(Refusal::AlreadyExists { what: "API scope" });
}

#[test]
fn an_update_says_what_changed_and_nothing_else() {
    let update = update_with(|it| it.description = None, property_values());
    given::<ApiScope>([created(), api_scope_updated()])
        .when(update)
        .then([changed(vec![ApiScopeChange::Description(None)])])
        .then_claims([]);
    given::<ApiScope>([created(), api_scope_updated()])
        .when(update_with(|_| (), property_values()))
        .then([]);
}

#[test]
fn a_new_name_is_held_in_place_of_the_old_one() {
    let rename = |name: &str| update_with(|it| it.name = name.to_owned(), property_values());
    given::<ApiScope>([created(), api_scope_updated()])
        .when(rename("orders.write"))
        .then([changed(vec![ApiScopeChange::Name("orders.write".to_owned())])])
        .then_claims([claim(12, API_SCOPE_NAME_CLAIM, "orders.write")])
        .then_releases([claim(12, API_SCOPE_NAME_CLAIM, "orders.read")]);
    let same = given::<ApiScope>([created(), api_scope_updated()]).when(rename("Orders.Read"));
    assert!(same.decision().claims.is_empty(), "it holds the same name");
}

#[test]
fn the_value_of_a_property_may_be_kept() {
    let keep = update_with(|_| (), vec![PropertyValue::Keep]);
    given::<ApiScope>([created(), api_scope_updated()]).when(keep).then([]);
    let two = |it: &mut ApiScopeFields| it.property_keys.push("size".to_owned());
    let wishes = |second| vec![PropertyValue::Keep, second];
    let set = update_with(two, wishes(PropertyValue::Set("large".to_owned())));
    let decision = given::<ApiScope>([created(), api_scope_updated()]).when(set).decision();
    let [ApiScopeEvent::Updated(fact)] = &decision.events[..] else { panic!("{decision:?}") };
    let PropertyValue::Set(kept) = property_values().remove(0) else { unreachable!() };
    assert_eq!(fact.secret, Some(Properties { values: vec![kept, "large".to_owned()] }));
    given::<ApiScope>([created(), api_scope_updated()])
        .when(update_with(two, wishes(PropertyValue::Keep)))
        .then_refused(Refusal::invalid(
            "properties.value",
            "*** keeps a value, but there is none yet",
        ));
}

#[test]
fn one_that_is_gone_gives_its_name_back_and_stays_gone() {
    let deleted = || ApiScopeEvent::Deleted(ApiScopeDeleted { api_scope: 91 }.into());
    given::<ApiScope>([created(), api_scope_updated()])
        .when(ApiScopeCommand::Delete)
        .then([deleted()])
        .then_releases([claim(12, API_SCOPE_NAME_CLAIM, "orders.read")]);
    for command in [ApiScopeCommand::Delete, update_with(|_| (), property_values())] {
        let gone = [created(), api_scope_updated(), deleted()];
        given::<ApiScope>(gone)
            .when(command.clone())
            .then_refused(Refusal::NotFound { what: "API scope" });
        given::<ApiScope>([]).when(command).then_refused(Refusal::NotFound { what: "API scope" });
    }
}

#[test]
fn texts_and_lists_end_at_their_limits() {
    type Set = fn(&mut ApiScopeFields, String);
    let fields: [(&str, usize, Set); 4] = [
        ("name", 200, |it, text| it.name = text),
        ("displayName", 200, |it, text| it.display_name = Some(text)),
        ("description", 1_000, |it, text| it.description = Some(text)),
        ("userClaims", 200, |it, text| it.user_claims = vec![text]),
    ];
    for (field, max, set) in fields {
        given::<ApiScope>([]).when(create_with(|it| set(it, "a".repeat(max)))).then_accepted();
        given::<ApiScope>([])
            .when(create_with(|it| set(it, "a".repeat(max + 1))))
            .then_refused(too_long(field, max));
    }
    given::<ApiScope>([]).when(create_with(|it| it.name.clear())).then_refused(required("name"));
    let many = |it: &mut ApiScopeFields| it.user_claims = vec!["a".to_owned(); CHILDREN_MAX + 1];
    given::<ApiScope>([])
        .when(create_with(many))
        .then_refused(too_many("userClaims", CHILDREN_MAX));
    let twice = |it: &mut ApiScopeFields| it.property_keys = vec!["a".to_owned(); 2];
    given::<ApiScope>([])
        .when(create_with(twice))
        .then_refused(Refusal::invalid("properties", "must not have a key twice"));
}

fn fields() -> impl Strategy<Value = ApiScopeFields> {
    let texts = (".*", prop::option::of(".*"), prop::option::of(".*"));
    let flags = prop::array::uniform4(any::<bool>());
    let lists = prop::array::uniform2(prop::collection::vec(".*", 0..3));
    (texts, flags, lists).prop_map(|((name, display_name, description), flags, lists)| {
        let [enabled, required, emphasize, show_in_discovery_document] = flags;
        let [user_claims, property_keys] = lists;
        ApiScopeFields {
            enabled,
            name,
            display_name,
            description,
            required,
            emphasize,
            show_in_discovery_document,
            user_claims,
            property_keys,
        }
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_api_scope_never_panics(seeds in seeds()) {
        run::<ApiScope>(&seeds, |seed| sample_of!(ApiScope, seed), |seed| {
            let named = |it: &mut ApiScopeFields| it.name.clone_from(&seed.text);
            match seed.which % 3 {
                0 => ApiScopeCommand::Delete,
                1 => update_with(named, property_values()),
                _ => create_with(named),
            }
        });
    }

    #[test]
    fn changes_lead_from_one_state_to_the_other(one in fields(), other in fields()) {
        let mut state = one.clone();
        state.apply(&ApiScopeChange::between(&one, &other));
        prop_assert_eq!(&state, &other);
        prop_assert_eq!(ApiScopeChange::between(&one, &one), Vec::new());
    }
}
