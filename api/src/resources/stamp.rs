//! `concurrencyStamp`: the version of a row as a text (contracts 17), for bodies of updates.

use crate::http::codes;
use crate::http::error::ApiError;

/// The error of an update whose row has another version: if the body named it, that of its stamp.
pub(super) fn stale_stamp(err: ApiError, by_stamp: bool, detail: &str) -> ApiError {
    match err {
        ApiError::Changed if by_stamp => {
            let why = format!("concurrencyStamp must be the one that {detail} answers now");
            ApiError::business(codes::EXPECTATION_FAILED, why)
        }
        err => err,
    }
}
