//! The door: the request by which nginx asks the server whether another one may pass.

use super::services::Service;
use crate::nginx::conf::{Conf, put};
use crate::nginx::options::RenderOptions;
use crate::nginx::safe::{RenderRefused, Safe};

/// The longest time for which an answer is remembered, in seconds: an hour.
const CACHE_SECONDS_MAX: u32 = 3_600;

/// How much longer an answer lies there for the case that the server is away, in seconds. For how
/// long it is used then is said by the server (`stale-if-error`, RFC 5861).
const STALE_SECONDS: u32 = 60;

/// The memory for remembered answers. What is remembered is named by the token itself, so it lies in
/// the gateway's folder, which only nginx reads.
pub(super) fn cache(conf: &mut Conf, options: &RenderOptions) -> Result<(), RenderRefused> {
    let seconds = options.check_cache_seconds;
    if seconds > CACHE_SECONDS_MAX {
        return Err(RenderRefused::new("the cache of checks", "would be longer than an hour"));
    }
    if seconds > 0 {
        let dir = Safe::path("the folder", &options.dir)?;
        let inactive = seconds + STALE_SECONDS;
        put!(
            conf,
            "proxy_cache_path \"",
            &dir,
            "/cache\" levels=1:2 keys_zone=chancery_check:10m max_size=64m use_temp_path=off inactive=",
            inactive,
            "s;",
        );
    }
    Ok(())
}

/// The location of the check, for a server. Nothing of the caller's request goes along but what is
/// named here: neither its body nor another header.
pub(super) fn write(conf: &mut Conf, options: &RenderOptions) -> Result<(), RenderRefused> {
    let authority = Service::of("the URL of the server", &options.authority.url)?;
    let name = Safe::word("the name of the gateway", &options.name, "-._")?;
    let key = Safe::word("the key of the gateway", options.key.reveal(), "-_.~+/=")?;
    conf.lines(&["location = /-/check {", "internal;"]);
    let scheme = if authority.is_https { "https://" } else { "http://" };
    let end = "/api/Gateway/Check\";";
    put!(conf, "proxy_pass \"", scheme, "chancery_authority", &authority.base, end);
    conf.lines(&[
        "proxy_method GET;",
        "proxy_pass_request_body off;",
        "proxy_pass_request_headers off;",
        "proxy_connect_timeout 2s;",
        "proxy_read_timeout 10s;",
        "proxy_set_header Connection \"\";",
        "proxy_set_header Content-Length \"\";",
        "proxy_set_header Authorization $http_authorization;",
        "proxy_set_header X-Chancery-Api $chancery_api;",
        "proxy_set_header X-Chancery-Key $chancery_key;",
        "proxy_set_header X-Chancery-Revision $chancery_revision;",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "proxy_set_header X-Original-Method $request_method;",
        "proxy_set_header X-Original-Uri $request_uri;",
        "proxy_set_header X-Request-Id $request_id;",
    ]);
    put!(conf, "proxy_set_header Host \"", &authority.host, "\";");
    put!(conf, "proxy_set_header X-Chancery-Gateway \"", &name, ":", &key, "\";");
    if authority.is_https {
        put!(conf, "proxy_ssl_name \"", &authority.name, "\";");
    }
    if options.check_cache_seconds > 0 {
        // No `proxy_cache_lock`: what is not remembered (401, 403) would be asked one after the other.
        conf.lines(&[
            "proxy_cache chancery_check;",
            "proxy_cache_methods GET;",
            "proxy_cache_key \"$chancery_api|$chancery_revision|$chancery_key|$http_authorization\";",
        ]);
        put!(conf, "proxy_cache_valid 204 ", options.check_cache_seconds, "s;");
    }
    put!(conf, "}");
    Ok(())
}

/// Lines of a location that is checked. The check runs after limits by address.
pub(super) const CHECKED: [&str; 9] = [
    "set $chancery_checked 1;",
    "auth_request /-/check;",
    "auth_request_set $chancery_subject $upstream_http_x_chancery_subject;",
    "auth_request_set $chancery_client $upstream_http_x_chancery_client;",
    "auth_request_set $chancery_scopes $upstream_http_x_chancery_scopes;",
    "auth_request_set $chancery_subscription $upstream_http_x_chancery_subscription;",
    "auth_request_set $chancery_deny $upstream_http_x_chancery_deny;",
    "auth_request_set $chancery_retry $upstream_http_x_chancery_retry_after;",
    "auth_request_set $chancery_challenge $upstream_http_www_authenticate;",
];
