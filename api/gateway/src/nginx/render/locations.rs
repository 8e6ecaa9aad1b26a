//! Locations: the paths of APIs, and one for each version and private revision.

use std::collections::BTreeSet;

use super::place::Place;
use super::services::{Service, what};
use super::{check, errors, maps, policies};
use crate::configuration::{Api, Tenant, Version};
use crate::nginx::conf::{Conf, put};
use crate::nginx::safe::{RenderRefused, Safe};

/// The most versions of an API, and private revisions of a version.
const VERSIONS_MAX: usize = 200;
const ONLINE_MAX: usize = 50;

/// All locations of a tenant's APIs.
pub(super) fn write(
    conf: &mut Conf,
    place: &mut Place<'_>,
    tenant: &Tenant,
) -> Result<(), RenderRefused> {
    let mut paths = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for api in &tenant.apis {
        place.api += 1;
        if !paths.insert(&api.path) {
            return Err(RenderRefused::new("the path of an API", "is there twice"));
        }
        if api.versions.len() > VERSIONS_MAX {
            return Err(RenderRefused::new("an API", "has more than 200 versions"));
        }
        entries(conf, place.api, api)?;
        for version in &api.versions {
            place.version += 1;
            if !ids.insert(&version.api_id) {
                return Err(RenderRefused::new("the id of an API", "is there twice"));
            }
            current(conf, place, version)?;
            private(conf, place, version)?;
        }
    }
    Ok(())
}

/// The ways in: `/orders`, `/orders/`, and the same with `;rev=n` for each revision that any of its
/// versions has at a private address. What the map does not find was not spelled like the path.
fn entries(conf: &mut Conf, number: usize, api: &Api) -> Result<(), RenderRefused> {
    let path = maps::path_of(api)?;
    let revisions = api.versions.iter().flat_map(|it| &it.online).map(|it| it.revision);
    let revisions = revisions.collect::<BTreeSet<_>>();
    for (begin, slash) in [("location = \"/", "\" {"), ("location \"/", "/\" {")] {
        put!(conf, begin, &path, slash);
        into(conf, number);
        put!(conf, "rewrite ^ \"/-/api/$chancery_api_", number, "\" last;");
        put!(conf, "}");
        for revision in &revisions {
            put!(conf, begin, &path, ";rev=", *revision, slash);
            into(conf, number);
            let to = "rewrite ^ \"/-/api/$chancery_api_";
            put!(conf, to, number, ";rev=", *revision, "\" last;");
            put!(conf, "}");
        }
    }
    Ok(())
}

fn into(conf: &mut Conf, number: usize) {
    put!(conf, "if ($chancery_rest_", number, " = \"\") {");
    conf.lines(&[errors::NO_API, "}"]);
    put!(conf, "set $chancery_rest $chancery_rest_", number, ";");
}

/// The location of a version's current revision.
fn current(conf: &mut Conf, place: &Place<'_>, it: &Version) -> Result<(), RenderRefused> {
    let id = maps::id_of(&it.api_id)?;
    put!(conf, "location = \"/-/api/", &id, "\" {");
    put!(conf, "internal;");
    put!(conf, "set $chancery_api \"", place.tenant, "/", &id, ";rev=", it.revision, "\";");
    policies::before(conf, place, it)?;
    if it.needs_check() {
        conf.lines(&check::CHECKED);
    }
    if let Some(at) = it.deprecated_at {
        put!(conf, "set $chancery_deprecation \"@", at, "\";");
    }
    if let Some(at) = it.sunset_at {
        put!(conf, "set $chancery_sunset \"", &http_date(at)?, "\";");
    }
    if let Some(path) = it.policy.as_ref().and_then(|it| it.rewrite_uri.as_deref()) {
        let path = Safe::text("the rewrite-uri of a policy", path)?;
        put!(conf, "set $chancery_rest \"", &path, "$is_args$args\";");
    }
    let is_own = policies::changes_answers(it);
    if is_own {
        conf.lines(&ANSWERED);
        policies::after(conf, place, it)?;
    }
    pass(conf, place, it, &it.service_url, is_own)?;
    put!(conf, "}");
    Ok(())
}

