//! States of aggregates by version, so that a busy one is not folded again for every command.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use domain::{Aggregate, StreamId};

use crate::lock::lock;

/// How many states are kept; then the older half goes.
const STATES_MAX: usize = 20_000;

type State = (u32, Arc<dyn Any + Send + Sync>);

/// Two generations: what was not asked for while the younger one filled is dropped.
#[derive(Default)]
pub(crate) struct StateCache {
    generations: Mutex<[HashMap<StreamId, State>; 2]>,
}

impl StateCache {
    pub(crate) fn get<A: Aggregate>(&self, stream: &StreamId) -> Option<(A, u32)> {
        let mut generations = lock(&self.generations);
        let [young, old] = &mut *generations;
        let (version, state) = match young.get(stream) {
            Some(state) => state.clone(),
            None => {
                let state = old.remove(stream)?;
                young.insert(stream.clone(), state.clone());
                state
            }
        };
        state.downcast_ref::<A>().map(|it| (it.clone(), version))
    }

    pub(crate) fn put<A: Aggregate>(&self, stream: &StreamId, state: &A, version: u32) {
        let mut generations = lock(&self.generations);
        let [young, old] = &mut *generations;
        if young.get(stream).is_some_and(|(known, _)| *known >= version) {
            return;
        }
        if young.len() >= STATES_MAX / 2 {
            *old = std::mem::take(young);
        }
        old.remove(stream);
        young.insert(stream.clone(), (version, Arc::new(state.clone())));
    }
}
