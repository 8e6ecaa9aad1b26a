//! The places of the pool that hashes passwords: no network has all of them, and some are kept for those
//! who are known.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::lock::lock;

/// One network may have this part of the places.
const NETWORK_PART: usize = 8;

/// Strangers have at least one place less than all in this many.
const KEPT_PART: usize = 4;

/// The least that a network may have.
const OF_NETWORK_MIN: usize = 2;

/// For whom passwords are hashed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Share {
    /// By a hash; `None` where it is not known, or does not matter.
    pub(crate) network: Option<[u8; 16]>,
    /// Whether anybody may come from there.
    pub(crate) stranger: bool,
}

/// How many are taken, in all and by network.
#[derive(Debug)]
pub(crate) struct Places {
    all: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    of_networks: HashMap<[u8; 16], usize>,
}

/// A place in use; dropping it releases it.
#[derive(Debug)]
pub(crate) struct Place {
    taken: Arc<Mutex<Taken>>,
    network: Option<[u8; 16]>,
}

impl Places {
    pub(crate) fn new(all: usize) -> Self {
        Self { all, taken: Arc::default() }
    }

    /// Takes a place, if there is one for these.
    pub(crate) fn take(&self, share: Share) -> Option<Place> {
        let kept = if share.stranger { self.all / KEPT_PART } else { 0 };
        let of_network_max = (self.all / NETWORK_PART).max(OF_NETWORK_MIN);
        let mut taken = lock(&self.taken);
        if taken.all + kept >= self.all {
            return None;
        }
        if let Some(network) = share.network {
            let of_network = taken.of_networks.entry(network).or_default();
            if *of_network >= of_network_max {
                return None;
            }
            *of_network += 1;
        }
        taken.all += 1;
        Some(Place { taken: self.taken.clone(), network: share.network })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all -= 1;
        let Some(network) = self.network else { return };
        if let Some(of_network) = taken.of_networks.get_mut(&network) {
            *of_network -= 1;
            if *of_network == 0 {
                taken.of_networks.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stranger(network: u8) -> Share {
        Share { network: Some([network; 16]), stranger: true }
    }

    fn takes(places: &Places, share: Share) -> Vec<Place> {
        std::iter::from_fn(|| places.take(share)).collect()
    }

    #[test]
    fn a_network_has_an_eighth_and_strangers_leave_a_quarter() {
        let places = Places::new(32);
        let one = takes(&places, stranger(1));
        assert_eq!(one.len(), 4);
        let others = (2..=9).map(|it| takes(&places, stranger(it))).collect::<Vec<_>>();
        assert_eq!(others.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 4, 4, 4, 0, 0, 0]);
        let known = Share { network: Some([1; 16]), stranger: false };
        assert!(places.take(known).is_none(), "a known network has its share, too");
        let usual = takes(&places, Share { network: Some([20; 16]), stranger: false });
        assert_eq!(usual.len(), 4);
        assert_eq!(takes(&places, Share::default()).len(), 4, "all are taken");
        drop(one);
        assert_eq!(takes(&places, known).len(), 4, "its places are free again");
        drop((others, usual));
        let taken = lock(&places.taken);
        assert_eq!((taken.all, taken.of_networks.len()), (0, 0));
    }
}
