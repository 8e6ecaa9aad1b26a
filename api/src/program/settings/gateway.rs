//! Options of the gateway's side.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use ipnet::IpNet;

use crate::state::proxies::parse_network;

/// What follows the server's configuration of gateways.
#[derive(Debug, Subcommand)]
pub(crate) enum GatewayWhat {
    /// Keep an nginx up to date: write its files, reload it, prove it, report the position.
    #[command(
        after_help = "Files are written into --out, readable by this user only. With --manage, nginx runs as a child and is started again when it ends; with --pid, it is one that somebody else started with the nginx.conf there. /health and /metrics are at the address after --status."
    )]
    Nginx(Box<GatewayNginx>),
    /// Keep any other gateway up to date: write the configuration as JSON and run a command.
    #[command(
        after_help = "The command of the shell finds the file in CHANCERY_FILE and the position in CHANCERY_POSITION. Exit status 0 within 60 s means that the configuration is served."
    )]
    Json(GatewayJson),
}

/// Which server a gateway follows, and as whom.
#[derive(Debug, Args)]
pub(crate) struct Followed {
    /// The server to follow.
    #[arg(long, env = "CHANCERY_GATEWAY_SERVER", value_name = "URL")]
    pub(crate) server: String,

    /// The file with this gateway's key. It is read again at each question.
    #[arg(long, env = "CHANCERY_GATEWAY_KEY_FILE", value_name = "FILE")]
    pub(crate) key_file: PathBuf,

    /// The name under which this gateway is registered.
    #[arg(long, env = "CHANCERY_GATEWAY_NAME", value_name = "NAME")]
    pub(crate) name: String,

    /// Do it once, report, and end: exit 0 if the configuration is served.
    #[arg(long)]
    pub(crate) once: bool,
}

/// Options of `gateway nginx`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("master").required(true).args(["manage", "pid"]))]
pub(crate) struct GatewayNginx {
    #[command(flatten)]
    pub(crate) followed: Followed,

    /// The folder for nginx's files. One follower at a time uses it.
    #[arg(long, env = "CHANCERY_GATEWAY_OUT", value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// The address at which nginx takes requests.
    #[arg(long, env = "CHANCERY_GATEWAY_LISTEN", value_name = "ADDR")]
    pub(crate) listen: SocketAddr,

    /// The address at which nginx says which position it serves; only this machine should reach it.
    /// The follower's own /health and /metrics are at the next port.
    #[arg(
        long,
        env = "CHANCERY_GATEWAY_STATUS",
        default_value = "127.0.0.1:8091",
        value_name = "ADDR"
    )]
    pub(crate) status: SocketAddr,

    /// The program nginx.
    #[arg(long, env = "CHANCERY_GATEWAY_NGINX", default_value = "nginx", value_name = "PROGRAM")]
    pub(crate) nginx: PathBuf,

    /// Start nginx, and start it again when it ends.
    #[arg(long)]
    pub(crate) manage: bool,

    /// The file with the process id of an nginx that somebody else starts.
    #[arg(long, value_name = "FILE")]
    pub(crate) pid: Option<PathBuf>,

    /// Remember for so many seconds what the server said of a token and key; 0: not at all. A revoked
    /// token lives so much longer; known callers are served while the server is away.
    #[arg(
        long,
        env = "CHANCERY_GATEWAY_CHECK_CACHE",
        default_value_t = 0,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u32).range(0..=3_600)
    )]
    pub(crate) check_cache: u32,

    /// Accept a subscription's key also in the query, as subscription-key. The upstream sees it then.
    #[arg(long, env = "CHANCERY_GATEWAY_KEY_IN_QUERY")]
    pub(crate) key_in_query: bool,

    /// Upstreams besides public addresses: a network (10.1.0.0/16), a host with an optional port
    /// (127.0.0.1:9000), all hosts below a name (*.svc.example); several with commas.
    #[arg(long, env = "CHANCERY_GATEWAY_UPSTREAMS", value_name = "PATTERN", value_delimiter = ',')]
    pub(crate) upstreams: Vec<String>,

    /// A proxy before nginx whose X-Forwarded-For is believed: an address or a network; several
    /// with commas.
    #[arg(
        long,
        env = "CHANCERY_GATEWAY_TRUSTED_PROXIES",
        value_name = "ADDR",
        value_delimiter = ',',
        value_parser = parse_network
    )]
    pub(crate) trusted_proxies: Vec<IpNet>,

    /// The certificates by which https upstreams are verified.
    #[arg(
        long,
        env = "CHANCERY_GATEWAY_CERTIFICATES",
        default_value = "/etc/ssl/certs/ca-certificates.crt",
        value_name = "FILE"
    )]
    pub(crate) certificates: PathBuf,
}

/// Options of `gateway json`.
#[derive(Debug, Args)]
pub(crate) struct GatewayJson {
    #[command(flatten)]
    pub(crate) followed: Followed,

    /// The file for the configuration. Its state and lock lie beside it.
    #[arg(long, env = "CHANCERY_GATEWAY_OUT", value_name = "FILE")]
    pub(crate) out: PathBuf,

    /// The command of the shell that is run for each configuration.
    #[arg(long, env = "CHANCERY_GATEWAY_RUN", value_name = "COMMAND")]
    pub(crate) run: String,
}
