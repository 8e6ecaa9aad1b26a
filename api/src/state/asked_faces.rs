//! What faces ask of callers, for those that were called lately.

use std::sync::{Arc, Mutex};

use commands::lock::lock;
use domain::resource::Authentication;

use super::recent::Recent;

/// How many faces are remembered: those that were read longest ago go.
const FACES_MAX: usize = 4_096;

/// What a face asks of callers.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) products: Vec<String>,
    pub(crate) authentication: Authentication,
}

/// Faces by the positions of the events that say them: an event never changes.
#[derive(Debug)]
pub(crate) struct AskedFaces(Mutex<Recent<u64, Option<Arc<Asked>>>>);

impl Default for AskedFaces {
    fn default() -> Self {
        Self(Mutex::new(Recent::new(FACES_MAX)))
    }
}

impl AskedFaces {
    pub(crate) fn get(&self, position: u64) -> Option<Arc<Asked>> {
        lock(&self.0).get(&position).cloned().flatten()
    }

    pub(crate) fn keep(&self, position: u64, asked: Arc<Asked>) {
        lock(&self.0).change(position, |it| *it = Some(asked));
    }
}
