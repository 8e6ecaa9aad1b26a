//! The main file, `nginx.conf`, and the throw-away one by which a new generation is tried.

use std::path::Path;

use super::conf::{Conf, put};
use super::options::NginxVersion;
use super::safe::{RenderRefused, Safe};

/// Connections of one worker.
const CONNECTIONS_MAX: u32 = 8_192;

/// What a main file depends on.
#[derive(Debug, Clone, Copy)]
pub struct MainFile<'a> {
    /// The gateway's folder, by its whole path.
    pub dir: &'a Path,
    /// The `gateway.conf` that it includes.
    pub include: &'a Path,
    /// Where the process id of the master is written.
    pub pid: &'a Path,
    /// Whether keys may stand in queries: then lines about single requests are not logged.
    pub key_in_query: bool,
    /// For which nginx it is written.
    pub version: NginxVersion,
}

/// Writes a main file.
///
/// # Errors
/// When a path has a character that nginx would read as something else.
pub fn render_main(it: &MainFile<'_>) -> Result<String, RenderRefused> {
    let mut conf = Conf::default();
    let dir = Safe::path("the folder", it.dir)?;
    put!(conf, "# Written by chancery gateway nginx, at each start.");
    conf.lines(&["worker_processes auto;", "worker_shutdown_timeout 30s;"]);
    put!(conf, "pid \"", &Safe::path("the pid file", it.pid)?, "\";");
    let level = if it.key_in_query { "\" crit;" } else { "\" warn;" };
    put!(conf, "error_log \"", &dir, "/error.log", level);
    put!(conf, "events {");
    put!(conf, "worker_connections ", CONNECTIONS_MAX, ";");
    put!(conf, "}");
    put!(conf, "http {");
    for (directive, folder) in [
        ("client_body_temp_path \"", "/temp/body\";"),
        ("proxy_temp_path \"", "/temp/proxy\";"),
        ("fastcgi_temp_path \"", "/temp/fastcgi\";"),
        ("uwsgi_temp_path \"", "/temp/uwsgi\";"),
        ("scgi_temp_path \"", "/temp/scgi\";"),
    ] {
        put!(conf, directive, &dir, folder);
    }
    // Requests are not logged: their queries and headers may hold keys and tokens.
    conf.lines(&["access_log off;", "server_tokens off;", "absolute_redirect off;"]);
    conf.lines(&[
        "keepalive_timeout 75s;",
        "client_header_timeout 30s;",
        "client_body_timeout 60s;",
    ]);
    if it.version >= NginxVersion::KEEPALIVE_MIN {
        put!(conf, "keepalive_min_timeout 5s;");
    }
    conf.lines(&["large_client_header_buffers 4 16k;", "client_max_body_size 100m;"]);
    put!(conf, "include \"", &Safe::path("the file", it.include)?, "\";");
    put!(conf, "}");
    Ok(conf.into_text())
}
