//! The rules of a tenant (spec section 2.9).

use domain::Refusal;
use domain::tenant::TenantProperties;
use domain::tenant::{HOST_CLAIM, HOSTS_MAX, Tenant, TenantCommand, TenantCreated};
use domain::tenant::{TenantAppTokenLinkSet, TenantEvent, TenantHost};
use tests::given::{claim, given, required, too_long, too_many};
use tests::samples::{tenant_created, tenant_full, tenant_properties};

fn create_with(change: impl Fn(&mut TenantCreated)) -> TenantCommand {
    let mut tenant = tenant_created();
    change(&mut tenant);
    TenantCommand::Create(Box::new(tenant), tenant_properties())
}

fn hosts(count: usize) -> Vec<TenantHost> {
    (1..=count as u32).map(|id| TenantHost { id, name: format!("host{id}.example") }).collect()
}

#[test]
fn a_new_tenant_holds_its_hosts_in_the_installation() {
    given::<Tenant>([])
        .when(create_with(|_| ()))
        .then([tenant_full()])
        .then_claims([
            claim(0, HOST_CLAIM, "host2.example:8442"),
            claim(0, HOST_CLAIM, "host3.example:8443"),
        ])
        .then_releases([]);
}

#[test]
fn every_property_has_a_value() {
    let without = TenantProperties::default();
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
fn a_tenant_is_created_with_so_many_hosts_and_no_more() {
    given::<Tenant>([]).when(create_with(|it| it.hosts = hosts(HOSTS_MAX))).then_accepted();
    given::<Tenant>([])
        .when(create_with(|it| it.hosts = hosts(HOSTS_MAX + 1)))
        .then_refused(too_many("hosts", HOSTS_MAX));
}

#[test]
fn a_host_is_a_name_with_an_optional_port() {
    let refusal = Refusal::invalid("hostName", "must be a host name with an optional port");
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
    named("").then_refused(required("hostName"));
    named(&"a".repeat(256)).then_refused(too_long("hostName", 255));
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
