//! `gateway.conf`: maps, upstreams and servers.

mod check;
mod errors;
mod locations;
mod maps;
mod place;
mod policies;
mod services;

use std::collections::BTreeSet;

use self::place::Place;
use self::services::Services;
use super::conf::{Conf, put};
use super::options::{RenderOptions, Rendered};
use super::safe::{RenderRefused, Safe};
use crate::configuration::{Configuration, Tenant, sha256_hex};

pub use self::services::upstreams_of;

/// The most APIs; 5,000 take nginx 0.84 s to read and 233 MB.
const APIS_MAX: usize = 20_000;

/// The most warnings.
const WARNINGS_MAX: usize = 100;

/// How much of a SHA-256 is shown, in hex digits.
const ID_CHARS: usize = 12;

/// Writes `gateway.conf`. The same arguments give the same text.
///
/// # Errors
/// When something in the configuration cannot be said to nginx: a character that would begin or end
/// something there, a URL that is none, a path or an API that is there twice.
pub fn render(
    configuration: &Configuration,
    options: &RenderOptions,
) -> Result<Rendered, RenderRefused> {
    let apis = configuration.tenants.iter().map(|it| it.apis.len()).sum::<usize>();
    if apis > APIS_MAX {
        return Err(RenderRefused::new("the configuration", "has more than 20,000 APIs"));
    }
    let mut warnings = Vec::new();
    let services = Services::of(configuration, options, &mut warnings)?;
    let tenants = reachable(configuration, &mut warnings)?;

    let mut conf = Conf::default();
    settings(&mut conf, apis);
    maps::shared(&mut conf, options);
    services.write(&mut conf, options);
    check::cache(&mut conf, options)?;
    policies::zones(&mut conf, configuration)?;
    let mut place = Place { options, services: &services, tenant: 0, api: 0, version: 0 };
    for it in &tenants {
        server(&mut conf, &mut place, it)?;
    }
    if tenants.iter().all(|it| !it.is_default) {
        conf.lines(&["server {"]);
        put!(conf, "listen ", options.listen, " default_server;");
        conf.lines(&["default_type application/problem+json;", errors::NO_API, "}"]);
    }
    let body = conf.into_text();

    let mut id = sha256_hex(format!("{}\n{body}", options.sha256).as_bytes());
    id.truncate(ID_CHARS);
    let text = format!("{}{body}", head(configuration, options, &id)?);
    warnings.truncate(WARNINGS_MAX);
    Ok(Rendered { text, id, warnings })
}

/// The first line, and the server that says which text this is.
fn head(
    configuration: &Configuration,
    options: &RenderOptions,
    id: &str,
) -> Result<String, RenderRefused> {
    let mut conf = Conf::default();
    let sha256 = Safe::word("the hash of the configuration", &options.sha256, "")?;
    let id = Safe::word("the id of the text", id, "")?;
    put!(conf, "# position ", configuration.position, " sha256 ", &sha256);
    put!(conf, "server {");
    put!(conf, "listen ", options.status, ";");
    conf.lines(&["default_type application/json;", "keepalive_timeout 0;"]);
    put!(conf, "location = /position {");
    let position = configuration.position;
    put!(conf, "return 200 '{\"position\":", position, ",\"rendering\":\"", &id, "\"}';");
    conf.lines(&["}", "location / {", "return 404 '{}';", "}", "}"]);
    Ok(conf.into_text())
}

/// Sizes of tables.
fn settings(conf: &mut Conf, apis: usize) {
    let variables = apis.saturating_mul(8).max(2_048).next_power_of_two();
    put!(conf, "variables_hash_max_size ", variables, ";");
    put!(conf, "variables_hash_bucket_size 128;");
    put!(conf, "server_names_hash_max_size 8192;");
    put!(conf, "server_names_hash_bucket_size 512;");
}

/// A tenant with the host names that it has for itself.
struct Reachable<'a> {
    tenant: &'a Tenant,
    hosts: Vec<Safe>,
    /// Whether it gets every request for a host that nobody has.
    is_default: bool,
}

/// The tenants that can be told from each other by the host of a request.
fn reachable<'a>(
    configuration: &'a Configuration,
    warnings: &mut Vec<String>,
) -> Result<Vec<Reachable<'a>>, RenderRefused> {
    let mut taken = BTreeSet::new();
    let mut found: Vec<Reachable<'a>> = Vec::new();
    for tenant in &configuration.tenants {
        let mut hosts = Vec::new();
        for host in &tenant.hosts {
            let what = format!("a host of tenant {}", tenant.tenant);
            let lower = host.to_ascii_lowercase();
            let safe = Safe::word(&what, &lower, "-._")?;
            if host.starts_with('.') || host.len() > 253 {
                return Err(RenderRefused::new(what, "is not a host name"));
            }
            match taken.insert(lower) {
                true => hosts.push(safe),
                false => warnings.push(format!("{what} is also one of a tenant before: {host}")),
            }
        }
        let is_default = tenant.hosts.is_empty();
        if is_default && found.iter().any(|it| it.is_default) {
            let number = tenant.tenant;
            warnings.push(format!("tenant {number} has no host, as another one: it is not served"));
        } else if is_default || !hosts.is_empty() {
            found.push(Reachable { tenant, hosts, is_default });
        }
    }
    Ok(found)
}

