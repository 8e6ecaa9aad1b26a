//! The codes of a section that has none of its own.

use crate::access::granted::Open;
use crate::http::codes::ApiCode;
use crate::http::endpoint::Outcome;
use crate::http::reply::{ErrorData, Reply};

impl ErrorData for Vec<ApiCode> {}
impl ErrorData for i64 {}

/// An empty list.
pub(crate) async fn no_codes(_open: Open) -> Outcome {
    Ok(Reply::json(&[(); 0]))
}
