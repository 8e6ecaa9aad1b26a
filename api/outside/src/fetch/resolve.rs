//! Looking up names, so that only allowed addresses come of it.

use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::Outbound;

/// What a name resolves to.
pub(super) type LookedUp = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// A way to look up names.
pub(super) type Lookup = Arc<dyn Fn(String) -> LookedUp + Send + Sync>;

/// As the rest of the machine does.
pub(super) fn by_the_system() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|it| it.ip()).collect())
        })
    })
}

/// Resolves names to those of their addresses that may be reached. The client connects to what it
/// is given here, so there is no second look-up that could answer otherwise.
pub(super) struct Resolver {
    outbound: Arc<Outbound>,
    lookup: Lookup,
}

impl Resolver {
    pub(super) fn new(outbound: Arc<Outbound>, lookup: Lookup) -> Self {
        Self { outbound, lookup }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let outbound = Arc::clone(&self.outbound);
        let name = name.as_str().to_owned();
        let looked_up = (self.lookup)(name.clone());
        Box::pin(async move {
            let found = looked_up.await?;
            if found.is_empty() {
                return Err(io::Error::from(io::ErrorKind::NotFound).into());
            }
            let mut allowed = found;
            allowed.retain(|it| outbound.allows_at(&name, *it));
            if allowed.is_empty() {
                return Err(Forbidden.into());
            }
            // The client puts the port of the URL in.
            Ok(Box::new(allowed.into_iter().map(|it| SocketAddr::new(it, 0))) as Addrs)
        })
    }
}

/// A name has addresses, and none may be reached.
#[derive(Debug, thiserror::Error)]
#[error("no address that may be reached")]
struct Forbidden;

/// Whether something failed since a name has only forbidden addresses.
pub(super) fn is_forbidden(err: &(dyn Error + 'static)) -> bool {
    let mut next = Some(err);
    while let Some(err) = next {
        if err.is::<Forbidden>() {
            return true;
        }
        next = err.source();
    }
    false
}
