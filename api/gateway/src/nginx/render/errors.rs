//! What nginx answers by itself: problems (RFC 9457), never its pages.

use crate::nginx::conf::Conf;

/// No location has the path.
pub(super) const NO_API: &str = "return 404 '{\"status\":404,\"title\":\"no API has this path\"}';";

/// The path is there, the version is not.
pub(super) const NO_VERSION: &str = "return 404 '{\"status\":404,\"title\":\"no such version\"}';";

/// The host of an upstream is not known or not allowed.
pub(super) const NO_UPSTREAM: &str =
    "return 503 '{\"status\":503,\"title\":\"the upstream of this API cannot be reached\"}';";

/// Where errors lead.
///
/// `error_page 401` needs no header: nginx passes the challenge of the check on by itself.
/// `error_page 403 =` takes the status of the location; without the sign it would stay 403. A failed
/// check is 500 to nginx. Errors of requests that nginx could not read have no path, by which a named
/// location cannot be reached: those have addresses of their own.
const PAGES: [&str; 13] = [
    "error_page 401 @unauthorized;",
    "error_page 403 = @denied;",
    "error_page 404 @absent;",
    "error_page 413 @large;",
    "error_page 429 @limited;",
    "error_page 500 = @away;",
    "error_page 502 @broken;",
    "error_page 504 @slow;",
    "error_page 400 /-/error/400;",
    "error_page 405 /-/error/405;",
    "error_page 408 /-/error/408;",
    "error_page 414 /-/error/414;",
    "error_page 494 =431 /-/error/431;",
];

/// The errors with addresses of their own.
const UNREAD: [[&str; 2]; 5] = [
    [
        "location = /-/error/400 {",
        "return 400 '{\"status\":400,\"title\":\"the request cannot be read\"}';",
    ],
    [
        "location = /-/error/405 {",
        "return 405 '{\"status\":405,\"title\":\"the method is not allowed\"}';",
    ],
    [
        "location = /-/error/408 {",
        "return 408 '{\"status\":408,\"title\":\"the request took too long\"}';",
    ],
    [
        "location = /-/error/414 {",
        "return 414 '{\"status\":414,\"title\":\"the address is too long\"}';",
    ],
    [
        "location = /-/error/431 {",
        "return 431 '{\"status\":431,\"title\":\"the headers are too long\"}';",
    ],
];

/// What the check denied, by the reason that it gave.
const DENIED: [&str; 9] = [
    "add_header Retry-After $chancery_retry always;",
    "add_header WWW-Authenticate $chancery_challenge always;",
    "if ($chancery_deny = rate) {",
    "return 429 '{\"status\":429,\"title\":\"too many requests\"}';",
    "}",
    "if ($chancery_deny = unknown) {",
    "return 404 '{\"status\":404,\"title\":\"no such API\"}';",
    "}",
    "return 403 '{\"status\":403,\"title\":\"not allowed\"}';",
];

/// A limit by address.
const LIMITED: [&str; 2] = [
    "add_header Retry-After $chancery_limit_retry always;",
    "return 429 '{\"status\":429,\"title\":\"too many requests\"}';",
];

/// The check failed, if there was one.
const AWAY: [&str; 5] = [
    "if ($chancery_checked = \"\") {",
    "return 500 '{\"status\":500,\"title\":\"the gateway failed\"}';",
    "}",
    "add_header Retry-After 5 always;",
    "return 503 '{\"status\":503,\"title\":\"the authority cannot be asked\"}';",
];

const UNAUTHORIZED: &str =
    "return 401 '{\"status\":401,\"title\":\"a valid token or key is needed\"}';";
const LARGE: &str = "return 413 '{\"status\":413,\"title\":\"the request is too large\"}';";
const BROKEN: &str = "return 502 '{\"status\":502,\"title\":\"the upstream cannot be reached\"}';";
const SLOW: &str = "return 504 '{\"status\":504,\"title\":\"the upstream does not answer\"}';";

/// Locations of errors, for a server.
pub(super) fn write(conf: &mut Conf) {
    conf.lines(&PAGES);
    for [location, answer] in UNREAD {
        conf.lines(&[location, "internal;", answer, "}"]);
    }
    named(conf, "location @unauthorized {", &[UNAUTHORIZED]);
    named(conf, "location @denied {", &DENIED);
    named(conf, "location @absent {", &[NO_API]);
    named(conf, "location @large {", &[LARGE]);
    named(conf, "location @limited {", &LIMITED);
    named(conf, "location @away {", &AWAY);
    named(conf, "location @broken {", &[BROKEN]);
    named(conf, "location @slow {", &[SLOW]);
}

/// A named location. Pages of other origins may read what it answers if they may read the API.
fn named(conf: &mut Conf, name: &'static str, lines: &[&'static str]) {
    conf.lines(&[
        name,
        "add_header Access-Control-Allow-Origin $chancery_cors always;",
        "add_header Access-Control-Allow-Credentials $chancery_cors_credentials always;",
        "add_header Vary $chancery_vary always;",
    ]);
    conf.lines(lines);
    conf.lines(&["}"]);
}
