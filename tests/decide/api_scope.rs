//! The rules of an API scope (spec section 5.5).

use domain::api_scope::{ApiScope, ApiScopeFields};
use domain::children::CHILDREN_MAX;
use domain::plain::PlainCommand;
use proptest::prelude::*;
use tests::given::{given, required, too_long, too_many};
use tests::samples::scopes::api_scope_fields;

use crate::never_panics::{config, run, seeds};
use crate::plain::{changes_lead, command_of, create, is_plain};
use crate::sample_of;

fn create_with(change: impl Fn(&mut ApiScopeFields)) -> PlainCommand<ApiScopeFields> {
    let mut fields = api_scope_fields();
    change(&mut fields);
    create(fields)
}

#[test]
fn it_is_plain() {
    let mut other = api_scope_fields();
    other.name = "orders.write".to_owned();
    other.description = None;
    other.property_keys.push("size".to_owned());
    is_plain::<ApiScope, _>(api_scope_fields(), other);
}

#[test]
fn texts_and_lists_end_at_their_limits() {
    type Set = fn(&mut ApiScopeFields, String);
    let fields: Vec<(&str, usize, Set)> = vec![
        ("name", 200, |it, text| it.name = text),
        ("displayName", 200, |it, text| it.display_name = Some(text)),
        ("description", 1_000, |it, text| it.description = Some(text)),
        ("userClaims", 200, |it, text| it.user_claims = vec![text]),
    ];
    for (field, max, set) in fields {
        let with = |length| create_with(|it| set(it, "a".repeat(length)));
        given::<ApiScope>([]).when(with(max)).then_accepted();
        given::<ApiScope>([]).when(with(max + 1)).then_refused(too_long(field, max));
    }
    given::<ApiScope>([]).when(create_with(|it| it.name.clear())).then_refused(required("name"));
    let many = |it: &mut ApiScopeFields| it.user_claims = vec!["a".to_owned(); CHILDREN_MAX + 1];
    let too_many = too_many("userClaims", CHILDREN_MAX);
    given::<ApiScope>([]).when(create_with(many)).then_refused(too_many);
    let twice = |it: &mut ApiScopeFields| it.property_keys = vec!["a".to_owned(); 2];
    given::<ApiScope>([]).when(create_with(twice)).then_refused_field("properties");
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
            command_of(seed, create_with(|it| it.name.clone_from(&seed.text)))
        });
    }

    #[test]
    fn changes_lead_from_one_state_to_the_other(one in fields(), other in fields()) {
        changes_lead(&one, &other);
    }
}
