//! The rules of a tenant (spec section 2.9).

use domain::Refusal;
use domain::tenant::TenantProperties;
use domain::tenant::{HOST_CLAIM, HOSTS_MAX, Tenant, TenantCommand, TenantCreated};
use domain::tenant::{TenantAppTokenLinkSet, TenantEvent, TenantHost, TenantHostAdded};
use tests::given::{Given, claim, given, required, too_long, too_many};
use tests::samples::{tenant_created, tenant_full, tenant_properties};

fn create_with(change: impl Fn(&mut TenantCreated)) -> TenantCommand {
    let mut tenant = tenant_created();
    change(&mut tenant);
    TenantCommand::Create(Box::new(tenant), tenant_properties())
}

fn add_host(host: &str) -> TenantCommand {
    TenantCommand::AddHost { host: host.to_owned() }
}

fn added(id: u32, name: &str) -> TenantEvent {
    TenantEvent::HostAdded(
        TenantHostAdded { host: TenantHost { id, name: name.to_owned() } }.into(),
    )
}

fn hosts(count: usize) -> Vec<TenantHost> {
    (1..=count as u32).map(|id| TenantHost { id, name: format!("host{id}.example") }).collect()
}

fn given_hosts(hosts: Vec<TenantHost>) -> Given<Tenant> {
    given([TenantEvent::Created(TenantCreated { hosts, ..tenant_created() }.into())])
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
fn a_host_is_added_with_the_next_number() {
    given::<Tenant>([tenant_full()])
        .when(add_host("New.example:80"))
        .then([added(4, "New.example:80")])
        .then_claims([claim(0, HOST_CLAIM, "new.example:80")])
        .then_releases([]);
    given_hosts(vec![]).when(add_host("[::1]:80")).then([added(1, "[::1]:80")]);
}

#[test]
fn a_host_that_is_there_is_not_added_again() {
    given::<Tenant>([tenant_full()]).when(add_host("HOST2.EXAMPLE:8442")).then_nothing();
    given::<Tenant>([tenant_full(), added(4, "new.example")])
        .when(add_host("New.Example"))
        .then_nothing();
}

#[test]
fn the_port_is_part_of_the_host() {
    given::<Tenant>([tenant_full()])
        .when(add_host("host2.example"))
        .then([added(4, "host2.example")]);
}

#[test]
fn a_tenant_grows_to_so_many_hosts_and_no_more() {
    given_hosts(hosts(HOSTS_MAX - 1)).when(add_host("one.more")).then([added(100, "one.more")]);
    given_hosts(hosts(HOSTS_MAX))
        .when(add_host("one.more"))
        .then_refused(Refusal::NotAllowed { why: "the tenant has as many hosts as it may have" });
    // Asked again, what is there is there, also when the tenant is full.
    given_hosts(hosts(HOSTS_MAX)).when(add_host("host7.example")).then_nothing();
}

#[test]
fn an_unknown_tenant_gets_no_host() {
    given::<Tenant>([])
        .when(add_host("new.example"))
        .then_refused(Refusal::NotFound { what: "tenant" });
}

#[test]
fn a_host_is_a_name_with_an_optional_port() {
    let refusal = Refusal::invalid("hostName", "must be a host name with an optional port");
    for wrong in ["http://a", "a b", "a/b", "a@b", "ü.example", "a?b", "a\tb"] {
        given::<Tenant>([tenant_full()]).when(add_host(wrong)).then_refused(refusal.clone());
        let host = TenantHost { id: 1, name: wrong.to_owned() };
        given::<Tenant>([])
            .when(create_with(|it| it.hosts = vec![host.clone()]))
            .then_refused(refusal.clone());
    }
    given::<Tenant>([tenant_full()]).when(add_host("")).then_refused(required("hostName"));
    given::<Tenant>([tenant_full()]).when(add_host(&"a".repeat(255))).then_accepted();
    given::<Tenant>([tenant_full()])
        .when(add_host(&"a".repeat(256)))
        .then_refused(too_long("hostName", 255));
}

#[test]
fn the_last_number_of_a_host_is_no_trap() {
    let last = TenantHost { id: u32::MAX, name: "last.example".to_owned() };
    given_hosts(vec![last])
        .when(add_host("new.example"))
        .then_refused(Refusal::NotAllowed { why: "the tenant has as many hosts as it may have" });
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
