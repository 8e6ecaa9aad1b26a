//! Makes a new key of request fingerprints every day, and destroys the one before the last.

use std::sync::Arc;
use std::time::Duration;

use commands::keys::Keyring;

use crate::state::clock::Clock;

/// How often the keys are checked.
const LOOK_EVERY: Duration = Duration::from_secs(600);

/// Runs until the program ends. A key is replaced only if that was due at two checks: a clock that
/// is wrong for a moment destroys nothing.
pub(crate) async fn rotate(keys: Arc<Keyring>, clock: Clock) {
    let mut was_due = false;
    loop {
        let now = clock.now();
        let is_due = keys.fingerprint_key_is_due(now);
        if is_due && was_due {
            let keys = keys.clone();
            let rotated = tokio::task::spawn_blocking(move || keys.rotate_fingerprint_key(now));
            if let Ok(Err(err)) = rotated.await {
                tracing::error!(error = %err, "the key of request fingerprints was not replaced");
            }
        }
        was_due = is_due;
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