/// The server of a tenant.
fn server(conf: &mut Conf, place: &mut Place<'_>, it: &Reachable<'_>) -> Result<(), RenderRefused> {
    let options = place.options;
    place.tenant = it.tenant.tenant;
    for (number, api) in (place.api + 1..).zip(&it.tenant.apis) {
        maps::routes(conf, number, api)?;
    }
    let first = place.version + 1;
    for (number, version) in (first..).zip(it.tenant.apis.iter().flat_map(|it| &it.versions)) {
        policies::maps(conf, number, version)?;
    }
    put!(conf, "server {");
    let end = if it.is_default { " default_server;" } else { ";" };
    put!(conf, "listen ", options.listen, end);
    for host in &it.hosts {
        put!(conf, "server_name \"", host, "\";");
    }
    for network in &options.trusted_proxies {
        put!(conf, "set_real_ip_from ", *network, ";");
    }
    if !options.trusted_proxies.is_empty() {
        conf.lines(&["real_ip_header X-Forwarded-For;", "real_ip_recursive on;"]);
    }
    conf.lines(&PROXYING);
    let certificates = Safe::path("the file of certificates", &options.certificates)?;
    put!(conf, "proxy_ssl_trusted_certificate \"", &certificates, "\";");
    errors::write(conf);
    check::write(conf, options)?;
    locations::shared(conf);
    locations::write(conf, place, it.tenant)?;
    conf.lines(&["location /-/ {", "internal;", errors::NO_VERSION, "}"]);
    conf.lines(&["location / {", errors::NO_API, "}", "}"]);
    Ok(())
}

/// How requests go to upstreams. Every header by which Chancery says something is set, so that none
/// of a caller's passes. Of two `Authorization` headers the one passes that was checked. An upstream
/// cannot send a request to another location (`X-Accel-Redirect`).
const PROXYING: [&str; 40] = [
    "default_type application/problem+json;",
    "limit_req_status 429;",
    "limit_req_log_level info;",
    "proxy_http_version 1.1;",
    "proxy_connect_timeout 5s;",
    "proxy_send_timeout 60s;",
    "proxy_read_timeout 60s;",
    "proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Charset;",
    "proxy_hide_header X-Accel-Redirect;",
    "proxy_ssl_server_name on;",
    "proxy_ssl_name $chancery_name;",
    "proxy_ssl_protocols TLSv1.2 TLSv1.3;",
    "proxy_ssl_verify on;",
    "proxy_ssl_verify_depth 5;",
    "proxy_set_header Connection \"\";",
    "proxy_set_header Host $chancery_host;",
    "proxy_set_header Authorization $http_authorization;",
    "proxy_set_header Ocp-Apim-Subscription-Key \"\";",
    "proxy_set_header X-Forwarded-For $remote_addr;",
    "proxy_set_header X-Forwarded-Host $host;",
    "proxy_set_header X-Forwarded-Proto $scheme;",
    "proxy_set_header X-Real-IP $remote_addr;",
    "proxy_set_header X-Original-Method \"\";",
    "proxy_set_header X-Original-Uri \"\";",
    "proxy_set_header X-Request-Id $request_id;",
    "proxy_set_header X-Chancery-Api \"\";",
    "proxy_set_header X-Chancery-Client $chancery_client;",
    "proxy_set_header X-Chancery-Deny \"\";",
    "proxy_set_header X-Chancery-Gateway \"\";",
    "proxy_set_header X-Chancery-Key \"\";",
    "proxy_set_header X-Chancery-Position \"\";",
    "proxy_set_header X-Chancery-Product \"\";",
    "proxy_set_header X-Chancery-Retry-After \"\";",
    "proxy_set_header X-Chancery-Revision $chancery_revision;",
    "proxy_set_header X-Chancery-Scope \"\";",
    "proxy_set_header X-Chancery-Scopes $chancery_scopes;",
    "proxy_set_header X-Chancery-Subject $chancery_subject;",
    "proxy_set_header X-Chancery-Subscription $chancery_subscription;",
    "proxy_set_header X-Chancery-Tenant \"\";",
    "proxy_set_header X-Chancery-User \"\";",
];
