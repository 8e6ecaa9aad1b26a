//! Policies, as nginx enforces them.

use std::collections::BTreeSet;

use super::place::Place;
use crate::configuration::{Configuration, Version};
use crate::nginx::conf::{Conf, put};
use crate::nginx::safe::{RenderRefused, Safe};
use crate::policy::{Cors, HeaderAction, IpAction, Policy, RateLimit, SetHeader};

/// The most different rates; each takes 10 MiB of memory, some 160,000 addresses.
const RATES_MAX: usize = 100;

/// The most entries of a list.
const ENTRIES_MAX: usize = 1_000;

/// The rate of a limit in calls a minute, rounded down: never more than asked for, and never less
/// than one. `nodelay` with a burst lets all calls of a period come at once.
fn rate(limit: RateLimit) -> u64 {
    (u64::from(limit.calls) * 60 / u64::from(limit.renewal_period.max(1))).max(1)
}

/// The counters of limits by address: one for each rate, so that they do not change when APIs do.
pub(super) fn zones(conf: &mut Conf, configuration: &Configuration) -> Result<(), RenderRefused> {
    let apis = configuration.tenants.iter().flat_map(|it| &it.apis);
    let policies = apis.flat_map(|it| &it.versions).filter_map(|it| it.policy.as_ref());
    let rates = policies.filter_map(|it| it.rate_limit).map(rate).collect::<BTreeSet<_>>();
    if rates.len() > RATES_MAX {
        return Err(RenderRefused::new("rate-limit", "has more than 100 different rates"));
    }
    if !rates.is_empty() {
        conf.lines(&["map $host $chancery_limit {", "default \"\";", "}"]);
    }
    for rate in rates {
        let begin = "limit_req_zone \"$chancery_limit$binary_remote_addr\" zone=chancery_limit_";
        put!(conf, begin, rate, ":10m rate=", rate, "r/m;");
    }
    Ok(())
}

fn policy(version: &Version) -> Option<&Policy> {
    version.policy.as_ref()
}

/// Maps that a version's policy needs.
pub(super) fn maps(conf: &mut Conf, number: usize, version: &Version) -> Result<(), RenderRefused> {
    let Some(policy) = policy(version) else { return Ok(()) };
    if let Some(cors) = &policy.cors {
        put!(conf, "map $http_origin $chancery_cors_", number, " {");
        for origin in bounded("cors", &cors.origins)? {
            match origin.as_str() {
                "*" => put!(conf, "\"~.\" \"*\";"),
                it => {
                    let pattern = Safe::pattern("an origin of cors", it)?;
                    let text = Safe::text("an origin of cors", it)?;
                    put!(conf, "\"~^", &pattern, "$\" \"", &text, "\";");
                }
            }
        }
        conf.lines(&["default \"\";", "}"]);
        let begin = "map \"$request_method $http_access_control_request_method $chancery_cors_";
        put!(conf, begin, number, "\" $chancery_preflight_", number, " {");
        conf.lines(&["\"~^OPTIONS [^ ]+ .\" 1;", "default 0;", "}"]);
    }
    for (at, header) in bounded("set-header", &policy.set_headers)?.iter().enumerate() {
        if header.action == HeaderAction::Skip {
            let name = header_variable(&header.name)?;
            put!(conf, "map $upstream_http_", &name, " $chancery_skip_", number, "_", at, " {");
            // Only the first of several values can be sent this way.
            let value = header.values.first().map(String::as_str).unwrap_or_default();
            let value = Safe::text("a value of set-header", value)?;
            put!(conf, "\"\" \"", &value, "\";");
            conf.lines(&["default \"\";", "}"]);
        }
    }
    Ok(())
}

/// What comes before the upstream is asked.
pub(super) fn before(
    conf: &mut Conf,
    place: &Place<'_>,
    version: &Version,
) -> Result<(), RenderRefused> {
    let Some(policy) = policy(version) else { return Ok(()) };
    if let Some(cors) = &policy.cors {
        preflight(conf, place.version, cors)?;
    }
    if let Some(limit) = policy.rate_limit {
        let calls = limit.calls.max(1);
        let id = Safe::word("the id of an API", &version.api_id, "")?;
        put!(conf, "set $chancery_limit \"", place.tenant, "/", &id, " \";");
        let retry = limit.renewal_period.div_ceil(calls);
        put!(conf, "set $chancery_limit_retry \"", retry, "\";");
        conf.add("limit_req zone=chancery_limit_");
        conf.add(rate(limit));
        if calls > 1 {
            conf.add(" burst=");
            conf.add(calls - 1);
            conf.add(" nodelay");
        }
        put!(conf, ";");
    }
    if let Some(filter) = &policy.ip_filter {
        let (word, last) = match filter.action {
            IpAction::Allow => ("allow ", Some("deny all;")),
            IpAction::Forbid => ("deny ", None),
        };
        for network in bounded("ip-filter", &filter.networks)? {
            put!(conf, word, *network, ";");
        }
        if let Some(last) = last {
            put!(conf, last);
        }
    }
    Ok(())
}

