//! Signatures that were seen recently, whatever their outcome: a second use is a replay. Those that
//! led to tokens are also in the log, for a day and across restarts.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use commands::lock::lock;
use domain::CommandId;

/// The most signatures of one generation; further callers are told to try again.
const GENERATION_MAX: usize = 500_000;

/// The shortest lifetime of a generation, in seconds.
const GENERATION_SECONDS_MIN: i64 = 21;

/// Whether a signature was never seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    Yes,
    No,
    /// Unknown: too many others came.
    Full,
}

/// The signatures, in two generations: each is remembered for at least the lifetime of one, and at
/// most of two.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: HashSet<CommandId>,
    old: HashSet<CommandId>,
    /// On the monotonic clock: the wall clock may jump.
    began: Duration,
}

impl Seen {
    /// Records a signature. It is valid for `window_seconds` before and after its signed time.
    pub(crate) fn first(&self, id: CommandId, now: Duration, window_seconds: i64) -> First {
        let life = (2 * window_seconds + 1).max(GENERATION_SECONDS_MIN);
        let life = Duration::from_secs(life.unsigned_abs());
        let mut seen = lock(&self.0);
        if now >= seen.began + 2 * life {
            *seen = Generations { began: now, ..Generations::default() };
        } else if now >= seen.began + life {
            seen.old = std::mem::take(&mut seen.young);
            seen.began = now;
        }
        if seen.young.contains(&id) || seen.old.contains(&id) {
            return First::No;
        }
        if seen.young.len() >= GENERATION_MAX {
            return First::Full;
        }
        seen.young.insert(id);
        First::Yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_seen_for_as_long_as_it_can_count() {
        let (seen, start) = (Seen::default(), Duration::from_secs(1_000));
        let first = |id: u8, second| {
            seen.first(CommandId([id; 16]), start + Duration::from_secs(second), 10)
        };
        assert_eq!(first(1, 0), First::Yes);
        assert_eq!(first(2, 20), First::Yes);
        for second in 0..=20 {
            assert_eq!(first(1, second), First::No, "{second}");
            assert_eq!(first(2, 20 + second), First::No, "{second}");
        }
        assert_eq!(first(1, 62), First::Yes, "two generations later nothing is kept");
    }
}
