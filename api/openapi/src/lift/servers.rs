//! Scheme, host and base path of OpenAPI 2.0 as servers of 3.0.

use serde_json::{Value, json};

use crate::limits::REFERENCE_BYTES_MAX;
use crate::model::{items, text};

/// 2.0 knows http, https, ws and wss.
const SCHEMES_MAX: usize = 4;

/// One server for each scheme; `None` if the document says nothing about them.
pub(super) fn servers(root: &Value, schemes: Option<&Value>) -> Option<Value> {
    let (host, base) = (text(root, "host"), text(root, "basePath"));
    if host.is_none() && base.is_none() && schemes.is_none() {
        return None;
    }
    let base = base.unwrap_or("/");
    // Every operation may repeat them.
    if base.len() + host.map_or(0, str::len) > REFERENCE_BYTES_MAX {
        return None;
    }
    let Some(host) = host else { return Some(json!([{ "url": base }])) };
    let schemes =
        items(schemes).iter().filter_map(Value::as_str).take(SCHEMES_MAX).collect::<Vec<_>>();
    if schemes.is_empty() {
        // Relative to how the document was fetched.
        return Some(json!([{ "url": format!("//{host}{base}") }]));
    }
    let servers = schemes.iter().map(|it| json!({ "url": format!("{it}://{host}{base}") }));
    Some(servers.collect())
}