/// The locations of its revisions at private addresses. They are always checked, by which only
/// owners pass.
fn private(conf: &mut Conf, place: &Place<'_>, it: &Version) -> Result<(), RenderRefused> {
    let id = maps::id_of(&it.api_id)?;
    if it.online.len() > ONLINE_MAX {
        return Err(RenderRefused::new("an API", "has more than 50 revisions online"));
    }
    let mut seen = BTreeSet::new();
    for online in it.online.iter().filter(|it| seen.insert(it.revision)) {
        let revision = online.revision;
        put!(conf, "location = \"/-/api/", &id, ";rev=", revision, "\" {");
        put!(conf, "internal;");
        put!(conf, "set $chancery_api \"", place.tenant, "/", &id, ";rev=", revision, "\";");
        put!(conf, "set $chancery_revision \"", revision, "\";");
        conf.lines(&check::CHECKED);
        pass(conf, place, it, &online.service_url, false)?;
        put!(conf, "}");
    }
    Ok(())
}

/// Headers of all answers of upstreams.
const ANSWERED: [&str; 2] = [
    "add_header Deprecation $chancery_deprecation always;",
    "add_header Sunset $chancery_sunset always;",
];

/// What sends a request to its upstream. The rest of its path goes along as it was written.
const PASS: &str = "proxy_pass \"$chancery_pass$chancery_rest\";";

/// The location from which requests go upstream. It is one for a whole server: before 1.23.1, nginx
/// reads all certificates anew for each `proxy_pass` with a variable, 1,000 of which take a minute.
pub(super) fn shared(conf: &mut Conf) {
    put!(conf, "location @pass {");
    conf.lines(&ANSWERED);
    conf.lines(&[PASS, "}"]);
}

/// Sends a request to its upstream: from here, where answers are changed as nowhere else, or from the
/// shared location, after the checks of this one.
fn pass(
    conf: &mut Conf,
    place: &Place<'_>,
    it: &Version,
    url: &str,
    is_own: bool,
) -> Result<(), RenderRefused> {
    let service = Service::read(&what(&it.api_id)?, url)?;
    let Some(number) = place.services.number(&service) else {
        put!(conf, errors::NO_UPSTREAM);
        return Ok(());
    };
    put!(conf, "set $chancery_host \"", &service.host, "\";");
    put!(conf, "set $chancery_name \"", &service.name, "\";");
    let scheme = if service.is_https { "https://" } else { "http://" };
    let begin = "set $chancery_pass \"";
    put!(conf, begin, scheme, "chancery_u_", number, &service.base, "\";");
    put!(conf, if is_own { PASS } else { "try_files /-/none @pass;" });
    Ok(())
}

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The last second that a date can have: the year 9999.
const SECONDS_MAX: i64 = 253_402_300_799;

/// A date as HTTP writes it (RFC 9110 section 5.6.7), of seconds since 1970.
pub(super) fn http_date(seconds: i64) -> Result<Safe, RenderRefused> {
    let what = "the end of an API";
    if !(0..=SECONDS_MAX).contains(&seconds) {
        return Err(RenderRefused::new(what, "is not between 1970 and 9999"));
    }
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days since 1 March of the year 0, in eras of 400 years.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year + i64::from(month >= 10);
    let name = |names: &'static [&'static str], at: i64| {
        usize::try_from(at).ok().and_then(|it| names.get(it)).copied().unwrap_or_default()
    };
    let text = format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        name(&DAYS, days % 7),
        name(&MONTHS, (month + 2) % 12),
        second / 3_600,
        second / 60 % 60,
        second % 60,
    );
    Safe::text(what, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_http() {
        for (seconds, text) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
            (SECONDS_MAX, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(http_date(seconds).unwrap().as_str(), text);
        }
        assert!(http_date(-1).is_err() && http_date(SECONDS_MAX + 1).is_err());
    }
}
