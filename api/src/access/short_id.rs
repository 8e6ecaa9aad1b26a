//! Ids of streams that end.

use commands::keys::random_id;
use domain::{Timestamp, hex};

use crate::http::error::ApiError;

/// The id of a short stream that ends then.
pub(crate) fn short_id(ends_at: Timestamp) -> Result<String, ApiError> {
    let random: [u8; 16] = random_id().map_err(|err| ApiError::Internal(err.to_string()))?;
    let seconds = ends_at.seconds().clamp(0, i64::from(u32::MAX));
    Ok(format!("{seconds:08x}{}", hex(random.get(..12).unwrap_or_default())))
}
