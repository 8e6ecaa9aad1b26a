//! The rules of a tenant (spec section 2.9).

use domain::children::{Properties, PropertyValue};
use domain::tenant::{HOST_CLAIM, HOSTS_MAX, Tenant, TenantCommand, TenantCreated};
use domain::tenant::{TenantAppTokenLinkSet, TenantDeleted, TenantEvent, TenantHost};
use domain::tenant::{TenantChange, TenantUpdated};
use domain::{Fact, Refusal, TenantId, UserId};
use tests::given::{claim, given, required, too_long, too_many};
use tests::samples::{tenant_changed, tenant_created, tenant_full, tenant_properties};

fn create_with(change: impl Fn(&mut TenantCreated)) -> TenantCommand {
    let mut tenant = tenant_created();
    change(&mut tenant);
    TenantCommand::Create(Box::new(tenant), tenant_properties())
}

fn hosts(count: usize) -> Vec<TenantHost> {
    (1..=count as u32).map(|id| TenantHost { id, name: format!("host{id}.example") }).collect()
}

/// Hosts and claims have their places as ids.
fn numbered(event: TenantEvent) -> TenantEvent {
    let TenantEvent::Created(mut fact) = event else { panic!("not one that begins") };
    (1..).zip(&mut fact.data.hosts).for_each(|(id, it)| it.id = id);
    (1..).zip(&mut fact.data.claims).for_each(|(id, it)| it.id = id);
    TenantEvent::Created(fact)
}

fn update_to(new: TenantCreated) -> TenantCommand {
    TenantCommand::Update(Box::new(new), vec![PropertyValue::Set("tenant-other-key".to_owned())])
}

fn not_allowed(why: &'static str) -> Refusal {
    Refusal::NotAllowed { why }
}

#[test]
fn an_update_says_what_changed_and_moves_its_claims() {
    let changed = TenantCreated {
        hosts: vec![
            TenantHost { id: 0, name: "HOST3.example:8443".to_owned() },
            TenantHost { id: 0, name: "host9.example".to_owned() },
        ],
        owner: UserId(99),
        tenant: TenantId(99),
        ..tenant_changed()
    };
    let TenantEvent::Created(before) = numbered(tenant_full()) else { unreachable!() };
    let mut after = changed.clone();
    (1..).zip(&mut after.hosts).for_each(|(id, it)| it.id = id);
    let changes = TenantChange::between(&before.data, &after);
    let data = TenantUpdated { tenant: TenantId(12), changes };
    let secret = Some(Properties { values: vec!["tenant-other-key".to_owned()] });
    given::<Tenant>([numbered(tenant_full())])
        .when(update_to(changed))
        .then([TenantEvent::Updated(Fact { data, personal: None, secret })])
        .then_claims([claim(0, HOST_CLAIM, "host9.example")])
        .then_releases([claim(0, HOST_CLAIM, "host2.example:8442")]);
    let keep = vec![PropertyValue::Keep];
    given::<Tenant>([numbered(tenant_full())])
        .when(TenantCommand::Update(Box::new(tenant_created()), keep.clone()))
        .then_nothing();
    let other_key = TenantCreated { property_keys: vec!["new".to_owned()], ..tenant_created() };
    given::<Tenant>([numbered(tenant_full())])
        .when(TenantCommand::Update(Box::new(other_key), keep))
        .then_refused(Refusal::invalid(
            "properties.value",
            "*** keeps a value, but there is none yet",
        ));
}

#[test]
fn hosts_are_given_up_once() {
    let give = || TenantCommand::GiveUpHosts(vec!["HOST2.example:8442".to_owned(), "x".to_owned()]);
    let left = vec![TenantHost { id: 1, name: "Host3.example:8443".to_owned() }];
    let given_up = TenantUpdated { tenant: TenantId(12), changes: vec![TenantChange::Hosts(left)] };
    let given_up = TenantEvent::Updated(given_up.into());
    given::<Tenant>([numbered(tenant_full())])
        .when(give())
        .then([given_up.clone()])
        .then_claims([])
        .then_releases([claim(0, HOST_CLAIM, "host2.example:8442")]);
    given::<Tenant>([numbered(tenant_full()), given_up]).when(give()).then_nothing();
}

#[test]
fn a_deleted_tenant_gives_its_hosts_back_and_is_gone() {
    let deleted = TenantEvent::Deleted(TenantDeleted { tenant: TenantId(12) }.into());
    given::<Tenant>([numbered(tenant_full())])
        .when(TenantCommand::Delete)
        .then([deleted.clone()])
        .then_releases([
            claim(0, HOST_CLAIM, "host2.example:8442"),
            claim(0, HOST_CLAIM, "host3.example:8443"),
        ]);
    for command in [TenantCommand::Delete, update_to(tenant_changed()), create_with(|_| ())] {
        given::<Tenant>([tenant_full(), deleted.clone()])
            .when(command)
            .then_refused(Refusal::NotFound { what: "tenant" });
    }
}

