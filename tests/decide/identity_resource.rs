//! The rules of an identity resource (spec section 5.6).

use domain::children::CHILDREN_MAX;
use domain::identity_resource::{IdentityResource, IdentityResourceFields};
use domain::plain::PlainCommand;
use domain::plain::PlainFields as _;
use domain::{Refusal, Timestamp};
use proptest::prelude::*;
use tests::given::{given, required, too_long, too_many};
use tests::samples::scopes::identity_resource_fields;

use crate::never_panics::{config, run, seeds};
use crate::plain::{changes_lead, command_of, create, is_plain};
use crate::sample_of;

fn create_with(
    change: impl Fn(&mut IdentityResourceFields),
) -> PlainCommand<IdentityResourceFields> {
    let mut fields = identity_resource_fields();
    change(&mut fields);
    create(fields)
}

#[test]
fn it_is_plain() {
    let mut other = identity_resource_fields();
    other.name = "address".to_owned();
    other.description = None;
    other.property_keys.push("size".to_owned());
    is_plain::<IdentityResource, _>(identity_resource_fields(), other);
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
        let with = |length| create_with(|it| set(it, "a".repeat(length)));
        given::<IdentityResource>([]).when(with(max)).then_accepted();
        given::<IdentityResource>([]).when(with(max + 1)).then_refused(too_long(field, max));
    }
    given::<IdentityResource>([])
        .when(create_with(|it| it.name.clear()))
        .then_refused(required("name"));
    let many =
        |it: &mut IdentityResourceFields| it.user_claims = vec!["a".to_owned(); CHILDREN_MAX + 1];
    let too_many = too_many("userClaims", CHILDREN_MAX);
    given::<IdentityResource>([]).when(create_with(many)).then_refused(too_many);
    let twice = |it: &mut IdentityResourceFields| it.property_keys = vec!["a".to_owned(); 2];
    given::<IdentityResource>([]).when(create_with(twice)).then_refused_field("properties");
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
    let fields =
        |non_editable| IdentityResourceFields { non_editable, ..identity_resource_fields() };
    let why = "the identity resource is not editable: set nonEditable to false";
    let (fixed, free) = (fields(true), fields(false));
    assert_eq!(fixed.may_become(Some(&fixed)), Err(Refusal::NotAllowed { why }));
    assert_eq!(fixed.may_become(None), Err(Refusal::NotAllowed { why }));
    assert_eq!(fixed.may_become(Some(&free)), Ok(()));
    assert_eq!(free.may_become(None), Ok(()));
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
            command_of(seed, create_with(|it| it.name.clone_from(&seed.text)))
        });
    }

    #[test]
    fn changes_lead_from_one_state_to_the_other(one in fields(), other in fields()) {
        changes_lead(&one, &other);
    }
}
