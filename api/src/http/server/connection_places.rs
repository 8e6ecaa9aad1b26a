//! Places for connections: so many in all, and a share of them for one network.
//!
//! If there is no free place, an idle connection makes room: the one that has been idle longest, of
//! the same network if its share is used up, else of all.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use commands::lock::lock;
use tokio::sync::Notify;

/// The addresses of one customer (see [`crate::state::network`]).
pub(super) type Network = [u8; 16];

/// The places of a listener.
#[derive(Debug)]
pub(super) struct ConnectionPlaces {
    all_max: usize,
    of_network_max: usize,
    /// Counts the moments at which connections become idle, to tell which came first.
    moments: AtomicU64,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    connections: HashMap<u64, Connection>,
    networks: HashMap<Network, HashSet<u64>>,
}

#[derive(Debug)]
struct Connection {
    /// Absent where no share is counted.
    network: Option<Network>,
    idle_since: IdleSince,
    leave: Arc<Notify>,
}

/// The moment at which a connection became idle; 0 while a request is running. Requests only set
/// this number. A new connection that needs room compares all of them, which is rare.
type IdleSince = Arc<AtomicU64>;

/// A place in use; dropping it releases it.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<ConnectionPlaces>,
    id: u64,
    leave: Arc<Notify>,
    idle_since: IdleSince,
}

impl ConnectionPlaces {
    pub(super) fn new(all_max: usize, of_network_max: usize) -> Arc<Self> {
        let (moments, taken) = Default::default();
        Arc::new(Self { all_max, of_network_max, moments, taken })
    }

    /// Takes a place, which begins as idle. Returns it, and whether another connection had to make
    /// room; `None` if no connection is idle.
    pub(super) fn take(self: &Arc<Self>, network: Option<Network>) -> Option<(Place, bool)> {
        let mut taken = self.lock();
        let of_network = network.and_then(|it| taken.networks.get(&it));
        let leaves = match of_network {
            Some(ids) if ids.len() >= self.of_network_max => {
                Some(taken.idle_longest(ids.iter().copied())?)
            }
            _ if taken.connections.len() >= self.all_max => {
                Some(taken.idle_longest(taken.connections.keys().copied())?)
            }
            _ => None,
        };
        if let Some(connection) = leaves.and_then(|it| taken.remove(it)) {
            connection.leave.notify_one();
        }
        taken.next += 1;
        let (id, leave) = (taken.next, Arc::new(Notify::new()));
        let idle_since = IdleSince::new(self.next_moment().into());
        let connection =
            Connection { network, idle_since: idle_since.clone(), leave: leave.clone() };
        taken.connections.insert(id, connection);
        if let Some(network) = network {
            taken.networks.entry(network).or_default().insert(id);
        }
        let place = Place { places: self.clone(), id, leave, idle_since };
        Some((place, leaves.is_some()))
    }

    fn next_moment(&self) -> u64 {
        self.moments.fetch_add(1, Relaxed) + 1
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Taken> {
        lock(&self.taken)
    }
}

impl Place {
    /// Sets whether a request is running on the connection.
    pub(super) fn set_idle(&self, idle: bool) {
        let was_idle = self.idle_since.load(Relaxed) != 0;
        if was_idle != idle {
            let since = if idle { self.places.next_moment() } else { 0 };
            self.idle_since.store(since, Relaxed);
        }
    }

    /// Resolves when the connection must make room for another one.
    pub(super) async fn wanted(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().remove(self.id);
    }
}

impl Taken {
    /// Which of some connections has been idle longest; none if all are busy.
    fn idle_longest(&self, ids: impl Iterator<Item = u64>) -> Option<u64> {
        let idle = ids.filter_map(|id| {
            let since = self.connections.get(&id)?.idle_since.load(Relaxed);
            (since > 0).then_some((since, id))
        });
        idle.min().map(|(_, id)| id)
    }

    fn remove(&mut self, id: u64) -> Option<Connection> {
        let connection = self.connections.remove(&id)?;
        if let Some(network) = connection.network
            && let Some(ids) = self.networks.get_mut(&network)
        {
            ids.remove(&id);
            if ids.is_empty() {
                self.networks.remove(&network);
            }
        }
        Some(connection)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const A: Option<Network> = Some([1; 16]);
    const B: Option<Network> = Some([2; 16]);

    fn must_leave(place: &Place) -> bool {
        place.wanted().now_or_never().is_some()
    }

    fn take(places: &Arc<ConnectionPlaces>, network: Option<Network>) -> Option<Place> {
        places.take(network).map(|it| it.0)
    }

    #[test]
    fn the_oldest_idle_one_of_a_network_makes_room_for_its_next() {
        let places = ConnectionPlaces::new(10, 2);
        let stranger = take(&places, B).unwrap();
        let (first, second) = (take(&places, A).unwrap(), take(&places, A).unwrap());
        first.set_idle(false);
        second.set_idle(false);
        assert!(take(&places, A).is_none(), "both are busy");
        second.set_idle(true);
        first.set_idle(true);
        let (_third, made_room) = places.take(A).unwrap();
        assert!(made_room && must_leave(&second) && !must_leave(&first) && !must_leave(&stranger));
        drop(second);
        assert_eq!(places.lock().connections.len(), 3);
        // Nobody counts those of a trusted proxy.
        let proxied = (0..7).map(|_| take(&places, None).unwrap()).collect::<Vec<_>>();
        assert!(!proxied.iter().any(must_leave));
    }

    #[test]
    fn the_oldest_idle_one_of_all_makes_room_where_all_places_are_taken() {
        let places = ConnectionPlaces::new(2, 2);
        let (first, second) = (take(&places, A).unwrap(), take(&places, None).unwrap());
        first.set_idle(false);
        let third = take(&places, B).unwrap();
        assert!(!must_leave(&first) && must_leave(&second));
        third.set_idle(false);
        assert!(take(&places, B).is_none() && take(&places, None).is_none());
        drop((first, second, third));
        let taken = places.lock();
        assert!(taken.connections.is_empty() && taken.networks.is_empty());
    }
}
