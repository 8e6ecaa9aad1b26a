//! States of aggregates by version, so that the events of a busy aggregate are not folded again for
//! every command.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use domain::{Aggregate, StreamId, TenantId};

use crate::lock::lock;

/// The most states that are kept; beyond it, the older half is dropped.
const STATES_MAX: usize = 20_000;

/// A state, its version, and the tenant that its stream belongs to, once that is known.
#[derive(Clone, Default)]
pub(crate) struct Loaded<A> {
    pub(crate) state: A,
    pub(crate) version: u32,
    pub(crate) tenant: Option<TenantId>,
}

#[derive(Clone)]
struct Kept {
    state: Arc<dyn Any + Send + Sync>,
    version: u32,
    tenant: Option<TenantId>,
}

/// Two generations: entries that were not used while the younger generation filled are dropped.
#[derive(Default)]
pub(crate) struct StateCache {
    generations: Mutex<[HashMap<StreamId, Kept>; 2]>,
}

impl StateCache {
    pub(crate) fn get<A: Aggregate>(&self, stream: &StreamId) -> Option<Loaded<A>> {
        let mut generations = lock(&self.generations);
        let [young, old] = &mut *generations;
        let Kept { state, version, tenant } = match young.get(stream) {
            Some(kept) => kept.clone(),
            None => {
                let kept = old.remove(stream)?;
                young.insert(stream.clone(), kept.clone());
                kept
            }
        };
        let state = state.downcast_ref::<A>()?.clone();
        Some(Loaded { state, version, tenant })
    }

    pub(crate) fn put<A: Aggregate>(&self, stream: &StreamId, loaded: &Loaded<A>) {
        let mut generations = lock(&self.generations);
        let [young, old] = &mut *generations;
        let Loaded { state, version, tenant } = loaded;
        if young.get(stream).is_some_and(|known| known.version >= *version) {
            return;
        }
        if young.len() >= STATES_MAX / 2 {
            *old = std::mem::take(young);
        }
        old.remove(stream);
        let state = Arc::new(state.clone());
        young.insert(stream.clone(), Kept { state, version: *version, tenant: *tenant });
    }
}
