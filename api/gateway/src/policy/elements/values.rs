//! Reading attributes and texts of elements.

use crate::policy::model::{PolicyRefused, is_plain_value};
use crate::policy::xml::Node;

/// The most that is shown of a name, in characters.
const SHOWN_CHARS_MAX: usize = 64;

/// A refusal that names line and element.
pub(super) fn wrong(node: &Node, why: &str) -> PolicyRefused {
    PolicyRefused::at(node.line, &format!("{}: {why}.", cleaned(&node.name)))
}

pub(super) fn attribute<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    node.attributes.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
}

pub(super) fn number(node: &Node, name: &str, min: u32, max: u32) -> Result<u32, PolicyRefused> {
    let value = attribute(node, name).and_then(|it| it.trim().parse().ok());
    match value.filter(|it| (min..=max).contains(it)) {
        Some(it) => Ok(it),
        None => Err(wrong(node, &format!("{name} must be a number from {min} to {max}"))),
    }
}

/// A text that may reach a gateway's files.
pub(super) fn plain(node: &Node, text: &str, bytes_max: usize) -> Result<String, PolicyRefused> {
    if text.len() > bytes_max {
        return Err(wrong(node, &format!("a value is longer than {bytes_max} bytes")));
    }
    if !is_plain_value(text) {
        let why = "a value may hold no control characters and none of \" \\ $ ; { }";
        return Err(wrong(node, why));
    }
    Ok(text.to_owned())
}

/// Whether it is a name of a header or method: a token of RFC 9110 section 5.6.2, without those of
/// its characters that mean something to gateways.
pub(super) fn is_token(text: &str) -> bool {
    let may = |it: u8| it.is_ascii_alphanumeric() || b"-_.".contains(&it);
    !text.is_empty() && text.bytes().all(may)
}

/// A name as it is shown: letters, digits and a few signs, at most 64 bytes.
pub(super) fn cleaned(name: &str) -> String {
    let may = |it: char| it.is_ascii_alphanumeric() || "-_.: ".contains(it);
    name.chars().take(SHOWN_CHARS_MAX).map(|it| if may(it) { it } else { '?' }).collect()
}
