//! One shared copy of every stored name: a million events do not hold a million strings.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use domain::AnyEvent;

/// The shared copy of a known name; a new one for a name that this program does not know.
pub(crate) fn intern(kind: &str) -> Arc<str> {
    static KNOWN: OnceLock<HashMap<&'static str, Arc<str>>> = OnceLock::new();
    let known =
        KNOWN.get_or_init(|| AnyEvent::kinds().into_iter().map(|it| (it, Arc::from(it))).collect());
    known.get(kind).cloned().unwrap_or_else(|| Arc::from(kind))
}
