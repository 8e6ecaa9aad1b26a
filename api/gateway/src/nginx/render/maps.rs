//! Maps: from a request to the version that it wants and the rest of its path.

use crate::configuration::{Api, Scheme, VersionSet};
use crate::nginx::conf::{Conf, put};
use crate::nginx::options::RenderOptions;
use crate::nginx::safe::{RenderRefused, Safe};

/// Variables that locations set, each empty where none does. A `set` for a whole server would not do:
/// it runs again in the request for the check, which shares the variables.
const EMPTY: [&str; 20] = [
    "$chancery_challenge",
    "$chancery_checked",
    "$chancery_client",
    "$chancery_cors",
    "$chancery_cors_credentials",
    "$chancery_deny",
    "$chancery_deprecation",
    "$chancery_host",
    "$chancery_limit_retry",
    "$chancery_name",
    "$chancery_pass",
    "$chancery_rest",
    "$chancery_retry",
    "$chancery_revision",
    "$chancery_scopes",
    "$chancery_subject",
    "$chancery_subscription",
    "$chancery_sunset",
    "$chancery_vary",
    "$chancery_api",
];

/// The raw path, or nothing if it leads upwards in any spelling (`/../`, `%2e%2e`, `/..;x/`): the
/// upstream would resolve that, and might leave what the face shows.
const PATH: [&str; 4] = [
    "map $request_uri $chancery_path {",
    "\"~*^[^?]*(?:/|%2f|%5c|\\x5c)(?:\\x2e|%2e){1,2}(?:/|%2f|%5c|\\x5c|;|%3b|[?]|$)\" \"\";",
    "default $request_uri;",
    "}",
];

/// The maps that do not depend on the configuration.
pub(super) fn shared(conf: &mut Conf, options: &RenderOptions) {
    for name in EMPTY {
        put!(conf, "map $host ", name, " {");
        conf.lines(&["default \"\";", "}"]);
    }
    conf.lines(&PATH);
    if options.key_in_query {
        // Not from `$args`, which is empty in the request for the check. A key in both places is none.
        conf.lines(&[
            "map $request_uri $chancery_query_key {",
            "\"~^[^?]*[?](?:.*&)?subscription-key=(?<chancery_k>[^&]*)\" $chancery_k;",
            "default \"\";",
            "}",
            "map \"$http_ocp_apim_subscription_key:$chancery_query_key\" $chancery_key {",
            "\"~^[^:]+:.\" \"two keys\";",
            "\"~^:.\" $chancery_query_key;",
            "default $http_ocp_apim_subscription_key;",
            "}",
        ]);
    } else {
        conf.lines(&[
            "map $http_ocp_apim_subscription_key $chancery_key {",
            "default $http_ocp_apim_subscription_key;",
            "}",
        ]);
    }
}

/// The path of an API: words of letters, digits and `- . _ ~`, with slashes between.
pub(super) fn path_of(api: &Api) -> Result<Safe, RenderRefused> {
    let what = "the path of an API";
    let path = Safe::word(what, &api.path, "-._~/")?;
    let is_word = |it: &str| !it.is_empty() && it != "." && it != "..";
    let mut words = api.path.split('/');
    if api.path.len() > 200 || !words.clone().all(is_word) || words.next() == Some("-") {
        return Err(RenderRefused::new(what, "is not one that can be served"));
    }
    Ok(path)
}

/// An id of a version, or what stands for none.
pub(super) fn id_of(api_id: &str) -> Result<Safe, RenderRefused> {
    if api_id.len() > 64 || api_id == "none" {
        return Err(RenderRefused::new("the id of an API", "is none"));
    }
    Safe::word("the id of an API", api_id, "")
}

/// `$chancery_rest_n`, what goes to the upstream, and `$chancery_api_n`, which version it is.
pub(super) fn routes(conf: &mut Conf, number: usize, api: &Api) -> Result<(), RenderRefused> {
    let path = path_of(api)?;
    let set = api.version_set.as_ref();
    let segments = set.is_some_and(|it| it.scheme == Scheme::Segment);
    let names = names(api)?;
    put!(conf, "map $chancery_path $chancery_rest_", number, " {");
    for (_, name) in names.iter().filter(|_| segments) {
        put!(conf, "\"~^/", &path, REV, "/(?i:", name, ")(?<chancery_r>/.*)$\" $chancery_r;");
        put!(conf, "\"~^/", &path, REV, "/(?i:", name, ")(?<chancery_q>[?].*)?$\" /$chancery_q;");
    }
    put!(conf, "\"~^/", &path, REV, "(?<chancery_r>/.*)$\" $chancery_r;");
    put!(conf, "\"~^/", &path, REV, "(?<chancery_q>[?].*)?$\" /$chancery_q;");
    conf.lines(&["default \"\";", "}"]);

    let is_served = api.versions.iter().any(|it| it.api_id == api.default);
    let default = id_of(if is_served { &api.default } else { "0" })?;
    let default = if is_served { default } else { Safe::word("none", "none", "")? };
    let source = match set {
        Some(it) if it.scheme == Scheme::Header => header_of(it)?,
        Some(it) if it.scheme == Scheme::Query => Safe::text("a source", "args")?,
        _ => Safe::text("a source", "chancery_path")?,
    };
    put!(conf, "map $", &source, " $chancery_api_", number, " {");
    match set.map(|it| (it.scheme, it.parameter.as_str())) {
        Some((Scheme::Query, parameter)) => {
            let parameter = Safe::url_pattern("the parameter of a version set", parameter)?;
            for (id, name) in &names {
                let begin = "\"~(?:^|&)";
                put!(conf, begin, &parameter, "=(?i:", name, ")(?:&|$)\" \"", id, "\";");
            }
            put!(conf, "\"~(?:^|&)", &parameter, "(?:=|&|$)\" \"none\";");
        }
        Some((Scheme::Header, _)) => {
            put!(conf, "\"\" \"", &default, "\";");
            for (id, name) in &names {
                put!(conf, "\"~^(?i:", name, ")$\" \"", id, "\";");
            }
            put!(conf, "\"~.\" \"none\";");
        }
        Some((Scheme::Segment, _)) => {
            for (id, name) in &names {
                put!(conf, "\"~^/", &path, REV, "/(?i:", name, ")(?:[/?]|$)\" \"", id, "\";");
            }
        }
        None => (),
    }
    put!(conf, "default \"", &default, "\";");
    put!(conf, "}");
    Ok(())
}

/// The private address of a revision, in a path.
const REV: &str = "(?:;rev=[0-9]+)?";

/// The id and the pattern of each version that has a name; none without a version set.
fn names(api: &Api) -> Result<Vec<(Safe, Safe)>, RenderRefused> {
    let Some(set) = &api.version_set else { return Ok(Vec::new()) };
    let named = api.versions.iter().filter_map(|it| Some((it, it.name.as_deref()?)));
    let pattern = |name| match set.scheme {
        Scheme::Header => Safe::pattern("the name of a version", name),
        Scheme::Query | Scheme::Segment => Safe::url_pattern("the name of a version", name),
    };
    named.map(|(it, name)| Ok((id_of(&it.api_id)?, pattern(name)?))).collect()
}

/// The variable of a header: `http_api_version` of `api-version`.
fn header_of(set: &VersionSet) -> Result<Safe, RenderRefused> {
    let what = "the parameter of a version set";
    Safe::word(what, &set.parameter, "-")?;
    let name = set.parameter.to_ascii_lowercase().replace('-', "_");
    Safe::word(what, &format!("http_{name}"), "_")
}
