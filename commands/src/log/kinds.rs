//! One shared copy of every kind and category: a million events do not hold a million strings.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use domain::AnyEvent;

/// The shared copy of a known name; a new one for a name that this program does not know.
pub(crate) fn intern(name: &str) -> Arc<str> {
    static KNOWN: OnceLock<HashMap<&'static str, Arc<str>>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| {
        let kinds = AnyEvent::kinds();
        let categories = kinds.iter().filter_map(|it| it.split('.').next());
        kinds.iter().copied().chain(categories).map(|it| (it, Arc::from(it))).collect()
    });
    known.get(name).cloned().unwrap_or_else(|| Arc::from(name))
}
