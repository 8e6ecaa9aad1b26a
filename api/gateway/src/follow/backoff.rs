//! Waiting longer after each failure.

use std::time::Duration;

/// 1, 2, 4, … seconds, up to a maximum.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
    max: Duration,
}

/// The first wait.
const FIRST: Duration = Duration::from_secs(1);

impl Backoff {
    pub(super) fn new(max: Duration) -> Self {
        Self { next: FIRST.min(max), max }
    }

    /// How long to wait after one more failure.
    pub(super) fn wait(&mut self) -> Duration {
        let wait = self.next;
        self.next = wait.saturating_mul(2).min(self.max);
        wait
    }

    /// All is well again.
    pub(super) fn reset(&mut self) {
        self.next = FIRST.min(self.max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_its_end_and_begins_anew() {
        let mut backoff = Backoff::new(Duration::from_secs(60));
        let waits = (0..8).map(|_| backoff.wait().as_secs()).collect::<Vec<_>>();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        backoff.reset();
        assert_eq!(backoff.wait(), FIRST);
    }
}
