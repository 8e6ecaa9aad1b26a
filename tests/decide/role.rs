//! The rules of a role (spec section 2.8).

use domain::Refusal;
use domain::role::{ROLE_CLAIMS_MAX, ROLE_NAME_CLAIM, Role, RoleCommand, RoleCreated, RoleEvent};
use tests::given::{claim, control_character, given, required, too_long, too_many};
use tests::samples::role_created;

fn created() -> RoleEvent {
    RoleEvent::Created(role_created().into())
}

fn create_with(change: impl Fn(&mut RoleCreated)) -> RoleCommand {
    let mut role = role_created();
    change(&mut role);
    RoleCommand::Create(role)
}

#[test]
fn a_new_role_holds_its_name_in_its_tenant() {
    given::<Role>([])
        .when(RoleCommand::Create(role_created()))
        .then([created()])
        .then_claims([claim(12, ROLE_NAME_CLAIM, "AUDITOR")])
        .then_releases([]);
}

#[test]
fn names_compare_without_case_and_outer_spaces() {
    given::<Role>([])
        .when(create_with(|it| it.name = " auditÖr ".to_owned()))
        .decision()
        .claims
        .iter()
        .for_each(|it| assert_eq!(it.value, "AUDITÖR"));
}

#[test]
fn a_role_is_created_once() {
    given::<Role>([created()])
        .when(RoleCommand::Create(role_created()))
        .then_refused(Refusal::AlreadyExists { what: "role" });
}

#[test]
fn texts_end_at_their_limit() {
    type Set = fn(&mut RoleCreated, String);
    let fields: [(&str, usize, Set); 3] = [
        ("name", 256, |it, text| it.name = text),
        ("claims.claimType", 250, |it, text| it.claims[0].claim_type = text),
        ("claims.claimValue", 2000, |it, text| it.claims[0].value = text),
    ];
    for (field, max, set) in fields {
        // Characters count, not bytes.
        given::<Role>([]).when(create_with(|it| set(it, "é".repeat(max)))).then_accepted();
        given::<Role>([])
            .when(create_with(|it| set(it, "é".repeat(max + 1))))
            .then_refused(too_long(field, max));
        given::<Role>([])
            .when(create_with(|it| set(it, "a\0b".to_owned())))
            .then_refused(control_character(field));
    }
}

#[test]
fn what_is_required_must_not_be_blank() {
    for blank in ["", " ", "\t\n"] {
        given::<Role>([])
            .when(create_with(|it| it.name = blank.to_owned()))
            .then_refused(required("name"));
        given::<Role>([])
            .when(create_with(|it| it.claims[0].claim_type = blank.to_owned()))
            .then_refused(required("claims.claimType"));
    }
    given::<Role>([]).when(create_with(|it| it.claims[0].value.clear())).then_accepted();
}

#[test]
fn a_role_has_so_many_claims_and_no_more() {
    let many = |n| create_with(move |it| it.claims = vec![role_created().claims[0].clone(); n]);
    given::<Role>([]).when(many(ROLE_CLAIMS_MAX)).then_accepted();
    given::<Role>([])
        .when(many(ROLE_CLAIMS_MAX + 1))
        .then_refused(too_many("claims", ROLE_CLAIMS_MAX));
}

/// A permission is a list of codes, whoever has it.
#[test]
fn the_permission_of_a_role_is_of_codes() {
    let with = |claim_type: &str, value: &str| {
        let mut role = role_created();
        role.claims[0].claim_type = claim_type.to_owned();
        role.claims[0].value = value.to_owned();
        given::<Role>([]).when(RoleCommand::Create(role))
    };
    with("permission", "oauthapp.user.get,shop:read").then_accepted();
    with("motto", "per aspera ad astra").then_accepted();
    with("permission", "Ann Smith").then_refused_field("claims.claimValue");
}
