//! How far one comparison goes.

use std::time::{Duration, Instant};

use crate::limits::{COMPARE_SECONDS_MAX, STEPS_MAX};

/// The comparison went as far as it may.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooComplex;

/// The steps that a text costs which is looked up or copied.
pub(crate) fn cost(text: &str) -> usize {
    /// Bytes that cost as much as one step.
    const BYTES: usize = 64;
    text.len().div_euclid(BYTES).saturating_add(1)
}

/// What is left of steps and time.
#[derive(Debug)]
pub(crate) struct Budget {
    left: u64,
    until: Instant,
    /// Steps until the clock is read again.
    unread: u64,
}

/// Steps between two looks at the clock.
const STEPS_UNREAD: u64 = 1_000;

/// What is spent here is finer than the steps of the limit: a keyword of a schema, not the schema.
const PARTS_OF_A_STEP: u64 = 4;

impl Budget {
    pub(crate) fn new() -> Self {
        let until = Instant::now() + Duration::from_secs(COMPARE_SECONDS_MAX);
        Self { left: STEPS_MAX * PARTS_OF_A_STEP, until, unread: STEPS_UNREAD }
    }

    /// Takes some parts of steps.
    pub(crate) fn spend(&mut self, steps: usize) -> Result<(), TooComplex> {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(steps).ok_or(TooComplex)?;
        match self.unread.checked_sub(steps) {
            Some(unread) => self.unread = unread,
            None if Instant::now() > self.until => return Err(TooComplex),
            None => self.unread = STEPS_UNREAD,
        }
        Ok(())
    }
}
