//! Upstreams: one block for each scheme, host and port.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use url::Url;

use crate::configuration::Configuration;
use crate::nginx::conf::{Conf, put};
use crate::nginx::options::{HostPort, RenderOptions};
use crate::nginx::safe::{RenderRefused, Safe};

/// The most addresses of one host that are used.
const ADDRESSES_MAX: usize = 16;

/// Where the requests of a version go.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub(super) is_https: bool,
    pub(super) at: HostPort,
    /// The path before the rest of a request, without a slash at its end; may be empty.
    pub(super) base: Safe,
    /// What the header `Host` says.
    pub(super) host: Safe,
    /// What the certificate must be for.
    pub(super) name: Safe,
}

impl Service {
    /// Reads the URL of a service. `what` names it in a refusal.
    pub(super) fn read(what: &str, url: &str) -> Result<Self, RenderRefused> {
        let refused = |why| RenderRefused::new(what, why);
        if url.len() > 2_000 {
            return Err(refused("is longer than 2,000 bytes"));
        }
        let url = Url::parse(url).map_err(|_| refused("is not a URL"))?;
        Self::of(what, &url)
    }

    /// As [`Self::read`], of a URL that was parsed.
    pub(super) fn of(what: &str, url: &Url) -> Result<Self, RenderRefused> {
        let refused = |why| RenderRefused::new(what, why);
        let is_https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(refused("is not an http or https URL")),
        };
        let has_more = url.query().is_some() || url.fragment().is_some();
        if has_more || !url.username().is_empty() || url.password().is_some() {
            return Err(refused("has credentials, a query or a fragment"));
        }
        let at = host_port(url).ok_or_else(|| refused("has no host"))?;
        // The parser leaves no other character in a host; this is what says so.
        let name = Safe::word(what, at.host.trim_matches(['[', ']']), "-._:")?;
        let host = match url.port() {
            Some(port) => format!("{}:{port}", at.host),
            None => at.host.clone(),
        };
        let host = Safe::text(what, &host)?;
        let base = Safe::text(what, url.path().trim_end_matches('/'))?;
        Ok(Self { is_https, at, base, host, name })
    }
}

fn host_port(url: &Url) -> Option<HostPort> {
    let host = url.host_str().filter(|it| !it.is_empty())?.to_owned();
    Some(HostPort { host, port: url.port_or_known_default()? })
}

/// The hosts that requests may go to by this configuration, to be looked up before it is written.
pub fn upstreams_of(configuration: &Configuration) -> BTreeSet<HostPort> {
    let urls = urls(configuration).map(|(_, url)| url);
    urls.filter_map(|it| host_port(&Url::parse(it).ok()?)).collect()
}

/// Every URL of a service, each with the id of its API.
fn urls(configuration: &Configuration) -> impl Iterator<Item = (&str, &str)> {
    let apis = configuration.tenants.iter().flat_map(|it| &it.apis);
    apis.flat_map(|it| &it.versions).flat_map(|it| {
        let online = it.online.iter().map(|online| online.service_url.as_str());
        online.chain([it.service_url.as_str()]).map(|url| (it.api_id.as_str(), url))
    })
}

/// The upstreams that can be reached, numbered.
pub(super) struct Services {
    /// By whether https, host and port.
    reached: BTreeMap<(bool, HostPort), (usize, Vec<IpAddr>)>,
}

impl Services {
    /// Those of a configuration; says which hosts have no address.
    pub(super) fn of(
        configuration: &Configuration,
        options: &RenderOptions,
        warnings: &mut Vec<String>,
    ) -> Result<Self, RenderRefused> {
        let mut reached = BTreeMap::new();
        let mut missing = BTreeSet::new();
        for (api_id, url) in urls(configuration) {
            let service = Service::read(&what(api_id)?, url)?;
            match options.upstreams.get(&service.at).filter(|it| !it.is_empty()) {
                Some(addresses) => {
                    reached.insert((service.is_https, service.at), (0, addresses.clone()));
                }
                None => drop(missing.insert(service.at)),
            }
        }
        for (number, it) in (1..).zip(reached.values_mut()) {
            it.0 = number;
        }
        for it in missing {
            let HostPort { host, port } = it;
            warnings.push(format!("the upstream {host}:{port} is not known or not allowed"));
        }
        Ok(Self { reached })
    }

    /// The number of its block, if it can be reached.
    pub(super) fn number(&self, service: &Service) -> Option<usize> {
        self.reached.get(&(service.is_https, service.at.clone())).map(|it| it.0)
    }

    pub(super) fn write(&self, conf: &mut Conf, options: &RenderOptions) {
        let authority = &options.authority;
        put!(conf, "upstream chancery_authority {");
        let port = authority.url.port_or_known_default().unwrap_or(80);
        addresses(conf, &authority.addresses, port);
        conf.lines(&["keepalive 32;", "}"]);
        for ((_, at), (number, found)) in &self.reached {
            put!(conf, "upstream chancery_u_", *number, " {");
            addresses(conf, found, at.port);
            conf.lines(&["keepalive 16;", "}"]);
        }
    }
}

/// What a refusal calls the URL of an API.
pub(super) fn what(api_id: &str) -> Result<String, RenderRefused> {
    let id = Safe::word("the id of an API", api_id, "")?;
    Ok(format!("the serviceUrl of API {}", id.as_str()))
}

fn addresses(conf: &mut Conf, found: &[IpAddr], port: u16) {
    for it in found.iter().take(ADDRESSES_MAX) {
        put!(conf, "server ", SocketAddr::new(*it, port), ";");
    }
}