/// Answers the question of a browser whether a page may send a request.
fn preflight(conf: &mut Conf, number: usize, cors: &Cors) -> Result<(), RenderRefused> {
    let credentials = if cors.credentials { "\"true\"" } else { "\"\"" };
    put!(conf, "set $chancery_cors $chancery_cors_", number, ";");
    put!(conf, "set $chancery_cors_credentials ", credentials, ";");
    put!(conf, "set $chancery_vary Origin;");
    put!(conf, "if ($chancery_preflight_", number, ") {");
    cors_headers(conf);
    let methods = match cors.methods.is_empty() {
        true => "GET, HEAD, POST".to_owned(),
        false => bounded("cors", &cors.methods)?.join(", "),
    };
    let methods = Safe::word("a method of cors", &methods, "-, *")?;
    put!(conf, "add_header Access-Control-Allow-Methods \"", &methods, "\" always;");
    if !cors.headers.is_empty() {
        let names = bounded("cors", &cors.headers)?.join(", ");
        // The sign alone means all but this one.
        let names = if names == "*" { "*, Authorization".to_owned() } else { names };
        let names = Safe::word("a header of cors", &names, "-_., *")?;
        put!(conf, "add_header Access-Control-Allow-Headers \"", &names, "\" always;");
    }
    if let Some(seconds) = cors.max_age {
        put!(conf, "add_header Access-Control-Max-Age \"", seconds, "\" always;");
    }
    conf.lines(&["return 204;", "}"]);
    Ok(())
}

fn cors_headers(conf: &mut Conf) {
    conf.lines(&[
        "add_header Access-Control-Allow-Origin $chancery_cors always;",
        "add_header Access-Control-Allow-Credentials $chancery_cors_credentials always;",
        "add_header Vary $chancery_vary always;",
    ]);
}

/// Whether answers of its upstream are changed, as those of no other version.
pub(super) fn changes_answers(version: &Version) -> bool {
    policy(version).is_some_and(|it| it.cors.is_some() || !it.set_headers.is_empty())
}

/// What happens to headers of answers.
pub(super) fn after(
    conf: &mut Conf,
    place: &Place<'_>,
    version: &Version,
) -> Result<(), RenderRefused> {
    let Some(policy) = policy(version) else { return Ok(()) };
    if let Some(cors) = &policy.cors {
        conf.lines(&[
            "proxy_hide_header Access-Control-Allow-Origin;",
            "proxy_hide_header Access-Control-Allow-Credentials;",
            "proxy_hide_header Access-Control-Expose-Headers;",
        ]);
        cors_headers(conf);
        if !cors.expose_headers.is_empty() {
            let names = bounded("cors", &cors.expose_headers)?.join(", ");
            let names = Safe::word("a header of cors", &names, "-_., *")?;
            put!(conf, "add_header Access-Control-Expose-Headers \"", &names, "\" always;");
        }
    }
    for (at, header) in policy.set_headers.iter().enumerate() {
        set_header(conf, place.version, at, header)?;
    }
    Ok(())
}

fn set_header(
    conf: &mut Conf,
    number: usize,
    at: usize,
    header: &SetHeader,
) -> Result<(), RenderRefused> {
    let name = Safe::word("the name of set-header", &header.name, "-_.")?;
    if matches!(header.action, HeaderAction::Override | HeaderAction::Delete) {
        put!(conf, "proxy_hide_header \"", &name, "\";");
    }
    match header.action {
        HeaderAction::Delete => (),
        HeaderAction::Skip => {
            put!(conf, "add_header \"", &name, "\" $chancery_skip_", number, "_", at, " always;");
        }
        HeaderAction::Override | HeaderAction::Append => {
            for value in bounded("set-header", &header.values)? {
                let value = Safe::text("a value of set-header", value)?;
                put!(conf, "add_header \"", &name, "\" \"", &value, "\" always;");
            }
        }
    }
    Ok(())
}

/// The variable of a header: `x_one` of `X-One`.
fn header_variable(name: &str) -> Result<Safe, RenderRefused> {
    let lower = name.to_ascii_lowercase().replace('-', "_");
    Safe::word("the name of set-header", &lower, "_")
}

fn bounded<'a, T>(what: &str, list: &'a [T]) -> Result<&'a [T], RenderRefused> {
    match list.len() > ENTRIES_MAX {
        true => Err(RenderRefused::new(what, "has more than 1,000 entries")),
        false => Ok(list),
    }
}