#[test]
fn the_first_tenant_is_neither_disabled_nor_deleted() {
    let first = || TenantCreated { tenant: TenantId(1), ..tenant_created() };
    let begun = || [TenantEvent::Created(first().into())];
    given::<Tenant>(begun())
        .when(TenantCommand::Delete)
        .then_refused(not_allowed("the first tenant cannot be deleted"));
    given::<Tenant>(begun())
        .when(update_to(tenant_changed()))
        .then_refused(not_allowed("the first tenant cannot be disabled"));
}

#[test]
fn what_is_there_twice_or_out_of_range_is_refused_by_name() {
    let refused = |change: fn(&mut TenantCreated), field, why: &str| {
        given::<Tenant>([])
            .when(create_with(change))
            .then_refused(Refusal::invalid(field, why.to_owned()));
    };
    refused(|it| it.hosts.extend(it.hosts.clone()), "hosts", "must not have a host twice");
    refused(
        |it| it.claims.extend(it.claims.clone()),
        "claims.claimType",
        "must not be there twice",
    );
    refused(|it| it.status = 3, "status", "must be 0, 1 or 2");
    let why = "must be a host name with an optional port";
    refused(|it| it.issuer_host = Some("https://a".to_owned()), "identityServerIssuerUri", why);
    refused(
        |it| it.property_keys = vec!["Passwords:MinLength".to_owned()],
        "properties.value",
        "of Passwords:MinLength must be a whole number from 6 to 64",
    );
}

#[test]
fn a_new_tenant_holds_its_hosts_in_the_installation() {
    given::<Tenant>([])
        .when(create_with(|_| ()))
        .then([numbered(tenant_full())])
        .then_claims([
            claim(0, HOST_CLAIM, "host2.example:8442"),
            claim(0, HOST_CLAIM, "host3.example:8443"),
        ])
        .then_releases([]);
}

#[test]
fn every_property_has_a_value() {
    let without = Properties::default();
    given::<Tenant>([])
        .when(TenantCommand::Create(Box::new(tenant_created()), without))
        .then_refused(Refusal::invalid("properties", "every key needs a value"));
}

#[test]
fn a_tenant_is_created_once() {
    given::<Tenant>([tenant_full()])
        .when(create_with(|_| ()))
        .then_refused(Refusal::AlreadyExists { what: "tenant" });
}

#[test]
fn the_name_is_required_and_ends_at_its_limit() {
    given::<Tenant>([])
        .when(create_with(|it| it.name = "  ".to_owned()))
        .then_refused(required("name"));
    given::<Tenant>([]).when(create_with(|it| it.name = "é".repeat(200))).then_accepted();
    given::<Tenant>([])
        .when(create_with(|it| it.name = "é".repeat(201)))
        .then_refused(too_long("name", 200));
}

#[test]
fn a_name_and_a_logo_are_what_they_look_like() {
    for wrong in ["a\u{200b}", "a\u{ad}b", "a\nb", "a "] {
        given::<Tenant>([])
            .when(create_with(|it| it.name = wrong.to_owned()))
            .then_refused_field("name");
    }
    for wrong in ["javascript:alert(1)", "logo.png", "https://ann@a.example/"] {
        given::<Tenant>([])
            .when(create_with(|it| it.logo_uri = Some(wrong.to_owned())))
            .then_refused_field("logoUri");
    }
}

#[test]
fn a_tenant_is_created_with_so_many_hosts_and_no_more() {
    given::<Tenant>([]).when(create_with(|it| it.hosts = hosts(HOSTS_MAX))).then_accepted();
    given::<Tenant>([])
        .when(create_with(|it| it.hosts = hosts(HOSTS_MAX + 1)))
        .then_refused(too_many("hosts", HOSTS_MAX));
}

#[test]
fn a_host_is_a_name_with_an_optional_port() {
    let refusal = Refusal::invalid("hosts.hostName", "must be a host name with an optional port");
    let named = |name: &str| {
        let host = TenantHost { id: 1, name: name.to_owned() };
        given::<Tenant>([]).when(create_with(|it| it.hosts = vec![host.clone()]))
    };
    for wrong in ["http://a", "a b", "a/b", "a@b", "ü.example", "a?b", "a\tb"] {
        named(wrong).then_refused(refusal.clone());
    }
    for right in ["new.example", "New.Example:80", "[::1]:80", "10.0.0.1", &"a".repeat(255)] {
        named(right).then_accepted();
    }
    named("").then_refused(required("hosts.hostName"));
    named(&"a".repeat(256)).then_refused(too_long("hosts.hostName", 255));
}

#[test]
fn a_tenant_is_linked_until_it_is_not() {
    let link = TenantCommand::SetAppTokenLink;
    let set = |linked| TenantEvent::AppTokenLinkSet(TenantAppTokenLinkSet { linked }.into());
    given::<Tenant>([]).when(link(true)).then_refused(Refusal::NotFound { what: "tenant" });
    given::<Tenant>([tenant_full()]).when(link(false)).then_nothing();
    given::<Tenant>([tenant_full()]).when(link(true)).then([set(true)]);
    given::<Tenant>([tenant_full(), set(true)]).when(link(true)).then_nothing();
    given::<Tenant>([tenant_full(), set(true)]).when(link(false)).then([set(false)]);
}
