//! The element `cors`.

use url::Url;

use super::values::{attribute, is_token, number, wrong};
use crate::policy::model::{Cors, PolicyRefused};
use crate::policy::xml::Node;

/// The lists, each with the name of its items.
pub(super) const LISTS: [(&str, &str); 4] = [
    ("allowed-origins", "origin"),
    ("allowed-methods", "method"),
    ("allowed-headers", "header"),
    ("expose-headers", "header"),
];

/// The attributes of a list.
pub(super) fn attributes(list: &str) -> &'static [&'static str] {
    match list {
        "allowed-methods" => &["preflight-result-max-age"],
        _ => &[],
    }
}

/// The most items of a list, and the longest one in bytes.
const ITEMS_MAX: usize = 50;
const ITEM_BYTES_MAX: usize = 200;

/// A day, in seconds.
const MAX_AGE_MAX: u32 = 86_400;

/// Reads it. Unknown parts were named before.
pub(super) fn read(node: &Node) -> Result<Cors, PolicyRefused> {
    let credentials = match attribute(node, "allow-credentials") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(wrong(node, "allow-credentials must be true or false")),
    };
    let methods = node.children.iter().find(|it| it.name == "allowed-methods");
    let max_age = match methods {
        Some(it) if attribute(it, "preflight-result-max-age").is_some() => {
            Some(number(it, "preflight-result-max-age", 0, MAX_AGE_MAX)?)
        }
        _ => None,
    };
    let cors = Cors {
        origins: items(node, "allowed-origins", "origin", is_origin)?,
        methods: items(node, "allowed-methods", "method", is_method)?,
        headers: items(node, "allowed-headers", "header", is_token)?,
        expose_headers: items(node, "expose-headers", "header", is_token)?,
        credentials,
        max_age,
    };
    if cors.origins.is_empty() {
        return Err(wrong(node, "there is no allowed origin"));
    }
    let is_any = |list: &[String]| list.iter().any(|it| it == "*");
    let lists = [&cors.origins, &cors.methods, &cors.headers, &cors.expose_headers];
    if credentials && lists.iter().any(|it| is_any(it)) {
        return Err(wrong(node, "credentials and * do not go together"));
    }
    Ok(cors)
}

/// The items of a list; `*` only alone.
fn items(
    node: &Node,
    list: &str,
    item: &str,
    is_right: fn(&str) -> bool,
) -> Result<Vec<String>, PolicyRefused> {
    let mut found = Vec::new();
    let lists = node.children.iter().filter(|it| it.name == list);
    for it in lists.flat_map(|it| &it.children).filter(|it| it.name == item) {
        let text = it.text.as_str();
        if text.len() > ITEM_BYTES_MAX || (text != "*" && !is_right(text)) {
            return Err(wrong(it, "this is not a value of the list"));
        }
        if !found.iter().any(|it| it == text) {
            found.push(text.to_owned());
        }
        if found.len() > ITEMS_MAX {
            return Err(wrong(it, "the list has more than 50 items"));
        }
    }
    if found.len() > 1 && found.iter().any(|it| it == "*") {
        return Err(wrong(node, "* stands alone in its list"));
    }
    Ok(found)
}

/// Whether it is an origin as browsers send it: scheme, host and port in lower case, nothing else.
fn is_origin(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text
}

fn is_method(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_uppercase() || it == b'-')
}
