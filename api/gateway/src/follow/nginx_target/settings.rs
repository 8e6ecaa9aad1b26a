//! What an nginx is made to serve with.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use url::Url;

use crate::follow::upstreams::Allowed;

/// Who starts nginx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Master {
    /// The follower: as a child, again when it ends.
    Manage,
    /// Somebody else; its process id is in this file.
    PidFile(PathBuf),
}

/// What an nginx is made to serve with.
#[derive(Debug, Clone)]
pub struct NginxSettings {
    /// The folder for its files.
    pub dir: PathBuf,
    /// The gateway's name at the server: letters, digits and `- . _`.
    pub name: String,
    /// The server: http or https, without credentials, query and fragment.
    pub server: Url,
    /// Where callers come in.
    pub listen: SocketAddr,
    /// Where nginx says which file it serves; an address that only this machine reaches.
    pub status: SocketAddr,
    /// The program.
    pub program: PathBuf,
    /// Who starts it.
    pub master: Master,
    /// For how many seconds answers of the server are remembered, 0 to 3,600.
    pub check_cache_seconds: u32,
    /// Whether a key may also stand in the query.
    pub key_in_query: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Which upstreams may be reached.
    pub allowed: Allowed,
    /// The certificates that https upstreams are verified by.
    pub certificates: PathBuf,
}
