//! A panic is a fault of the program: it is logged where all else is, with its place, and counted.
//! Its text is not, where it was put together at run time: it may hold what a caller sent.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static COUNT: AtomicU64 = AtomicU64::new(0);

/// Makes panics log lines from now on.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(|info| {
        COUNT.fetch_add(1, Relaxed);
        let place = info.location().map_or_else(String::new, ToString::to_string);
        let why = info.payload().downcast_ref::<&'static str>().copied().unwrap_or("(not shown)");
        let thread = std::thread::current();
        tracing::error!(place, why, thread = thread.name().unwrap_or(""), "a thread panicked");
    }));
}

/// How many there were since the program began.
pub(crate) fn count() -> u64 {
    COUNT.load(Relaxed)
}
