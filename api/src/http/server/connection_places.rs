//! Places for connections: so many in all, and a share of them for one network.
//!
//! A connection on which nothing is under way makes room when there is no other place: the one that
//! has been idle longest, of the network whose share is full, else of all.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// The addresses of one customer (see [`crate::http::network`]).
pub(super) type Network = [u8; 16];

/// The places of a listener.
#[derive(Debug)]
pub(super) struct ConnectionPlaces {
    all_max: usize,
    of_network_max: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    connections: HashMap<u64, Connection>,
    /// By the moment at which they became idle.
    idle: BTreeMap<u64, u64>,
    networks: HashMap<Network, OfNetwork>,
}

#[derive(Debug)]
struct Connection {
    /// Absent where no share is counted.
    network: Option<Network>,
    idle_since: Option<u64>,
    leave: Arc<Notify>,
}

#[derive(Debug, Default)]
struct OfNetwork {
    count: usize,
    idle: BTreeMap<u64, u64>,
}

/// A taken place, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<ConnectionPlaces>,
    id: u64,
    leave: Arc<Notify>,
    idle: AtomicBool,
}

impl ConnectionPlaces {
    pub(super) fn new(all_max: usize, of_network_max: usize) -> Arc<Self> {
        Arc::new(Self { all_max, of_network_max, taken: Mutex::default() })
    }

    /// Takes a place, which begins idle. Returns it, and whether another connection had to leave
    /// for it; nothing if all that could make room are busy.
    pub(super) fn take(self: &Arc<Self>, network: Option<Network>) -> Option<(Place, bool)> {
        let mut taken = self.lock();
        let of_network = network.and_then(|it| taken.networks.get(&it));
        let leaves = match of_network {
            Some(it) if it.count >= self.of_network_max => Some(*it.idle.first_key_value()?.1),
            _ if taken.connections.len() >= self.all_max => Some(*taken.idle.first_key_value()?.1),
            _ => None,
        };
        if let Some(connection) = leaves.and_then(|it| taken.remove(it)) {
            connection.leave.notify_one();
        }
        let id = taken.next();
        let leave = Arc::new(Notify::new());
        let connection = Connection { network, idle_since: None, leave: leave.clone() };
        taken.connections.insert(id, connection);
        if let Some(network) = network {
            taken.networks.entry(network).or_default().count += 1;
        }
        taken.set_idle(id, true);
        let place = Place { places: self.clone(), id, leave, idle: true.into() };
        Some((place, leaves.is_some()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Says whether something is under way on the connection.
    pub(super) fn set_idle(&self, idle: bool) {
        if self.idle.swap(idle, Relaxed) != idle {
            self.places.lock().set_idle(self.id, idle);
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
    fn next(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn set_idle(&mut self, id: u64, idle: bool) {
        let now = self.next();
        // One that has to leave is not here any more.
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let before = std::mem::replace(&mut connection.idle_since, idle.then_some(now));
        let of_network = connection.network.and_then(|it| self.networks.get_mut(&it));
        let lists = [Some(&mut self.idle), of_network.map(|it| &mut it.idle)];
        for list in lists.into_iter().flatten() {
            if let Some(before) = before {
                list.remove(&before);
            }
            if idle {
                list.insert(now, id);
            }
        }
    }

    fn remove(&mut self, id: u64) -> Option<Connection> {
        self.set_idle(id, false);
        let connection = self.connections.remove(&id)?;
        if let Some(network) = connection.network
            && let Some(of_network) = self.networks.get_mut(&network)
        {
            of_network.count -= 1;
            if of_network.count == 0 {
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
        assert!(taken.connections.is_empty() && taken.idle.is_empty() && taken.networks.is_empty());
    }
}
