//! The rules of a role (spec section 2.8).

use domain::Refusal;
use domain::role::{
    ROLE_CLAIMS_MAX, ROLE_NAME_CLAIM, Role, RoleChange, RoleClaim, RoleCommand, RoleCreated,
    RoleDeleted, RoleEvent, RoleFields, RoleUpdated, SEEDED_ROLES,
};
use tests::given::{claim, control_character, given, required, too_long, too_many};
use tests::samples::{role_created, role_fields};

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

/// A name is a claim in tokens.
#[test]
fn a_name_is_what_it_looks_like() {
    for wrong in [
        "administrator\u{200b}",
        "admin\u{ad}istrator",
        "a\u{200d}b",
        "a\u{202e}b",
        "a\u{2028}b",
        "aud\nitor",
        "auditor\t",
        "auditor ",
        " auditor",
        "\u{e0061}auditor",
    ] {
        given::<Role>([])
            .when(create_with(|it| it.name = wrong.to_owned()))
            .then_refused_field("name");
        given::<Role>([])
            .when(create_with(|it| it.claims[0].claim_type = wrong.to_owned()))
            .then_refused_field("claims.claimType");
    }
}

#[test]
fn names_compare_without_case() {
    given::<Role>([])
        .when(create_with(|it| it.name = "auditÖr".to_owned()))
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

fn updated(changes: Vec<RoleChange>) -> RoleEvent {
    RoleEvent::Updated(RoleUpdated { role: 61, changes }.into())
}

fn update_with(change: impl Fn(&mut RoleFields)) -> RoleCommand {
    let mut fields = RoleFields::from(&role_created());
    change(&mut fields);
    RoleCommand::Update(fields)
}

#[test]
fn an_update_says_what_changed_and_nothing_else() {
    given::<Role>([created()]).when(update_with(|_| ())).then_nothing();
    given::<Role>([created()])
        .when(update_with(|it| it.name = "reviewer".to_owned()))
        .then([updated(vec![RoleChange::Name("reviewer".to_owned())])])
        .then_claims([claim(12, ROLE_NAME_CLAIM, "REVIEWER")])
        .then_releases([claim(12, ROLE_NAME_CLAIM, "AUDITOR")]);
    // Another case is another name, but the same claim.
    given::<Role>([created()])
        .when(update_with(|it| it.name = "AUDITOR".to_owned()))
        .then([updated(vec![RoleChange::Name("AUDITOR".to_owned())])])
        .then_claims([])
        .then_releases([]);
    given::<Role>([created()])
        .when(update_with(|it| it.claims.clear()))
        .then([updated(vec![RoleChange::Claims(Vec::new())])]);
}

/// What was once a claim is never confused with a later one.
#[test]
fn claims_keep_their_numbers_and_none_is_used_again() {
    let old = role_created().claims;
    let last = old.iter().map(|it| it.id).max().unwrap();
    let new = |id| RoleClaim { id, claim_type: "new".to_owned(), value: "claim".to_owned() };
    let kept = old.last().unwrap().clone();
    let wished = vec![new(1), RoleClaim { id: 77, ..kept.clone() }];
    let added = updated(vec![RoleChange::Claims(vec![new(last + 1), kept.clone()])]);
    given::<Role>([created()])
        .when(update_with(|it| it.claims.clone_from(&wished)))
        .then([added.clone()]);
    let removed = updated(vec![RoleChange::Claims(vec![kept.clone()])]);
    given::<Role>([created(), added, removed])
        .when(update_with(|it| it.claims = vec![kept.clone(), new(1)]))
        .then([updated(vec![RoleChange::Claims(vec![kept.clone(), new(last + 2)])])]);
}

#[test]
fn the_roles_of_every_tenant_keep_their_names_and_are_not_deleted() {
    for name in SEEDED_ROLES {
        let seeded = || {
            let seeded = RoleCreated { name: name.to_owned(), ..role_created() };
            given::<Role>([RoleEvent::Created(seeded.into())])
        };
        seeded()
            .when(update_with(|it| it.name = name.to_uppercase()))
            .then_refused(Refusal::NotAllowed { why: "a role of every tenant keeps its name" });
        seeded()
            .when(RoleCommand::Delete)
            .then_refused(Refusal::NotAllowed { why: "a role of every tenant is not deleted" });
        let claims = update_with(|it| (it.name, it.claims) = (name.to_owned(), Vec::new()));
        seeded().when(claims).then([updated(vec![RoleChange::Claims(Vec::new())])]);
    }
}

#[test]
fn a_deleted_role_gives_its_name_back_and_is_no_more() {
    let deleted = || RoleEvent::Deleted(RoleDeleted { role: 61 }.into());
    given::<Role>([created(), updated(vec![RoleChange::Name("reviewer".to_owned())])])
        .when(RoleCommand::Delete)
        .then([deleted()])
        .then_releases([claim(12, ROLE_NAME_CLAIM, "REVIEWER")]);
    let gone = Refusal::NotFound { what: "role" };
    for command in [RoleCommand::Update(role_fields()), RoleCommand::Delete] {
        given::<Role>([created(), deleted()]).when(command.clone()).then_refused(gone.clone());
        given::<Role>([]).when(command).then_refused(gone.clone());
    }
}

#[test]
fn an_update_is_held_to_the_rules_of_a_new_role() {
    given::<Role>([created()])
        .when(update_with(|it| it.name.clear()))
        .then_refused(required("name"));
    given::<Role>([created()])
        .when(update_with(|it| it.claims[0].claim_type = "é".repeat(251)))
        .then_refused(too_long("claims.claimType", 250));
}
