//! Which gateways serve what is published, as they said themselves.

use std::time::Duration;

use domain::{TenantId, Timestamp};
use projections::GatewayRow;

use crate::access::granted::Granted;
use crate::state::app::App;

/// How long after its last call a gateway counts as reachable, in seconds.
const AWAY_SECONDS: i64 = 60;

/// The longest time that a caller may wait for gateways, in seconds.
pub(crate) const WAIT_SECONDS_MAX: u64 = 30;

/// How often a waiting caller's gateways are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The gateways of a tenant, by whether they serve the configuration of a position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Live {
    /// How many there are.
    pub(crate) gateways: usize,
    /// How many of them serve it.
    pub(crate) applied: usize,
    /// The names of the others.
    pub(crate) behind: Vec<String>,
    /// The names of those of the others that have called lately.
    reachable: Vec<String>,
}

/// Whether a gateway serves the configuration of a position, or a later one.
pub(crate) fn serves(gateway: &GatewayRow, position: u64) -> bool {
    gateway.applied.as_ref().is_some_and(|it| it.position >= position)
}

/// Which gateways of a tenant serve the configuration of a position.
pub(crate) fn live(app: &App, tenant: TenantId, position: u64, now: Timestamp) -> Live {
    let mut live = Live::default();
    for gateway in app.views.read().gateways.all_of(tenant) {
        live.gateways += 1;
        if serves(gateway, position) {
            live.applied += 1;
            continue;
        }
        live.behind.push(gateway.data.name.clone());
        let seen = app.gateways_seen.last(gateway.number);
        if seen.is_some_and(|it| now.seconds() - it.seconds() <= AWAY_SECONDS) {
            live.reachable.push(gateway.data.name.clone());
        }
    }
    live
}

/// For how long the caller wants to wait (RFC 7240 section 4.3), at most 30 s.
fn wished_wait(granted: &Granted) -> Option<Duration> {
    let wait = granted.call.header("prefer")?.split(',').find_map(|it| {
        let (name, value) = it.split(';').next()?.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| value.trim().trim_matches('"'))
    });
    let seconds = wait?.parse::<u64>().ok()?;
    Some(Duration::from_secs(seconds.min(WAIT_SECONDS_MAX)))
}

/// If the caller wants to: waits until all gateways that can be reached serve a position, or for as long
/// as was asked.
pub(crate) async fn wait_for_gateways(granted: &Granted, position: u64) -> Option<Live> {
    let wait = wished_wait(granted)?;
    let app = &granted.call.app;
    let look = || live(app, granted.tenant_id(), position, app.clock.now());
    let all_serve = async {
        while !look().reachable.is_empty() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    // Whether they do is what is told.
    let _ = tokio::time::timeout(wait, all_serve).await;
    Some(look())
}
