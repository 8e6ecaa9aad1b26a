//! The two clocks of the program: what time it is, and how long something lasts.
//!
//! The wall clock may be wrong and may jump; it is compared with stored times (ends of tokens and
//! keys). The monotonic clock only goes forward; everything that is remembered for a limited time
//! in memory uses it. A test shifts both instead of sleeping.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use domain::Timestamp;

/// Reads both clocks. Copies of one clock are shifted together.
#[derive(Debug, Clone)]
pub struct Clock {
    began: Instant,
    shift: Arc<Shift>,
}

/// How far a test has moved the clocks, in microseconds.
#[derive(Debug, Default)]
struct Shift {
    wall: AtomicI64,
    monotonic: AtomicI64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { began: Instant::now(), shift: Arc::default() }
    }
}

impl Clock {
    /// The time of day.
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the clocks")]
    pub fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let micros = i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX);
        Timestamp(micros.saturating_add(self.shift.wall.load(Relaxed)))
    }

    /// How long this clock has run. It never goes back, whatever happens to the wall clock.
    pub fn monotonic(&self) -> Duration {
        let shift = u64::try_from(self.shift.monotonic.load(Relaxed)).unwrap_or(0);
        self.began.elapsed() + Duration::from_micros(shift)
    }

    /// For tests: sets the time of day forward, or back if negative, as a wrong clock does.
    pub fn shift_wall(&self, seconds: i64) {
        self.shift.wall.fetch_add(seconds.saturating_mul(1_000_000), Relaxed);
    }

    /// For tests: lets time pass on both clocks.
    pub fn pass(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        self.shift.wall.fetch_add(micros, Relaxed);
        self.shift.monotonic.fetch_add(micros, Relaxed);
    }
}
